import { basename, dirname, resolve } from 'node:path';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { pathStat } from '../../base/path-stat.js';
import { byteSize, safeText } from '../../base/text.js';
import type { CaptureInput } from '../analysis.js';
import type { JoinDoubt } from '../analysis-options.js';
import { beginningOf, endsOf, type CaptureEnds, type CaptureHead } from './capture-ends.js';
import { ringOrder, ringPlace, withoutNumbers, type RingPlace } from './ring-names.js';
import type { Continuation } from './tcp-ends.js';

/** One recording to be analyzed, and the places in the list of inputs that it took. */
export interface Recording {
  readonly input: CaptureInput;
  readonly indexes: readonly number[];
  /** Where it is not certain whether it continues another one. */
  readonly doubt: JoinDoubt | null;
  /** All of it, where it was read already. */
  readonly content: Uint8Array | null;
}

/** Bytes of small captures that are kept from the look at how they begin, so that they are not read again. */
const MAX_CONTENT = 8 << 20;

/** Milliseconds by which packets of one recorder may be out of order where it changes to a new file. */
const DISORDER_MS = 1;
/** The same, where the names say that it is one recorder: those that take several interfaces sort their packets now and then only. */
const NAMED_DISORDER_MS = 1000;
/** Milliseconds between the last packet of one file and the first of the next, where traffic runs while a recorder changes files. */
const ADJACENT_MS = 250;

interface Candidate {
  readonly index: number;
  readonly path: string;
  readonly place: RingPlace | null;
  /** The same for names that differ in nothing but numbers. */
  readonly family: string;
  readonly head: CaptureHead;
  readonly content: Uint8Array | null;
  /** Time of the last packet; Infinity until that is known. */
  end: number;
  whole: CaptureEnds | null;
  next: Candidate | null;
  previous: Candidate | null;
  doubt: JoinDoubt | null;
}

/**
 * Puts captures together that continue one another: files of one folder, of the same kind, one after the other in time, in which TCP
 * connections go on with the very next byte, or whose names are those of one recorder. Everything else stays as it is, in its order.
 * `isFile`: whether a path is that of a regular file, where that is known already.
 */
export async function joinInputs(
  inputs: readonly CaptureInput[],
  signal?: AbortSignal,
  isFile = isRegular,
): Promise<Recording[]> {
  const recordings: (Recording | null)[] = unjoined(inputs);
  if (inputs.length < 2) return unjoined(inputs);
  for (const group of groupsOf(inputs, recordings, isFile)) {
    await link(group, signal);
    for (const first of group) {
      if (first.previous !== null) continue;
      const chain: Candidate[] = [];
      for (let c: Candidate | null = first; c !== null; c = c.next) chain.push(c);
      const indexes = chain.map((c) => c.index);
      const input = chain.length === 1 ? first.path : { parts: chain.map((c) => c.path) };
      for (const index of indexes) recordings[index] = null;
      const content = chain.length === 1 ? first.content : null;
      recordings[Math.min(...indexes)] = { input, indexes, doubt: first.doubt, content };
    }
  }
  return recordings.filter((r) => r !== null);
}

/** Every input as a recording of its own. */
export function unjoined(inputs: readonly CaptureInput[]): Recording[] {
  return inputs.map((input, index) => ({ input, indexes: [index], doubt: null, content: null }));
}

/** Captures that may be of one recorder, in order of time; only groups in which one may continue another. */
function groupsOf(
  inputs: readonly CaptureInput[],
  recordings: (Recording | null)[],
  isFile: (path: string) => boolean,
): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  const seen = new Set<string>();
  let room = MAX_CONTENT;
  inputs.forEach((path, index) => {
    if (typeof path !== 'string' || path === '-') return;
    const full = resolve(path);
    if (seen.has(full)) return;
    seen.add(full);
    if (!isFile(path)) return;
    const beginning = beginningOf(path);
    const { head } = beginning;
    if (head === 'limit') recordings[index] = { input: path, indexes: [index], doubt: HEAD_LIMIT, content: null };
    if (head === null || head === 'limit') return;
    const content = beginning.content !== null && beginning.content.length <= room ? beginning.content : null;
    if (content !== null) {
      room -= content.length;
      recordings[index] = { input: path, indexes: [index], doubt: null, content };
    }
    const key = `${dirname(full)}\0${head.kind}`;
    const candidate: Candidate = {
      index,
      path,
      place: ringPlace(basename(path)),
      family: withoutNumbers(basename(path)),
      head,
      content,
      end: Infinity,
      whole: null,
      next: null,
      previous: null,
      doubt: null,
    };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  });
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.sort((a, b) => a.head.first - b.head.first || a.index - b.index));
}

function isRegular(path: string): boolean {
  return pathStat(path)?.isFile() === true;
}

const HEAD_LIMIT: JoinDoubt = {
  limit: true,
  text: `whether it continues another capture was not found out: its first ${byteSize(DEFAULT_LIMITS.joinHeadBytes)} hold no packet (limit joinHeadBytes)`,
};

/** Finds for each capture of a group the one that it continues. */
async function link(group: readonly Candidate[], signal: AbortSignal | undefined): Promise<void> {
  /** Those that may still run when a later one begins; and the last one of each recorder by its names, however long ago: `=` by their
   * places, `~` by names that differ in numbers only. */
  let running: Candidate[] = [];
  /** Those of them whose ends were read. */
  const read = new Set<Candidate>();
  let before = -Infinity;
  const isOver = (c: Candidate): boolean => c.next !== null || c.end < before - ADJACENT_MS;
  const lastOf = new Map<string, Candidate>();
  for (const later of group) {
    // one that begins with nothing but new connections continues only what bears the name before it
    const late = later.head.starts.length > 0;
    // only then: thousands of captures that nothing joins late are not gone through for each of them
    if (late) running = running.filter((c) => !isOver(c));
    const possible = new Set(late ? running : []);
    const last = lastOf.get(`=${later.place?.family}`);
    if (last !== undefined && (late || ringOrder(last.place, later.place) === 'next')) possible.add(last);
    const like = lastOf.get(`~${later.family}`);
    if (like !== undefined && late) possible.add(like);
    let best: { candidate: Candidate; rank: readonly number[] } | null = null;
    for (const candidate of possible) {
      const whole = (candidate.whole ??= await endsOf(candidate.path, signal));
      read.add(candidate);
      if (signal?.aborted) return;
      if (whole === null || candidate.next !== null) continue;
      candidate.end = whole.last;
      const found = compare(candidate, whole, later);
      if (found.verdict === 'doubtful') later.doubt = { limit: false, text: doubtWords(candidate, found.continuation) };
      if (found.verdict !== 'certain') continue;
      const rank = [Number(candidate === last), found.continuation.exact, -found.gap];
      if (best === null || isGreater(rank, best.rank)) best = { candidate, rank };
    }
    if (best !== null) {
      best.candidate.next = later;
      later.previous = best.candidate;
      later.doubt = null;
    }
    before = later.head.first;
    for (const c of read) {
      if (!isOver(c)) continue;
      c.whole = null;
      read.delete(c);
    }
    running.push(later);
    if (later.place !== null) lastOf.set(`=${later.place.family}`, later);
    lastOf.set(`~${later.family}`, later);
  }
}

/** Whether a capture continues another one: certain, doubtful, or without a sign of it. */
function compare(
  candidate: Candidate,
  ends: CaptureEnds,
  later: Candidate,
): { verdict: 'certain' | 'doubtful' | 'none'; continuation: Continuation; gap: number } {
  const order = ringOrder(candidate.place, later.place);
  const gap = later.head.first - ends.last;
  const continuation = ends.tcp.continuedBy(later.head.starts);
  const { exact, missing, apart } = continuation;
  const verdict = (): 'certain' | 'doubtful' | 'none' => {
    if (gap < -(order === null ? DISORDER_MS : NAMED_DISORDER_MS)) return 'none';
    const adjacent = gap <= ADJACENT_MS;
    // a recorder that loses packets where it changes files still writes the file with the next number
    if (order === 'next' && (exact > 0 ? exact >= apart : apart === 0)) return 'certain';
    // traffic that runs on leaves no time for another recording in between: a packet that was lost there does not tell against it
    if (adjacent && exact > missing + apart) return 'certain';
    // connections that were idle for long are idle between two recordings, too: names must say that it is one, and no byte may be missing
    if (exact > 0 && missing + apart === 0 && candidate.family === later.family) return 'certain';
    // other recordings of the same machines hold the same connections, later: nothing says that they are meant to be one
    const counted = order === 'next' || order === 'later';
    return missing > 0 && (adjacent || counted) ? 'doubtful' : 'none';
  };
  return { verdict: verdict(), continuation, gap };
}

function doubtWords(before: Candidate, { example }: Continuation): string {
  const name = safeText(basename(before.path));
  const what = `${example!.endpoints.join(' -> ')} is in both, and ${byteSize(example!.bytes)} between them are in neither`;
  return `it may continue ${name}, but that is not certain: ${what}; each is analyzed by itself`;
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!;
  return false;
}
