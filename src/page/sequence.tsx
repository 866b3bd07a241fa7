import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { byteSize, safeText } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import { Detail } from './detail.js';
import { GRAVITY, type Model, type Stream } from './model.js';
import { Sign } from './parts.js';
import { positionOf, type ViewProps } from './view.js';
import { VirtualList } from './virtual-list.js';
import { timeText } from './words.js';

const ROW = 34;
/** Pixels of a TLS handshake message, which is drawn in the space above a row. */
const TLS_ROW = 20;
/** Most lifelines side by side. The last one stands for all others. */
const MOST = 6;
/** Silence between two messages, in nanoseconds, from which on it is mentioned. */
const SILENCE = 100e6;

type Secured = Stream['secured'][number];

interface Lifelines {
  readonly names: readonly string[];
  /** By stream: indexes of the lifelines of its client and its server. */
  readonly of: ReadonlyMap<number, readonly [number, number]>;
}

/** A sequence diagram: an arrow for each message, from lifeline to lifeline. */
export function Sequence({ model, route, rows, go, select }: ViewProps): JSX.Element {
  const lines = useMemo(() => lifelines(model, route.stream), [model, route.stream]);
  const [scaled, setScaled] = useState(false);
  const secured = useMemo(() => securedBefore(model, rows), [model, rows]);
  const ends = useMemo(
    () => (scaled || secured.size > 0 ? endsOf(model, rows, scaled, secured) : undefined),
    [model, rows, scaled, secured],
  );
  const marks = useMemo(() => marksOf(model, rows), [model, rows]);
  const { row } = route;
  const at = row === null ? -1 : positionOf(rows, row);
  const selected = at >= 0 && rows[at] === row ? at : -1;
  const n = lines.names.length;
  const x = (line: number): number => ((line + 0.5) / n) * 100;
  const endOf = (i: number): number => ends?.[i] ?? (i + 1) * ROW;
  const span = rows.length === 0 ? 1 : Math.max(1, model.time[rows.at(-1)!]! - model.time[rows[0]!]!);
  const draw = (from: number, to: number): JSX.Element => {
    const begin = from === 0 ? 0 : endOf(from - 1);
    const height = Math.max(0, (to === 0 ? 0 : endOf(to - 1)) - begin);
    const yOf = (i: number): number => endOf(i) - 9 - begin;
    return (
      <svg class="arrows" aria-hidden="true" style={{ top: `${begin}px`, height: `${height}px` }}>
        {lines.names.map((_, i) => (
          <line key={i} class="lifeline" x1={`${x(i)}%`} x2={`${x(i)}%`} y1="0" y2="100%" />
        ))}
        {Array.from({ length: to - from }, (_, k) => {
          const r = rows[from + k]!;
          const [client, server] = lines.of.get(model.stream[r]!)!;
          const side = model.side[r]!;
          const [a, b] = side === 0 ? [x(client), x(server)] : [x(server), x(client)];
          const y = yOf(from + k);
          const way = b > a ? -1 : 1;
          const reply = model.request[r]!;
          const asked = reply < 0 ? -1 : positionOf(rows, reply);
          const tied = asked >= 0 && rows[asked] === reply;
          const top = asked < from ? -2 * ROW : yOf(asked);
          const tls = secured.get(r) ?? [];
          const above = endOf(from + k) - ROW - (from + k === 0 ? 0 : endOf(from + k - 1));
          const room = above - TLS_ROW * tls.length;
          const gap = from + k === 0 ? 0 : model.time[r]! - model.time[rows[from + k - 1]!]!;
          const chosen = r === row || reply === row || model.request[row ?? -1] === r;
          const classes = `side${side}${model.is(r, 'complete') ? '' : ' cut'}${chosen ? ' chosen' : ''}`;
          return (
            <g key={r} class={classes}>
              {above > 0 && marks.of(r).band === 'setup' && (
                <rect class="setup" width="100%" y={y - 25 - above} height={above} />
              )}
              {tls.map((m, j) => {
                const [here, there] = m.side === 0 ? [x(client), x(server)] : [x(server), x(client)];
                const at = y - 25 - TLS_ROW * (tls.length - j - 1) - 5;
                return (
                  <g key={j} class="handshake">
                    <line x1={`${here}%`} x2={`${there}%`} y1={at} y2={at} />
                    <svg x={`${there}%`} y={at} overflow="visible">
                      <path d={`M0 0l${there > here ? -6 : 6} -3v6z`} />
                    </svg>
                    <text x={`${(here + there) / 2}%`} y={at - 3}>
                      {safeText(m.text)}
                    </text>
                  </g>
                );
              })}
              <line x1={`${a}%`} x2={`${b}%`} y1={y} y2={y} />
              <svg x={`${b}%`} y={y} overflow="visible">
                <path d={`M0 0l${8 * way} -4v8z`} />
              </svg>
              {tied && (
                <svg x={`${b}%`} y="0" overflow="visible">
                  <path
                    class="tie"
                    d={`M${-4 * way} ${y}h${-(5 + (asked % 4) * 3) * way}V${top}h${(5 + (asked % 4) * 3) * way}`}
                  />
                </svg>
              )}
              {room > ROW / 2 && (
                <text class="pause" x="50%" y={y - 24 - TLS_ROW * tls.length - room / 2}>
                  {duration(Math.round(gap))}
                  {room >= MOST_ROOM && ', shortened'}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    );
  };
  return (
    <div class={`split ${row === null ? '' : 'open'}`}>
      <div class="list sequence">
        <div class="tools">
          <button type="button" class="small" aria-pressed={scaled} onClick={() => setScaled(!scaled)}>
            to scale
          </button>
        </div>
        <div class="row head" aria-hidden="true">
          <span class="n">time</span>
          <div class="lanes">
            {lines.names.map((name, i) => (
              <span key={i} style={{ left: `${x(i)}%`, width: `${98 / n}%` }}>
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
            ends={ends}
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
              const { band, begins, loss } = marks.of(r);
              const share = Math.min(100, (100 * Math.max(0, gap)) / span);
              return (
                <>
                  <span class="n when">
                    {!model.streamOf(r).of.timed ? '' : timeText(model.time[r]!)}
                    {gap > 0 && <span class="gap" style={{ width: `${share}%` }} />}
                  </span>
                  <div class={`lanes ${band}`}>
                    {begins !== '' && <span class="begins">{begins}</span>}
                    {(gap >= SILENCE || loss !== '') && (
                      <span class="silence">
                        {loss !== '' && <b>✂ {loss}</b>} {gap >= SILENCE && `${duration(Math.round(gap))} of silence`}
                      </span>
                    )}
                    <span class="label" style={labelPlace(x(client), x(server))}>
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

/**
 * Places a label over its arrow. If the text is longer than the arrow, it extends to the side that has more room. All values are per cent
 * of the width.
 */
function labelPlace(a: number, b: number): JSX.CSSProperties {
  const left = Math.min(a, b);
  const right = 100 - Math.max(a, b);
  const side = left <= right ? { left: `${left}%` } : { right: `${right}%` };
  return { ...side, minWidth: `${Math.abs(b - a)}%`, maxWidth: `${100 - Math.min(left, right)}%` };
}

/** Most pixels between two messages if the arrows are to scale. */
const MOST_ROOM = 600;
/** Most pixels that a browser can scroll through. */
const MOST_PIXELS = 25e6;

/** TLS handshake messages and alerts, by the row that they precede: the next message of their stream. */
function securedBefore(model: Model, rows: Uint32Array): ReadonlyMap<number, readonly Secured[]> {
  const before = new Map<number, readonly Secured[]>();
  const shown = new Set(rows);
  for (const s of model.streams) {
    let from = 0;
    const { secured } = s;
    for (const r of secured.length === 0 ? [] : s.rows) {
      const to = secured.findIndex((m, i) => i >= from && m.time > model.time[r]!);
      const end = to < 0 ? secured.length : to;
      if (end > from && shown.has(r)) before.set(r, secured.slice(from, end));
      from = end;
    }
  }
  return before;
}

/**
 * Where each row ends, in pixels. To scale, the unit is the median pause, which is as high as a row; pauses that are too short or too long
 * are not to scale.
 */
function endsOf(
  model: Model,
  rows: Uint32Array,
  scaled: boolean,
  secured: ReadonlyMap<number, readonly Secured[]>,
): Float64Array {
  const pause = (i: number): number => (i === 0 ? 0 : Math.max(0, model.time[rows[i]!]! - model.time[rows[i - 1]!]!));
  const sample = Array.from({ length: Math.min(rows.length, 2000) }, (_, i) =>
    pause(Math.floor((i * rows.length) / 2000) || i),
  ).filter((nanos) => nanos > 0);
  const unit = sample.sort((x, y) => x - y)[sample.length >> 1] ?? 1;
  const most = Math.min(MOST_ROOM, MOST_PIXELS / Math.max(1, rows.length) - ROW);
  const ends = new Float64Array(rows.length);
  let end = 0;
  for (let i = 0; i < rows.length; i++) {
    end += ROW + TLS_ROW * (secured.get(rows[i]!)?.length ?? 0);
    if (scaled) end += Math.max(0, Math.min(most, (pause(i) / unit) * ROW - ROW));
    ends[i] = end;
  }
  return ends;
}

interface Mark {
  /** The phase of the stream, which is the class of its band. */
  readonly band: 'setup' | 'tls' | '';
  /** The phase that begins with this message, in words. */
  readonly begins: string;
  /** The bytes before it on its side that were not decoded, in words. */
  readonly loss: string;
}

/** The phases of each stream, and the bytes that are missing between its messages. */
function marksOf(model: Model, rows: Uint32Array): { of: (row: number) => Mark } {
  const begins = new Map<number, string>();
  const lost = new Map<number, string>();
  const several = new Set(Array.from(rows, (r) => model.stream[r]!)).size > 1;
  for (const s of model.streams) {
    const name = several ? `${s.id}: ` : '';
    const start = s.rows[0];
    const first = s.then === null ? undefined : s.rows.find((r) => !model.is(r, 'handshake'));
    const secured = s.rows.find((r) => model.is(r, 'tls'));
    const set = (row: number, words: string): void => void begins.set(row, name + words);
    if (start !== undefined && model.is(start, 'handshake')) set(start, 'handshake');
    if (secured !== undefined) set(secured, `TLS from here${model.is(secured, 'handshake') ? ', handshake' : ''}`);
    if (first !== undefined) set(first, `${s.then!}${first === secured ? ' in TLS' : ''}`);
    const ends = [-1, -1];
    for (const r of s.rows) {
      const side = model.side[r]!;
      const bytes = model.offset[r]! - ends[side]!;
      const missing = s.event.missing[side === 0 ? 'client-to-server' : 'server-to-client'];
      // where TLS begins, offsets count from 0 again
      if (ends[side]! >= 0 && bytes > 0) lost.set(r, `${byteSize(bytes)} ${missing > 0 ? 'lost' : 'not decoded'}`);
      ends[side] = model.offset[r]! + model.length[r]!;
    }
  }
  return {
    of: (row) => ({
      band: model.is(row, 'handshake') ? 'setup' : model.is(row, 'tls') ? 'tls' : '',
      begins: begins.get(row) ?? '',
      loss: lost.get(row) ?? '',
    }),
  };
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
    // a server that is also the client of another one, such as a Ceph daemon, has one lifeline if its address shows that
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
