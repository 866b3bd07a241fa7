import type { Input } from '../../../base/input.js';
import { Origin } from '../../../base/origin.js';

/** Nanoseconds. Shorter pauses are not measured exactly. */
const LONG_NANOS = 1e9;

/** Measures silence in one direction. That matters because the server forwards nothing while it waits inside an update. */
export class PauseClock {
  private readonly lastByte = new Origin();
  private spoke = false;

  /**
   * The longest time between two consecutive bytes, from the last byte before the message at the input's position to the message's last
   * byte, in nanoseconds; -1: there is only one byte. If all of it took less than LONG_NANOS, returns that time as an upper bound:
   * examining the origin of every byte is slow.
   */
  measure(input: Input, length: number): number {
    const end = input.pos + length;
    const firstByte = input.originAt(input.pos);
    const lastByte = input.originAt(end - 1);
    const before = this.spoke ? this.lastByte : firstByte;
    let longest = this.spoke || length > 1 ? between(before, lastByte) : -1;
    if (longest >= LONG_NANOS) {
      longest = -1;
      let last: Origin = before;
      for (let i = input.pos; i < end; i++) {
        const origin = input.originAt(i);
        longest = Math.max(longest, between(last, origin));
        last = origin;
      }
    }
    this.lastByte.copyFrom(lastByte);
    this.spoke = true;
    return longest;
  }
}

function between(a: Origin, b: Origin): number {
  return (b.seconds - a.seconds) * 1e9 + (b.nanos - a.nanos);
}
