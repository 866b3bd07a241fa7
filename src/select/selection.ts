import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import type { TlsEvent } from '../tls/event.js';
import type { Expression } from './expression.js';
import { MessageView } from './message-view.js';
import { RecentMessages } from './recent-messages.js';

export interface SelectionOptions {
  /** Only messages that fulfil all of these conditions are shown. */
  readonly where: readonly Expression[];
  /** Only messages that have findings. */
  readonly findings: boolean;
  /** How many messages of the stream are shown before and after each selected one. */
  readonly context: number;
  /** Leaves out notes. */
  readonly quiet: boolean;
  /** Whether a stream of which nothing is shown is left out itself, as in text for people. Programs get every stream's event. */
  readonly hideStreams: boolean;
  readonly limits: Readonly<Limits>;
}

export type LeftOutCounts = Pick<LeftOut, 'messages' | 'findings' | 'streams' | 'hasty'>;

/** Counts what a selection did not show. */
export class LeftOut {
  messages = 0;
  findings = 0;
  streams = 0;
  /** Messages that were judged before their reply came, because too many were waiting (`limits.selectionMessages`). */
  hasty = 0;
  private readonly byStream = new Map<StreamRecord, { messages: number }>();
  /** The stream that was hidden from last, which is mostly the next one, too: saves a lookup. */
  private last: StreamRecord | null = null;
  private ofLast = { messages: 0 };

  counts(): LeftOutCounts {
    const { messages, findings, streams, hasty } = this;
    return { messages, findings, streams, hasty };
  }

  /** Adds what was not shown of further captures. */
  add(more: LeftOutCounts): void {
    for (const key of ['messages', 'findings', 'streams', 'hasty'] as const) this[key] += more[key];
  }

  /** How many messages of a stream were not shown so far. */
  of(stream: StreamRecord): number {
    return this.byStream.get(stream)?.messages ?? 0;
  }

  hide(stream: StreamRecord, findings: number, messages = 1): void {
    this.messages += messages;
    this.findings += findings;
    if (stream !== this.last) {
      this.last = stream;
      this.ofLast = this.byStream.get(stream) ?? { messages: 0 };
      this.byStream.set(stream, this.ofLast);
    }
    this.ofLast.messages += messages;
  }

  /** Call when the stream has ended and was reported. */
  forget(stream: StreamRecord): void {
    this.byStream.delete(stream);
    if (this.last === stream) this.last = null;
  }
}

/**
 * Passes on the selected events, in order. A message waits here until the findings about it have come (they follow it at once), and, if a
 * condition looks at the reply, until the reply has come or can no longer come.
 */
export class Selection implements Reporter {
  private readonly leftOut: LeftOut;
  private readonly to: Reporter;
  private readonly options: SelectionOptions;
  private readonly view = new MessageView();
  private readonly wantsReply: boolean;
  /** Whether a message can be selected as soon as it comes, without waiting for what follows it. */
  private readonly immediate: boolean;
  /** The last message that was left out, if that was decided at once. */
  private lastHidden: Message | null = null;
  private readonly requests: RecentMessages | null;
  private readonly queue: Waiting[] = [];
  /** Index of the first entry of `queue` that still waits; those before it were passed on. */
  private head = 0;
  /** Bytes of the messages in `queue`. */
  private kept = 0;
  private readonly streams = new Map<StreamRecord, StreamState>();

  /** `leftOut` counts what is not shown. */
  constructor(to: Reporter, options: SelectionOptions, leftOut: LeftOut) {
    this.to = to;
    this.leftOut = leftOut;
    this.options = options;
    this.wantsReply = options.where.some((e) => e.needs.reply);
    const wantsRequest = options.where.some((e) => e.needs.request);
    this.immediate =
      options.context === 0 && !options.findings && !options.where.some((e) => e.needs.reply || e.needs.findings);
    this.requests = wantsRequest
      ? new RecentMessages(options.limits.selectionMessages, options.limits.bufferedBytes)
      : null;
  }

  capture(file: string, info: CaptureInfo): void {
    this.later(() => this.to.capture(file, info));
  }

  part(file: string, path: string, firstPacket: number): void {
    this.later(() => this.to.part?.(file, path, firstPacket));
  }

  begin(file: string, seconds: number, nanos: number): void {
    this.later(() => this.to.begin?.(file, seconds, nanos));
  }

  /** Conditions are about the protocol's messages. Events of the TLS layer below are shown only when there are no conditions. */
  secured(stream: StreamRecord, side: Side, event: TlsEvent): void {
    if (this.options.findings || this.options.where.length > 0) return;
    this.later(() => {
      this.announce(stream);
      this.to.secured?.(stream, side, event);
    });
  }

  open(stream: StreamRecord): void {
    this.streams.set(stream, new StreamState());
    if (!this.options.hideStreams) this.later(() => this.announce(stream));
  }

  message(stream: StreamRecord, message: Message): void {
    this.requests?.add(stream, message);
    if (this.immediate && !this.matches(stream, message, NONE, null)) {
      this.leftOut.hide(stream, 0);
      this.lastHidden = message;
      return;
    }
    const entry = new Entry(stream, message);
    if (this.wantsReply) {
      const { unanswered } = this.stateOf(stream);
      if (message.inReplyTo > 0) {
        entry.ready = true;
        const asked = unanswered.get(message.inReplyTo);
        if (asked !== undefined) {
          asked.reply = message;
          asked.ready = true;
          unanswered.delete(message.inReplyTo);
        }
      } else {
        unanswered.set(message.index, entry);
      }
    } else {
      entry.ready = true;
    }
    this.push(entry);
  }

  finding(finding: Finding): void {
    if (this.options.quiet && finding.severity === 'note') {
      this.leftOut.findings++;
      return;
    }
    if (finding.message !== null && finding.message === this.lastHidden) {
      this.leftOut.findings++;
      return;
    }
    const last = this.queue.at(-1);
    if (last instanceof Entry && finding.message === last.message) last.findings.push(finding);
    else this.later(() => this.late(finding));
  }

  stream(stream: StreamRecord): void {
    for (const entry of this.stateOf(stream).unanswered.values()) entry.ready = true;
    this.later(() => {
      this.requests?.forget(stream);
      if (!this.options.hideStreams || this.stateOf(stream).announced) this.to.stream(stream);
      else this.leftOut.streams++;
      this.streams.delete(stream);
      this.leftOut.forget(stream);
    });
  }

  ended(file: string, exitStatus: number): void {
    this.later(() => this.to.ended?.(file, exitStatus));
  }

  endOfFile(file: string, packets: number): void {
    this.later(() => this.to.endOfFile?.(file, packets));
  }

  summary(summary: Summary): void {
    this.passOn(this.queue.length);
    this.to.summary(summary);
  }

  /**
   * At a flush, the findings about the last message have all come, so it need not wait for them. Messages that wait for a reply go on
   * waiting.
   */
  flush(): void {
    this.passReady(this.queue.length);
    this.to.flush?.();
  }

  private later(action: () => void): void {
    this.push(action);
  }

  private push(waiting: Waiting): void {
    this.queue.push(waiting);
    if (waiting instanceof Entry) this.kept += waiting.message.keptBytes;
    // further findings about the last message may follow
    const n = this.queue.length;
    this.passReady(waiting instanceof Entry ? n - 1 : n);
    const { selectionMessages, bufferedBytes } = this.options.limits;
    while (
      this.queue.length - this.head > selectionMessages ||
      (this.kept > bufferedBytes && this.head < this.queue.length)
    ) {
      const first = this.queue[this.head];
      if (first instanceof Entry && !first.ready) this.leftOut.hasty++;
      this.passOn(this.head + 1);
    }
  }

  private passReady(end: number): void {
    let n = this.head;
    while (n < end && isReady(this.queue[n]!)) n++;
    this.passOn(n);
  }

  private passOn(end: number): void {
    while (this.head < end) {
      const waiting = this.queue[this.head++]!;
      if (waiting instanceof Entry) {
        this.kept -= waiting.message.keptBytes;
        this.decide(waiting);
      } else waiting();
    }
    if (this.head === this.queue.length) this.queue.length = this.head = 0;
    else if (this.head > 1024 && this.head > this.queue.length / 2) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
  }

  private decide(entry: Entry): void {
    const { stream, message } = entry;
    const state = this.stateOf(stream);
    state.unanswered.delete(message.index);
    if (this.selects(entry)) {
      for (const before of state.takeBefore()) this.show(before);
      this.show(entry);
      state.after = this.options.context;
    } else if (state.after > 0) {
      state.after--;
      this.show(entry);
    } else {
      entry.hidden = true;
      this.leftOut.hide(stream, entry.findings.length);
      if (this.options.context > 0) state.keep(entry, this.options.context);
    }
  }

  private selects({ stream, message, findings, reply }: Entry): boolean {
    if (this.immediate) return true;
    return !(this.options.findings && findings.length === 0) && this.matches(stream, message, findings, reply);
  }

  private matches(
    stream: StreamRecord,
    message: Message,
    findings: readonly Finding[],
    reply: Message | null,
  ): boolean {
    const request =
      this.requests === null || message.inReplyTo === 0 ? null : this.requests.get(stream, message.inReplyTo);
    const view = this.view.of(stream, message, findings, request, reply);
    return this.options.where.every((e) => e.holds(view));
  }

  private show(entry: Entry): void {
    if (entry.hidden) this.leftOut.hide(entry.stream, -entry.findings.length, -1);
    this.announce(entry.stream);
    this.to.message(entry.stream, entry.message);
    for (const f of entry.findings) this.to.finding(f);
  }

  /**
   * A finding about no message, or about one that was passed on before. With conditions, which are about messages, it is shown if something
   * of its stream is shown; without, it is always shown, together with its message if that is still kept.
   */
  private late(finding: Finding): void {
    const { stream, message } = finding;
    const state = stream === null ? undefined : this.streams.get(stream);
    if (stream === null || state === undefined) {
      this.to.finding(finding);
    } else if (this.options.where.length === 0) {
      this.announce(stream);
      const kept = message === null ? null : state.takeBefore(message);
      if (kept !== null) for (const entry of kept) this.show(entry);
      this.to.finding(finding);
    } else if (state.announced) {
      this.to.finding(finding);
    } else {
      this.leftOut.findings++;
    }
  }

  private announce(stream: StreamRecord): void {
    const state = this.stateOf(stream);
    if (state.announced) return;
    state.announced = true;
    this.to.open?.(stream);
  }

  private stateOf(stream: StreamRecord): StreamState {
    let state = this.streams.get(stream);
    if (state === undefined) this.streams.set(stream, (state = new StreamState()));
    return state;
  }
}

const NONE: readonly Finding[] = [];

type Waiting = Entry | (() => void);

function isReady(waiting: Waiting): boolean {
  return !(waiting instanceof Entry) || waiting.ready;
}

/** A message that waits for its findings or its reply. */
class Entry {
  readonly stream: StreamRecord;
  readonly message: Message;
  readonly findings: Finding[] = [];
  reply: Message | null = null;
  /** Whether nothing but findings can still come. */
  ready = false;
  /** Whether it was counted as left out. */
  hidden = false;

  constructor(stream: StreamRecord, message: Message) {
    this.stream = stream;
    this.message = message;
  }
}

/** What a selection remembers about a stream. */
class StreamState {
  /** Whether its heading was passed on. */
  announced = false;
  /** How many further messages are shown as context after a selected one. */
  after = 0;
  readonly unanswered = new Map<number, Entry>();
  /** The last messages that were not shown. */
  private before: Entry[] = [];

  keep(entry: Entry, context: number): void {
    this.before.push(entry);
    if (this.before.length > context) this.before.shift();
  }

  /** Removes and returns the messages kept as context: all of them, or, if `message` is given, those up to it (none if it is not kept). */
  takeBefore(message?: Message): Entry[] {
    const end = message === undefined ? this.before.length : this.before.findIndex((e) => e.message === message) + 1;
    return this.before.splice(0, end);
  }
}
