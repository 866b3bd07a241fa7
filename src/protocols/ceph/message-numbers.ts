/** Exact as a number below 2^53, which sequence numbers stay; above it is only large. */
export function asNumber(high: number, low: number): number {
  return high * 0x1_0000_0000 + low;
}
