import { basename, dirname, resolve } from 'node:path';
import { byteSize, safeText } from '../../base/text.js';
import type { CaptureInput } from '../analysis.js';
import { endsOf, headOf, type CaptureEnds } from './capture-ends.js';
import { alike, follows } from './ring-names.js';
import type { Continuation } from './tcp-ends.js';

/** One recording to be analyzed, and the places in the list of inputs that it took. */
export interface Recording {
  readonly input: CaptureInput;
  readonly indexes: readonly number[];
  /** That it may continue another one, in words; null where nothing says so. */
  readonly continued: string | null;
}

/** Captures before a capture, in order of time, that it may continue: two or three recorders may write side by side. */
const LOOK_BACK = 4;
/** Milliseconds by which packets of one recorder may be out of order where it changes to a new file. */
const DISORDER_MS = 1;
/**
 * Milliseconds from the last packet of one file to the first of the next, where their names have nothing in common: recordings that were
 * made one after the other show connections that were idle meanwhile, too.
 */
const ADJACENT_MS = 250;

interface Candidate {
  readonly index: number;
  readonly path: string;
  readonly head: CaptureEnds;
  whole: CaptureEnds | null;
  next: Candidate | null;
  previous: Candidate | null;
  continued: string | null;
}

/**
 * Puts captures together that continue one another: files of one folder, of the same kind, one after the other in time, in which TCP
 * connections go on with the very next byte, or whose names are those of one recorder. Everything else stays as it is, in its order.
 */
export async function joinInputs(inputs: readonly CaptureInput[], signal?: AbortSignal): Promise<Recording[]> {
  const alone = unjoined(inputs);
  if (inputs.length < 2) return alone;
  const joined = new Map<number, Recording | null>();
  for (const group of groupsOf(inputs)) {
    await link(group, signal);
    for (const first of group) {
      if (first.previous !== null) continue;
      const chain: Candidate[] = [];
      for (let c: Candidate | null = first; c !== null; c = c.next) chain.push(c);
      if (chain.length === 1 && first.continued === null) continue;
      const indexes = chain.map((c) => c.index);
      const input = chain.length === 1 ? first.path : { parts: chain.map((c) => c.path) };
      for (const index of indexes) joined.set(index, null);
      joined.set(Math.min(...indexes), { input, indexes, continued: first.continued });
    }
  }
  return alone.flatMap((recording, index) => {
    const other = joined.get(index);
    return other === undefined ? [recording] : other === null ? [] : [other];
  });
}

/** Every input as a recording of its own. */
export function unjoined(inputs: readonly CaptureInput[]): Recording[] {
  return inputs.map((input, index) => ({ input, indexes: [index], continued: null }));
}

/** Captures that may be of one recorder, in order of time; only groups in which one may continue another. */
function groupsOf(inputs: readonly CaptureInput[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  const seen = new Set<string>();
  inputs.forEach((path, index) => {
    if (typeof path !== 'string' || path === '-' || seen.has(resolve(path))) return;
    seen.add(resolve(path));
    const head = headOf(path);
    if (head === null || head.first < 0) return;
    const key = `${dirname(resolve(path))}\0${head.kind}`;
    const candidate = { index, path, head, whole: null, next: null, previous: null, continued: null };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  });
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.sort((a, b) => a.head.first - b.head.first || a.index - b.index));
}

/** Finds for each capture of a group the one that it continues. */
async function link(group: readonly Candidate[], signal: AbortSignal | undefined): Promise<void> {
  const whole = async (c: Candidate): Promise<CaptureEnds | null> => (c.whole ??= await endsOf(c.path, signal));
  for (const [at, later] of group.entries()) {
    const gone = group[at - LOOK_BACK - 1];
    if (gone !== undefined) gone.whole = null;
    const before = group.slice(Math.max(0, at - LOOK_BACK), at).filter((c) => c.next === null);
    // one that begins with nothing but new connections continues only what bears the name before it
    const named = before.filter((c) => follows(basename(c.path), basename(later.path)));
    const possible = later.head.tcp.starts.length > 0 ? before : named;
    let best: { candidate: Candidate; rank: readonly number[] } | null = null;
    for (const candidate of possible) {
      const ends = await whole(candidate);
      if (signal?.aborted) return;
      if (ends === null || ends.last > later.head.first + DISORDER_MS) continue;
      const byName = named.includes(candidate);
      const related = byName || alike(basename(candidate.path), basename(later.path));
      if (!related && later.head.first - ends.last > ADJACENT_MS) continue;
      const c = ends.tcp.continuedBy(later.head.tcp);
      if (c.exact > 0 ? c.exact < c.apart + (related ? 0 : c.missing) : !byName || c.apart > 0) {
        if (c.missing > 0) later.continued = doubtWords(candidate, c);
        continue;
      }
      const rank = [Number(byName), c.exact, shared(candidate.path, later.path), ends.last];
      if (best === null || isGreater(rank, best.rank)) best = { candidate, rank };
    }
    if (best === null) continue;
    best.candidate.next = later;
    later.previous = best.candidate;
    later.continued = null;
  }
}

function doubtWords(before: Candidate, { example }: Continuation): string {
  const name = safeText(basename(before.path));
  const what = `${example!.endpoints.join(' -> ')} is in both, and ${byteSize(example!.bytes)} between them are in neither`;
  return `it may continue ${name}, but that is not certain: ${what}; each is analyzed by itself`;
}

/** Characters that two names have in common at their beginnings. */
function shared(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!;
  return false;
}
