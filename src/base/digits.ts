/** `000` to `999`: numbers are written by threes where millions of lines are. */
const THREE: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));

/** An integer below a million, with leading zeros. */
export function sixDigits(n: number): string {
  const high = Math.floor(n / 1000);
  return THREE[high]! + THREE[n - 1000 * high]!;
}

/** An integer below a thousand million, with leading zeros. */
export function nineDigits(n: number): string {
  const high = Math.floor(n / 1_000_000);
  return THREE[high]! + sixDigits(n - 1_000_000 * high);
}
