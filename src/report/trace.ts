import { CLIENT, SERVER } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { safeJson } from '../base/text.js';
import { rfc3339 } from '../base/time.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import type { TextOutput } from './output.js';
import { streamWords } from './words.js';

/**
 * Threads in a stream's process: one for what each side sent, one for findings, and from FIRST_LANE on one for each request that is open at
 * the same time.
 */
const SENT: readonly [number, number] = [1, 2];
const FINDINGS = 3;
const FIRST_LANE = 4;
/** The process for findings about a capture itself. Streams count from 1. */
const CAPTURE_PROCESS = 0;

/** A request that waits for its reply, and has a lane (thread) to itself until then. */
interface Open {
  readonly message: Message;
  readonly what: string;
  readonly start: number;
  readonly lane: number;
  /** Whether a part of the reply has come. */
  answered: boolean;
}

/** State of a stream that has not ended. */
interface StreamTrace {
  readonly pid: number;
  readonly open: Map<number, Open>;
  /** By index: whether the lane is taken. */
  readonly lanes: boolean[];
  /** Until when each thread is busy, since the slices of a thread must not overlap. */
  readonly busy: Map<number, number>;
  /** Time of the last value of the queue depth. */
  counted: number;
}

/**
 * Writes the events of a run as Chrome's trace events (the JSON object format, times in microseconds since the first packet), which
 * ui.perfetto.dev and chrome://tracing open. Each stream is a process. It has a thread for what each side sent, one for findings, and as
 * many for requests as were open at the same time. A request's slice lasts from its first byte to the end of its reply, and contains slices
 * for sending it, for waiting, and for each part of the reply. A message that came in one packet has no duration, and is an instant event.
 */
export class Trace implements Reporter {
  private readonly output: TextOutput;
  private readonly limits: Readonly<Limits>;
  private readonly streams = new Map<StreamRecord, StreamTrace>();
  private processes = CAPTURE_PROCESS;
  private started = false;
  private startSeconds = 0;
  private startNanos = 0;
  /** Whether the recording has no times. Then each packet counts as one microsecond. */
  private timeless = false;
  /** Processes whose thread for findings has been named. */
  private readonly withFindings = new Set<number>();
  private written = 0;
  private held = 0;
  private notHeld = 0;

  constructor(output: TextOutput, limits: Readonly<Limits>) {
    this.output = output;
    this.limits = limits;
    output.add('{"displayTimeUnit":"ns","traceEvents":[');
  }

  capture(_file: string, info: CaptureInfo): void {
    this.timeless = info.resolution === 'none';
  }

  begin(_file: string, seconds: number, nanos: number): void {
    if (this.started) return;
    this.started = true;
    this.startSeconds = seconds;
    this.startNanos = nanos;
  }

  open(stream: StreamRecord): void {
    const pid = ++this.processes;
    this.streams.set(stream, { pid, open: new Map(), lanes: [], busy: new Map(), counted: 0 });
    const { name } = stream.protocol!;
    this.name('process_name', pid, 0, `${name}, stream ${stream.id} of ${stream.file}: ${streamWords(stream)}`);
    this.sort('process_sort_index', pid, 0, pid);
    this.thread(pid, SENT[CLIENT], stream.rolesKnown ? 'client sent' : 'one side sent');
    this.thread(pid, SENT[SERVER], stream.rolesKnown ? 'server sent' : 'the other side sent');
  }

  message(stream: StreamRecord, m: Message): void {
    const trace = this.streams.get(stream);
    if (trace === undefined) return;
    const protocol = stream.protocol!;
    const what = protocol.describe(m, false);
    const end = this.at(m);
    const start = this.beginOf(m);
    const args = { message: m.index, packet: m.packet, offset: m.offset, length: m.length, what };
    this.slice(trace, SENT[m.side], m.name, protocol.name, start, end, args);
    const asked = m.inReplyTo > 0 ? trace.open.get(m.inReplyTo) : undefined;
    if (asked !== undefined) {
      this.answer(trace, asked, m, start, end, args);
      const { last, error } = protocol.outcome?.(m) ?? { last: true, error: null };
      if (last) this.close(stream, trace, asked, end, { answer: m.index, ...(error !== null && { error }) });
    }
    if (protocol.operation !== undefined && protocol.operation(m) !== null) this.ask(trace, m, what, start);
  }

  finding(f: Finding): void {
    const pid = (f.stream === null ? undefined : this.streams.get(f.stream))?.pid ?? CAPTURE_PROCESS;
    if (!this.withFindings.has(pid)) {
      this.withFindings.add(pid);
      if (pid === CAPTURE_PROCESS) this.name('process_name', pid, 0, 'captures');
      this.thread(pid, FINDINGS, 'findings');
    }
    const { rule, severity, party, confidence, text, packet } = f;
    this.event({
      ph: 'i',
      s: 't',
      name: `${severity}: ${rule.id}`,
      cat: severity,
      pid,
      tid: FINDINGS,
      ts: this.time(f.seconds, f.nanos, f.packet),
      args: { text, party, confidence, packet, message: f.message?.index ?? 0, spec: rule.spec },
    });
  }

  stream(stream: StreamRecord): void {
    const trace = this.streams.get(stream);
    if (trace === undefined) return;
    for (const asked of [...trace.open.values()])
      this.close(stream, trace, asked, this.lastOf(trace), { answer: null });
    this.streams.delete(stream);
  }

  summary(s: Summary): void {
    const other = {
      start: rfc3339(this.startSeconds, this.startNanos),
      time: this.timeless ? 'the recording has no times: one microsecond a packet' : 'microseconds since start',
      streams: s.streams,
      messages: s.messages,
      ...(this.notHeld > 0 && { requestsNotFollowed: `${this.notHeld} (limit heldMessages)` }),
    };
    this.output.add(`\n],"otherData":${safeJson(JSON.stringify(other))}}\n`);
  }

  flush(): void {
    this.output.flush();
  }

  private ask(trace: StreamTrace, message: Message, what: string, start: number): void {
    if (this.held >= this.limits.heldMessages) {
      this.notHeld++;
      return;
    }
    this.held++;
    let lane = trace.lanes.indexOf(false);
    if (lane < 0) {
      lane = trace.lanes.push(true) - 1;
      this.thread(trace.pid, FIRST_LANE + lane, `requests ${lane + 1}`);
    }
    trace.lanes[lane] = true;
    const asked = { message, what, start: this.after(trace, FIRST_LANE + lane, start), lane, answered: false };
    trace.open.set(message.index, asked);
    this.queue(trace, start);
  }

  /** Adds a reply, or a part of one, inside the slice of its request. */
  private answer(trace: StreamTrace, asked: Open, m: Message, start: number, end: number, args: object): void {
    const tid = FIRST_LANE + asked.lane;
    const sent = this.at(asked.message);
    if (!asked.answered) {
      asked.answered = true;
      if (sent > asked.start) this.slice(trace, tid, 'sending', 'request', asked.start, sent, {});
      if (start > sent) this.slice(trace, tid, 'waiting', 'request', sent, start, {});
    }
    this.slice(trace, tid, m.name, 'answer', start, end, args);
  }

  private close(stream: StreamRecord, trace: StreamTrace, asked: Open, end: number, outcome: object): void {
    const { message: m, lane, what, start } = asked;
    const tid = FIRST_LANE + lane;
    trace.open.delete(m.index);
    trace.lanes[lane] = false;
    this.held--;
    const until = Math.max(end, this.after(trace, tid, start));
    trace.busy.set(tid, until);
    const args = { message: m.index, packet: m.packet, what, ...outcome };
    this.event({ ...span(m.name, stream.protocol!.name, trace.pid, tid, start, until), args });
    this.queue(trace, end);
  }

  private queue(trace: StreamTrace, ts: number): void {
    // a message after a gap may come late, but the time of a counter must not go back
    trace.counted = Math.max(trace.counted, ts);
    const args = { requests: trace.open.size };
    this.event({ ph: 'C', name: 'queue depth', pid: trace.pid, tid: 0, ts: trace.counted, args });
  }

  /** Adds a slice after the earlier ones of the thread. */
  private slice(
    trace: StreamTrace,
    tid: number,
    name: string,
    cat: string,
    start: number,
    end: number,
    args: object,
  ): void {
    const from = this.after(trace, tid, start);
    const to = Math.max(from, end);
    trace.busy.set(tid, to);
    this.event({ ...span(name, cat, trace.pid, tid, from, to), args });
  }

  private after(trace: StreamTrace, tid: number, start: number): number {
    return Math.max(start, trace.busy.get(tid) ?? 0);
  }

  private lastOf(trace: StreamTrace): number {
    return Math.max(0, ...trace.busy.values());
  }

  private at(m: Message): number {
    return this.time(m.seconds, m.nanos, m.packet);
  }

  private beginOf(m: Message): number {
    return this.timeless ? m.firstPacket : this.at(m) - Math.max(0, m.sending) / 1000;
  }

  private time(seconds: number, nanos: number, packet: number): number {
    if (this.timeless) return packet;
    return (seconds - this.startSeconds) * 1e6 + (nanos - this.startNanos) / 1000;
  }

  private thread(pid: number, tid: number, name: string): void {
    this.name('thread_name', pid, tid, name);
    this.sort('thread_sort_index', pid, tid, tid);
  }

  private name(what: string, pid: number, tid: number, name: string): void {
    this.event({ ph: 'M', name: what, pid, tid, args: { name } });
  }

  private sort(what: string, pid: number, tid: number, index: number): void {
    this.event({ ph: 'M', name: what, pid, tid, args: { sort_index: index } });
  }

  private event(event: object): void {
    this.output.add(`${this.written++ === 0 ? '\n' : ',\n'}${safeJson(JSON.stringify(event))}`);
  }
}

/**
 * A slice; or an instant event if it would have no duration, since viewers cannot nest several slices without duration at the same time.
 */
function span(name: string, cat: string, pid: number, tid: number, from: number, to: number): object {
  // rounded to nanoseconds first, so that a slice does not end a rounding error before one inside it
  const start = Math.round(from * 1000);
  const length = Math.round(to * 1000) - start;
  const where = { name, cat, pid, tid, ts: start / 1000 };
  return length === 0 ? { ph: 'i', s: 't', ...where } : { ph: 'X', ...where, dur: length / 1000 };
}
