/** A RST of one end, and whether it counts: packets around it may be missing or out of order; it may be forged, or ignored by the peer. */
export class SeenReset {
  /** Stream offset of the RST, or -1 where it turned out not to count. */
  private at: number;
  /** Offset of the next byte expected when the RST came. */
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

  /** Whether it ends the direction now: it came in sequence, and no byte has come behind it. */
  isEnd(next: number): boolean {
    return this.at === next && this.next === next;
  }

  /** No more packets are expected: the RST is taken to stand behind all that was captured. */
  moveTo(next: number): void {
    if (this.at >= 0) this.at = this.next = next;
  }

  /** The peer acknowledged all up to `offset`: it has ignored the RST if that lies before. */
  outlivedBy(offset: number): void {
    if (this.at < offset) this.at = -1;
  }

  /** The sender went on in packet number `packets`: if that is more than `grace` packets after the RST, it is not merely out of order. */
  continuedAfter(packets: number, grace: number): void {
    if (packets - this.packets > grace) this.at = -1;
  }

  /**
   * The direction was delivered up to `next`, its FIN is at `finAt` (-1: none came), and it has no hole where `whole`. The RST does not count
   * if bytes came behind it, or if it lies where nothing was sent: behind the FIN, or ahead of bytes that came after it without a hole.
   */
  deliveredUpTo(next: number, finAt: number, whole: boolean): void {
    const followed = whole && finAt < 0 && next > this.next && next < this.at;
    if (next > Math.max(this.at, this.next) || (finAt >= 0 && this.at > finAt + 1) || followed) this.at = -1;
  }

  /** Whether it lies ahead of what was captured: bytes are missing in front of it, or the peer ignored it. */
  isAhead(next: number): boolean {
    return this.at > next;
  }
}
