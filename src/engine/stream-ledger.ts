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
import { CLIENT, SERVER, type Side } from '../base/input.js';
import { Origin } from '../base/origin.js';
import { having, NO_PAIR, type Pair } from '../base/pair.js';
import type { Rule } from '../base/rule.js';
import { count } from '../base/text.js';
import type { Message } from '../contract/message.js';
import type { Evidence, Output, Session, SkipReason } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import { effectiveSeverity, StreamFindings } from './findings.js';
import type { StreamRecord } from './event.js';
import { newRecord, skippedOf } from './stream-record.js';
import type { StreamEnvironment } from './stream-environment.js';
import { UndecodedBytes } from './undecoded-bytes.js';

/** From this many unacknowledged retransmissions of the same bytes on they are reported; fewer happen on any path that loses packets. */
const STALLED = 4;

/**
 * The account of one stream: its record, its messages and findings, and what became of every byte. Decoders and the session report to it;
 * it passes everything on to the reporter, in capture order.
 */
export class StreamLedger implements Output {
  readonly record: StreamRecord;
  /** Packet and time of what is being decoded: those of findings that are about no message. */
  readonly now = new Origin();
  /** Joins the messages of both sides; null until the protocol is known. */
  session: Session | null = null;
  /** Whether decoding this stream failed inside wirelint. */
  failed = false;
  private readonly env: StreamEnvironment;
  /** Made with the first: most streams have none. */
  private findings: StreamFindings | null = null;
  /** By side; made when first needed: a hundred thousand quiet streams may be open. */
  private undecoded: Pair<UndecodedBytes | null> = NO_PAIR;
  /** Sides (as bits) of which cut packets were reported. */
  private snaplenTold = 0;
  /** Side and offset of the bytes that were reported as never acknowledged; else null. */
  private stalled: { readonly side: Side; readonly offset: number } | null = null;
  private limitsTold = 0;

  constructor(file: string, connection: Connection, first: Origin, env: StreamEnvironment) {
    this.env = env;
    this.now.copyFrom(first);
    this.record = newRecord(file, connection, first);
  }

  sideOf(end: End): Side {
    return end === this.record.clientEnd ? CLIENT : SERVER;
  }

  endOf(side: Side): End {
    const { clientEnd } = this.record;
    return side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0;
  }

  // ---- Output: what decoders and the session report

  begin(message: Message): void {
    this.session?.begin?.(message);
  }

  message(message: Message): void {
    const record = this.record;
    if (record.messages === 0) this.tellLate();
    message.index = ++record.messages;
    if (message.hinted) record.contextFree = having(record.contextFree, message.side, false);
    this.session?.message(message);
    this.env.message(record, message);
    this.findings?.flush();
  }

  skip(side: Side, offset: number, length: number, reason: SkipReason): void {
    if (length <= 0) return;
    skippedOf(this.record, side)[reason] += length;
    if (reason === 'undecoded') this.undecodedOf(side).add(offset, length);
    this.session?.skip?.(side, offset, length, reason);
    this.env.skipped?.(this.record, side, offset, length, reason);
  }

  raise(rule: Rule, evidence: Evidence): void {
    // once `capture/opaque` is reported, the note that streams were joined late says nothing more: it is not given in this file
    if (rule === OPAQUE) this.env.once(this.record, JOINED_LATE.id);
    if (this.isOfStalled(evidence)) return;
    this.found.raise(rule, evidence, this.now);
  }

  wants(rule: Rule): boolean {
    return effectiveSeverity(rule, undefined, 'certain', this.env.levels) !== null;
  }

  // ---- what else is found about the stream

  /** A finding with the packet and time of `origin` instead of those of `now`. */
  raiseAt(rule: Rule, evidence: Evidence, origin: Origin): void {
    this.found.raise(rule, evidence, origin);
  }

  /** A finding that is reported at once, as it is about no message. */
  tell(rule: Rule, evidence: Evidence): void {
    this.raise(rule, evidence);
    this.flush();
  }

  /** Whether there was any finding so far. */
  get hasFindings(): boolean {
    return this.findings?.hasAny === true;
  }

  /** Captured copies of these bytes differ: findings about them are not certain. */
  contest(from: End, offset: number, length: number): void {
    this.found.contest(from, offset, length, this.now);
  }

  /** Reports the findings whose messages have been reported by now; `all`: also the others. */
  flush(all = false): void {
    this.findings?.flush(all);
  }

  /** Sets `record.relative` of a stream that no protocol claims, and reports it, each name once a file. */
  nameRelative(first: readonly [Uint8Array, Uint8Array]): void {
    const { record } = this;
    for (const protocol of this.env.protocols) {
      const name = protocol.relative?.(first, record.connection) ?? null;
      if (name === null) continue;
      record.relative = name;
      if (this.env.once(record, name)) this.raise(UNKNOWN_PROTOCOL, { text: name });
      return;
    }
  }

  /** Reports bytes that are not in the capture: every gap, but packets cut by the snapshot length only once a side. */
  tellGap(side: Side, offset: number, length: number, cut: boolean): void {
    const who = side === CLIENT ? 'client' : 'server';
    if (!cut) {
      const what = length === 0 ? 'an unknown number of bytes' : count(length, 'byte');
      this.raise(GAP, { side, offset, length, text: `${what} of the ${who}'s stream are not in the capture` });
    } else if ((this.snaplenTold & (1 << side)) === 0) {
      this.snaplenTold |= 1 << side;
      this.raise(SNAPLEN, { side, offset, length, text: `packets of the ${who} were cut by the snapshot length` });
    }
  }

  /** Reports bytes that an end retransmitted without ever getting an acknowledgement. Called when the connection was reset. */
  tellStalled(): void {
    const { connection } = this.record;
    for (const end of [0, 1] as const) {
      const stalled = connection.unacknowledged?.[end] ?? null;
      if (stalled === null || stalled.times < STALLED || !connection.heard[end === 0 ? 1 : 0] || this.stalled !== null)
        continue;
      const { offset, length } = stalled;
      this.stalled = { side: this.sideOf(end), offset };
      const text = `${count(length, 'byte')} at offset ${offset} were retransmitted ${stalled.times} times and never acknowledged, then the connection was reset: packets of that size may not pass the path (an MTU that a hop does not have), or the peer is gone`;
      this.raise(UNACKNOWLEDGED, { side: this.stalled.side, offset, length, text });
    }
  }

  /** Whether the finding is about a message that is incomplete because of the bytes that `tellStalled` has reported: one fault, one finding. */
  private isOfStalled({ message, side }: Evidence): boolean {
    const { stalled } = this;
    if (stalled === null || message === undefined || message === null || message.complete) return false;
    return (
      message.side === stalled.side && (side ?? message.side) === stalled.side && message.endOffset > stalled.offset
    );
  }

  /** Reports once that a side has hit a limit. `bit`: stands for limit and side. */
  limitOnce(bit: number, text: string, side: Side, offset: number): void {
    if ((this.limitsTold & bit) !== 0) return;
    this.limitsTold |= bit;
    this.raise(LIMIT, { side, offset, length: 0, text });
  }

  /** A decoder, the session or a check threw: a bug in wirelint. */
  fail(error: unknown, when = 'while decoding this stream'): void {
    const what = error instanceof Error ? error.message : String(error);
    this.failed = true;
    this.raise(INTERNAL, {
      text: `${what} (${when}, at packet ${this.now.packet}); the rest of the stream is not decoded`,
    });
    this.flush(true);
  }

  /** The stream is over: reports what is only known at its end, and its record. */
  close(): void {
    const { record } = this;
    if (record.protocol !== null) {
      if (record.messages === 0 && record.skipped[CLIENT].opaque + record.skipped[SERVER].opaque === 0) this.tellLate();
      for (const side of [CLIENT, SERVER] as const) this.tellEnd(side);
    }
    this.findings?.close(this.now);
    try {
      this.env.closed(this.record);
    } catch (error) {
      this.fail(error, 'while summing up this stream');
      this.record.session = null;
      this.env.closed(this.record);
    }
    this.session = null;
    this.record.session = null;
  }

  /**
   * Reports that the beginning of the stream is missing: of the first such stream of a file only, as `start` tells it of every stream. Not of
   * one that is encrypted throughout, which the beginning would not help to read.
   */
  private tellLate(): void {
    const { record } = this;
    if (record.connection.start !== 'missed' || !this.env.once(record, JOINED_LATE.id)) return;
    this.tell(JOINED_LATE, {
      text: 'no connection set-up in the capture (reported for the first such stream of a file only)',
    });
  }

  private get found(): StreamFindings {
    const { record, env } = this;
    return (this.findings ??= new StreamFindings(record, env.levels, env.limits, env.finding, env.suppress));
  }

  private undecodedOf(side: Side): UndecodedBytes {
    const bytes = this.undecoded[side] ?? new UndecodedBytes();
    this.undecoded = having(this.undecoded, side, bytes);
    return bytes;
  }

  private tellEnd(side: Side): void {
    const { record } = this;
    const who = side === CLIENT ? 'client' : 'server';
    const undecoded = this.undecoded[side];
    if (undecoded !== null) {
      const where = undecoded.runs === 1 ? '' : ` in ${undecoded.runs} places`;
      const text = `${count(undecoded.bytes, 'byte')} of the ${who} not decoded${where}`;
      this.raise(UNDECODED, { side, offset: undecoded.first, length: undecoded.firstLength, text });
    }
    const heard = record.connection.heard[this.endOf(side)] || record.bytes[side] > 0;
    if (!heard && this.session?.mayBeSilent?.(side) !== true)
      this.raise(ONE_SIDED, { side, text: `nothing that the ${who} sent is in the capture` });
  }
}
