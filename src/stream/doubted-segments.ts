import { Block } from '../base/block.js';
import type { Origin } from '../base/origin.js';
import { FIN, type Segment } from '../link/segment.js';

/** A segment with a wrong checksum, copied: its bytes lie at `offset` of the stream. */
export interface Doubted {
  readonly offset: number;
  readonly block: Block;
  /** Whether its sender seems to end the stream behind it. */
  readonly fin: boolean;
  readonly origin: Origin;
}

/** Called for a doubted segment of which a better copy, with other bytes, has come: the bytes `from..to` of the stream. */
type TellBetter = (doubted: Origin, from: number, to: number) => void;

/**
 * Segments of one direction whose checksums are wrong where others were right. Their receiver has thrown them away, and the sender will send
 * them again: they wait for that, and are delivered only where no other copy comes.
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

  /** Drops what `s`, a segment with a right checksum whose bytes lie at `offset`, repeats; tells where the two differ. */
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

  /** Takes out those that begin before `end`, in their order in the stream. */
  before(end: number): readonly Doubted[] {
    const taken = this.segments.filter((d) => d.offset < end).sort((a, b) => a.offset - b.offset);
    this.segments = this.segments.filter((d) => d.offset >= end);
    return taken;
  }
}
