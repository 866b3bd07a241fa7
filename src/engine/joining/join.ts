import { basename, dirname, resolve } from 'node:path';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { pathStat } from '../../base/path-stat.js';
import { byteSize, safeText } from '../../base/text.js';
import type { CaptureInput } from '../analysis.js';
import type { JoinDoubt } from '../analysis-options.js';
import { beginningOf, endsOf, type CaptureEnds, type CaptureHead } from './capture-ends.js';
import { ringOrder, ringPlace, withoutNumbers, type RingPlace } from './ring-names.js';
import type { Continuation } from './tcp-ends.js';

/** One recording to be analyzed, and the indexes of its files in the list of inputs. */
export interface Recording {
  readonly input: CaptureInput;
  readonly indexes: readonly number[];
  /** Set where it is not certain whether it continues another one. */
  readonly doubt: JoinDoubt | null;
  /** The whole file, where it was read already. */
  readonly content: Uint8Array | null;
}

/** How many bytes of small captures are kept after their beginnings were looked at, so that these are not read again. */
const MAX_CONTENT = 8 << 20;

/** Milliseconds by which packets of one recorder may be out of order where it changes to a new file. */
const DISORDER_MS = 1;
/** The same where the names show one recorder: one that records several interfaces sorts its packets only now and then. */
const NAMED_DISORDER_MS = 1000;
/** At most this many milliseconds lie between two files if traffic goes on while the recorder changes from one to the other. */
const ADJACENT_MS = 250;

interface Candidate {
  readonly index: number;
  readonly path: string;
  readonly place: RingPlace | null;
  /** The same for names that differ only in numbers. */
  readonly family: string;
  readonly head: CaptureHead;
  readonly content: Uint8Array | null;
  /** Time of the last packet; Infinity until that is known. */
  end: number;
  /** How it begins and ends, by its whole content; null while that is not read, or no longer needed. */
  whole: CaptureEnds | null;
  next: Candidate | null;
  previous: Candidate | null;
  doubt: JoinDoubt | null;
}

/**
 * Joins captures that continue one another: files of one folder and the same kind, one after the other in time, in which TCP connections go
 * on with the very next byte, or whose names are those of one recorder. All others stay as they are, in their order.
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

/** Groups of two or more captures that may be of one recorder, each in order of time. */
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
  /** Captures that may not have ended when the next one begins. */
  let running: Candidate[] = [];
  /** Captures whose `whole` was read. */
  const read = new Set<Candidate>();
  let before = -Infinity;
  const isOver = (c: Candidate): boolean => c.next !== null || c.end < before - ADJACENT_MS;
  /** The last capture of each recorder, however long ago it ended: `=` by `place.family`, `~` by `family`. */
  const lastOf = new Map<string, Candidate>();
  for (const later of group) {
    // a capture in which all connections are new continues another one only where the names say so
    const late = later.head.starts.length > 0;
    // only then: with thousands of captures whose connections are all new, filtering for each one would be quadratic
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

/** Whether `later` continues `candidate`: certainly, doubtfully, or without any sign of it. */
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
    // the next number is enough where connections go on, or none contradict it: recorders lose packets when they change files
    if (order === 'next' && (exact > 0 ? exact >= apart : apart === 0)) return 'certain';
    // connections that go on without a pause: most of them exactly is enough, as some packets may have been lost in between
    if (adjacent && exact > missing + apart) return 'certain';
    // after a pause: idle connections go on exactly in another recording as well, so names must match, and no byte may be missing
    if (exact > 0 && missing + apart === 0 && candidate.family === later.family) return 'certain';
    // other recordings of the same machines have the same connections, too: bytes missing between them alone prove nothing
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
