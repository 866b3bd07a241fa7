import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useFind, type Found } from './find.js';
import { Help } from './help.js';
import { Messages } from './messages.js';
import type { Model } from './model.js';
import { Overview } from './overview.js';
import { Sequence } from './sequence.js';
import { Waterfall } from './waterfall.js';
import { isTyping, Top } from './top.js';
import { useRoute, VIEWS, type Go, type Route, type View } from './route.js';
import { positionOf, type ViewProps } from './view.js';
import { counted, grouped, streamName } from './words.js';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  messages: 'Messages',
  sequence: 'Sequence',
  waterfall: 'Waterfall',
};

export function App({ model }: { readonly model: Model }): JSX.Element {
  const [route, go] = useRoute(model, model.head.command === 'stats' ? 'waterfall' : 'overview');
  const [help, setHelp] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const found = useFind(model, route.find);
  const rows = useMemo(() => rowsOf(model, route.stream, found.rows), [model, route.stream, found.rows]);
  const select = (row: number): void => {
    const elsewhere = route.stream !== null && model.stream[row] !== route.stream;
    const view = route.view === 'sequence' ? 'sequence' : 'messages';
    go({ row, view, ...(elsewhere && { stream: model.stream[row]! }) });
  };
  // before the next key: what it does depends on what is shown
  useLayoutEffect(() => {
    const key = (e: KeyboardEvent): void => {
      if (e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target)) return;
      const view = VIEWS[Number(e.key) - 1];
      if (view !== undefined) go({ view });
      else if (e.key === 'j' || e.key === 'k') go(stepped(model, route, rows, e.key === 'j' ? 1 : -1), 'replace');
      else if (e.key === 'n' || e.key === 'p') {
        const row = nextFinding(model, route, rows, e.key === 'n' ? 1 : -1);
        if (row >= 0) select(row);
      } else if (e.key === '/') search.current?.focus();
      else if (e.key === '?') setHelp(true);
      else return;
      e.preventDefault();
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  });
  const view: ViewProps = { model, route, go, rows, select };
  return (
    <>
      <Top titles={TITLES} view={route.view} open={(v) => go({ view: v })} help={() => setHelp(true)} />
      {route.view !== 'overview' && (
        <Bar model={model} route={route} go={go} found={found} shown={rows.length} input={search} />
      )}
      <main class={route.view}>
        <h1 class="sr">{TITLES[route.view]}</h1>
        {route.view === 'overview' && <Overview {...view} />}
        {route.view === 'messages' && <Messages {...view} />}
        {route.view === 'sequence' && <Sequence {...view} />}
        {route.view === 'waterfall' && <Waterfall {...view} />}
      </main>
      {help && <Help version={model.head.version} close={() => setHelp(false)} />}
    </>
  );
}

interface BarProps {
  readonly model: Model;
  readonly route: Route;
  readonly go: Go;
  readonly found: Found;
  readonly shown: number;
  readonly input: { current: HTMLInputElement | null };
}

/** Selects a stream, and which of its messages are shown. */
function Bar({ model, route, go, found, shown, input }: BarProps): JSX.Element {
  const [text, setText] = useState(route.find);
  useEffect(() => setText(route.find), [route.find]);
  const spoken = model.streams.filter((s) => s.rows.length > 0);
  const busy = found.rows !== null && found.done < model.count;
  return (
    <form
      class="bar"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        go({ find: text.trim() });
      }}
    >
      <select
        aria-label="stream"
        value={route.stream ?? ''}
        onChange={(e) => {
          const { value } = e.currentTarget;
          go({ stream: value === '' ? null : Number(value), row: null });
        }}
      >
        <option value="">{spoken.length === 1 ? '1 stream' : `all ${spoken.length} streams`}</option>
        {spoken.slice(0, 1000).map((s) => (
          <option key={s.number} value={s.number}>
            {streamName(model, s)} · {s.event.protocol} · {s.client} {s.rolesKnown ? '→' : '↔'} {s.server}
          </option>
        ))}
      </select>
      <input
        ref={input}
        type="search"
        aria-label="find messages that fulfil an expression"
        aria-invalid={found.problem !== ''}
        placeholder='find: name == "NBD_CMD_READ" && reply.latency > 0.01'
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => e.key === 'Escape' && e.currentTarget.blur()}
      />
      <button type="submit">Find</button>
      <p class="said" role="status">
        {found.problem !== '' ? (
          <span class="problem">{found.problem}</span>
        ) : (
          <>
            {grouped(shown)} of {counted(model.count, 'message')}
            {busy && ', looking …'}
            {found.blind > 0 && `; the fields of ${grouped(found.blind)} are not in the page`}
          </>
        )}
      </p>
    </form>
  );
}

function rowsOf(model: Model, stream: number | null, found: Uint32Array | null): Uint32Array {
  if (found !== null) return stream === null ? found : found.filter((row) => model.stream[row] === stream);
  if (stream !== null) return model.streams[stream]!.rows;
  return Uint32Array.from({ length: model.count }, (_, i) => i);
}

function stepped(model: Model, route: Route, rows: Uint32Array, step: number): Partial<Route> {
  const { view, row } = route;
  if (rows.length === 0 || model.count === 0) return {};
  const at = row === null ? -1 : positionOf(rows, row);
  const next = Math.max(0, Math.min(rows.length - 1, row !== null && rows[at] !== row && step > 0 ? at : at + step));
  return { row: rows[next]!, view: view === 'overview' ? 'messages' : view };
}

/** The next message among those shown that has a finding, or -1. */
function nextFinding(model: Model, route: Route, rows: Uint32Array, step: number): number {
  const from = route.row ?? (step > 0 ? -1 : model.count);
  const own = [...model.findingsOf.keys()].sort((a, b) => a - b).filter((row) => rows[positionOf(rows, row)] === row);
  return (step > 0 ? own.find((row) => row > from) : own.findLast((row) => row < from)) ?? -1;
}
