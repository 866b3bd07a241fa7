import type { Packet } from './packet.js';

/** Converts the 64-bit time stamps of one interface (if_tsresol, if_tsoffset) into seconds and nanoseconds. */
export class TimeUnit {
  /** As the contract prints it: `us`, `ns`, `2^-10 s`. */
  readonly name: string;
  private readonly offset: number;
  /** Units per second, if calculations with doubles are exact; else 0. */
  private readonly perSecond: number;
  /** Nanoseconds per unit, for decimal units; else 0. */
  private readonly nanosPerUnit: number;
  private readonly wide: bigint;

  /** `resolution`: the option's byte, 6 where there is none. `offset`: seconds to be added. */
  constructor(resolution: number, offset: number) {
    const exponent = resolution & 0x7f;
    const binary = (resolution & 0x80) !== 0;
    this.name = binary ? (exponent === 0 ? 's' : `2^-${exponent} s`) : (DECIMAL_NAMES[exponent] ?? `10^-${exponent} s`);
    this.offset = offset;
    this.wide = (binary ? 2n : 10n) ** BigInt(exponent);
    // the long division below, and the product with 10^9, must stay under 2^53
    this.perSecond = exponent <= (binary ? 23 : 9) ? Number(this.wide) : 0;
    this.nanosPerUnit = !binary && exponent <= 9 ? 10 ** (9 - exponent) : 0;
  }

  /** Sets the packet's time from the two halves of a time stamp. */
  set(packet: Packet, high: number, low: number): void {
    const unit = this.perSecond;
    if (unit === 0) {
      this.setWide(packet, high, low);
      return;
    }
    let seconds: number;
    let rest: number;
    if (high < 0x10_0000) {
      // below 2^52 the quotient is never rounded up to the next integer
      const stamp = high * 0x1_0000_0000 + low;
      seconds = Math.floor(stamp / unit);
      rest = stamp - seconds * unit;
    } else {
      // long division in base 2^16: no step exceeds 2^53
      const q2 = Math.floor(high / unit);
      const middle = (high - q2 * unit) * 0x1_0000 + (low >>> 16);
      const q1 = Math.floor(middle / unit);
      const lowest = (middle - q1 * unit) * 0x1_0000 + (low & 0xffff);
      const q0 = Math.floor(lowest / unit);
      seconds = q2 * 0x1_0000_0000 + q1 * 0x1_0000 + q0;
      rest = lowest - q0 * unit;
    }
    packet.seconds = seconds + this.offset;
    packet.nanos = this.nanosPerUnit > 0 ? rest * this.nanosPerUnit : Math.floor((rest * 1e9) / unit);
  }

  private setWide(packet: Packet, high: number, low: number): void {
    const stamp = (BigInt(high) << 32n) | BigInt(low);
    const seconds = stamp / this.wide;
    packet.seconds = Number(seconds) + this.offset;
    packet.nanos = Number(((stamp - seconds * this.wide) * 1_000_000_000n) / this.wide);
  }
}

const DECIMAL_NAMES: Readonly<Record<number, string>> = { 0: 's', 3: 'ms', 6: 'us', 9: 'ns', 12: 'ps' };
