/** `000` to `999`: writing three digits at once is faster, which matters with millions of lines. */
const THREE: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));

/** An integer below 10^6, in six digits with leading zeros. */
export function sixDigits(n: number): string {
  const high = Math.floor(n / 1000);
  return THREE[high]! + THREE[n - 1000 * high]!;
}

/** An integer below 10^9, in nine digits with leading zeros. */
export function nineDigits(n: number): string {
  const high = Math.floor(n / 1_000_000);
  return THREE[high]! + sixDigits(n - 1_000_000 * high);
}
