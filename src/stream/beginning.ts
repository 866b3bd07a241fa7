import { ACK, SYN, type Segment } from '../link/segment.js';

/** A copied segment, and the flow table's `swapped` for it. */
export interface KeptSegment {
  readonly segment: Segment;
  readonly swapped: boolean;
}

/**
 * The first segments of a connection whose beginning was not captured, or has not been captured yet: captures reorder. They are held back
 * until both ends' SYNs have come, or for `gapGracePackets` packets of the capture.
 */
export class Beginning {
  readonly slot: number;
  /** Stream number, given when the first segment came. */
  readonly id: number;
  /** Packet number of the first segment that is held back. */
  readonly packet: number;
  private readonly kept: KeptSegment[] = [];
  private syns = 0;

  constructor(slot: number, id: number, packet: number) {
    this.slot = slot;
    this.id = id;
    this.packet = packet;
  }

  /** How many segments it holds. */
  get count(): number {
    return this.kept.length;
  }

  add(s: Segment, swapped: boolean): void {
    this.kept.push({ segment: s.kept(), swapped });
    if ((s.flags & SYN) !== 0) this.syns |= swapped ? 2 : 1;
  }

  /** Whether both ends' SYNs are there. */
  get complete(): boolean {
    return this.syns === 3;
  }

  /** Whether there is a SYN-ACK, which tells where both ends begin. */
  private get answered(): boolean {
    return this.kept.some(({ segment: { flags } }) => (flags & SYN) !== 0 && (flags & ACK) !== 0);
  }

  /** The segments in the order in which they are to be replayed: the SYN that opened the connection, its answer, all others as they came. */
  get segments(): KeptSegment[] {
    const rank = ({ segment: { flags } }: KeptSegment): number =>
      (flags & SYN) === 0 ? 2 : (flags & ACK) === 0 ? 0 : 1;
    return [...this.kept].sort((a, b) => rank(a) - rank(b));
  }

  /** The lowest sequence number (they wrap) of the direction's segments with data; null where there are none, or a SYN tells the first byte. */
  lowest(swapped: boolean): number | null {
    if ((this.syns & (swapped ? 2 : 1)) !== 0 || (this.syns !== 0 && this.answered)) return null;
    let lowest: number | null = null;
    for (const k of this.kept) {
      if (k.swapped !== swapped || k.segment.length === 0) continue;
      if (lowest === null || ((k.segment.seq - lowest) | 0) < 0) lowest = k.segment.seq;
    }
    return lowest;
  }
}
