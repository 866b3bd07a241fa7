import type { JSX } from 'preact';
import { safeText } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import type { Model } from './model.js';

/** `fields.way` of the reply to an operation. `wirelint fields` describes it. */
interface Way {
  readonly primary: string;
  readonly nanos: number;
  readonly waitedNanos: number;
  readonly replicas: readonly { readonly osd: string; readonly nanos: number }[];
}

const HEIGHT = 150;
const TOP = 30;

/** How an operation went from lifeline to lifeline, to scale: client, primary OSD, replicas, and back. */
export function WayFigure({ model, row }: { readonly model: Model; readonly row: number }): JSX.Element | null {
  const way = wayOf(model, row) ?? wayOf(model, model.reply[row]!);
  if (way === null || !(way.nanos > 0)) return null;
  const names = ['client', way.primary, ...way.replicas.map((r) => r.osd)].map((name) => safeText(name));
  const x = (line: number): number => ((line + 0.5) / names.length) * 100;
  const y = (nanos: number): number => TOP + (Math.min(nanos, way.nanos) / way.nanos) * (HEIGHT - TOP - 14);
  const arrow = (from: number, to: number, nanos: number): JSX.Element => (
    <g key={`${from} ${to}`} class={from < to ? 'side0' : 'side1'}>
      <line x1={`${x(from)}%`} x2={`${x(to)}%`} y1={y(nanos)} y2={y(nanos)} />
      <svg x={`${x(to)}%`} y={y(nanos)} overflow="visible">
        <path d={`M0 0l${from < to ? -8 : 8} -4v8z`} />
      </svg>
    </g>
  );
  const parts = way.replicas.map((r) => `${safeText(r.osd)} ${duration(r.nanos)}`).join(', ');
  const words = `${duration(way.waitedNanos)} until the primary asked, ${parts}, ${duration(way.nanos)} in all`;
  return (
    <figure class="way">
      <figcaption>The operation's way</figcaption>
      <svg class="arrows" role="img" aria-label={`from ${names.join(' to ')}: ${words}`} height={HEIGHT}>
        {names.map((name, i) => (
          <g key={i} class="lifeline">
            <line x1={`${x(i)}%`} x2={`${x(i)}%`} y1={TOP - 8} y2={HEIGHT} />
            <text x={`${x(i)}%`} y="14">
              {name}
            </text>
          </g>
        ))}
        {arrow(0, 1, 0)}
        {way.replicas.flatMap((r, i) => [arrow(1, i + 2, way.waitedNanos), arrow(i + 2, 1, way.waitedNanos + r.nanos)])}
        {arrow(1, 0, way.nanos)}
      </svg>
      <p class="muted">{words}</p>
    </figure>
  );
}

function wayOf(model: Model, row: number): Way | null {
  const field = row < 0 ? undefined : model.fields(row)?.find((f) => f.name === 'way');
  return (field?.value as unknown as Way | undefined) ?? null;
}
