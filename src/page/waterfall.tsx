import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { byteSize } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import { Canvas, type Colours, type Draw } from './canvas.js';
import type { Model, Request } from './model.js';
import { ticks } from './ticks.js';
import type { ViewProps } from './view.js';
import { grouped } from './words.js';

const LEFT = 64;
const HEIGHT = { queue: 90, rate: 90, bars: 320, places: 170, histogram: 150 };
/** Space for times below the bars. */
const BELOW = 20;

/** Sign, name and key of each button. */
const TOOLS = [
  ['+', 'closer', '+'],
  ['−', 'farther', '-'],
  ['←', 'earlier', 'ArrowLeft'],
  ['→', 'later', 'ArrowRight'],
  ['all', 'all', '0'],
] as const;

interface Bar {
  readonly request: Request;
  readonly from: number;
  readonly to: number;
}

/** Requests over time: how long each took, how many were open, how many bytes were moved, and where. */
export function Waterfall({ model, route, rows, select }: ViewProps): JSX.Element {
  const bars = useMemo(() => barsOf(model, rows), [model, rows]);
  const all = useMemo(() => [bars[0]?.from ?? 0, bars.reduce((m, b) => Math.max(m, b.to), 1)] as const, [bars]);
  const [window_, setWindow] = useState<readonly [number, number] | null>(null);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const [tip, setTip] = useState('');
  useEffect(() => setWindow(null), [all]);
  const [from, to] = window_ ?? all;
  const seen = useMemo(() => bars.filter((b) => b.to >= from && b.from <= to), [bars, from, to]);
  const zoom = (factor: number, about = (from + to) / 2): void => {
    const half = [about - (about - from) * factor, about + (to - about) * factor] as const;
    setWindow(
      factor > 1 && half[1] - half[0] >= all[1] - all[0]
        ? null
        : [Math.max(all[0], half[0]), Math.min(all[1], half[1])],
    );
  };
  const pan = (share: number): void => {
    const by = Math.max(all[0] - from, Math.min(all[1] - to, (to - from) * share));
    setWindow([from + by, to + by]);
  };
  if (bars.length === 0) return <p class="empty">There are no requests.</p>;
  const x = (width: number) => (time: number) =>
    LEFT + Math.max(0, Math.min(1, (time - from) / Math.max(1, to - from))) * (width - LEFT - 12);
  const box = (e: PointerEvent | WheelEvent): DOMRect =>
    (e.currentTarget as HTMLElement).querySelector('canvas')!.getBoundingClientRect();
  const timeAt = (e: PointerEvent | WheelEvent): number => {
    const { left, width } = box(e);
    return from + ((e.clientX - left - LEFT) / (width - LEFT - 12)) * (to - from);
  };
  const barAt = (e: PointerEvent): Bar | undefined =>
    seen[Math.floor(((e.clientY - box(e).top) / (HEIGHT.bars - BELOW)) * seen.length)];
  const acts: Record<string, () => void> = {
    '+': () => zoom(0.5),
    '-': () => zoom(2),
    ArrowLeft: () => pan(-0.25),
    ArrowRight: () => pan(0.25),
    '0': () => setWindow(null),
  };
  const keys = (e: KeyboardEvent): void => {
    const act = acts[e.key];
    if (!act || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    act();
  };
  const pointer = (bars: boolean): object => ({
    onPointerDown: (e: PointerEvent) => {
      (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
      setDrag([timeAt(e), timeAt(e)]);
    },
    onPointerMove: (e: PointerEvent) => {
      if (drag !== null) setDrag([drag[0], timeAt(e)]);
      else if (bars) setTip(tipOf(model, barAt(e)));
    },
    onPointerUp: (e: PointerEvent) => {
      if (drag === null) return;
      const [a, b] = drag[0] < drag[1] ? drag : [drag[1], drag[0]];
      const bar = barAt(e);
      if (b - a > (to - from) / 100) setWindow([Math.max(all[0], a), Math.min(all[1], b)]);
      else if (bars && bar !== undefined) select(bar.request.row);
      setDrag(null);
    },
    onWheel: (e: WheelEvent) => {
      if (!e.ctrlKey) return;
      e.preventDefault();
      zoom(e.deltaY > 0 ? 1.25 : 0.8, timeAt(e));
    },
  });
  const mark: Draw = (g, width, c) => {
    if (drag === null) return;
    g.globalAlpha = 0.18;
    g.fillStyle = c.accent;
    g.fillRect(x(width)(drag[0]), 0, x(width)(drag[1]) - x(width)(drag[0]), HEIGHT.bars);
    g.globalAlpha = 1;
  };
  const over = { from, to, x };
  const hasPlaces = seen.some((b) => model.place[b.request.row]! >= 0);
  return (
    <div class="waterfall-page" onKeyDown={keys}>
      <div class="tools" role="group" aria-label="zoom">
        {TOOLS.map(([sign, name, key]) => (
          <button key={key} type="button" aria-label={name} onClick={acts[key]}>
            {sign}
          </button>
        ))}
        <span class="muted" role="status">
          {grouped(seen.length)} of {grouped(bars.length)} requests, {duration(Math.round(to - from))}
          {window_ === null ? '; drag to zoom' : ''}
        </span>
      </div>
      <div {...pointer(false)}>
        <Plot
          title="Requests open"
          height={HEIGHT.queue}
          draw={(g, w, c) => (queue(g, w, c, over, bars), mark(g, w, c))}
        />
        <Plot
          title="Bytes per second (bottom: read, top: written)"
          height={HEIGHT.rate}
          draw={(g, w, c) => (rate(g, w, c, over, model, seen), mark(g, w, c))}
        />
      </div>
      <div {...pointer(true)}>
        <Plot
          title="Requests, from first byte to answer"
          height={HEIGHT.bars}
          label={`${seen.length} requests`}
          draw={(g, w, c) => (waterfall(g, w, c, over, model, seen, route.row), mark(g, w, c))}
        />
        <p class="tip muted">{tip === '' ? 'Click a bar to show its request.' : tip}</p>
      </div>
      {hasPlaces && (
        <Plot
          title="Offsets over time (● read, □ written)"
          height={HEIGHT.places}
          draw={(g, w, c) => places(g, w, c, over, model, seen)}
        />
      )}
      <div class="latencies">
        <Plot title="Latency" height={HEIGHT.histogram} draw={(g, w, c) => histogram(g, w, c, seen)} />
        <Percentiles model={model} seen={seen} />
      </div>
    </div>
  );
}

interface PlotProps {
  readonly title: string;
  readonly height: number;
  readonly draw: Draw;
  readonly label?: string;
}

function Plot({ title, height, draw, label = title }: PlotProps): JSX.Element {
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <Canvas height={height} label={label} draw={draw} />
    </figure>
  );
}

interface Over {
  readonly from: number;
  readonly to: number;
  readonly x: (width: number) => (time: number) => number;
}

/** Draws horizontal lines, with numbers at the left. Returns a function from a number to its y coordinate. */
function axes(
  g: CanvasRenderingContext2D,
  width: number,
  height: number,
  c: Colours,
  most: number,
  text: (n: number) => string,
): (n: number) => number {
  const y = (n: number): number => height - 4 - (n / Math.max(most, 1e-9)) * (height - 14);
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  // bytes are in powers of 1024
  const unit = text === byteSize ? 1024 ** Math.floor(Math.log(Math.max(1, most)) / Math.log(1024)) : 1;
  for (const t of ticks(0, most / unit, height > 120 ? 4 : 2).map((n) => n * unit)) {
    // there are no fractions of requests or bytes
    if (unit === 1 && !Number.isInteger(t)) continue;
    g.fillStyle = c.line;
    g.fillRect(LEFT, Math.round(y(t)), width - LEFT - 12, 1);
    g.fillStyle = c.muted;
    g.fillText(text(t), LEFT - 6, y(t));
  }
  return y;
}

/**
 * Makes a function that tells whether a mark covers other pixels, or has another colour, than all marks before it. Of many requests, few
 * do.
 */
function newMarks(): (colour: string, ...pixels: number[]) => boolean {
  const drawn = new Set<string>();
  return (colour, ...pixels) => drawn.size < drawn.add(colour + pixels.map(Math.round)).size;
}

function queue(g: CanvasRenderingContext2D, width: number, c: Colours, o: Over, bars: readonly Bar[]): void {
  const steps = bars
    .flatMap(
      (b) =>
        [
          [b.from, 1],
          [b.to, -1],
        ] as const,
    )
    .sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let open = 0;
  let most = 1;
  for (const [, d] of steps) most = Math.max(most, (open += d));
  const y = axes(g, width, HEIGHT.queue, c, most, String);
  const x = o.x(width);
  g.strokeStyle = c.accent;
  g.lineWidth = 1.5;
  g.beginPath();
  open = 0;
  // for each column of pixels only the least and the most are drawn, since a browser takes many seconds to stroke hundreds of thousands of
  // steps
  let column = LEFT;
  let least = 0;
  let highest = 0;
  for (const [t, d] of [...steps, [Infinity, 0] as const]) {
    const at = Math.round(x(t));
    if (at !== column) {
      for (const n of [least, highest, open]) g.lineTo(column, y(n));
      g.lineTo(at, y(open));
      column = at;
      least = highest = open;
    }
    open += d;
    least = Math.min(least, open);
    highest = Math.max(highest, open);
  }
  g.stroke();
}

function rate(
  g: CanvasRenderingContext2D,
  width: number,
  c: Colours,
  o: Over,
  model: Model,
  seen: readonly Bar[],
): void {
  const n = 120;
  const span = (o.to - o.from) / n / 1e9;
  const bins = [new Float64Array(n), new Float64Array(n)];
  for (const b of seen) {
    const i = Math.floor(((b.to - o.from) / Math.max(1, o.to - o.from)) * n);
    if (i < 0 || i >= n) continue;
    const { row, sent } = b.request;
    // TRIM, WRITE_ZEROES and reads of holes are about more bytes than are sent
    const moved = Math.max(0, Math.min(model.size[row]!, sent));
    bins[model.is(row, 'writes') ? 1 : 0]![i]! += moved / span;
  }
  const sums = bins[0]!.map((v, i) => v + bins[1]![i]!);
  const y = axes(g, width, HEIGHT.rate, c, Math.max(...sums, 1), byteSize);
  const w = (width - LEFT - 12) / n;
  for (let i = 0; i < n; i++) {
    const reads = bins[0]![i]!;
    const all = sums[i]!;
    g.fillStyle = c.client;
    g.fillRect(LEFT + i * w, y(reads), w - 0.5, y(0) - y(reads));
    g.fillStyle = c.server;
    g.fillRect(LEFT + i * w, y(all), w - 0.5, y(reads) - y(all));
  }
}

function waterfall(
  g: CanvasRenderingContext2D,
  width: number,
  c: Colours,
  o: Over,
  model: Model,
  seen: readonly Bar[],
  row: number | null,
): void {
  const x = o.x(width);
  const h = (HEIGHT.bars - BELOW) / seen.length;
  g.textBaseline = 'top';
  g.textAlign = 'center';
  for (const t of ticks(o.from, o.to, 8)) {
    g.fillStyle = c.line;
    g.fillRect(Math.round(x(t)), 0, 1, HEIGHT.bars);
    g.fillStyle = c.muted;
    g.fillText(duration(Math.round(t)), Math.min(width - 40, x(t)), HEIGHT.bars - 13);
  }
  const isNew = newMarks();
  seen.forEach((b, i) => {
    const { request } = b;
    const a = x(b.from);
    const z = x(b.to);
    const long = Math.max(1.5, z - a);
    const tall = Math.max(1, Math.min(18, h * 0.8));
    const y = i * h + (h - tall) / 2;
    const colour =
      request.error !== null
        ? c.error
        : request.reply < 0
          ? c.warning
          : model.is(request.row, 'writes')
            ? c.server
            : c.client;
    if (isNew(colour, a, y, z)) {
      g.fillStyle = colour;
      g.fillRect(a, y, long, tall);
    }
    if (row === request.row) {
      g.strokeStyle = c.text;
      g.strokeRect(a - 1.5, y - 1.5, long + 3, tall + 3);
    }
    if (h < 13) return;
    g.fillStyle = c.text;
    g.textBaseline = 'middle';
    const right = z + 6 < width * 0.7;
    g.textAlign = right ? 'left' : 'right';
    const bad = request.error ?? (request.reply < 0 ? 'no answer' : '');
    g.fillText(
      `${model.name(request.row)} ${duration(Math.round(b.to - b.from))} ${bad}`,
      right ? z + 6 : a - 6,
      y + tall / 2,
    );
  });
}

function places(
  g: CanvasRenderingContext2D,
  width: number,
  c: Colours,
  o: Over,
  model: Model,
  seen: readonly Bar[],
): void {
  const most = seen.reduce(
    (m, { request: r }) => Math.max(m, model.place[r.row]! + Math.max(0, model.size[r.row]!)),
    1,
  );
  const y = axes(g, width, HEIGHT.places, c, most, byteSize);
  const x = o.x(width);
  const isNew = newMarks();
  for (const b of seen) {
    const place = model.place[b.request.row]!;
    if (place < 0) continue;
    const at = x(b.from);
    const writes = model.is(b.request.row, 'writes');
    const colour = writes ? c.server : c.client;
    if (!isNew(colour, at, y(place))) continue;
    g.strokeStyle = g.fillStyle = colour;
    if (writes) g.strokeRect(at - 2, y(place) - 2, 4, 4);
    else {
      g.beginPath();
      g.arc(at, y(place), 2, 0, 7);
      g.fill();
    }
  }
}

function histogram(g: CanvasRenderingContext2D, width: number, c: Colours, seen: readonly Bar[]): void {
  const times = seen
    .filter((b) => b.request.reply >= 0 && b.to > b.from)
    .map((b) => Math.floor(Math.log2(b.to - b.from) * 2));
  if (times.length === 0) return;
  const least = times.reduce((a, b) => Math.min(a, b));
  const n = times.reduce((a, b) => Math.max(a, b)) - least + 1;
  const bins = new Float64Array(n);
  for (const t of times) bins[t - least]! += 1;
  const h = HEIGHT.histogram - 18;
  const y = axes(g, width, h, c, Math.max(...bins), String);
  const w = Math.min(48, (width - LEFT - 12) / n);
  bins.forEach((count, i) => {
    g.fillStyle = c.accent;
    g.fillRect(LEFT + i * w, y(count), w - 1, y(0) - y(count));
    if (i % Math.max(1, Math.ceil(56 / w)) !== 0) return;
    g.fillStyle = c.muted;
    g.textAlign = 'left';
    g.fillText(duration(Math.round(2 ** ((i + least) / 2))), LEFT + i * w, h + 9);
  });
}

/** Percentiles of the latency of each operation. */
function Percentiles({ model, seen }: { readonly model: Model; readonly seen: readonly Bar[] }): JSX.Element {
  const by = new Map<string, Bar[]>();
  for (const b of seen) {
    const name = model.operations[model.operation[b.request.row]! - 1] ?? model.name(b.request.row);
    const own = by.get(name);
    if (own) own.push(b);
    else by.set(name, [b]);
  }
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="latency by operation">
      <table>
        <thead>
          <tr>
            {['operation', 'requests', 'errors', 'bytes', 'p50', 'p90', 'p99', 'longest'].map((t, i) => (
              <th key={t} scope="col" class={i > 0 ? 'n' : ''}>
                {t}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...by].map(([name, own]) => {
            const times = own
              .filter((b) => b.request.reply >= 0)
              .map((b) => b.to - b.from)
              .sort((a, b) => a - b);
            const at = (p: number): string =>
              times.length === 0 ? '–' : duration(Math.round(times[Math.ceil(p * times.length) - 1]!));
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="n">{grouped(own.length)}</td>
                <td class="n">{grouped(own.filter((b) => b.request.error !== null).length)}</td>
                <td class="n">{byteSize(own.reduce((n, b) => n + Math.max(0, model.size[b.request.row]!), 0))}</td>
                {[0.5, 0.9, 0.99, 1].map((p) => (
                  <td key={p} class="n">
                    {at(p)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function tipOf(model: Model, bar: Bar | undefined): string {
  if (bar === undefined) return '';
  const { row, reply, error } = bar.request;
  const outcome = error ?? (reply < 0 ? 'no answer' : duration(Math.round(bar.to - bar.from)));
  return `#${model.index[row]!} ${model.name(row)} ${model.words(row)}: ${outcome}`;
}

/** A bar for each request, from its first byte to the last byte of its reply, or to the last message of its stream if there is none. */
function barsOf(model: Model, rows: Uint32Array): Bar[] {
  const bars: Bar[] = [];
  for (const row of rows) {
    const request = model.requestOf(row);
    if (request === undefined) continue;
    const last = request.reply < 0 ? model.streamOf(row).rows.at(-1)! : request.reply;
    bars.push({ request, from: model.begun[row]!, to: Math.max(model.begun[row]!, model.time[last]!) });
  }
  return bars.sort((a, b) => a.from - b.from);
}
