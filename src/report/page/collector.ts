import type { Annotation } from '../../base/annotation.js';
import type { Side } from '../../base/input.js';
import type { Limits } from '../../base/limits.js';
import type { CaptureInfo } from '../../capture/packet.js';
import type { Message } from '../../contract/message.js';
import type { Protocol } from '../../contract/protocol.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../../engine/event.js';
import type { TlsEvent } from '../../tls/event.js';
import { findingEvent, isInTls, streamEvent } from '../event-object.js';
import { captureWords } from '../words.js';
import { Column } from './column.js';
import {
  COLUMNS,
  FLAG,
  type ColumnName,
  type FieldShape,
  type LeftOutOfPage,
  type PageCapture,
  type PageFinding,
  type PageStream,
  type PartHead,
} from './format.js';
import { Templates } from './templates.js';

/** How many messages of the same stream before and after a finding count as around it. */
const AROUND = 8;
/** How many messages are held to find out whether a finding follows closely. */
const WAITING = 4 * AROUND;
/** Most bytes of a message that are in the page, and of a message around a finding. */
const FEW_BYTES = 96;
const MANY_BYTES = 512;
/** Most TLS handshake messages and alerts that are kept of a stream. */
const SECURED = 64;

/** What a page contains of one pass over captures: plain data, so that it can be passed between threads. */
export interface PagePart {
  readonly head: PartHead;
  readonly columns: readonly Uint8Array[];
  /** The bytes of messages, one after another. */
  readonly bytes: Uint8Array;
  /** Ids of the rules that were broken. */
  readonly broken: readonly string[];
}

export type PageLimits = Pick<
  Limits,
  'pageMessages' | 'pageFindings' | 'pageStreams' | 'pageFieldCharacters' | 'pageBytes'
>;

interface StreamState {
  readonly number: number;
  readonly capture: number;
  index: number;
  readonly ends: [number, number];
  /** How many more messages count as around the last finding. */
  after: number;
  readonly secured: { time: number; side: number; text: string }[];
  /** The record of the stream, which is read when it has ended. */
  readonly record: StreamRecord;
  head: PageStream | null;
}

interface Waiting {
  readonly stream: StreamRecord;
  readonly state: StreamState;
  readonly message: Message;
  around: boolean;
}

/** Numbers names in the order of their first use. */
class Names {
  readonly list: string[] = [];
  private readonly numbers = new Map<string, number>();

  of(name: string): number {
    let n = this.numbers.get(name);
    if (n === undefined) this.numbers.set(name, (n = this.list.push(name) - 1));
    return n;
  }
}

/** Collects from the events of a run what a page shows, in columns. */
export class PageCollector implements Reporter {
  private readonly limits: PageLimits;
  private readonly done: ((totals: Summary) => void) | undefined;
  private readonly captures: { -readonly [K in keyof PageCapture]: PageCapture[K] }[] = [];
  private readonly streams = new Map<StreamRecord, StreamState | null>();
  private readonly states: StreamState[] = [];
  private readonly findings: PageFinding[] = [];
  private readonly broken = new Set<string>();
  private readonly columns = new Map<ColumnName, Column>(COLUMNS.map((name) => [name, new Column()]));
  private readonly names = new Names();
  private readonly operations = new Names();
  private readonly errors = new Names();
  private readonly templates = new Templates();
  private readonly bytes: Uint8Array[] = [];
  private readonly bytesLeft: [number, number];
  private readonly waiting: Waiting[] = [];
  private readonly left: { -readonly [K in keyof LeftOutOfPage]: LeftOutOfPage[K] };
  private readonly ends: number[] = [];
  private messages = 0;
  private lastStream = 0;
  private lastPacket = 0;
  private lastTime = 0;

  /** `where`: the expressions that select what is shown, if any. `done` is called with the totals at the end of the run. */
  constructor(limits: PageLimits, where: readonly string[] = [], done?: (totals: Summary) => void) {
    this.limits = limits;
    this.done = done;
    this.bytesLeft = [limits.pageBytes, limits.pageBytes];
    this.left = { messages: 0, findings: 0, streams: 0, fields: 0, bytes: 0, where };
  }

  capture(file: string, info: CaptureInfo): void {
    const timed = info.resolution !== 'none';
    this.captures.push({ file, words: captureWords(info), seconds: 0, nanos: 0, timed, packets: 0, problem: null });
    this.lastTime = this.lastPacket = 0;
  }

  begin(_file: string, seconds: number, nanos: number): void {
    const capture = this.captures.at(-1);
    if (capture === undefined) return;
    capture.seconds = seconds;
    capture.nanos = nanos;
  }

  open(stream: StreamRecord): void {
    this.admit(stream, 1);
  }

  message(stream: StreamRecord, message: Message): void {
    const state = this.admit(stream, 1);
    if (state === null) {
      this.left.messages++;
      return;
    }
    const around = state.after > 0;
    if (around) state.after--;
    this.waiting.push({ stream, state, message, around });
    if (this.waiting.length > WAITING) this.writeFirst(WAITING / 2);
  }

  finding(f: Finding): void {
    this.broken.add(f.rule.id);
    // a stream with findings gets a place even if there are many streams
    const state = f.stream === null ? null : this.admit(f.stream, 2);
    if (state !== null) {
      state.after = AROUND;
      let n = 0;
      for (let i = this.waiting.length - 1; i >= 0 && n < AROUND; i--) {
        if (this.waiting[i]!.state !== state) continue;
        this.waiting[i]!.around = true;
        n++;
      }
    }
    if (this.findings.length >= this.limits.pageFindings || (f.stream !== null && state === null)) {
      this.left.findings++;
      return;
    }
    const { rule, severity, party, confidence, direction, message, related, offset, length, packet, text } =
      findingEvent(f);
    this.findings.push({
      capture: state?.capture ?? this.captures.length - 1,
      stream: state?.number ?? -1,
      time: f.packet > 0 ? this.at(f.seconds, f.nanos) : 0,
      ...{ rule, severity, party, confidence, direction, message, related, offset, length, packet, text },
    });
  }

  secured(stream: StreamRecord, side: Side, e: TlsEvent): void {
    const state = this.admit(stream, 1);
    if (state === null || state.secured.length >= SECURED) return;
    if (e.kind !== 'alert' && (e.kind !== 'handshake' || e.minor)) return;
    const text = e.kind === 'alert' ? `alert ${e.name}` : e.name;
    state.secured.push({ time: this.at(e.origin.seconds, e.origin.nanos), side, text });
  }

  stream(s: StreamRecord): void {
    const state = this.admit(s, 1);
    if (state === null) {
      this.left.streams++;
      this.streams.delete(s);
      return;
    }
    // its own messages first, since writing them may read what the stream's record still holds
    this.writeFirst(this.waiting.length);
    state.head = this.headOf(state);
    this.streams.delete(s);
  }

  endOfFile(_file: string, packets: number): void {
    const capture = this.captures.at(-1);
    if (capture !== undefined) capture.packets = packets;
    this.writeFirst(this.waiting.length);
  }

  summary(summary: Summary): void {
    this.done?.(summary);
  }

  /** Everything that was kept, at the end of the run. */
  result(): PagePart {
    this.writeFirst(this.waiting.length);
    const columns = [...COLUMNS.map((name) => this.columns.get(name)!.bytes), ...this.templates.columns()];
    const bytes = new Uint8Array(this.bytes.reduce((n, b) => n + b.length, 0));
    let at = 0;
    for (const b of this.bytes) {
      bytes.set(b, at);
      at += b.length;
    }
    const head: PartHead = {
      captures: this.captures,
      // if reading failed, some streams have not ended
      streams: this.states.map((s) => s.head ?? this.headOf(s)),
      findings: this.findings,
      names: this.names.list,
      operations: this.operations.list,
      errors: this.errors.list,
      templates: this.templates.texts,
      messages: this.messages,
      lengths: columns.map((c) => c.length),
      left: this.left,
    };
    return {
      head,
      columns,
      bytes,
      broken: [...this.broken],
    };
  }

  private headOf({ capture, record: s, secured }: StreamState): PageStream {
    return {
      capture,
      event: streamEvent(s),
      lines: [...(s.session?.describe() ?? []), ...(s.tls === null ? [] : [s.tls.describe()])],
      rolesKnown: s.rolesKnown,
      start: this.at(s.firstSeconds, s.firstNanos),
      secured,
      then: s.protocol?.handshake?.then ?? null,
      relative: s.relative,
    };
  }

  /** The stream's state; null if there are too many streams. There is room for `times` as many as the limit says. */
  private admit(stream: StreamRecord, times: number): StreamState | null {
    const known = this.streams.get(stream);
    if (known !== undefined && (known !== null || times === 1)) return known;
    const full = this.states.length >= times * this.limits.pageStreams;
    const state: StreamState | null = full
      ? null
      : {
          number: this.states.length,
          capture: this.captures.length - 1,
          index: 0,
          ends: [0, 0],
          after: 0,
          secured: [],
          record: stream,
          head: null,
        };
    this.streams.set(stream, state);
    if (state !== null) this.states.push(state);
    return state;
  }

  /** Writes the first `n` of the messages that are held. */
  private writeFirst(n: number): void {
    for (const w of this.waiting.splice(0, n)) {
      if (this.messages < this.limits.pageMessages || (w.around && this.messages < 2 * this.limits.pageMessages))
        this.write(w);
      else this.left.messages++;
    }
  }

  private write({ stream, state, message: m, around }: Waiting): void {
    const protocol = stream.protocol!;
    const { server, complete, hinted, inferred, tls, writes, handshake } = FLAG;
    const operation = protocol.operation?.(m) ?? null;
    this.messages++;
    this.put('stream', state.number - this.lastStream, true);
    this.lastStream = state.number;
    this.put('name', this.names.of(m.name));
    this.put(
      'flags',
      (m.side === 1 ? server : 0) |
        (m.complete ? complete : 0) |
        (m.hinted ? hinted : 0) |
        (m.inferred ? inferred : 0) |
        (isInTls(stream, m) ? tls : 0) |
        (operation?.writes ? writes : 0) |
        (protocol.handshake?.has(m) ? handshake : 0),
    );
    this.put('index', m.index - state.index - 1, true);
    state.index = m.index;
    this.put('offset', m.offset - state.ends[m.side], true);
    state.ends[m.side] = m.offset + m.length;
    this.put('length', m.length);
    if (!m.complete) {
      this.put('missing', m.missing);
      this.put('unsent', m.unsent);
    }
    this.put('packet', m.packet - this.lastPacket, true);
    this.lastPacket = m.packet;
    const time = this.at(m.seconds, m.nanos);
    this.put('time', time - this.lastTime, true);
    this.lastTime = time;
    this.put('sending', Math.max(0, m.sending));
    this.put('reply', m.inReplyTo === 0 ? 0 : m.index - m.inReplyTo, true);
    this.put('operation', operation === null ? 0 : this.operations.of(operation.name) + 1);
    if (operation !== null) {
      const { bytes, offset } = operation;
      this.put('size', Math.max(0, bytes + 1));
      const kind = this.operations.of(operation.name);
      this.put('place', offset < 0 ? 0 : 1 + zigzag(offset - (this.ends[kind] ?? 0)));
      if (offset >= 0) this.ends[kind] = offset + Math.max(0, bytes);
    }
    if (m.inReplyTo !== 0) {
      const { last, error } = protocol.outcome?.(m) ?? { last: true, error: null };
      this.put('outcome', (error === null ? 0 : 2 + 2 * this.errors.of(error)) + (last ? 1 : 0));
    }
    this.put('template', this.textOf(protocol, m, around));
    this.putBytes(m, around);
  }

  /** Adds the message's fields and description; returns the number of their template. */
  private textOf(protocol: Protocol, m: Message, around: boolean): number {
    const full = this.templates.characters > (around ? 2 : 1) * this.limits.pageFieldCharacters;
    const values: unknown[] = [protocol.describe(m, false)];
    if (full) {
      this.left.fields++;
      return this.templates.add('null', JSON.stringify(values));
    }
    const shape = JSON.stringify(shapeOf(protocol.annotate(m), values));
    return this.templates.add(shape, JSON.stringify(values));
  }

  private putBytes(m: Message, around: boolean): void {
    const n = Math.min(m.head?.length ?? 0, around ? MANY_BYTES : FEW_BYTES);
    const account = around ? 1 : 0;
    if (n === 0 || n > this.bytesLeft[account]) {
      if (m.length > 0) this.left.bytes++;
      this.put('bytes', 0);
      return;
    }
    this.bytesLeft[account] -= n;
    this.bytes.push(m.head!.slice(0, n));
    this.put('bytes', n);
  }

  private put(name: ColumnName, value: number, signed = false): void {
    const column = this.columns.get(name)!;
    if (signed) column.addSigned(value);
    else column.add(value);
  }

  /** Nanoseconds since the capture's first packet. */
  private at(seconds: number, nanos: number): number {
    const capture = this.captures.at(-1);
    return capture === undefined ? 0 : (seconds - capture.seconds) * 1e9 + (nanos - capture.nanos);
  }
}

/** The fields without their values, which are appended to `values`. */
function shapeOf(list: readonly Annotation[], values: unknown[]): FieldShape[] {
  return list.map(({ name, at, length, value, wide, text, children }): FieldShape => {
    if (value !== undefined) values.push(value);
    if (text !== undefined) values.push(text);
    const has = (value === undefined ? 0 : 1) | (text === undefined ? 0 : 2) | (wide === true ? 4 : 0);
    if (children === undefined || children.length === 0) return [name, at, length, has];
    return [name, at, length, has, shapeOf(children, values)];
  });
}

function zigzag(n: number): number {
  return n >= 0 ? 2 * n : -2 * n - 1;
}
