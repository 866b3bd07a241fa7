import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { safeText } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import { Detail } from './detail.js';
import { GRAVITY, type Model, type Stream } from './model.js';
import { Sign } from './parts.js';
import { positionOf, type ViewProps } from './view.js';
import { VirtualList } from './virtual-list.js';
import { timeText } from './words.js';

const ROW = 34;
/** Lifelines side by side at most: the last one stands for all others. */
const MOST = 6;
/** Silence, in nanoseconds, that is told between two messages. */
const SILENCE = 100e6;

interface Lifelines {
  readonly names: readonly string[];
  /** By stream: lifelines of its client and its server. */
  readonly of: ReadonlyMap<number, readonly [number, number]>;
}

/** Who talks with whom: an arrow a message, from lifeline to lifeline. */
export function Sequence({ model, route, rows, go, select }: ViewProps): JSX.Element {
  const lines = useMemo(() => lifelines(model, route.stream), [model, route.stream]);
  const [scaled, setScaled] = useState(false);
  const { row } = route;
  const at = row === null ? -1 : positionOf(rows, row);
  const selected = at >= 0 && rows[at] === row ? at : -1;
  const n = lines.names.length;
  const x = (line: number): number => ((line + 0.5) / n) * 100;
  const first = useMemo(() => firstRequests(model), [model]);
  const span = rows.length === 0 ? 1 : Math.max(1, model.time[rows.at(-1)!]! - model.time[rows[0]!]!);
  const draw = (from: number, to: number): JSX.Element => (
    <svg class="arrows" aria-hidden="true" style={{ top: `${from * ROW}px`, height: `${(to - from) * ROW}px` }}>
      {lines.names.map((_, i) => (
        <line key={i} class="lifeline" x1={`${x(i)}%`} x2={`${x(i)}%`} y1="0" y2="100%" />
      ))}
      {Array.from({ length: to - from }, (_, k) => {
        const r = rows[from + k]!;
        const [client, server] = lines.of.get(model.stream[r]!)!;
        const side = model.side[r]!;
        const [a, b] = side === 0 ? [x(client), x(server)] : [x(server), x(client)];
        const y = k * ROW + 25;
        const way = b > a ? -1 : 1;
        const reply = model.request[r]!;
        const asked = reply < 0 ? -1 : positionOf(rows, reply);
        const tied = asked >= 0 && rows[asked] === reply;
        const top = (Math.max(asked, from - 2) - from) * ROW + 25;
        const chosen = r === row || reply === row || model.request[row ?? -1] === r;
        const classes = `side${side}${model.is(r, 'complete') ? '' : ' cut'}${chosen ? ' chosen' : ''}`;
        return (
          <g key={r} class={classes}>
            <line x1={`${a}%`} x2={`${b}%`} y1={y} y2={y} />
            <svg x={`${b}%`} y={y} overflow="visible">
              <path d={`M0 0l${8 * way} -4v8z`} />
            </svg>
            {tied && (
              <svg x={`${side === 0 ? b : b}%`} y="0" overflow="visible">
                <path
                  class="tie"
                  d={`M${-4 * way} ${y}h${-(5 + (asked % 4) * 3) * way}V${top}h${(5 + (asked % 4) * 3) * way}`}
                />
              </svg>
            )}
          </g>
        );
      })}
    </svg>
  );
  return (
    <div class={`split ${row === null ? '' : 'open'}`}>
      <div class="list sequence">
        <div class="row head" aria-hidden="true">
          <button type="button" class="small" onClick={() => setScaled(!scaled)} tabIndex={-1}>
            {scaled ? 'since start' : 'since last'}
          </button>
          <div class="lanes">
            {lines.names.map((name, i) => (
              <span key={i} style={{ left: `${x(i)}%` }}>
                {name}
              </span>
            ))}
          </div>
        </div>
        {rows.length === 0 ? (
          <p class="empty">No message to show.</p>
        ) : (
          <VirtualList
            count={rows.length}
            rowHeight={ROW}
            selected={selected}
            label="messages in sequence"
            id={(i) => `arrow-${rows[i]!}`}
            row={(i) => {
              const r = rows[i]!;
              const [client, server] = lines.of.get(model.stream[r]!)!;
              const gap = i === 0 ? 0 : model.time[r]! - model.time[rows[i - 1]!]!;
              const findings = model.findingsOf.get(r);
              const worst = findings?.reduce((a, b) => (GRAVITY[b.severity] < GRAVITY[a.severity] ? b : a)).severity;
              const latency = model.latency(r);
              const band = r < (first.get(model.stream[r]!) ?? Infinity) ? 'setup' : '';
              const share = Math.min(100, (100 * Math.max(0, gap)) / span);
              return (
                <>
                  <span class="n when">
                    {!model.streamOf(r).of.timed
                      ? ''
                      : scaled
                        ? i === 0
                          ? '0'
                          : `+${duration(Math.round(gap))}`
                        : timeText(model.time[r]!)}
                    {gap > 0 && <span class="gap" style={{ width: `${share}%` }} />}
                  </span>
                  <div class={`lanes ${band}`}>
                    {gap >= SILENCE && <span class="silence">{duration(Math.round(gap))} of silence</span>}
                    <span
                      class="label"
                      style={{ left: `${(x(client) + x(server)) / 2}%`, width: `${Math.abs(x(server) - x(client))}%` }}
                    >
                      {worst !== undefined && (
                        <>
                          <Sign severity={worst} />
                          <span class="sr">{worst}</span>
                        </>
                      )}
                      <span class={`name side${model.side[r]!}`}>{model.name(r)}</span> {model.words(r)}{' '}
                      {latency >= 0 ? (
                        <span class="muted">{duration(latency)}</span>
                      ) : model.is(r, 'tls') ? (
                        <span class="muted">TLS</span>
                      ) : (
                        ''
                      )}
                      {!model.is(r, 'complete') && <em> cut</em>}
                    </span>
                  </div>
                </>
              );
            }}
            onSelect={(i) => go({ row: rows[i]! }, row === null ? 'push' : 'replace')}
            under={draw}
          />
        )}
      </div>
      {row !== null && (
        <aside aria-label="message">
          <Detail model={model} row={row} select={select} />
        </aside>
      )}
    </div>
  );
}

/** By stream: the row from which on things are asked for that lie somewhere, or move something; before, the two sides agree on how. */
function firstRequests(model: Model): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (const s of model.streams) {
    const row = s.rows.find((r) => model.operation[r]! > 0 && model.size[r]! >= 0);
    if (row !== undefined) first.set(s.number, row);
  }
  return first;
}

function lifelines(model: Model, only: number | null): Lifelines {
  const streams = only === null ? model.streams.filter((s) => s.rows.length > 0) : [model.streams[only]!];
  const names: string[] = [];
  const of = new Map<number, readonly [number, number]>();
  const line = (name: string): number => {
    const known = names.indexOf(name);
    if (known >= 0) return known;
    if (names.length < MOST) return names.push(name) - 1;
    names[MOST - 1] = 'others';
    return MOST - 1;
  };
  const servers = new Set(streams.map(serverName));
  for (const s of streams) {
    const own = kindOf(s, 'clientType') + hostOf(s.client);
    // a server that is another's client, as between Ceph's daemons, has one lifeline where its address tells
    const kind = kindOf(s, 'clientType');
    const same = kind === '' ? [] : [...servers].filter((name) => name.startsWith(`${own}:`) && name !== serverName(s));
    const client = line(same.length === 1 ? same[0]! : streams.length === 1 ? kindOf(s, 'clientType') + s.client : own);
    of.set(s.number, [client, line(serverName(s))]);
  }
  return { names, of };
}

function serverName(s: Stream): string {
  return kindOf(s, 'serverType') + s.server;
}

function kindOf(s: Stream, key: string): string {
  const kind = s.event.session[key];
  return typeof kind === 'string' ? `${safeText(kind)} ` : '';
}

function hostOf(endpoint: string): string {
  return endpoint.startsWith('unix:') ? endpoint : endpoint.replace(/:\d+$/, '');
}
