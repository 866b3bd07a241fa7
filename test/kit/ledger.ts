import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Intake } from '../../src/capture/intake.js';
import type { Packet } from '../../src/capture/packet.js';
import { NotACapture } from '../../src/capture/packet.js';
import type { Message } from '../../src/contract/message.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { StreamRecord } from '../../src/engine/event.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import type { Segment } from '../../src/link/segment.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import type { Connection } from '../../src/stream/byte-stream.js';
import { SETTINGS } from './settings.js';

/** `[start, end)`. */
type Span = readonly [start: number, end: number];

/** What became of the bytes of one side of a stream, by stream offset. */
class SideLedger {
  readonly messages: { readonly span: Span; readonly missing: number; readonly name: string }[] = [];
  readonly skips: Span[] = [];
  readonly gaps: Span[] = [];
  /** Bytes are missing and nobody knows how many: offsets go on without them, and prove nothing. */
  unmeasured = false;
}

/** What became of everything in a capture. */
export interface Ledger {
  /** Bytes by stream and side that are in two places, or in none. */
  readonly wrong: string[];
  readonly streams: number;
  readonly messages: number;
  /** Captured bytes that reached the streams. */
  readonly delivered: number;
  /** Captured bytes that had no place in their stream, and were told of. */
  readonly misplaced: number;
  /** Captured payload bytes of TCP and sockets, each counted once, by sequence number. */
  readonly captured: number;
}

/** What findings say of bytes that have no place in their stream. */
const MISPLACED =
  / bytes? of (packet \d+|\d+ packets, the first is packet \d+,) (sockets came|came after their place|lie behind the end|lie in front of the first byte|came when their connection, which misses them)/;

/** Analyzes the bytes of an uncompressed capture file, and follows every byte of its streams by offset. */
export function ledgerOf(file: Uint8Array, limits: Readonly<Limits> = DEFAULT_LIMITS): Ledger {
  const books = new Map<Connection, readonly [SideLedger, SideLedger]>();
  const wrong: string[] = [];
  let streams = 0;
  let messages = 0;
  let delivered = 0;
  let misplaced = 0;
  const analysis = new Analysis(
    { ...SETTINGS, limits, protocols: PROTOCOLS.map((protocol) => watched(protocol, books)) },
    {
      capture: () => undefined,
      message: (record, message) => {
        messages++;
        enter(books.get(record.connection)![message.side], message);
      },
      finding: (finding) => {
        if (finding.rule.id.startsWith('internal/')) wrong.push(finding.text);
        if (MISPLACED.test(finding.text)) misplaced += Number.parseInt(finding.text, 10);
      },
      stream: (record) => {
        streams++;
        delivered += record.bytes[0] + record.bytes[1];
        wrong.push(...audit(record, books.get(record.connection)));
        books.delete(record.connection);
      },
      summary: () => undefined,
    },
  );
  const live = analysis.live('capture');
  const tally = new Tally();
  const link = new LinkDecoder(
    limits,
    (segment) => tally.add(segment),
    () => undefined,
  );
  const sink = {
    ...{ info: live.sink.info.bind(live.sink), note: live.sink.note.bind(live.sink) },
    packet: (packet: Packet) => {
      link.packet(packet);
      live.sink.packet(packet);
    },
  };
  try {
    const intake = new Intake('blocks', sink, limits);
    intake.push(file.slice());
    intake.end(false);
  } catch (error) {
    if (!(error instanceof NotACapture)) throw error;
  }
  link.end();
  live.end();
  analysis.finish();
  return { wrong, streams, messages, delivered, misplaced, captured: tally.total() };
}

/** The protocol, with its sessions told on. */
function watched(protocol: Protocol, books: Map<Connection, readonly [SideLedger, SideLedger]>): Protocol {
  return {
    ...protocol,
    converse: (context, output, settings) => {
      const book = [new SideLedger(), new SideLedger()] as const;
      books.set(context.connection, book);
      const parts = protocol.converse(context, output, settings);
      const { session } = parts;
      const gap = session.gap.bind(session);
      const skip = session.skip?.bind(session);
      // a session may treat skipped bytes as lost ones, by way of its own `gap`
      let skipping = false;
      session.gap = (side, offset, length) => {
        if (skipping) return gap(side, offset, length);
        if (length === 0) book[side].unmeasured = true;
        else book[side].gaps.push([offset, offset + length]);
        gap(side, offset, length);
      };
      session.skip = (side, offset, length, reason) => {
        book[side].skips.push([offset, offset + length]);
        skipping = true;
        skip?.(side, offset, length, reason);
        skipping = false;
      };
      return parts;
    },
  };
}

function enter(side: SideLedger, m: Message): void {
  side.messages.push({ span: [m.offset, m.offset + m.length], missing: m.missing, name: m.name });
}

function audit(record: StreamRecord, book: readonly [SideLedger, SideLedger] | undefined): string[] {
  return ([0, 1] as const).flatMap((side) => {
    const { resynchronised, opaque, undecoded } = record.skipped[side];
    const skipped = resynchronised + opaque + undecoded;
    const taken = book?.[side].messages.reduce((n, m) => n + m.span[1] - m.span[0] - m.missing, 0) ?? 0;
    const left = record.bytes[side] - taken - skipped - record.tlsOverhead[side];
    const problems = left === 0 ? [] : [`${left} of ${record.bytes[side]} bytes unaccounted for`];
    // what came out of TLS has offsets of its own
    if (book !== undefined && !book[side].unmeasured && record.tls === null)
      problems.push(...auditOffsets(book[side], record.bytes[side] + record.missing[side]));
    return problems.map((text) => `stream ${record.id} (${record.protocol?.name ?? 'unknown'}) side ${side}: ${text}`);
  });
}

/** Messages, skipped bytes and gaps tile the stream; a gap may lie inside a message, which then says how much it lacks. */
function auditOffsets(side: SideLedger, total: number): string[] {
  const problems: string[] = [];
  const spans = side.messages.map((m) => m.span).sort((a, b) => a[0] - b[0]);
  const others = [...side.skips, ...side.gaps].sort((a, b) => a[0] - b[0]);
  for (const list of [spans, others]) {
    list.forEach((span, i) => {
      const next = list[i + 1];
      if (next !== undefined && next[0] < span[1]) problems.push(`${text(span)} and ${text(next)} overlap`);
    });
  }
  let covered = side.skips.reduce((n, s) => n + s[1] - s[0], 0) + side.gaps.reduce((n, s) => n + s[1] - s[0], 0);
  for (const { span, missing, name } of side.messages) {
    for (const skip of overlapping(side.skips, span))
      problems.push(`${name} ${text(span)} holds skipped ${text(skip)}`);
    const lost = overlapping(side.gaps, span).reduce(
      (n, g) => n + Math.min(g[1], span[1]) - Math.max(g[0], span[0]),
      0,
    );
    const beyond = Math.max(0, span[1] - Math.max(total, span[0]));
    if (missing !== lost + beyond) {
      problems.push(`${name} ${text(span)} says it lacks ${missing}; ${lost} lie in gaps, ${beyond} beyond the end`);
    }
    covered += span[1] - span[0] - lost - beyond;
  }
  if (covered !== total) problems.push(`${covered} of ${total} bytes are in a message, a gap, or skipped`);
  return problems;
}

function overlapping(spans: readonly Span[], [start, end]: Span): Span[] {
  return spans.filter((s) => s[0] < end && s[1] > start);
}

function text([start, end]: Span): string {
  return `${start}..${end}`;
}

/** Counts payload by sequence number, knowing nothing of connections: what came twice counts once. */
class Tally {
  private readonly flows = new Map<string, { readonly first: number; readonly spans: Span[] }>();
  private sockets = 0;

  add(s: Segment): void {
    const n = s.end - s.start;
    if (n === 0) return;
    if (s.socket !== null) {
      if (s.socket.kind === 'data') this.sockets += n;
      return;
    }
    const key = [s.src0, s.src1, s.src2, s.src3, s.srcPort, s.dst0, s.dst1, s.dst2, s.dst3, s.dstPort].join();
    let flow = this.flows.get(key);
    if (flow === undefined) this.flows.set(key, (flow = { first: s.seq, spans: [] }));
    const at = (s.seq - flow.first) | 0;
    flow.spans.push([at, at + n]);
  }

  total(): number {
    let sum = this.sockets;
    for (const { spans } of this.flows.values()) {
      let upTo = -Infinity;
      for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
        sum += Math.max(0, end - Math.max(start, upTo));
        upTo = Math.max(upTo, end);
      }
    }
    return sum;
  }
}
