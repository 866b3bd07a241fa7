import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { Operation } from '../contract/operation.js';
import type { StreamRecord } from '../engine/event.js';
import { OperationTotal } from './operation-total.js';
import { noMessages, noOperations, Totals, type ProtocolTotal } from './totals.js';

/** A request that waits for its answer. */
interface Open {
  readonly operation: Operation;
  readonly message: Message;
  readonly total: OperationTotal;
  readonly group: readonly OperationTotal[];
  failed: boolean;
}

/** What is kept about a stream until it ends. */
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

/** A point in time. */
export interface Start {
  readonly seconds: number;
  readonly nanos: number;
}

export interface MeasureOptions {
  /** Length of an interval in seconds; null: chosen from the capture's length. */
  readonly interval: number | null;
  readonly limits: Readonly<Limits>;
  /** Called for every message: whether it is counted. */
  readonly wanted?: ((stream: StreamRecord, message: Message) => boolean) | undefined;
}

/** Counts what one capture holds. */
export class CaptureMeasure {
  readonly totals: Totals;
  private readonly options: MeasureOptions;
  private readonly states = new Map<StreamRecord, StreamState>();
  private readonly startSeconds: number;
  private readonly startNanos: number;
  /** Open requests: in all streams together, and by protocol. */
  private held = 0;
  private readonly open = new Map<ProtocolTotal, number>();

  /** `start`: the time from which intervals are counted. */
  constructor(options: MeasureOptions, start: Start) {
    this.options = options;
    this.totals = new Totals(options.interval, options.limits);
    this.startSeconds = start.seconds;
    this.startNanos = start.nanos;
  }

  message(stream: StreamRecord, m: Message): void {
    if (this.options.wanted?.(stream, m) === false) return;
    const protocol = stream.protocol!;
    const total = this.totals.of(protocol.name);
    const at = m.seconds - this.startSeconds + (m.nanos - this.startNanos) / 1e9;
    const byName = this.totals.entry(total.messages, m.name, noMessages);
    byName.count++;
    byName.bytes += m.length;
    total.series.add(at, 'bytes', m.length);
    const state = this.stateOf(stream);
    if (m.inReplyTo > 0) this.answer(stream, state, total, m, at);
    const operation = protocol.operation?.(m) ?? null;
    if (operation !== null) this.request(state, total, m, operation, at);
  }

  stream(s: StreamRecord): void {
    const state = this.states.get(s);
    this.states.delete(s);
    if (s.protocol === null) return;
    const total = this.totals.of(s.protocol.name);
    total.streams++;
    const missing = s.missing[0] + s.missing[1];
    total.missing += missing;
    if (state === undefined) return;
    this.opened(total, -state.open.size);
    this.held -= state.open.size;
    this.totals.list({
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

  private request(state: StreamState, total: ProtocolTotal, m: Message, operation: Operation, at: number): void {
    const own = this.totals.entry(total.operations, operation.name, () => new OperationTotal());
    const end = state.ends.get(operation.name);
    own.request(operation, end !== undefined && end === operation.offset);
    if (operation.offset >= 0) state.ends.set(operation.name, operation.offset + Math.max(0, operation.bytes));
    const group: OperationTotal[] = [];
    for (const [by, name] of Object.entries(operation.groups ?? {})) {
      const names = this.totals.entry(total.groups, by, noOperations);
      const g = this.totals.entry(names, name, () => new OperationTotal());
      g.request(operation, false);
      group.push(g);
    }
    state.requests++;
    total.series.add(at, 'requests', 1);
    if (this.held >= this.options.limits.heldMessages) {
      this.totals.beyond.requests++;
      return;
    }
    this.held++;
    state.open.set(m.index, { operation, message: m, total: own, group, failed: false });
    if (state.open.size > state.queue) state.queue = state.open.size;
    total.series.queue(at, this.opened(total, 1));
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
    total.series.add(at, 'replies', 1);
    total.series.queue(at, this.opened(total, -1));
    const { bytes, offset, writes } = open.operation;
    // a refused request may lie outside the disk
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
    if (!this.totals.isLong(nanos)) return;
    const { operation, message } = open;
    const what = stream.protocol!.describe(message, false);
    const { index, packet } = message;
    this.totals.long({ file: stream.file, stream: stream.id, index, packet, name: operation.name, what, nanos });
  }

  private stateOf(stream: StreamRecord): StreamState {
    let state = this.states.get(stream);
    if (state === undefined) this.states.set(stream, (state = new StreamState()));
    return state;
  }

  /** Adds `more` to the protocol's open requests, and returns how many are open now. */
  private opened(total: ProtocolTotal, more: number): number {
    const now = (this.open.get(total) ?? 0) + more;
    this.open.set(total, now);
    return now;
  }
}
