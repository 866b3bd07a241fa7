import { BlankPackets, MICROSECONDS } from './blank-packets.js';
import { createHmac } from 'node:crypto';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { count } from '../base/text.js';
import { type CaptureInfo, type PacketSink } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Rewrite } from '../contract/redaction.js';
import type { Protocol } from '../contract/protocol.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import type { StreamTap } from '../engine/tap.js';
import type { End, StreamSink } from '../stream/byte-stream.js';
import type { CaptureWriter } from './capture-writer.js';
import type { PatchedFile } from './patched-file.js';
import type { Pseudonyms } from './pseudonyms.js';
import { RedactedDirection } from './redacted-direction.js';
import { FieldRedaction } from './redacted-message.js';
import { RedactedTls } from './redacted-tls.js';

/** Size of the blocks that `--keep-equal` keeps equal: a sector. */
const BLOCK = 512;

/**
 * Writes a redacted capture. Every TCP packet and every event of a recorded socket is written again immediately, with other addresses and
 * with zeros for the payload. Once it is known which messages the bytes belong to, the parts of them that may stay are written in their
 * places.
 */
export class RedactedCapture implements Reporter {
  private readonly file: PatchedFile;
  private readonly names: Pseudonyms;
  /** Key of the pattern that replaces equal blocks by equal ones; null: user data become zeros. */
  private readonly equalKey: Uint8Array | null;
  private readonly limits: Readonly<Limits>;
  private readonly onMessage: (stream: StreamRecord, m: Message) => void;
  private readonly packets: BlankPackets;
  private readonly streams = new Map<number, Followed>();
  private readonly fields = new Map<Protocol, FieldRedaction | null>();
  private problem_: string | null = null;
  /** Number of TLS secrets that were left out, and of streams and messages that became zeros. */
  readonly left = { secrets: 0, unknown: 0, sealed: 0, tooLong: 0, dropped: 0 };
  private messages = 0;
  private readonly onFinding: (f: Finding) => void;

  constructor(
    file: PatchedFile,
    makeWriter: (output: (bytes: Uint8Array) => void) => CaptureWriter,
    names: Pseudonyms,
    equalKey: Uint8Array | null,
    labels: readonly string[],
    oneSided: ReadonlySet<number>,
    limits: Readonly<Limits>,
    onFinding: (f: Finding) => void,
    onMessage: (stream: StreamRecord, m: Message) => void,
  ) {
    this.file = file;
    this.names = names;
    this.equalKey = equalKey;
    this.limits = limits;
    this.onMessage = onMessage;
    this.onFinding = onFinding;
    this.packets = new BlankPackets(file, makeWriter, names, labels, oneSided, limits);
  }

  /** Why there is no result, in one line; null if there is one. */
  get problem(): string | null {
    return this.problem_;
  }

  /** Receives the input's packets before they are analyzed. */
  readonly tee: Partial<PacketSink> = {
    packet: (p) => this.guarded(() => this.packets.take(p)),
    keyLog: () => {
      this.left.secrets++;
    },
  };

  /** Receives the streams' bytes before they are analyzed. */
  readonly tap: StreamTap = { open: (connection) => this.follow(connection.id) };

  capture(_file: string, info: CaptureInfo): void {
    this.packets.begin({ s: 0, ms: 3, us: MICROSECONDS }[info.resolution] ?? 9);
  }

  message(stream: StreamRecord, m: Message): void {
    this.messages++;
    this.onMessage(stream, m);
    this.guarded(() => this.redact(stream, m));
  }

  finding(f: Finding): void {
    this.onFinding(f);
  }

  open(stream: StreamRecord): void {
    const known = this.streams.get(stream.id);
    if (known !== undefined) known.record = stream;
  }

  skipped(stream: StreamRecord, side: Side, offset: number, length: number): void {
    const known = this.streams.get(stream.id);
    const redaction = stream.protocol?.redaction;
    // inside TLS, RedactedTls rewrites the records
    if (known === undefined || redaction?.skipped === undefined || offset >= stream.tlsFrom[side]) return;
    const direction = known.directions[endOf(stream, side)];
    this.guarded(() => {
      const original = direction.bytesOf(offset, length);
      direction.rewrite(offset, original, redaction.skipped!(original, offset !== direction.skippedTo));
      direction.skippedTo = offset + length;
    });
  }

  stream(stream: StreamRecord): void {
    const known = this.streams.get(stream.id);
    if (known !== undefined) for (const end of [0, 1] as const) this.guarded(() => this.tls(known, end)?.end());
    this.streams.delete(stream.id);
    if (stream.protocol === null) this.left.unknown++;
    else if (stream.skipped.some((s) => s.opaque > 0)) this.left.sealed++;
    for (const direction of known?.directions ?? []) this.left.dropped += direction.dropped;
  }

  summary(): void {
    this.packets.flush();
  }

  /**
   * Recorded connections of which only one end has sent anything. If the findings of the copy differ, these are passed as `oneSided` to
   * another run.
   */
  get lonely(): Set<number> {
    return this.packets.lonely;
  }

  /** Lines for people. */
  report(): string[] {
    const { left, packets } = this;
    const out = [`${count(packets.count, 'packet')}, ${count(this.messages, 'message')}`];
    const say = (n: number, words: string): void => {
      if (n > 0) out.push(words);
    };
    say(packets.left.packets, `${count(packets.left.packets, 'packet')} of no TCP left out`);
    say(packets.left.comments, `${count(packets.left.comments, 'comment')} left out`);
    say(left.secrets, `${count(left.secrets, 'block')} of TLS secrets left out`);
    say(left.unknown, `${count(left.unknown, 'stream')} of no known protocol: all bytes are zeros`);
    say(left.sealed, `${count(left.sealed, 'stream')} with encrypted parts, which became zeros`);
    say(left.tooLong + left.dropped, `redactBytes: ${count(left.tooLong, 'message')} too long to be held became zeros`);
    return out;
  }

  private guarded(work: () => void): void {
    if (this.problem_ !== null) return;
    try {
      work();
    } catch (error) {
      this.problem_ = (error as Error).message;
    }
  }

  // ---- streams

  private follow(id: number): StreamSink {
    const make = (): RedactedDirection => new RedactedDirection(this.file, this.limits.redactBytes);
    const both = [make(), make()] as const;
    const known: Followed = { directions: both, tls: [null, null], record: null };
    this.streams.set(id, known);
    const carry = (from: End, packet: number, offset: number, bytes: Uint8Array): void => {
      const written = this.packets.claim(packet);
      if (written === undefined) return;
      let done = 0;
      for (const { at, length, packet: summed } of written.runs) {
        const run = { offset: offset + done, length, at, shift: 0, packet: summed };
        both[from].carry(run, bytes.subarray(done, done + length));
        done += length;
      }
    };
    let socket = true;
    return {
      segment: (s, from, offset) => {
        socket = false;
        if (s.end > s.start) this.guarded(() => carry(from, s.packet, offset, s.block.bytes.subarray(s.start, s.end)));
      },
      bytes: (from, block, start, end, origin) =>
        this.guarded(() => {
          if (socket) carry(from, origin.packet, both[from].next, block.bytes.subarray(start, end));
          both[from].deliver(block.bytes, start, end);
          this.tls(known, from)?.advance();
        }),
      gap: (from, length) => both[from].gap(length),
      end: () => undefined,
      note: () => undefined,
      close: () => undefined,
    };
  }

  /** The rewriter of the TLS records that this end sends; null until it sends some. */
  private tls(known: Followed, end: End): RedactedTls | null {
    const { record, tls } = known;
    if (record === null || tls[end] !== null) return tls[end];
    const from = record.tlsFrom[record.clientEnd === end ? CLIENT : SERVER];
    return from === Infinity ? null : (tls[end] = new RedactedTls(known.directions[end], from));
  }

  private redact(stream: StreamRecord, m: Message): void {
    const direction = this.streams.get(stream.id)?.directions[endOf(stream, m.side)];
    const protocol = stream.protocol!;
    const fields = this.fieldsOf(protocol);
    if (direction === undefined || fields === null || m.length === 0) return;
    const length = Math.min(m.length - m.unsent, Math.max(0, direction.next - m.offset));
    if (length <= 0) return;
    if (length > this.limits.redactBytes) {
      this.left.tooLong++;
      return;
    }
    const original = direction.bytesOf(m.offset, length);
    const rewrite: Rewrite = (message, bytes, coarse) => fields.rewrite(bytes, protocol.annotate(message), coarse);
    const redacted = rewrite(m, original, false);
    if (protocol.redaction!.repack?.(m, original, redacted, rewrite) === false)
      this.problem_ ??= `stream ${stream.id} ${m.name} #${m.index}: its compressed part cannot be made as long as it was`;
    protocol.redaction!.seal?.(m, original, redacted);
    direction.rewrite(m.offset, original, redacted);
  }

  private fieldsOf(protocol: Protocol): FieldRedaction | null {
    let fields = this.fields.get(protocol);
    if (fields === undefined) {
      const { redaction } = protocol;
      const fill = this.equalKey === null ? null : equalBlocks(this.equalKey);
      fields = redaction === undefined ? null : new FieldRedaction(redaction, this.names, fill);
      this.fields.set(protocol, fields);
    }
    return fields;
  }
}

/** A stream that is rewritten. */
interface Followed {
  readonly directions: readonly [RedactedDirection, RedactedDirection];
  readonly tls: [RedactedTls | null, RedactedTls | null];
  record: StreamRecord | null;
}

function endOf(stream: StreamRecord, side: Side): End {
  return side === CLIENT ? stream.clientEnd : stream.clientEnd === 0 ? 1 : 0;
}

/** Replaces equal blocks by equal ones. Blocks of zeros stay zeros. Without the key, nothing else can be learned about their contents. */
function equalBlocks(key: Uint8Array): (bytes: Uint8Array, out: Uint8Array, at: number, length: number) => void {
  const zeros = new Uint8Array(BLOCK);
  return (bytes, out, at, length) => {
    for (let from = at; from < at + length; from += BLOCK) {
      const to = Math.min(at + length, from + BLOCK);
      const block = bytes.subarray(from, to);
      if (Buffer.compare(block, zeros.subarray(0, block.length)) === 0) continue;
      const pattern = createHmac('sha256', key).update(block).digest();
      for (let i = from; i < to; i += pattern.length) out.set(pattern.subarray(0, to - i), i);
    }
  };
}
