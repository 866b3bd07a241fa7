/** Round numbers between `from` and `to`, about `n` of them. */
export function ticks(from: number, to: number, n: number): number[] {
  const rough = (to - from) / Math.max(1, n);
  if (!(rough > 0)) return [from];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * (rough / unit > 5 ? 10 : rough / unit > 2 ? 5 : rough / unit > 1 ? 2 : 1);
  const out: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to + step / 1e6; t += step) out.push(t);
  return out;
}
