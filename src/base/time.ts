/** Times are kept as whole seconds and nanoseconds: together they exceed what a double holds exactly. */

import { nineDigits, sixDigits } from './digits.js';

const NANOS_PER_SECOND = 1_000_000_000;

/**
 * The second that was printed last, and its text: making a Date of each message was a sixth of `analyze -f ndjson`. A cache for all who
 * print: whatever it holds, a time has the same text.
 */
let printedSecond = NaN;
let printedText = '';

/** RFC 3339 in UTC with nine fractional digits: `2026-11-20T14:31:05.123456789Z`. Out-of-range seconds are clamped. */
export function rfc3339(seconds: number, nanos: number): string {
  return `${wholeSecond(seconds)}.${nineDigits(nanos)}Z`;
}

/** The same up to the point, without it. */
export function wholeSecond(seconds: number): string {
  if (seconds !== printedSecond) {
    const clamped = Math.min(Math.max(seconds, -62_135_596_800), 253_402_300_799);
    printedText = new Date(clamped * 1000).toISOString().slice(0, 19);
    printedSecond = seconds;
  }
  return printedText;
}

/**
 * Nanoseconds from (s0, n0) to (s1, n1); exact below 104 days, which is what latencies need. -1: not known, as in recordings without
 * times, where everything stands at zero.
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
  // the remainder is exact also where a hostile time stamp is too large for a difference
  return `${sign}${Math.floor(micros / 1_000_000)}.${sixDigits(micros % 1_000_000)}`;
}

/** Whole microseconds from the first time to the second. */
export function microsBetween(s0: number, n0: number, s1: number, n1: number): number {
  return (s1 - s0) * 1_000_000 + Math.round((n1 - n0) / 1000);
}

/** A duration in the largest unit that keeps three digits: `57 us`, `1.42 ms`, `3.1 s`. */
export function duration(nanos: number): string {
  const sign = nanos < 0 ? '-' : '';
  const n = Math.abs(nanos);
  if (n < 1000) return `${sign}${n} ns`;
  if (n < 1_000_000) return `${sign}${short(n, 1000)} us`;
  if (n < NANOS_PER_SECOND) return `${sign}${short(n, 1_000_000)} ms`;
  return `${sign}${short(n, NANOS_PER_SECOND)} s`;
}

/** `n / unit` with three digits, or all of those before the point; `n` is a whole number. */
function short(n: number, unit: number): string {
  if (n >= 100 * unit) return String(Math.round(n / unit));
  return n >= 10 * unit ? String(Math.round((10 * n) / unit) / 10) : String(Math.round((100 * n) / unit) / 100);
}
