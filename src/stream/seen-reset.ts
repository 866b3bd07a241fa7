/** A RST that one end sent, as far as it may count: packets may be missing or out of order around it, it may be forged, or was ignored. */
export class SeenReset {
  /** Stream offset of the RST, or -1 where it turned out not to count. */
  private at: number;
  /** Offset of the byte that was to come next when it came. */
  private next: number;
  /** How many packets the connection had then. */
  private readonly packets: number;

  constructor(at: number, next: number, packets: number) {
    this.at = at;
    this.next = next;
    this.packets = packets;
  }

  get counts(): boolean {
    return this.at >= 0;
  }

  /** Whether the direction is over with it: it came in its place, and nothing has come behind it. */
  isEnd(next: number): boolean {
    return this.at === next && this.next === next;
  }

  /** No more packets are to be expected: it stands behind all that was captured. */
  moveTo(next: number): void {
    if (this.at >= 0) this.at = this.next = next;
  }

  /** The peer acknowledged all up to `offset`: it was ignored if it lay before that. */
  outlivedBy(offset: number): void {
    if (this.at < offset) this.at = -1;
  }

  /** New bytes have come when the connection had `packets` packets, more than `grace` later: too many to be merely out of order. */
  continuedAfter(packets: number, grace: number): void {
    if (packets - this.packets > grace) this.at = -1;
  }

  /**
   * The direction was delivered up to `next`, and ended with a FIN at `finAt` (-1: with none). It went on if that is behind the RST, or if
   * the RST lies where nothing was sent: behind the FIN, or, where `whole`, ahead of what followed it without a hole.
   */
  deliveredUpTo(next: number, finAt: number, whole: boolean): void {
    const followed = whole && finAt < 0 && next > this.next && next < this.at;
    if (next > Math.max(this.at, this.next) || (finAt >= 0 && this.at > finAt + 1) || followed) this.at = -1;
  }

  /** Whether it lies ahead of what was captured: bytes are missing in front of it, or it is ignored. */
  isAhead(next: number): boolean {
    return this.at > next;
  }
}
