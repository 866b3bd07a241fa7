import { LIMIT, UNDECODED } from '../base/capture-rules.js';
import type { Origin } from '../base/origin.js';
import { count } from '../base/text.js';
import type { End, StreamSink } from './byte-stream.js';
import { GivenUp } from './given-up.js';
import { Resent } from './resent.js';

/** Bytes that lie further back than this are no retransmission: they were acknowledged long ago. */
export const STALE = 2 ** 28;

/** The holes of a direction, at most `most`. The first lies before its first captured byte: a SYN may have come too late to rule that out. */
export function frontHole(most: number): GivenUp {
  const holes = new GivenUp(most);
  holes.add(-STALE, 0);
  return holes;
}

/** What one direction carries besides the bytes that come next: holes that were given up, bytes sent again, bytes behind its end. */
export class LateBytes {
  /** The holes; null before the first. */
  holes: GivenUp | null = null;
  /** The newest retransmission; null before the first. */
  resent: Resent | null = null;
  private readonly from: End;
  private readonly sink: StreamSink;
  /** How many holes are remembered. */
  private readonly most: number;
  /** Offset up to which bytes behind the end were reported. */
  private toldBeyond = 0;

  constructor(from: End, sink: StreamSink, most: number) {
    this.from = from;
    this.sink = sink;
    this.most = most;
  }

  /** Remembers a hole that is given up. Returns whether an older one had to be forgotten for the first time. */
  lose(start: number, end: number): boolean {
    const holes = (this.holes ??= frontHole(this.most));
    const { full } = holes;
    holes.add(start, end);
    return holes.full && !full;
  }

  /** Counts a copy of bytes that the peer has not acknowledged. */
  sentAgain(offset: number, length: number, origin: Origin): void {
    (this.resent ??= new Resent()).add(offset, length, origin);
  }

  /** Reports bytes that belong in a hole that was given up, or before the first captured byte of the direction. */
  fill(start: number, end: number, startKnown: boolean, origin: Origin): void {
    const holes = (this.holes ??= frontHole(this.most));
    const { full } = holes;
    const before = start < 0 ? holes.fill(start, Math.min(end, 0)) : 0;
    const late = holes.fill(Math.max(start, 0), end);
    if (holes.full && !full) this.noteForgotten(start, end - start, origin);
    const packet = `packet ${origin.packet}`;
    // a keep-alive before any data has the sequence number of the SYN
    if (before > (startKnown ? 1 : 0)) {
      const text = `${count(before, 'byte')} of ${packet} lie in front of the first byte of this direction`;
      this.sink.note(UNDECODED, this.from, 0, before, text, origin);
    }
    if (late > 0) {
      const text = `${count(late, 'byte')} of ${packet} came after their place in the stream had been given up for lost (gapGracePackets, outOfOrderBytes)`;
      this.sink.note(LIMIT, this.from, Math.max(start, 0), late, text, origin);
    }
  }

  /** Reports the bytes `start..end` behind the sender's FIN or RST, each byte once. */
  beyondEnd(start: number, end: number, origin: Origin): void {
    const from = Math.max(start, this.toldBeyond);
    if (end <= from) return;
    this.toldBeyond = end;
    const text = `${count(end - from, 'byte')} of packet ${origin.packet} lie behind the end of this direction`;
    this.sink.note(UNDECODED, this.from, from, end - from, text, origin);
  }

  /** Reports that old holes were forgotten. */
  noteForgotten(offset: number, length: number, origin: Origin): void {
    const text = `lostRanges: more than ${this.most} holes in this direction; what comes too late for the oldest is not told of`;
    this.sink.note(LIMIT, this.from, Math.max(offset, 0), length, text, origin);
  }
}
