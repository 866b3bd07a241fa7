import type { Clock, Prefix } from './strace-line.js';

const DAY = 86_400;

/** Turns the times on a recording's lines into seconds since 1970: adds up relative times, and counts the days that times of day pass. */
export class StraceClock {
  kind: Clock | null = null;
  digits = 0;
  private days = 0;
  private last = 0;
  private seconds = 0;
  private nanos = 0;
  /** How many lines have a time more than a second before that of the line above. */
  backwards = 0;

  /** The time of a line with that prefix. Called in file order. */
  take(prefix: Prefix): { seconds: number; nanos: number; jumpedBack: boolean } {
    this.kind ??= prefix.clock;
    if (prefix.digits > this.digits) this.digits = prefix.digits;
    switch (prefix.clock) {
      case 'none':
        return { seconds: this.seconds, nanos: this.nanos, jumpedBack: false };
      case 'relative':
        this.nanos += prefix.nanos;
        this.seconds += prefix.seconds + Math.floor(this.nanos / 1e9);
        this.nanos %= 1e9;
        return { seconds: this.seconds, nanos: this.nanos, jumpedBack: false };
      default:
        this.seconds = prefix.seconds;
        this.nanos = prefix.nanos;
    }
    if (prefix.clock === 'day') {
      // a time of day that is half a day earlier than the last one has passed midnight
      if (this.last - (this.seconds + this.days * DAY) > DAY / 2) this.days++;
      this.seconds += this.days * DAY;
    }
    const jumpedBack = this.last - this.seconds > 1;
    if (jumpedBack) this.backwards++;
    this.last = this.seconds;
    return { seconds: this.seconds, nanos: this.nanos, jumpedBack };
  }
}

export function resolutionOf(digits: number): string {
  return digits === 0 ? 's' : digits <= 3 ? 'ms' : digits <= 6 ? 'us' : 'ns';
}
