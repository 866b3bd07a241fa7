/** A step of at most this many seconds, forth or back, is believed at once. */
const SMALL_STEP = 60;
/** Packets in a row that must have a time far from those before it until it is the time. */
const CONVINCING = 3;

/**
 * The time of a capture, in seconds, by the stamps of its packets. Single packets with a wrong stamp do not move it: what is timed by it is
 * given up when it seems to be long ago.
 */
export class CaptureClock {
  now = -1;
  private doubted = 0;

  /** The time, when a packet was stamped `seconds`. */
  at(seconds: number): number {
    if (Math.abs(seconds - this.now) <= SMALL_STEP || this.now < 0 || ++this.doubted >= CONVINCING) {
      this.now = seconds;
      this.doubted = 0;
    }
    return this.now;
  }
}
