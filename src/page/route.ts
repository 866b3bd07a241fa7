import { useAddress, type GoTo } from './address.js';
import type { Model, Stream } from './model.js';

export const VIEWS = ['overview', 'messages', 'sequence', 'waterfall'] as const;
export type View = (typeof VIEWS)[number];

/** What is shown. It is kept in the fragment of the address, after the #, so that it can be sent to others. */
export interface Route {
  readonly view: View;
  /** Index of the stream in the model; null: all streams. */
  readonly stream: number | null;
  /** Row of the message in the model; null: none. */
  readonly row: number | null;
  /** Expression that messages must match. */
  readonly find: string;
}

/** Parses `#s=2&m=31`, with `v` for the view, `c` for the capture (from 1) if there are several, and `q` for the expression. */
export function parseRoute(model: Model, hash: string, first: View): Route {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const stream = streamOf(model, given.get('s'), given.get('c'));
  const index = Number(given.get('m') ?? NaN);
  const row = stream === null || !Number.isInteger(index) ? -1 : model.rowOf(stream, index);
  const named = VIEWS.find((v) => v === given.get('v'));
  return {
    view: named ?? (row >= 0 || given.has('q') || stream !== null ? 'messages' : first),
    stream: stream?.number ?? null,
    row: row < 0 ? null : row,
    find: given.get('q') ?? '',
  };
}

function streamOf(model: Model, id: string | null, capture: string | null): Stream | null {
  if (id === null) return null;
  const same = model.streams.filter((s) => String(s.id) === id);
  return same.find((s) => String(s.of.number + 1) === capture) ?? same[0] ?? null;
}

export function formatRoute(model: Model, route: Route): string {
  const to = new URLSearchParams();
  to.set('v', route.view);
  const on =
    route.row !== null ? model.streamOf(route.row) : route.stream !== null ? model.streams[route.stream]! : null;
  if (on !== null) {
    if (model.captures.length > 1) to.set('c', String(on.of.number + 1));
    to.set('s', String(on.id));
  }
  if (route.row !== null) to.set('m', String(model.index[route.row]!));
  if (route.find !== '') to.set('q', route.find);
  return `#${to.toString()}`;
}

export type Go = GoTo<Route>;

/** The route, kept in the address. */
export function useRoute(model: Model, first: View): [Route, Go] {
  return useAddress(
    (hash) => parseRoute(model, hash, first),
    (route) => formatRoute(model, route),
  );
}
