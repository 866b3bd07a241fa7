import type { Annotation, Json } from '../base/annotation.js';
import type { Severity } from '../base/rule.js';
import { safeText } from '../base/safe-text.js';
import { ColumnReader } from '../report/page/column.js';
import {
  BLANK,
  COLUMNS,
  FIRST_BLANK,
  FLAG,
  SAME,
  type ColumnName,
  type FieldShape,
  type PageCapture,
  type PageFinding,
  type PageHead,
  type PageStream,
} from '../report/page/format.js';

export interface Capture extends PageCapture {
  readonly number: number;
  /** The last part of its path. */
  readonly short: string;
}

export interface Stream extends PageStream {
  readonly number: number;
  readonly of: Capture;
  readonly id: number;
  readonly client: string;
  readonly server: string;
  /** The rows of its messages, in order. */
  rows: Uint32Array;
  readonly findings: Finding[];
}

export interface Finding extends PageFinding {
  readonly number: number;
  readonly of: Capture;
  readonly on: Stream | null;
  /** Row of the message that it is about, if that is in the page; else -1. */
  readonly row: number;
}

/** A request and its outcome. */
export interface Request {
  readonly row: number;
  /** Row of its last reply, or -1. */
  reply: number;
  /** Bytes of the request and its replies. */
  sent: number;
  error: string | null;
}

interface Template {
  readonly text: string;
  readonly blanks: Float64Array[];
}

/** The fields and the description of a message, made from its template. */
interface Said {
  readonly fields: readonly Annotation[] | null;
  readonly words: string;
}

export const GRAVITY: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** Everything in the page, in columns. Each message is a row. */
export class Model {
  readonly head: PageHead;
  readonly count: number;
  readonly captures: Capture[] = [];
  readonly streams: Stream[] = [];
  readonly findings: Finding[] = [];
  /** By row: index of the stream. See COLUMNS for the others. */
  readonly stream: Uint32Array;
  readonly side: Uint8Array;
  readonly flags: Uint8Array;
  readonly index: Uint32Array;
  readonly offset: Float64Array;
  readonly length: Float64Array;
  readonly packet: Float64Array;
  /** Nanoseconds since the capture's first packet, of the message's last byte and its first. */
  readonly time: Float64Array;
  readonly begun: Float64Array;
  /** Row of the request that it answers, or -1; and of its first reply, or -1. */
  readonly request: Int32Array;
  readonly reply: Int32Array;
  readonly repliesTo: Uint32Array;
  /** Number of its operation, counted from 1, or 0; its bytes and offset, or -1. */
  readonly operation: Uint16Array;
  readonly size: Float64Array;
  readonly place: Float64Array;
  readonly outcome: Uint16Array;
  readonly bytesAt: Float64Array;
  readonly bytesLength: Uint16Array;
  readonly operations: string[] = [];
  readonly missing = new Map<number, { readonly missing: number; readonly unsent: number }>();
  readonly findingsOf = new Map<number, Finding[]>();
  private readonly nameOf: Uint32Array;
  private readonly names: string[] = [];
  private readonly errors: string[] = [];
  private readonly template: Uint32Array;
  private readonly ordinal: Uint32Array;
  private readonly templates: Template[] = [];
  private readonly asked = new Map<number, Request>();

  constructor(packed: Uint8Array) {
    const size = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
    this.head = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + size))) as PageHead;
    const n = this.head.parts.reduce((sum, p) => sum + p.messages, 0);
    this.count = n;
    this.stream = new Uint32Array(n);
    this.side = new Uint8Array(n);
    this.flags = new Uint8Array(n);
    this.index = new Uint32Array(n);
    this.offset = new Float64Array(n);
    this.length = new Float64Array(n);
    this.packet = new Float64Array(n);
    this.time = new Float64Array(n);
    this.begun = new Float64Array(n);
    this.request = new Int32Array(n).fill(-1);
    this.reply = new Int32Array(n).fill(-1);
    this.repliesTo = new Uint32Array(n);
    this.operation = new Uint16Array(n);
    this.size = new Float64Array(n).fill(-1);
    this.place = new Float64Array(n).fill(-1);
    this.outcome = new Uint16Array(n);
    this.bytesAt = new Float64Array(n);
    this.bytesLength = new Uint16Array(n);
    this.nameOf = new Uint32Array(n);
    this.template = new Uint32Array(n);
    this.ordinal = new Uint32Array(n);
    let at = 4 + size;
    let row = 0;
    let bytesAt = 0;
    for (const part of this.head.parts) {
      const columns = part.lengths.map((length) => new ColumnReader(packed.subarray(at, (at += length))));
      bytesAt = this.read(part, columns, row, bytesAt);
      row += part.messages;
    }
  }

  name(row: number): string {
    return this.names[this.nameOf[row]!]!;
  }

  streamOf(row: number): Stream {
    return this.streams[this.stream[row]!]!;
  }

  words(row: number): string {
    return this.said(row).words;
  }

  /** null if the page does not have them. */
  fields(row: number): readonly Annotation[] | null {
    return this.said(row).fields;
  }

  is(row: number, flag: keyof typeof FLAG): boolean {
    return (this.flags[row]! & FLAG[flag]) !== 0;
  }

  /** Nanoseconds from the request to this reply, or -1. */
  latency(row: number): number {
    const request = this.request[row]!;
    return request < 0 || !this.streamOf(row).of.timed ? -1 : this.time[row]! - this.time[request]!;
  }

  /** The request that a message is, with its outcome; undefined if it is none. */
  requestOf(row: number): Request | undefined {
    return this.asked.get(row);
  }

  /** Whether a reply is the last one to its request. */
  isLast(row: number): boolean {
    return this.outcome[row]! % 2 === 1;
  }

  error(row: number): string | null {
    const n = this.outcome[row]!;
    return n < 2 ? null : this.errors[(n >> 1) - 1]!;
  }

  /** The row of a stream's message with that index, or -1. */
  rowOf(stream: Stream, index: number): number {
    const { rows } = stream;
    let low = 0;
    let high = rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.index[rows[middle]!]!;
      if (found === index) return rows[middle]!;
      if (found < index) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private said(row: number): Said {
    const { text, blanks } = this.templates[this.template[row]!]!;
    const n = this.ordinal[row]!;
    let blank = 0;
    let whole = '';
    for (let i = 0; i < text.length; i++) {
      const c = text[i]!;
      if (c === BLANK) whole += blanks[blank++]![n];
      else if (c === SAME) whole += blanks[text.charCodeAt(++i) - FIRST_BLANK]![n];
      else whole += c;
    }
    const end = whole.indexOf('\n');
    const shape = JSON.parse(whole.slice(0, end)) as readonly FieldShape[] | null;
    const values = JSON.parse(whole.slice(end + 1)) as unknown[];
    const words = safeText(values.shift() as string);
    return { words, fields: shape === null ? null : fieldsOf(shape, values) };
  }

  private read(
    part: PageHead['parts'][number],
    columns: readonly ColumnReader[],
    first: number,
    bytesBefore: number,
  ): number {
    const column = Object.fromEntries(COLUMNS.map((name, i) => [name, columns[i]!])) as Record<
      ColumnName,
      ColumnReader
    >;
    const from = { capture: this.captures.length, stream: this.streams.length };
    const names = this.names.push(...part.names.map(safeText)) - part.names.length;
    const errors = this.errors.push(...part.errors.map(safeText)) - part.errors.length;
    const operations = part.operations.map((name) => {
      const known = this.operations.indexOf(safeText(name));
      return known >= 0 ? known : this.operations.push(safeText(name)) - 1;
    });
    const templates = this.templates.length;
    let blank = COLUMNS.length;
    for (const text of part.templates) {
      const own = columns.slice(blank, (blank += blanksIn(text)));
      this.templates.push({ text, blanks: own.map(() => new Float64Array(0)) });
    }
    for (const c of part.captures) {
      const file = safeText(c.file);
      this.captures.push({ ...c, file, number: this.captures.length, short: file.replace(/^.*\/(?=.)/, '') });
    }
    for (const s of part.streams) {
      const { stream: id, client, server } = s.event;
      const of = this.captures[from.capture + s.capture]!;
      const own = { id, client: safeText(client), server: safeText(server), rows: new Uint32Array(0), findings: [] };
      this.streams.push({ ...s, ...own, of, number: this.streams.length, lines: s.lines.map(safeText) });
    }
    const rows: number[][] = part.streams.map(() => []);
    const ends = part.streams.map(() => [0, 0]);
    const indexes = part.streams.map(() => 0);
    const places: number[] = [];
    const counts = new Uint32Array(part.templates.length);
    let stream = 0;
    let capture = -1;
    let packet = 0;
    let time = 0;
    let bytesAt = bytesBefore;
    const last = first + part.messages;
    for (let row = first; row < last; row++) {
      stream += column.stream.nextSigned();
      const { capture: of } = part.streams[stream]!;
      if (of !== capture) {
        capture = of;
        packet = time = 0;
      }
      this.stream[row] = from.stream + stream;
      this.nameOf[row] = names + column.name.next();
      const flags = column.flags.next();
      const side = flags & FLAG.server;
      this.flags[row] = flags;
      this.side[row] = side;
      const index = (this.index[row] = indexes[stream]! + column.index.nextSigned() + 1);
      indexes[stream] = index;
      const offset = (this.offset[row] = ends[stream]![side]! + column.offset.nextSigned());
      const length = (this.length[row] = column.length.next());
      ends[stream]![side] = offset + length;
      if ((flags & FLAG.complete) === 0)
        this.missing.set(row, { missing: column.missing.next(), unsent: column.unsent.next() });
      packet = this.packet[row] = packet + column.packet.nextSigned();
      time = this.time[row] = time + column.time.nextSigned();
      this.begun[row] = time - column.sending.next();
      const reply = column.reply.nextSigned();
      if (reply !== 0) {
        this.repliesTo[row] = index - reply;
        this.outcome[row] = column.outcome.next();
        if (this.outcome[row]! >= 2) this.outcome[row]! += 2 * errors;
      }
      const operation = column.operation.next();
      if (operation > 0) {
        this.operation[row] = operations[operation - 1]! + 1;
        const size = (this.size[row] = column.size.next() - 1);
        const place = column.place.next();
        if (place > 0) {
          this.place[row] = (places[operation] ?? 0) + unzigzag(place - 1);
          places[operation] = this.place[row]! + Math.max(0, size);
        }
      }
      const template = column.template.next();
      this.template[row] = templates + template;
      this.ordinal[row] = counts[template]!++;
      this.bytesAt[row] = bytesAt;
      bytesAt += this.bytesLength[row] = column.bytes.next();
      rows[stream]!.push(row);
    }
    this.fill(part, columns, templates, counts);
    rows.forEach((own, i) => (this.streams[from.stream + i]!.rows = Uint32Array.from(own)));
    this.pair(first, last);
    this.locate(part, from);
    return bytesAt;
  }

  /** Reads the numbers for the blanks of the templates. */
  private fill(
    part: PageHead['parts'][number],
    columns: readonly ColumnReader[],
    first: number,
    counts: Uint32Array,
  ): void {
    let at = COLUMNS.length;
    part.templates.forEach((_, i) => {
      const { blanks } = this.templates[first + i]!;
      for (let b = 0; b < blanks.length; b++) {
        const column = columns[at++]!;
        const values = (blanks[b] = new Float64Array(counts[i]!));
        let value = 0;
        for (let k = 0; k < values.length; k++) values[k] = value += column.nextSigned();
      }
    });
  }

  /** Connects replies with their requests. */
  private pair(first: number, last: number): void {
    for (let row = first; row < last; row++) {
      if (this.operation[row]! > 0) this.asked.set(row, this.unanswered(row));
    }
    for (let row = first; row < last; row++) {
      if (this.repliesTo[row] === 0) continue;
      const request = this.rowOf(this.streamOf(row), this.repliesTo[row]!);
      if (request < 0) continue;
      this.request[row] = request;
      if (this.reply[request]! < 0) this.reply[request] = row;
      // a message that is answered is a request, even if its protocol counts no operation for it
      const asked = this.asked.get(request) ?? this.unanswered(request);
      this.asked.set(request, asked);
      asked.error ??= this.error(row);
      asked.sent += this.length[row]!;
      if (this.isLast(row)) asked.reply = row;
    }
  }

  private unanswered(row: number): Request {
    return { row, reply: -1, sent: this.length[row]!, error: null };
  }

  private locate(part: PageHead['parts'][number], from: { readonly capture: number; readonly stream: number }): void {
    for (const f of part.findings) {
      const on = f.stream < 0 ? null : this.streams[from.stream + f.stream]!;
      const row = on === null || f.message === null ? -1 : this.rowOf(on, f.message);
      const of = this.captures[from.capture + Math.max(0, f.capture)]!;
      const finding = { ...f, text: safeText(f.text), number: this.findings.length, of, on, row };
      this.findings.push(finding);
      on?.findings.push(finding);
      if (row < 0) continue;
      const about = this.findingsOf.get(row);
      if (about === undefined) this.findingsOf.set(row, [finding]);
      else about.push(finding);
    }
  }
}

function blanksIn(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === BLANK) n++;
    else if (text[i] === SAME) i++;
  }
  return n;
}

function fieldsOf(shape: readonly FieldShape[], values: unknown[]): Annotation[] {
  return shape.map(([name, at, length, has, children]) => ({
    name,
    at,
    length,
    ...((has & 1) !== 0 && { value: values.shift() as Json }),
    ...((has & 4) !== 0 && { wide: true }),
    ...((has & 2) !== 0 && { text: values.shift() as string }),
    ...(children !== undefined && { children: fieldsOf(children, values) }),
  }));
}

function unzigzag(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
}
