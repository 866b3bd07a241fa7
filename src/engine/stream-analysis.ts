import { Block } from '../base/block.js';
import {
  GAP,
  INTERNAL,
  JOINED_LATE,
  LIMIT,
  ONE_SIDED,
  OPAQUE,
  SNAPLEN,
  UNACKNOWLEDGED,
  UNDECODED,
  UNKNOWN_PROTOCOL,
} from '../base/capture-rules.js';
import { CLIENT, otherSide, SERVER, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { Rule } from '../base/rule.js';
import { Share } from '../base/share.js';
import { count } from '../base/text.js';
import type { Message } from '../contract/message.js';
import type { Evidence, Output, Protocol, Session, SessionContext, SkipReason } from '../contract/protocol.js';
import type { Connection, End, StreamSink } from '../stream/byte-stream.js';
import type { TlsEvent } from '../tls/event.js';
import type { SecretSource } from '../tls/secret-source.js';
import { holdsRecords } from '../tls/sniff.js';
import type { Budget } from '../base/budget.js';
import type { PumpRoom } from './carry.js';
import { Classifier, type Verdict } from './classifier.js';
import { DirectionPump } from './direction-pump.js';
import type { Finding, Reporter, StreamRecord } from './event.js';
import { StreamFindings, type RuleLevels } from './findings.js';
import { FIRST_BYTES, type ParkedStreams } from './parked-streams.js';
import { StreamTls, type TlsHost } from './stream-tls.js';

/** Retransmissions of the same bytes without an answer that are more than bad luck. */
const STALLED = 4;

/** What the streams of one run share. */
export interface StreamEnvironment {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  /** Of `limits.heldMessages`. */
  readonly held: Budget;
  readonly protocols: readonly Protocol[];
  /** The protocol that the user said a connection speaks, or null. */
  readonly forced: (connection: Connection) => Protocol | null;
  /** A protocol's state across connections. */
  readonly shared: (protocol: Protocol) => unknown;
  readonly levels: RuleLevels;
  readonly details: boolean;
  readonly bytes: boolean;
  /** Of this file. */
  readonly parked: ParkedStreams;
  readonly room: PumpRoom;
  /** What streams of this file that nobody decodes were called so far. */
  readonly named: Set<string>;
  /** Secrets of TLS sessions. */
  readonly secrets: SecretSource;
  /** Streams whose TLS records wait for their secrets. */
  readonly waiting: Set<{ poke(): void }>;
  readonly secured: (record: StreamRecord, side: Side, event: TlsEvent) => void;
  /** See Reporter. */
  readonly data?: Reporter['data'];
  readonly opened: (record: StreamRecord) => void;
  readonly message: (record: StreamRecord, message: Message) => void;
  readonly finding: (finding: Finding) => void;
  /** See AnalysisOptions. */
  readonly suppress?: (finding: Finding) => boolean;
  readonly closed: (record: StreamRecord) => void;
}

/**
 * One connection from its first packet to its end: classification, two decoders, their session, and what they find, handed on
 * in capture order. A failure in a decoder, session or rule ends the decoding of this stream only.
 */
export class StreamAnalysis implements StreamSink, Output, TlsHost {
  readonly record: StreamRecord;
  private readonly env: StreamEnvironment;
  private readonly findings: StreamFindings;
  private classifier: Classifier | null;
  private pumps: [DirectionPump, DirectionPump] | null = null;
  private session: Session | null = null;
  private tls: StreamTls | null = null;
  /** What TLS told before the protocol inside it was known. */
  private unheard: TlsEvent[] | null = null;
  private held: Share | null = null;
  /**
   * Undecoded bytes by side: how many, in how many runs, and where the first is. Made when there are any, as all that a quiet stream
   * can do without: a hundred thousand may be open.
   */
  private readonly undecoded: [Run | null, Run | null] = [null, null];
  /** Sides (as bits) whose cut packets were told of, and that have ended. */
  private snaplenTold = 0;
  private stalledTold = false;
  private limitsTold = 0;
  private ended = 0;
  private readonly now = new Origin();
  private broken = false;

  /** `origin`: its first packet; `parked`: as in StreamOpener. */
  constructor(file: string, connection: Connection, origin: Origin, env: StreamEnvironment, parked = -1) {
    this.env = env;
    const first = parked < 0 ? origin : env.parked.first(parked);
    this.now.copyFrom(first);
    this.record = {
      file,
      id: connection.id,
      connection,
      protocol: null,
      classifiedBy: null,
      clientEnd: 0,
      rolesKnown: connection.initiatorKnown,
      session: null,
      firstSeconds: first.seconds,
      firstNanos: first.nanos,
      firstPacket: first.packet,
      bytes: [0, 0],
      missing: [0, 0],
      skipped: [
        { resynchronised: 0, opaque: 0, undecoded: 0 },
        { resynchronised: 0, opaque: 0, undecoded: 0 },
      ],
      end: 'open',
      messages: 0,
      findings: { error: 0, warning: 0, note: 0 },
      contextFree: [true, true],
      tlsFrom: [Infinity, Infinity],
      tls: null,
      tlsOverhead: [0, 0],
      firstBytes: null,
      relative: null,
    };
    this.findings = new StreamFindings(this.record, env.levels, env.limits, env.finding, env.suppress);
    const claimable = parked < 0 || !env.parked.recall(parked, this.record, this.now, env.details);
    this.classifier = claimable
      ? new Classifier(connection, env.protocols, env.forced(connection), env.limits, env.budget, env.secrets)
      : null;
  }

  // ---- StreamSink: what the floors below deliver

  bytes(from: End, block: Block, start: number, end: number, origin: Origin): void {
    this.now.copyFrom(origin);
    const side = this.sideOf(from);
    this.record.bytes[side] += end - start;
    if (this.pumps !== null) {
      this.feed(side, block, start, end, origin);
    } else if (this.classifier !== null) {
      if (this.tls !== null) this.guarded(() => this.tls!.connection.bytes(from, block.bytes, start, end, origin));
      else this.settle(this.guarded(() => this.classifier!.add(from, block, start, end, origin)) ?? null);
    } else {
      this.record.skipped[side].undecoded += end - start;
      const first = this.record.firstBytes;
      if (first !== null && first[from].length < FIRST_BYTES)
        first[from] = joined(first[from], block.bytes.subarray(start, end), FIRST_BYTES);
    }
  }

  gap(from: End, length: number, cut: boolean, origin: Origin): void {
    this.now.copyFrom(origin);
    const side = this.sideOf(from);
    this.record.missing[side] += length;
    if (this.pumps !== null) {
      this.takeGap(side, length, cut, origin);
    } else if (this.classifier !== null) {
      if (this.tls !== null) this.takeGap(side, length, cut, origin);
      else this.settle(this.guarded(() => this.classifier!.gap(from, length, cut, origin)) ?? null);
    }
  }

  end(from: End, how: 'fin' | 'reset', origin: Origin): void {
    this.now.copyFrom(origin);
    if (how === 'reset') this.tellStalled();
    if (this.pumps !== null) {
      this.takeEnd(this.sideOf(from), how, origin);
    } else if (this.classifier !== null) {
      this.guarded(() => this.tls?.connection.finish(from, origin));
      if (this.pumps !== null) this.takeEnd(this.sideOf(from), how, origin);
      else this.settle(this.guarded(() => this.classifier?.end(from, how, origin)) ?? null);
    }
  }

  /** Bytes that one end repeated without an answer until the connection was given up, by whichever end. */
  private tellStalled(): void {
    const { connection } = this.record;
    for (const end of [0, 1] as const) {
      const stalled = connection.unacknowledged?.[end] ?? null;
      if (stalled === null || stalled.times < STALLED || !connection.heard[end === 0 ? 1 : 0] || this.stalledTold)
        continue;
      this.stalledTold = true;
      const { offset, length } = stalled;
      const text = `${count(length, 'byte')} at offset ${offset} were retransmitted ${stalled.times} times and never acknowledged, then the connection was reset: packets of that size may not pass the path (an MTU that a hop does not have), or the peer is gone`;
      this.findings.raise(UNACKNOWLEDGED, { side: this.sideOf(end), offset, length, text }, this.now);
    }
  }

  note(rule: Rule, from: End | null, offset: number, length: number, text: string, origin: Origin): void {
    this.now.copyFrom(origin);
    const evidence: Evidence = { offset, length, text };
    this.findings.raise(rule, from === null ? evidence : { ...evidence, side: this.sideOf(from) }, this.now);
    this.findings.flush();
  }

  contested(from: End, offset: number, length: number): void {
    this.findings.contest(from, offset, length, this.now);
  }

  neglect(): void {
    this.settle('unknown');
  }

  park(as: number): boolean {
    const { record, findings, classifier } = this;
    if (this.pumps !== null || this.broken || findings.any) return false;
    if (classifier !== null && classifier.journal.length > 0) return false;
    this.env.parked.add(as, record, classifier === null, this.now);
    return true;
  }

  close(how: 'closed' | 'reset' | 'open'): void {
    this.record.end = how;
    if (this.tls !== null)
      for (const end of [0, 1] as const) this.guarded(() => this.tls?.connection.finish(end, this.now));
    this.env.waiting.delete(this);
    if (this.classifier !== null && this.pumps === null) {
      const verdict = this.guarded(() => this.classifier!.last()) ?? null;
      this.settle(verdict ?? 'unknown');
    }
    this.closeSession(how);
    this.reportEnd();
    this.findings.close(this.now);
    for (const pump of this.pumps ?? []) pump.release();
    this.pumps = null;
    try {
      this.env.closed(this.record);
    } catch (error) {
      this.fail(error, 'while summing up this stream');
      this.record.session = null;
      this.env.closed(this.record);
    }
    this.session = null;
    this.record.session = null;
    this.held?.release();
  }

  // ---- Output: what decoders and the session find

  begin(message: Message): void {
    this.session?.begin?.(message);
  }

  message(message: Message): void {
    const record = this.record;
    message.index = ++record.messages;
    if (message.hinted) record.contextFree[message.side] = false;
    this.session?.message(message);
    this.env.message(record, message);
    this.findings.flush();
  }

  skip(side: Side, offset: number, length: number, reason: SkipReason): void {
    if (length <= 0) return;
    this.record.skipped[side][reason] += length;
    if (reason === 'undecoded') (this.undecoded[side] ??= new Run()).add(offset, length);
    this.session?.skip?.(side, offset, length, reason);
  }

  raise(rule: Rule, evidence: Evidence): void {
    this.findings.raise(rule, evidence, this.now);
  }

  wants(rule: Rule): boolean {
    return this.findings.wants(rule);
  }

  // ---- TlsHost: what the TLS layer finds

  plain(end: End, bytes: Uint8Array, origin: Origin): void {
    const side = this.sideOf(end);
    if (this.pumps !== null) this.feedPlain(side, new Block(bytes), 0, bytes.length, origin);
    else if (this.classifier !== null) this.settle(this.classifier.add(end, new Block(bytes), 0, bytes.length, origin));
  }

  plainLost(end: End, origin: Origin): void {
    const side = this.sideOf(end);
    if (this.pumps !== null) this.losePlain(side, origin);
    else if (this.classifier !== null) this.settle(this.classifier.gap(end, 0, false, origin));
  }

  secured(side: Side, event: TlsEvent): void {
    if (this.pumps !== null) {
      this.session?.tls?.(side, event);
      this.env.secured(this.record, side, event);
    } else if ((this.unheard ??= []).length < MOST_UNHEARD) {
      this.unheard.push({ ...event, origin: event.origin.clone() });
    }
  }

  raiseAt(rule: Rule, evidence: Evidence, origin: Origin): void {
    this.findings.raise(rule, evidence, origin);
  }

  /** A key log may have grown. */
  poke(): void {
    this.guarded(() => this.tls?.connection.poke());
    this.findings.flush();
    if (this.tls?.connection.isWaiting !== true) this.env.waiting.delete(this);
  }

  sideOf(end: End): Side {
    return end === this.record.clientEnd ? CLIENT : SERVER;
  }

  // ---- inside

  private endOf(side: Side): End {
    const { clientEnd } = this.record;
    return side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0;
  }

  private guarded<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  private fail(error: unknown, when = 'while decoding this stream'): void {
    const what = error instanceof Error ? error.message : String(error);
    this.broken = true;
    this.findings.raise(
      INTERNAL,
      {
        text: `${what} (${when}, at packet ${this.now.packet}); the rest of the stream is not decoded`,
      },
      this.now,
    );
    for (const pump of this.pumps ?? []) pump.release();
    this.pumps = null;
    this.classifier?.release();
    this.classifier = null;
    this.findings.flush(true);
  }

  private settle(verdict: Verdict | 'tls' | 'unknown' | null): void {
    const classifier = this.classifier;
    if (verdict === null || classifier === null) return;
    if (verdict === 'tls') {
      this.guarded(() => this.beginWithTls(classifier));
      return;
    }
    if (verdict === 'unknown') {
      this.nameRelative(classifier.firstBytes(FIRST_BYTES));
      this.tellUnopened(classifier);
      if (this.env.details) this.record.firstBytes = classifier.firstBytes(FIRST_BYTES);
      if (classifier.starved) this.limit('bufferedBytes: no room to find out what this stream speaks');
      for (const side of [CLIENT, SERVER] as const) this.record.skipped[side].undecoded = this.record.bytes[side];
      classifier.release();
      this.classifier = null;
      this.record.connection.unclaimed?.();
      return;
    }
    this.guarded(() => this.start(classifier, verdict));
    classifier.release();
    this.classifier = null;
  }

  /** A stream that nobody decodes, and that a protocol knows by name: said once a file. */
  private nameRelative(first: readonly [Uint8Array, Uint8Array]): void {
    for (const { relative } of this.env.protocols) {
      const name = relative?.(first) ?? null;
      if (name === null) continue;
      this.record.relative = name;
      if (this.env.named.has(name)) return;
      this.env.named.add(name);
      this.findings.raise(UNKNOWN_PROTOCOL, { text: name }, this.now);
      return;
    }
  }

  /** The protocol is known: build its decoders and session and replay what was buffered. */
  private start(classifier: Classifier, verdict: Verdict): void {
    const record = this.record;
    const { limits, budget, room } = this.env;
    const clientEnd = verdict.clientEnd ?? 0;
    record.rolesKnown = verdict.clientEnd !== null;
    if (clientEnd !== record.clientEnd) {
      record.bytes.reverse();
      record.missing.reverse();
      record.skipped.reverse();
      record.tlsOverhead.reverse();
    }
    record.clientEnd = clientEnd;
    record.protocol = verdict.protocol;
    record.classifiedBy = verdict.by;
    const connection = record.connection;
    if (verdict.clientEnd !== null) connection.identified?.(verdict.clientEnd);
    const serverEnd: End = clientEnd === 0 ? 1 : 0;
    const dropped = [classifier.dropped[clientEnd], classifier.dropped[serverEnd]] as const;
    const droppedBytes = [classifier.droppedBytes[clientEnd], classifier.droppedBytes[serverEnd]] as const;
    const context = new StreamContext(
      this,
      verdict.clientEnd,
      limits,
      (this.held = new Share(this.env.held)),
      this.env.shared(verdict.protocol),
    );
    const settings = [CLIENT, SERVER].map((side) => ({
      limits,
      details: this.env.details,
      bytes: this.env.bytes,
      fromStart:
        connection.start === 'captured' &&
        dropped[side]! === 0 &&
        connection.startKnown?.[side === CLIENT ? clientEnd : serverEnd] !== false,
    }));
    const { client, server, session } = verdict.protocol.converse(context, this, [settings[0]!, settings[1]!]);
    this.session = session;
    record.session = session;
    this.pumps = [
      new DirectionPump(client, CLIENT, dropped[CLIENT], limits, budget, room, this),
      new DirectionPump(server, SERVER, dropped[SERVER], limits, budget, room, this),
    ];
    this.env.opened(record);
    for (const event of this.unheard ?? []) this.secured(this.sideOf(event.end), event);
    this.unheard = null;
    if (connection.start === 'missed') {
      this.findings.raise(JOINED_LATE, { text: 'no connection set-up in the capture' }, this.now);
      this.findings.flush();
    }
    for (const side of [CLIENT, SERVER] as const) {
      this.skip(side, 0, droppedBytes[side], 'undecoded');
    }
    const last = this.now.clone();
    const blocks = [classifier.block(0), classifier.block(1)] as const;
    const tlsFirst = this.tls !== null;
    for (const entry of classifier.journal) {
      if (this.pumps === null) break;
      this.now.copyFrom(entry.origin);
      const side = this.sideOf(entry.from);
      if (entry.kind === 'bytes') {
        if (this.tls === null || !this.tls.has(entry.from))
          this.feed(side, blocks[entry.from], entry.start, entry.end, entry.origin);
        else if (tlsFirst) this.feedPlain(side, blocks[entry.from], entry.start, entry.end, entry.origin);
        else this.feed(side, blocks[entry.from], entry.start, entry.end, entry.origin);
      } else if (entry.kind === 'gap') {
        if (tlsFirst) this.losePlain(side, entry.origin);
        else this.takeGap(side, entry.length, entry.cut, entry.origin);
      } else this.takeEnd(side, entry.how, entry.origin);
    }
    this.now.copyFrom(last);
  }

  private feed(side: Side, block: Block, start: number, end: number, origin: Origin): void {
    const { tls } = this;
    const from = this.endOf(side);
    if (tls === null || !tls.has(from)) {
      this.feedPlain(side, block, start, end, tls === null ? origin : tls.translated(from, origin));
      return;
    }
    try {
      tls.connection.bytes(from, block.bytes, start, end, origin);
      if (tls.connection.isWaiting) {
        this.env.waiting.add(this);
        tls.connection.poke();
      }
      this.findings.flush();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Bytes for a decoder: as captured, or out of TLS. */
  private feedPlain(side: Side, block: Block, start: number, end: number, origin: Origin): void {
    const pumps = this.pumps!;
    try {
      this.env.data?.(this.record, side, pumps[side].received, block.bytes, start, end);
      pumps[side].feed(block, start, end, origin);
      const peer = pumps[otherSide(side)];
      if (peer.decoder.waiting) {
        peer.wake(true);
        // a decoder may have held back an answer for the request that it explains
        if (this.pumps?.[side].decoder.waiting) this.pumps[side].wake(true);
      }
      if (pumps[side].crowded || pumps[side].impatient) this.pressed(side, origin);
      if (pumps[side].decoder.tls === true) this.beginTls(side);
      if (peer.decoder.tls === true) this.beginTls(otherSide(side));
      this.findings.flush();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The decoder of that side says that TLS begins with its next byte. */
  private beginTls(side: Side): void {
    const pump = this.pumps![side];
    const end = this.endOf(side);
    const tls = (this.tls ??= new StreamTls(this, this.endOf(CLIENT), this.env.secrets, this.env.limits));
    pump.decoder.tls = false;
    if (pump.offset === 0) tls.quiet = true;
    this.record.tlsFrom[side] = pump.offset;
    tls.begin(end, pump.offset, false);
    pump.handOver((bytes, start, stop, origin) => tls.connection.bytes(end, bytes, start, stop, origin));
  }

  /** The stream is TLS from its first byte, and there is a secret for it: what is inside is classified. */
  private beginWithTls(raw: Classifier): void {
    const { env, record } = this;
    const { connection } = record;
    const tls = (this.tls = new StreamTls(this, raw.tlsClient, env.secrets, env.limits));
    this.classifier = new Classifier(connection, env.protocols, env.forced(connection), env.limits, env.budget, null);
    for (const end of [0, 1] as const) {
      record.tlsFrom[end] = 0;
      tls.begin(end, raw.dropped[end], raw.isLate(end));
    }
    const blocks = [raw.block(0), raw.block(1)] as const;
    for (const entry of raw.journal) {
      if (this.broken) break;
      this.now.copyFrom(entry.origin);
      const { from, origin } = entry;
      if (entry.kind === 'bytes') tls.connection.bytes(from, blocks[from].bytes, entry.start, entry.end, origin);
      else if (entry.kind === 'gap') this.takeGap(this.sideOf(from), entry.length, entry.cut, origin);
      else this.end(from, entry.how, origin);
    }
    raw.release();
  }

  /** The user gave secrets, and a stream that is TLS stays closed: says why. */
  private tellUnopened(classifier: Classifier): void {
    if (this.tls !== null) {
      // what is inside is nobody's protocol
      this.tls = null;
      this.record.tlsOverhead.fill(0);
      for (const skipped of this.record.skipped) skipped.opaque = 0;
      return;
    }
    if (this.env.secrets.log.size === 0) return;
    const hello = classifier.tlsHello;
    if (hello === null && !classifier.firstBytes(SNIFFED_BYTES).some(holdsRecords)) return;
    const text =
      hello === null
        ? 'encrypted with TLS: its handshake was not captured, so no secret can be matched with it'
        : 'encrypted with TLS: the key log has no secret for its client random';
    this.findings.raise(OPAQUE, { text }, this.now);
    this.findings.flush();
  }

  /** Nobody knows how many bytes of that side's plaintext are missing. */
  private losePlain(side: Side, origin: Origin): void {
    this.guarded(() => {
      const pump = this.pumps![side];
      this.session?.gap(side, pump.offset, 0);
      pump.gap(0, origin);
      const peer = this.pumps?.[otherSide(side)];
      if (peer?.decoder.waiting) peer.wake(true);
    });
  }

  /** A direction gathered, or waited for, too much. */
  private pressed(side: Side, origin: Origin): void {
    const pump = this.pumps?.[side];
    if (pump === undefined) return;
    const { bufferedBytes, hintBytes } = this.env.limits;
    const who = side === CLIENT ? 'client' : 'server';
    if (pump.impatient) {
      pump.impatient = false;
      const text = `hintBytes: more than ${hintBytes} bytes of the ${who} waited for what they answer; they are decoded without it`;
      this.limitOnce(1 << side, text, side, pump.offset);
    }
    if (!pump.crowded) return;
    pump.crowded = false;
    const text = `bufferedBytes: all streams together gather more than ${bufferedBytes} bytes; what this one has gathered is given up`;
    this.limitOnce(4 << side, text, side, pump.offset);
    // as if the rest of it were not in the capture
    this.session?.gap(side, pump.offset, 0);
    pump.gap(0, origin);
  }

  private limitOnce(bit: number, text: string, side: Side, offset: number): void {
    if ((this.limitsTold & bit) !== 0) return;
    this.limitsTold |= bit;
    this.findings.raise(LIMIT, { side, offset, length: 0, text }, this.now);
  }

  private takeGap(side: Side, length: number, cut: boolean, origin: Origin): void {
    const end = this.endOf(side);
    const tls = this.tls?.has(end) === true ? this.tls : null;
    const offset = tls === null ? this.pumps![side].received : tls.received(end);
    if (!cut) {
      const text = `${length === 0 ? 'an unknown number of bytes' : count(length, 'byte')} of the ${side === CLIENT ? 'client' : 'server'}'s stream are not in the capture`;
      this.findings.raise(GAP, { side, offset, length, text }, this.now);
    } else if ((this.snaplenTold & (1 << side)) === 0) {
      this.snaplenTold |= 1 << side;
      const who = side === CLIENT ? 'client' : 'server';
      this.findings.raise(
        SNAPLEN,
        { side, offset, length, text: `packets of the ${who} were cut by the snapshot length` },
        this.now,
      );
    }
    if (tls !== null) {
      this.guarded(() => tls.connection.gap(end, length, origin));
      this.findings.flush();
      return;
    }
    this.guarded(() => {
      const pump = this.pumps![side];
      this.session?.gap(side, offset, length);
      pump.gap(length, origin);
      const peer = this.pumps?.[otherSide(side)];
      if (peer?.decoder.waiting) peer.wake(true);
    });
    this.findings.flush();
  }

  private takeEnd(side: Side, how: 'fin' | 'reset', origin: Origin): void {
    this.guarded(() => {
      this.tls?.connection.finish(this.endOf(side), origin);
      this.pumps?.[side].finish(how);
      this.ended |= 1 << side;
      this.pumps?.[otherSide(side)].wake(false);
      this.session?.end(side, how, origin);
    });
    this.findings.flush();
  }

  private closeSession(how: 'closed' | 'reset' | 'open'): void {
    if (this.pumps === null) return;
    for (const side of [CLIENT, SERVER] as const) {
      if ((this.ended & (1 << side)) !== 0 || this.pumps === null) continue;
      this.guarded(() => {
        this.pumps![side].finish('open');
        this.session?.end(side, 'open', this.now);
      });
    }
    this.guarded(() => this.session?.finish(how));
    this.findings.flush(true);
  }

  /** Notes that only the end of a stream can say. */
  private reportEnd(): void {
    const record = this.record;
    if (record.protocol === null) return;
    for (const side of [CLIENT, SERVER] as const) {
      const run = this.undecoded[side];
      if (run !== null) {
        const who = side === CLIENT ? 'client' : 'server';
        const where = run.runs === 1 ? '' : ` in ${run.runs} places`;
        this.findings.raise(
          UNDECODED,
          {
            side,
            offset: run.first,
            length: run.firstLength,
            text: `${count(run.bytes, 'byte')} of the ${who} not decoded${where}`,
          },
          this.now,
        );
      }
      const end: End = side === CLIENT ? record.clientEnd : record.clientEnd === 0 ? 1 : 0;
      if (!record.connection.heard[end] && record.bytes[side] === 0 && this.session?.mayBeSilent?.(side) !== true) {
        const who = side === CLIENT ? 'client' : 'server';
        this.findings.raise(ONE_SIDED, { side, text: `nothing that the ${who} sent is in the capture` }, this.now);
      }
    }
  }

  /** Stream offset up to which that side was decoded. */
  decodedUpTo(side: Side): number {
    return this.pumps === null ? 0 : this.pumps[side].offset;
  }

  /** Whether decoding this stream failed inside wirelint. */
  get failed(): boolean {
    return this.broken;
  }

  private limit(text: string): void {
    this.findings.raise(LIMIT, { text }, this.now);
    this.findings.flush();
  }
}

/** What a session is told of its stream. */
class StreamContext implements SessionContext {
  readonly clientEnd: End | null;
  readonly limits: Readonly<Limits>;
  readonly held: Share;
  readonly shared: unknown;
  private readonly stream: StreamAnalysis;

  constructor(stream: StreamAnalysis, clientEnd: End | null, limits: Readonly<Limits>, held: Share, shared: unknown) {
    this.stream = stream;
    this.clientEnd = clientEnd;
    this.limits = limits;
    this.held = held;
    this.shared = shared;
  }

  get file(): string {
    return this.stream.record.file;
  }

  get connection(): Connection {
    return this.stream.record.connection;
  }

  present(side: Side): boolean {
    return this.stream.record.bytes[side] > 0;
  }

  decodedUpTo(side: Side): number {
    return this.stream.decodedUpTo(side);
  }
}

/** The first `max` bytes of both. */
function joined(a: Uint8Array, b: Uint8Array, max: number): Uint8Array {
  const out = new Uint8Array(Math.min(max, a.length + b.length));
  out.set(a);
  out.set(b.subarray(0, out.length - a.length), a.length);
  return out;
}

/** Events of TLS that are kept until the protocol inside is known. */
const MOST_UNHEARD = 64;
/** First bytes in which records are looked for, of a stream that nobody claims. */
const SNIFFED_BYTES = 64 << 10;

class Run {
  bytes = 0;
  runs = 0;
  first = 0;
  firstLength = 0;
  private nextOffset = -1;

  add(offset: number, length: number): void {
    this.bytes += length;
    if (offset === this.nextOffset) {
      if (this.runs === 1) this.firstLength += length;
    } else {
      if (this.runs === 0) {
        this.first = offset;
        this.firstLength = length;
      }
      this.runs++;
    }
    this.nextOffset = offset + length;
  }
}
