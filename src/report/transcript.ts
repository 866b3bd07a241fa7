import { basename } from 'node:path';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import { byteSize, count } from '../base/text.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Annotation } from '../base/annotation.js';
import { JsonBytes } from '../base/json-bytes.js';
import type { Message } from '../contract/message.js';
import type { TlsEvent } from '../tls/event.js';
import type { Divisible } from '../engine/divisible.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { Clock, type TimeFormat, type Zone } from '../select/clock.js';
import type { LeftOut, LeftOutCounts } from '../select/selection.js';
import { hangingLines } from './hanging.js';
import { asciiRow, hexDump, hexRow } from './hex-dump.js';
import { arrowOf, GAP, MessageLine, widthOf, type Columns } from './message-line.js';
import { RuleDigest, type Broken } from './rule-digest.js';
import { SEVERITY_MARK, sideColor, theme, type Paint, type Theme } from './theme.js';
import { detailWords, endWords, leftOutWords, repeatedWords } from './transcript-words.js';
import { TextLines, type TextSink } from './text-sink.js';
import { byteWords, captureWords, findingCounts, printable, streamWords } from './words.js';

export interface TranscriptOptions {
  readonly colors: boolean;
  /** `-v`: more fields, and how each message was decoded. */
  readonly verbose: boolean;
  /** `-x`: the annotated bytes below each message. */
  readonly hex: boolean;
  /** Columns of the terminal; null: lines are not broken. */
  readonly width?: number | null;
  readonly time?: TimeFormat;
  /** The time zone; UTC if the output must be the same everywhere. */
  readonly zone?: Zone;
  /** The name to show for an input; by default its name as given. */
  readonly nameOf?: (file: string) => string;
  /** false: findings have no hint how to read about their rule. */
  readonly pageOf?: boolean;
  /** Called with the number of the line, from 1, that a finding begins on. */
  readonly located?: (finding: Finding, line: number) => void;
  /**
   * If given, the summary lists the broken rules with the commands that show them. Returns the name of an input in these commands. Absent
   * for example sessions.
   */
  readonly digest?: (file: string) => string;
  /** Counts what a selection does not show, if there is one. */
  readonly leftOut?: LeftOut | undefined;
  /**
   * For a transcript of several captures that is written in parts: takes lines that depend on whether an earlier capture has already had
   * `key`, in both forms.
   */
  readonly elsewhere?: ((key: string, first: string, again: string) => void) | undefined;
}

/** What the end of a transcript depends on: plain data. */
export interface TranscriptEnd {
  readonly captures: number;
  readonly rules: readonly Broken[];
  readonly leftOut: LeftOutCounts | null;
}

/** On terminals with fewer columns, the columns for numbers and times are narrower. */
const ROOMY = 100;
const NEWLINE = 0x0a;
/** First size of the buffer for a line that is split again. */
const LINE_ROOM = 256;
const DUMP_INDENT = ' '.repeat(8);

/** A message that is held until its findings are known, so that the bytes that these are about can be marked. */
interface Pending {
  readonly stream: StreamRecord;
  readonly message: Message;
  /** Its description. It is computed when the message comes, so that an error there is reported in the right place. */
  readonly what: string;
  readonly rows: readonly Annotation[];
  readonly findings: Finding[];
}

/** The annotated transcript: one line for each message, with the findings about it below. It depends only on the capture. */
export class Transcript implements Reporter, Divisible<TranscriptEnd> {
  private readonly to: TextSink;
  private readonly flushed: (() => void) | undefined;
  private readonly options: TranscriptOptions;
  private readonly t: Theme;
  private readonly clock: Clock;
  private readonly columns: Columns;
  private readonly messageLine: MessageLine;
  /** Blanks before a finding, which is printed below the message's name. */
  private readonly indent: string;
  private readonly width: number;
  /** A heading is printed only when the time of the first packet is known. */
  private heading: { readonly file: string; readonly info: CaptureInfo } | null = null;
  /** The stream that was named last, in a heading or with a line. */
  private current: StreamRecord | null = null;
  private lastMessage: Message | null = null;
  private pending: Pending | null = null;
  private readonly digest = new RuleDigest();
  /** Keys of lines that were printed, and that are printed differently or not at all the next time (see `once`). */
  private readonly said = new Set<string>();
  private captures = 0;
  private lines = 0;
  /** Whether a message is one line without colours, which can be written directly. */
  private readonly plain: boolean;
  private readonly scratch = new JsonBytes(LINE_ROOM);
  private readonly opened = new Set<StreamRecord>();

  constructor(to: TextSink | ((text: string) => void), options: TranscriptOptions, flush?: () => void) {
    this.to = typeof to === 'function' ? new TextLines(to) : to;
    this.flushed = flush;
    this.options = options;
    this.t = theme(options.colors);
    this.clock = new Clock(options.time ?? 'relative', options.zone ?? 'utc');
    this.width = options.width ?? Infinity;
    this.plain = this.width === Infinity && !options.colors;
    const narrow = this.width < ROOMY;
    const time = this.clock.width - (narrow && this.clock.width === 12 ? 2 : 0);
    this.columns = narrow ? { stream: 2, index: 4, packet: 6, time } : { stream: 6, index: 5, packet: 7, time };
    const { stream, index, packet } = this.columns;
    this.messageLine = new MessageLine(this.columns, this.clock, options.verbose);
    this.indent = ' '.repeat(stream + index + packet + time + 3 + 2);
  }

  capture(file: string, info: CaptureInfo): void {
    this.printPending();
    this.captures++;
    this.once(
      'capture',
      () => [],
      () => [''],
    );
    this.current = null;
    this.clock.reset();
    this.heading = { file, info };
  }

  part(_file: string, path: string, firstPacket: number): void {
    if (firstPacket === 1) return;
    this.printPending();
    this.line(this.t.dim(`-- ${printable(basename(path))}, from packet ${firstPacket} on`));
  }

  begin(_file: string, seconds: number, nanos: number): void {
    this.clock.begin(seconds, nanos);
    this.head();
  }

  open(stream: StreamRecord): void {
    this.printPending();
    this.opened.add(stream);
    this.current = stream;
    this.lastMessage = null;
    const how = [stream.classifiedBy ?? '', stream.connection.start === 'missed' ? 'joined late' : '']
      .filter((w) => w !== '')
      .join(', ');
    this.line('');
    this.wrapped(
      this.streamColor(stream)(`stream ${stream.id}`),
      `   ${streamWords(stream)}   ${stream.protocol!.name} (${how})${detailWords(stream)}`,
      '  ',
    );
    const { stream: s, index, packet, time } = this.columns;
    this.line(
      this.t.dim(
        `${(s < 6 ? 's' : 'stream').padStart(s)} ${'#'.padStart(index)} ${'packet'.padStart(packet)} ${(this.clock.format === 'relative' ? 'time' : this.clock.format).padStart(time)}  message`,
      ),
    );
  }

  message(stream: StreamRecord, m: Message): void {
    this.printPending();
    this.head();
    if (!this.options.hex) {
      this.print(stream, m, null);
      return;
    }
    const protocol = stream.protocol!;
    const what = protocol.describe(m, this.options.verbose);
    this.pending = { stream, message: m, what, rows: protocol.annotate(m), findings: [] };
  }

  secured(stream: StreamRecord, side: Side, e: TlsEvent): void {
    if (e.kind !== 'alert' && (e.kind !== 'handshake' || (e.minor && !this.options.verbose))) return;
    this.printPending();
    this.head();
    this.current = stream;
    this.lastMessage = null;
    const arrow = arrowOf(stream, side);
    const name = e.kind === 'alert' ? 'TLS alert' : `TLS ${e.name}`;
    const words = e.kind === 'alert' ? `${e.fatal ? 'fatal' : 'warning'} ${e.name}` : e.words;
    const { columns: c } = this;
    const { packet, seconds, nanos } = e.origin;
    const id = this.streamColor(stream)(`${stream.id}`.padStart(c.stream));
    const place = ` ${' '.repeat(c.index)} ${`${packet}`.padStart(c.packet)} ${this.clock.text(seconds, nanos).padStart(c.time)}`;
    const start = `${id}${this.t.dim(place)}  ${sideColor(this.t, side)(arrow)} ${this.t.dim(words === '' ? name : printable(name).padEnd(widthOf(stream)))}`;
    this.wrapped(start, words === '' ? '' : `  ${printable(words)}`, `${this.indent}   `, this.t.dim);
  }

  finding(f: Finding): void {
    this.digest.add(f);
    if (this.pending !== null && f.message === this.pending.message) {
      this.pending.findings.push(f);
      return;
    }
    this.printPending();
    this.head();
    this.printFinding(f);
  }

  stream(s: StreamRecord): void {
    this.digest.again(s.repeated);
    this.printPending();
    this.head();
    if (s.protocol === null) {
      this.unknown(s);
    } else {
      const lines = s.session?.describe() ?? [];
      this.wrapped(this.streamColor(s)(`end of stream ${s.id}`), `: ${this.endWords(s)}`, '  ');
      if (s.tls !== null) lines.push(s.tls.describe());
      for (const line of [...lines, ...s.repeated.map(repeatedWords)]) this.wrapped('  ', printable(line), '    ');
    }
    this.opened.delete(s);
    this.messageLine.forget();
    this.current = null;
    this.lastMessage = null;
  }

  endOfFile(): void {
    this.printPending();
    this.head();
    this.current = null;
  }

  summary(s: Summary): void {
    this.printPending();
    if (this.captures === 0) return;
    const protocols = Object.keys(s.protocols)
      .sort()
      .map((name) => `${s.protocols[name]} ${name}`);
    const unknown = s.streams - Object.values(s.protocols).reduce((a, b) => a + b, 0);
    if (unknown > 0) protocols.push(`${unknown} unknown`);
    const files = s.files > 1 ? `${count(s.files, 'capture')}, ` : '';
    const kinds = protocols.length > 0 ? ` (${protocols.join(', ')})` : '';
    this.line('');
    this.wrapped(
      this.t.title('summary'),
      `: ${files}${count(s.packets, 'packet')}, ${count(s.streams, 'stream')}${kinds}, ${count(s.messages, 'message')}, ${findingCounts(s.findings)}`,
      '  ',
    );
    for (const { file, exitStatus } of s.programs) {
      const where = s.files > 1 ? ` of ${printable(this.nameOf(file))}` : '';
      this.wrapped('  ', `the recorded program${where} ended with status ${exitStatus}`, '    ');
    }
    const left = this.options.leftOut;
    if (left !== undefined) for (const line of leftOutWords(left)) this.wrapped('  ', line, '    ');
    if (this.options.digest !== undefined) {
      for (const row of this.digest.rows(this.options.digest)) {
        const paint = this.t.severity[row.severity];
        this.wrapped(`  ${paint(`${SEVERITY_MARK[row.severity]} ${row.rule}`)}`, `  ${row.place}`, '      ');
        if (row.command !== null) this.line(`      ${this.t.dim(row.command)}`);
      }
    }
  }

  gathered(): TranscriptEnd {
    const { leftOut } = this.options;
    return { captures: this.captures, rules: this.digest.all(), leftOut: leftOut?.counts() ?? null };
  }

  goOn({ captures, rules, leftOut }: TranscriptEnd): void {
    this.captures += captures;
    this.digest.addAll(rules);
    if (leftOut !== null) this.options.leftOut?.add(leftOut);
  }

  flush(): void {
    this.printPending();
    this.flushed?.();
  }

  /** Prints the message that waits for its findings. */
  private printPending(): void {
    const { pending } = this;
    if (pending === null) return;
    this.pending = null;
    const { stream, message, what, rows, findings } = pending;
    this.print(stream, message, what);
    if (message.head !== null) this.printBytes(message, message.head, rows, findings);
    for (const f of findings) this.printFinding(f);
  }

  private head(): void {
    if (this.heading === null) return;
    const { file, info } = this.heading;
    this.heading = null;
    const start = this.clock.start();
    const from = start === null ? '' : `   from ${start}`;
    this.wrapped(this.t.title(printable(this.nameOf(file))), `   ${captureWords(info)}${from}`, '  ');
  }

  /** `what`: the description, if it is known already. */
  private print(stream: StreamRecord, m: Message, what: string | null): void {
    const day = this.clock.newDay(m.seconds);
    if (day !== null) this.line(this.t.dim(`-- ${day}`));
    const out = this.plain ? this.to.bytes : this.scratch;
    const from = out.size;
    try {
      this.messageLine.write(out, stream, m, what);
    } catch (error) {
      // the protocol may throw when the line is half written
      out.size = from;
      throw error;
    }
    this.current = stream;
    this.lastMessage = m;
    if (this.plain) this.endLine();
    else {
      for (const line of this.coloured(out, stream, m)) this.line(line.trimEnd());
      out.size = 0;
    }
    const below = stream.protocol!.below?.(m) ?? '';
    if (below !== '') this.wrapped(`${this.indent}   `, this.t.dim(printable(below)), `${this.indent}     `);
  }

  /** The line that was written, as coloured lines for a terminal. */
  private coloured(out: JsonBytes, stream: StreamRecord, m: Message): string[] {
    const { t } = this;
    const { idEnd, placeEnd, nameEnd, wordsEnd } = this.messageLine;
    const arrowAt = placeEnd + GAP;
    const start = `${this.streamColor(stream)(out.toString(0, idEnd))}${t.dim(out.toString(idEnd, placeEnd))}${out.toString(placeEnd, arrowAt)}${sideColor(t, m.side)(out.toString(arrowAt, nameEnd))}`;
    const tail = out.toString(wordsEnd);
    const words =
      out.toString(nameEnd, wordsEnd) + (this.width === Infinity && tail !== '' ? `  ${t.dim(tail.slice(GAP))}` : tail);
    return hangingLines(start, words, `${this.indent}   `, this.width);
  }

  /** The annotated bytes of a message, in which those that findings are about are marked. */
  private printBytes(m: Message, head: Uint8Array, rows: readonly Annotation[], findings: readonly Finding[]): void {
    const about = findings.filter((f) => f.side === m.side && f.length > 0 && f.length < m.length);
    const marks = about.map((f) => ({ start: f.offset - m.offset, end: f.offset + f.length - m.offset }));
    const paint = { plain: this.t.dim, marked: this.options.colors ? this.t.marked : null };
    for (const row of hexDump(head, m.length, rows, { all: this.options.verbose, marks, paint }))
      this.line(DUMP_INDENT + row);
  }

  private printFinding(f: Finding): void {
    this.options.located?.(f, this.lines + 1);
    const own = f.message !== null && f.message === this.lastMessage;
    const indent = f.stream === null ? '  ' : this.indent;
    const paint = this.t.severity[f.severity];
    const sure = f.confidence === 'certain' ? '' : `, ${f.confidence}`;
    const about = [`(${f.party}${sure})`];
    if (f.stream !== null && f.stream !== this.current) about.push(`stream ${f.stream.id}`);
    if (!own && f.message !== null && f.message.index > 0) about.push(`about #${f.message.index}`);
    if (!own && f.packet > 0) about.push(`at packet ${f.packet}`);
    const what = `${indent}${paint(`${SEVERITY_MARK[f.severity]} ${f.severity}`)} ${paint(f.rule.id)}`;
    this.wrapped(what, ` ${about.join(' ')}`, `${indent}    `);
    this.wrapped(`${indent}  `, printable(f.text), `${indent}    `);
    const bytes = byteWords(f);
    const related = f.related.filter((m) => m.index > 0).map((m) => `#${m.index}`);
    const place = [bytes, related.length > 0 ? `with ${related.join(' ')}` : ''].filter((w) => w !== '').join('   ');
    const page = this.options.pageOf === false ? '' : `see: wirelint explain ${f.rule.id}`;
    const lines = (...given: readonly string[]): string[] => {
      const more = given.filter((w) => w !== '');
      // a command that may be copied should be on one line
      const fit = indent.length + 2 + more.join('   ').length <= this.width;
      return (fit && more.length > 0 ? [more.join('   ')] : more).flatMap((words) =>
        hangingLines(`${indent}  `, words, `${indent}    `, this.width, this.t.dim),
      );
    };
    this.once(
      `rule ${f.rule.id}`,
      () => lines(place, page),
      () => (this.options.verbose ? lines(place, page) : lines(place)),
    );
  }

  private endWords(s: StreamRecord): string {
    const hidden = this.options.leftOut?.of(s) ?? 0;
    return hidden === 0 ? endWords(s) : `${endWords(s)}; ${count(hidden, 'message')} not shown`;
  }

  /** Prints a line that begins with `start` (which may be coloured). Further lines, on a narrow terminal, begin with `hanging`. */
  private wrapped(start: string, text: string, hanging: string, paint?: Paint): void {
    for (const line of hangingLines(start, text, hanging, this.width, paint)) this.line(line);
  }

  /** Each stream has its colour, so that interleaved streams can be told apart. */
  private streamColor(stream: StreamRecord): Paint {
    return this.t.streams[stream.id % this.t.streams.length]!;
  }

  private unknown(s: StreamRecord): void {
    const { bytes, connection } = s;
    this.line('');
    const start = connection.start === 'missed' ? ', joined late' : '';
    const size =
      bytes[0] + bytes[1] === 0
        ? 'no data'
        : `${s.relative === null ? 'unknown protocol' : s.relative.split(';', 1)[0]!}, ${byteSize(bytes[CLIENT])} there, ${byteSize(bytes[SERVER])} back`;
    this.wrapped(
      this.streamColor(s)(`stream ${s.id}`),
      `   ${streamWords(s)}   ${size}, ${s.end}${start}${detailWords(s)}`,
      '  ',
    );
    for (const side of [CLIENT, SERVER] as const) {
      const first = s.firstBytes?.[side] ?? new Uint8Array(0);
      for (let at = 0; at < first.length; at += 16) {
        const to = Math.min(at + 16, first.length);
        const arrow = at > 0 ? '  ' : side === CLIENT ? '->' : '<-';
        this.line(
          `  ${sideColor(this.t, side)(`${arrow} ${hexRow(first, at, to).padEnd(50)}|${asciiRow(first, at, to)}|`)}`,
        );
      }
    }
  }

  private nameOf(file: string): string {
    return this.options.nameOf?.(file) ?? file;
  }

  /** Prints lines that are different the first time that `key` occurs. */
  private once(key: string, first: () => readonly string[], again: () => readonly string[]): void {
    const isFirst = !this.said.has(key);
    this.said.add(key);
    const { elsewhere } = this.options;
    if (!isFirst || elsewhere === undefined) for (const line of (isFirst ? first : again)()) this.line(line);
    else elsewhere(key, textOf(first()), textOf(again()));
  }

  private line(text: string): void {
    this.to.bytes.text(text);
    this.endLine();
  }

  private endLine(): void {
    this.lines++;
    this.to.bytes.byte(NEWLINE);
    this.to.wrote();
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
