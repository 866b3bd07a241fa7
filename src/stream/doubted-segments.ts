import { Block } from '../base/block.js';
import type { Origin } from '../base/origin.js';
import { FIN, type Segment } from '../link/segment.js';

/** A copied segment with a wrong checksum, whose bytes belong at stream offset `offset`. */
export interface Doubted {
  readonly offset: number;
  readonly block: Block;
  /** Whether it has the FIN flag. */
  readonly fin: boolean;
  readonly origin: Origin;
}

/** Called for a doubted segment when a copy with a right checksum has other bytes at the stream offsets `from..to`. */
type TellBetter = (doubted: Origin, from: number, to: number) => void;

/**
 * Segments with a wrong checksum, of a direction in which others were right. The receiver has dropped such a segment and the sender will
 * retransmit it: it waits for the other copy, and is delivered only if none comes.
 */
export class DoubtedSegments {
  private segments: Doubted[] = [];

  get count(): number {
    return this.segments.length;
  }

  add(offset: number, s: Segment, origin: Origin): void {
    const block = new Block(s.block.bytes.slice(s.start, s.end));
    this.segments.push({ offset, block, fin: (s.flags & FIN) !== 0, origin: origin.clone() });
  }

  /** Drops the segments that overlap `s`, a copy with a right checksum, at stream offset `offset`. Calls `tell` for each that differs. */
  replace(s: Segment, offset: number, tell: TellBetter): void {
    const end = offset + s.end - s.start;
    this.segments = this.segments.filter((d) => {
      const from = Math.max(d.offset, offset);
      const to = Math.min(d.offset + d.block.bytes.length, end);
      if (to <= from) return true;
      const worse = d.block.bytes.subarray(from - d.offset, to - d.offset);
      const better = s.block.bytes.subarray(s.start + from - offset, s.start + to - offset);
      if (Buffer.compare(worse, better) !== 0) tell(d.origin, from, to);
      return false;
    });
  }

  /** Removes and returns those that begin before stream offset `end`, in stream order. */
  before(end: number): readonly Doubted[] {
    const taken = this.segments.filter((d) => d.offset < end).sort((a, b) => a.offset - b.offset);
    this.segments = this.segments.filter((d) => d.offset >= end);
    return taken;
  }
}
