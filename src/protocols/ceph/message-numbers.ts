/** Two halves of a 64-bit number. Exact below 2^53, which sequence numbers never reach; only approximate above. */
export function asNumber(high: number, low: number): number {
  return high * 0x1_0000_0000 + low;
}
