import type { Clock, Prefix } from './strace-line.js';

const DAY = 86_400;

/** Turns the times of a recording's lines into seconds that only grow where the lines allow it. */
export class StraceClock {
  kind: Clock | null = null;
  digits = 0;
  private days = 0;
  private last = 0;
  private seconds = 0;
  private nanos = 0;
  /** Lines whose time lies more than a second before that of a line above. */
  backwards = 0;

  /** Takes the prefix of a line in file order. */
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
      // a time of day that falls by half a day passed midnight
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
