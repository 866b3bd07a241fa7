import type { Limits } from '../../../base/limits.js';
import type { Hello } from '../messages.js';
import { changeLines, changeText, compare, equalStates, isChange, type Snapshot } from './table.js';

/** How the latest connection left the tables, as far as the recording shows. */
export type Expectation =
  /** Not known: bytes are missing, or an update is under way. */
  | 'unknown'
  /** As listed: no update was sent since. */
  | 'listed'
  /** As a complete update without errors asked for. */
  | 'updated'
  /** As listed: the update was cut off. */
  | 'truncated'
  /** As listed: the update fails a check. */
  | 'rejected';

/** What is remembered about a server between connections. */
export class PathHistory {
  expectation: Expectation = 'unknown';
  /** What the next list should show. */
  state: Snapshot | null = null;
  /** What the next list would show if the latest update had the other outcome. */
  otherwise: Snapshot | null = null;
  /**
   * Number of the stream that left the tables like that, and the packet that shows it: connections whose start is lost are decoded later
   * than others.
   */
  stream = 0;
  packet = 0;
  /** Whether the recording shows what clients of this server do. */
  clientSeen = false;
  /** Numbers of the later streams in which the server sent a hello. */
  readonly met = new Set<number>();
  /** Connections with a hello that are not closed. */
  readonly open = new Set<OpenConnection>();

  /** That stream shows in that packet what the tables are. */
  leftBy(stream: number, packet: number): void {
    this.stream = stream;
    this.packet = Math.max(packet, this.packet);
    for (const met of this.met) if (met <= stream) this.met.delete(met);
  }

  /** Whether every stream between the one that left the tables and this one is known to be of this server, and decoded so far. */
  isNextTo(stream: number): boolean {
    for (let between = this.stream + 1; between < stream; between++) if (!this.met.has(between)) return false;
    return true;
  }
}

/** A connection in which a server has sent a hello. */
export class OpenConnection {
  readonly stream: number;
  readonly hello: Hello;
  /** The stream with the first later hello of the same server, and that hello's time. */
  overlappedBy = 0;
  overlapSeconds = 0;
  overlapNanos = 0;

  constructor(stream: number, hello: Hello) {
    this.stream = stream;
    this.hello = hello;
  }

  /** The server has sent a hello in another connection, later. */
  overlap(stream: number, { seconds, nanos }: Hello): void {
    if (this.overlappedBy !== 0) return;
    this.overlappedBy = stream;
    this.overlapSeconds = seconds;
    this.overlapNanos = nanos;
  }
}

/** What a list shows about the connection before it. */
export interface HistoryVerdict {
  readonly kind: 'accepted' | 'rejected' | 'discarded' | 'not-reflected' | 'truncated-applied' | 'changed';
  readonly stream: number;
  readonly text: string;
}

/** The servers of one recording by path. The one that was not seen for the longest time is forgotten first. */
export class Histories {
  private readonly paths = new Map<string, PathHistory>();
  /** Number of forgotten servers. */
  forgotten = 0;

  of(path: string, limits: Readonly<Limits>): PathHistory {
    let history = this.paths.get(path);
    if (history === undefined) {
      history = new PathHistory();
      if (this.paths.size >= limits.listItems) {
        this.paths.delete(this.paths.keys().next().value!);
        this.forgotten++;
      }
    } else {
      this.paths.delete(path);
    }
    this.paths.set(path, history);
    return history;
  }
}

/** Compares a complete list, which ends in that packet, with what is remembered, and remembers it. */
export function compareWithHistory(
  history: PathHistory,
  list: Snapshot,
  stream: number,
  packet: number,
): HistoryVerdict | null {
  if (packet < history.packet && history.stream !== stream) return null;
  const verdict = judge(
    history,
    list,
    history.stream === stream ? 'before it in this stream' : `of stream ${history.stream}`,
  );
  history.expectation = 'listed';
  history.state = list;
  history.otherwise = null;
  history.leftBy(stream, packet);
  return verdict;
}

/** `whose`: names the previous connection, for texts. */
function judge(history: PathHistory, list: Snapshot, whose: string): HistoryVerdict | null {
  const { expectation, state, stream } = history;
  if (state === null || expectation === 'unknown') return null;
  const verdict = (kind: HistoryVerdict['kind'], text: string): HistoryVerdict => ({ kind, stream, text });
  if (equalStates(state, list)) {
    if (expectation === 'updated') return verdict('accepted', `the list shows the update ${whose}: it was accepted`);
    if (expectation === 'rejected')
      return verdict('rejected', `the list does not show the update ${whose}: it was refused`);
    if (expectation === 'truncated')
      return verdict('discarded', `the list does not show the cut update ${whose}: it was discarded`);
    return null;
  }
  // another server process: nothing follows from what the previous one had
  if (state.version !== list.version || state.caps !== list.caps) return null;
  const changes = compare(state, list).filter(isChange);
  const otherwise = history.otherwise !== null && equalStates(history.otherwise, list);
  const diff = `${changeText(changes)} (${changeLines(changes, 4).join('; ')})`;
  if (expectation === 'updated') {
    const what = otherwise ? 'the tables are as they were before it' : `against it: ${diff}`;
    return verdict('not-reflected', `the list does not show the complete update ${whose}; ${what}`);
  }
  if (expectation === 'truncated') {
    return verdict('truncated-applied', `after the cut update ${whose} the tables differ: ${diff}`);
  }
  if (!history.clientSeen) return null;
  if (expectation === 'rejected' && otherwise) {
    return verdict('changed', `the list shows the update ${whose} although it fails a published check`);
  }
  return verdict('changed', `against the list ${whose}: ${diff}`);
}
