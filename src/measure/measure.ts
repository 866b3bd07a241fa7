import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { Operation } from '../contract/operation.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { OperationTotal } from './operation-total.js';
import { PlaceMap } from './place-map.js';
import { TimeSeries } from './time-series.js';

/** Longest operations that are told one by one. */
const LONGEST = 10;

/** One operation that took long. */
export interface LongOperation {
  readonly file: string;
  readonly stream: number;
  /** Index and packet of the request. */
  readonly index: number;
  readonly packet: number;
  readonly name: string;
  readonly what: string;
  readonly nanos: number;
}

/** Counts of one stream. */
export interface StreamTotal {
  readonly file: string;
  readonly stream: number;
  readonly protocol: string;
  readonly client: string;
  readonly server: string;
  readonly messages: number;
  readonly bytes: number;
  readonly missing: number;
  readonly requests: number;
  readonly errors: number;
  readonly unanswered: number;
  /** Most requests that were open at once. */
  readonly queue: number;
  /** Mean latency in nanoseconds; -1: unknown. */
  readonly latency: number;
  readonly longest: number;
}

/** A request that waits for its answer. */
interface Open {
  readonly operation: Operation;
  readonly message: Message;
  readonly total: OperationTotal;
  readonly group: readonly OperationTotal[];
  failed: boolean;
}

/** What a stream holds while it lasts. */
class StreamState {
  readonly open = new Map<number, Open>();
  requests = 0;
  errors = 0;
  queue = 0;
  answered = 0;
  latencySum = 0;
  longest = 0;
  /** Where the last request of each kind ended. */
  readonly ends = new Map<string, number>();
}

/** Everything that is counted of one protocol. */
export class ProtocolTotal {
  readonly name: string;
  messages = new Map<string, { count: number; bytes: number }>();
  readonly operations = new Map<string, OperationTotal>();
  /** By what a protocol groups operations: `osd` -> `osd.2` -> total. */
  readonly groups = new Map<string, Map<string, OperationTotal>>();
  readonly series: TimeSeries;
  readonly places = new PlaceMap();
  streams = 0;
  /** Stream bytes that the capture lost: counts and latencies around them are doubtful. */
  missing = 0;
  /** Requests that are open now. */
  queue = 0;

  constructor(name: string, interval: number | null) {
    this.name = name;
    this.series = new TimeSeries(interval);
  }
}

export interface MeasureOptions {
  /** Length of an interval in seconds; null: as the capture's length suggests. */
  readonly interval: number | null;
  readonly limits: Readonly<Limits>;
  /** Asked of every message: whether it counts. */
  readonly wanted?: ((stream: StreamRecord, message: Message) => boolean) | undefined;
}

/** Numbers instead of lines: takes the events of a run, keeps counts of bounded size. */
export class Measure implements Reporter {
  readonly protocols = new Map<string, ProtocolTotal>();
  readonly longest: LongOperation[] = [];
  readonly streams: StreamTotal[] = [];
  /** Streams that are not in the list, and requests, names and groups that were not counted one by one: too many. */
  readonly beyond = { streams: 0, requests: 0, kinds: 0 };
  summaryOfRun: Summary | null = null;
  private readonly options: MeasureOptions;
  private readonly states = new Map<StreamRecord, StreamState>();
  private startSeconds = 0;
  private startNanos = 0;
  private started = false;
  /** Requests that are open in all streams together. */
  private held = 0;

  constructor(options: MeasureOptions) {
    this.options = options;
  }

  capture(): void {}

  begin(_file: string, seconds: number, nanos: number): void {
    if (this.started) return;
    this.started = true;
    this.startSeconds = seconds;
    this.startNanos = nanos;
  }

  message(stream: StreamRecord, m: Message): void {
    if (this.options.wanted?.(stream, m) === false) return;
    const protocol = stream.protocol!;
    const total = this.totalOf(protocol.name);
    const at = m.seconds - this.startSeconds + (m.nanos - this.startNanos) / 1e9;
    const byName = this.entry(total.messages, m.name, () => ({ count: 0, bytes: 0 }));
    byName.count++;
    byName.bytes += m.length;
    total.series.add(at, 'bytes', m.length);
    const state = this.stateOf(stream);
    if (m.inReplyTo > 0) this.answer(stream, state, total, m, at);
    const operation = protocol.operation?.(m) ?? null;
    if (operation !== null) this.request(state, total, m, operation, at);
  }

  finding(_finding: Finding): void {}

  stream(s: StreamRecord): void {
    const state = this.states.get(s);
    this.states.delete(s);
    if (s.protocol === null) return;
    const total = this.totalOf(s.protocol.name);
    total.streams++;
    const missing = s.missing[0] + s.missing[1];
    total.missing += missing;
    if (state === undefined) return;
    total.queue -= state.open.size;
    this.held -= state.open.size;
    if (this.streams.length >= this.options.limits.listItems) {
      this.beyond.streams++;
      return;
    }
    this.streams.push({
      file: s.file,
      stream: s.id,
      protocol: s.protocol.name,
      client: s.connection.endpoints[s.clientEnd],
      server: s.connection.endpoints[s.clientEnd === 0 ? 1 : 0],
      messages: s.messages,
      bytes: s.bytes[0] + s.bytes[1],
      missing,
      requests: state.requests,
      errors: state.errors,
      unanswered: state.open.size,
      queue: state.queue,
      latency: state.answered === 0 ? -1 : state.latencySum / state.answered,
      longest: state.longest,
    });
  }

  summary(summary: Summary): void {
    this.summaryOfRun = summary;
    this.streams.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.stream - b.stream));
  }

  private request(state: StreamState, total: ProtocolTotal, m: Message, operation: Operation, at: number): void {
    const own = this.entry(total.operations, operation.name, () => new OperationTotal());
    const end = state.ends.get(operation.name);
    own.request(operation, end !== undefined && end === operation.offset);
    if (operation.offset >= 0) state.ends.set(operation.name, operation.offset + Math.max(0, operation.bytes));
    const group: OperationTotal[] = [];
    for (const [by, name] of Object.entries(operation.groups ?? {})) {
      const names = this.entry(total.groups, by, () => new Map<string, OperationTotal>());
      const g = this.entry(names, name, () => new OperationTotal());
      g.request(operation, false);
      group.push(g);
    }
    state.requests++;
    total.series.add(at, 'requests', 1);
    if (this.held >= this.options.limits.heldMessages) {
      this.beyond.requests++;
      return;
    }
    this.held++;
    state.open.set(m.index, { operation, message: m, total: own, group, failed: false });
    if (state.open.size > state.queue) state.queue = state.open.size;
    total.series.queue(at, ++total.queue);
  }

  private answer(stream: StreamRecord, state: StreamState, total: ProtocolTotal, m: Message, at: number): void {
    const open = state.open.get(m.inReplyTo);
    if (open === undefined) return;
    const { last, error } = stream.protocol!.outcome?.(m) ?? { last: true, error: null };
    if (error !== null) {
      open.failed = true;
      open.total.error(error);
      for (const g of open.group) g.error(error);
      state.errors++;
      total.series.add(at, 'errors', 1);
    }
    if (!last) return;
    state.open.delete(m.inReplyTo);
    this.held--;
    total.queue--;
    total.series.add(at, 'replies', 1);
    total.series.queue(at, total.queue);
    const { bytes, offset, writes } = open.operation;
    // what was refused lies perhaps nowhere
    if (error === null && !open.failed) total.places.add(offset, bytes, writes);
    open.total.answer(m.latency);
    for (const g of open.group) g.answer(m.latency);
    if (m.latency < 0) return;
    state.answered++;
    state.latencySum += m.latency;
    if (m.latency > state.longest) state.longest = m.latency;
    this.long(stream, open, m.latency);
  }

  private long(stream: StreamRecord, open: Open, nanos: number): void {
    const { longest } = this;
    if (longest.length === LONGEST && nanos <= longest[LONGEST - 1]!.nanos) return;
    let i = longest.length;
    while (i > 0 && longest[i - 1]!.nanos < nanos) i--;
    const { operation, message } = open;
    const what = stream.protocol!.describe(message, false);
    const { index, packet } = message;
    longest.splice(i, 0, { file: stream.file, stream: stream.id, index, packet, name: operation.name, what, nanos });
    if (longest.length > LONGEST) longest.pop();
  }

  private stateOf(stream: StreamRecord): StreamState {
    let state = this.states.get(stream);
    if (state === undefined) this.states.set(stream, (state = new StreamState()));
    return state;
  }

  private totalOf(protocol: string): ProtocolTotal {
    let total = this.protocols.get(protocol);
    if (total === undefined) this.protocols.set(protocol, (total = new ProtocolTotal(protocol, this.options.interval)));
    return total;
  }

  /** The entry of that name; the wire decides how many names there are, so that further ones share a place. */
  private entry<T>(map: Map<string, T>, name: string, make: () => T): T {
    let entry = map.get(name);
    if (entry !== undefined) return entry;
    const crowded = map.size >= this.options.limits.statsNames;
    if (crowded) this.beyond.kinds++;
    const key = crowded ? 'others' : name;
    entry = map.get(key);
    if (entry === undefined) map.set(key, (entry = make()));
    return entry;
  }
}
