/** Colours of the page for drawings. */
export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

const NAMES = [
  'text',
  'muted',
  'line',
  'panel',
  'client',
  'server',
  'error',
  'warning',
  'note',
  'ok',
  'accent',
] as const;

/** The colours as they are now: light or dark. */
export function colours(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  const all = Object.fromEntries(
    NAMES.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return all as Colours;
}

/** A canvas as wide as its place and that high, in the pixels of the screen, empty. */
export function sharpen(el: HTMLCanvasElement, height: number): CanvasRenderingContext2D {
  const scale = devicePixelRatio;
  const width = el.clientWidth;
  el.width = Math.round(width * scale);
  el.height = Math.round(height * scale);
  const g = el.getContext('2d')!;
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}
/** Round numbers between two, about `n` of them. */
export function ticks(from: number, to: number, n: number): number[] {
  const rough = (to - from) / Math.max(1, n);
  if (!(rough > 0)) return [from];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * (rough / unit > 5 ? 10 : rough / unit > 2 ? 5 : rough / unit > 1 ? 2 : 1);
  const out: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to + step / 1e6; t += step) out.push(t);
  return out;
}
