/** Times are kept as whole seconds and nanoseconds: together they exceed what a double holds exactly. */

import { nineDigits, sixDigits } from './digits.js';
import type { TextBytes } from './text-bytes.js';

const NANOS_PER_SECOND = 1_000_000_000;
const POINT = 0x2e;

/**
 * A cache: the second that was printed last, and its text. Making a Date for each message took a sixth of the time of `analyze -f ndjson`.
 */
let printedSecond = NaN;
let printedText = '';

/** RFC 3339 in UTC with nine fractional digits: `2026-11-20T14:31:05.123456789Z`. Out-of-range seconds are clamped. */
export function rfc3339(seconds: number, nanos: number): string {
  return `${wholeSecond(seconds)}.${nineDigits(nanos)}Z`;
}

/** The same without fraction and `Z`. */
export function wholeSecond(seconds: number): string {
  if (seconds !== printedSecond) {
    const clamped = Math.min(Math.max(seconds, -62_135_596_800), 253_402_300_799);
    printedText = new Date(clamped * 1000).toISOString().slice(0, 19);
    printedSecond = seconds;
  }
  return printedText;
}

/**
 * Nanoseconds from (s0, n0) to (s1, n1); exact below 104 days, which is enough for latencies. -1 where the first time is 0: not known, as in
 * recordings without times.
 */
export function nanosBetween(s0: number, n0: number, s1: number, n1: number): number {
  if (s0 === 0 && n0 === 0) return -1;
  return (s1 - s0) * NANOS_PER_SECOND + (n1 - n0);
}

/** Seconds with six decimals from the first time to the second, as tcpdump and Wireshark print relative times. */
export function relativeSeconds(s0: number, n0: number, s1: number, n1: number): string {
  let micros = microsBetween(s0, n0, s1, n1);
  const sign = micros < 0 ? '-' : '';
  micros = Math.abs(micros);
  // the remainder is exact even if a hostile time stamp makes the difference too large to be exact
  return `${sign}${Math.floor(micros / 1_000_000)}.${sixDigits(micros % 1_000_000)}`;
}

/** Whole microseconds from the first time to the second. */
export function microsBetween(s0: number, n0: number, s1: number, n1: number): number {
  return (s1 - s0) * 1_000_000 + Math.round((n1 - n0) / 1000);
}

/** A duration in the largest unit that keeps three digits: `57 us`, `1.42 ms`, `3.1 s`. */
export function duration(nanos: number): string {
  const n = Math.abs(nanos);
  const { name, size } = unitOf(n);
  return `${nanos < 0 ? '-' : ''}${hundredths(n, size) / 100}${name}`;
}

/** Writes the same; the duration must not be negative. */
export function writeDuration(out: TextBytes, nanos: number): void {
  const { name, size } = unitOf(nanos);
  const value = hundredths(nanos, size);
  const whole = Math.floor(value / 100);
  const rest = value - 100 * whole;
  out.decimal(whole);
  if (rest > 0) {
    out.byte(POINT);
    out.digits(rest % 10 === 0 ? rest / 10 : rest, rest % 10 === 0 ? 1 : 2);
  }
  out.text(name);
}

/** Units of durations, the smallest first; `size` in nanoseconds. */
const UNITS = [
  { name: ' ns', size: 1 },
  { name: ' us', size: 1000 },
  { name: ' ms', size: 1_000_000 },
  { name: ' s', size: NANOS_PER_SECOND },
] as const;

/** The unit in which a duration is printed, which must not be negative. */
function unitOf(nanos: number): (typeof UNITS)[number] {
  if (nanos < 1000) return UNITS[0];
  if (nanos < 1_000_000) return UNITS[1];
  return nanos < NANOS_PER_SECOND ? UNITS[2] : UNITS[3];
}

/** A whole number of nanoseconds in hundredths of a unit, rounded to three significant digits; from 100 units on, to whole units. */
function hundredths(nanos: number, unit: number): number {
  if (nanos >= 100 * unit) return 100 * Math.round(nanos / unit);
  return nanos >= 10 * unit ? 10 * Math.round((10 * nanos) / unit) : Math.round((100 * nanos) / unit);
}
