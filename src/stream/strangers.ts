/** How many segments must continue each other before they are taken for another connection. */
const CONVINCING = 3;

/**
 * Watches segments whose sequence numbers cannot belong to the connection that has their addresses and ports. A single
 * one may be damaged or forged; several that continue each other are another connection, whose set-up the capture does not hold.
 */
export class Strangers {
  /** Whether there are enough of them, with the segment added last. */
  convincing = false;
  private owner = -1;
  private expected = 0;
  private count = 0;

  add(owner: number, seq: number, length: number): void {
    const follows = owner === this.owner && this.expected === (seq | 0);
    this.count = follows ? this.count + 1 : 1;
    this.owner = owner;
    this.expected = (seq + length) | 0;
    this.convincing = this.count >= CONVINCING;
  }

  /** Forgets what was seen. */
  clear(): void {
    this.convincing = false;
    this.owner = -1;
    this.count = 0;
  }
}
