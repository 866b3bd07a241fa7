import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** The page's colours, for drawings. */
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

/** The present colours, light or dark. */
function colours(): Colours {
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

/** Resizes a canvas to the width of its place and the given height, in device pixels, and clears it. */
function sharpen(el: HTMLCanvasElement, height: number): CanvasRenderingContext2D {
  const scale = devicePixelRatio;
  const width = el.clientWidth;
  el.width = Math.round(width * scale);
  el.height = Math.round(height * scale);
  const g = el.getContext('2d')!;
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

export type Draw = (g: CanvasRenderingContext2D, width: number, c: Colours) => void;

interface Props {
  readonly height: number;
  /** Describes the drawing in words. */
  readonly label: string;
  readonly draw: Draw;
  readonly class?: string;
}

/** A drawing as wide as its place. It is redrawn when the width or the colours change. */
export function Canvas({ height, label, draw, class: of }: Props): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  const paint = (): void => {
    const el = canvas.current!;
    const g = sharpen(el, height);
    g.font = '11px system-ui, sans-serif';
    latest.current(g, el.clientWidth, colours());
  };
  useEffect(paint);
  useEffect(() => {
    const watch = new ResizeObserver(paint);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    watch.observe(canvas.current!);
    addEventListener('themechange', paint);
    dark.addEventListener('change', paint);
    return () => {
      watch.disconnect();
      removeEventListener('themechange', paint);
      dark.removeEventListener('change', paint);
    };
  }, []);
  return <canvas ref={canvas} class={of} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
