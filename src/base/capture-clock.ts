/** A step of at most this many seconds, forward or back, is believed at once. */
const SMALL_STEP = 60;
/** How many packets in a row must have a time far from the current one before that is believed. */
const CONVINCING = 3;

/**
 * The current time of a capture, in seconds, by its packets' time stamps. Single packets with a wrong time stamp do not move it: state that
 * seems to be old by this clock is given up.
 */
export class CaptureClock {
  now = -1;
  private doubted = 0;

  /** Takes a packet's time stamp. Returns the current time. */
  at(seconds: number): number {
    if (Math.abs(seconds - this.now) <= SMALL_STEP || this.now < 0 || ++this.doubted >= CONVINCING) {
      this.now = seconds;
      this.doubted = 0;
    }
    return this.now;
  }
}
