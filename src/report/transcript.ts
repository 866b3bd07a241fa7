import { basename } from 'node:path';
import { CLIENT, otherSide, SERVER, type Side } from '../base/input.js';
import { rightAligned } from '../base/digits.js';
import { byteSize, count } from '../base/text.js';
import { duration, relativeSeconds } from '../base/time.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { asciiRow, hexDump, hexRow } from './hex-dump.js';
import { SEVERITY_MARK, sideColor, theme, type Theme } from './theme.js';
import { byteWords, captureWords, findingCounts, printable, streamWords } from './words.js';

export interface TranscriptOptions {
  readonly colors: boolean;
  /** `-v`: more fields, and how each message was decoded. */
  readonly verbose: boolean;
  /** `-x`: the annotated bytes under each message. */
  readonly hex: boolean;
  /** What an input is called; its name as given, where absent. */
  readonly nameOf?: (file: string) => string;
  /** false: findings do not say how to read about their rule. */
  readonly pageOf?: boolean;
  /** Is told the number of the line, from 1, that a finding begins on. */
  readonly located?: (finding: Finding, line: number) => void;
}

const NAME_WIDTH = 28;
/** Blanks before a finding, and before the bytes of a message: below the message's name. */
const INDENT = ' '.repeat(30);
const DUMP_INDENT = ' '.repeat(8);
/** Names of messages that are remembered as they are printed. */
const MAX_NAMES = 1024;
const COLUMNS = `${'#'.padStart(5)} ${'packet'.padStart(7)} ${'time'.padStart(12)}`;

/** The annotated transcript: a line a message, what is wrong in place under it. It depends on the capture alone. */
export class Transcript implements Reporter {
  private readonly add: (text: string) => void;
  private readonly flushed: (() => void) | undefined;
  private readonly options: TranscriptOptions;
  private readonly t: Theme;
  private startSeconds: number | null = null;
  private startNanos = 0;
  /** The stream whose lines are being printed; another one gets a heading first. */
  private current: StreamRecord | null = null;
  private lastMessage: Message | null = null;
  private readonly explained = new Set<string>();
  private captures = 0;
  private lines = 0;
  private readonly names = new Map<string, string>();
  private readonly opened = new Set<StreamRecord>();

  constructor(add: (text: string) => void, options: TranscriptOptions, flush?: () => void) {
    this.add = add;
    this.flushed = flush;
    this.options = options;
    this.t = theme(options.colors);
  }

  capture(file: string, info: CaptureInfo): void {
    if (this.captures++ > 0) this.line('');
    this.current = null;
    this.startSeconds = null;
    this.line(`${this.t.title(printable(this.nameOf(file)))}   ${captureWords(info)}`);
  }

  part(_file: string, path: string, firstPacket: number): void {
    if (firstPacket === 1) return;
    this.line(this.t.dim(`-- ${printable(basename(path))}, from packet ${firstPacket} on`));
  }

  begin(_file: string, seconds: number, nanos: number): void {
    this.startSeconds = seconds;
    this.startNanos = nanos;
  }

  open(stream: StreamRecord): void {
    this.opened.add(stream);
    this.current = stream;
    this.lastMessage = null;
    const how = [stream.classifiedBy ?? '', stream.connection.start === 'missed' ? 'joined late' : '']
      .filter((w) => w !== '')
      .join(', ');
    this.line('');
    this.line(
      `${this.t.title(`stream ${stream.id}`)}   ${streamWords(stream)}   ${stream.protocol!.name} (${how})${detailWords(stream)}`,
    );
    this.line(this.t.dim(COLUMNS));
  }

  message(stream: StreamRecord, m: Message): void {
    this.turnTo(stream);
    this.lastMessage = m;
    const protocol = stream.protocol!;
    const { verbose, hex } = this.options;
    const arrow = stream.rolesKnown ? (m.side === CLIENT ? '->' : '<-') : m.side === CLIENT ? '>>' : '<<';
    const what = printable(protocol.describe(m, verbose));
    const tail = this.tail(m);
    const name = what === '' && tail === '' ? printable(m.name) : this.padded(m.name);
    const time = this.time(stream, m.seconds, m.nanos);
    const place = `${rightAligned(`${m.index}`, 5)} ${rightAligned(`${m.packet}`, 7)} ${rightAligned(time, 12)}`;
    let line = `${this.t.dim(place)}  ${sideColor(this.t, m.side)(`${arrow} ${name}`)}`;
    if (what !== '') line += `  ${what}`;
    if (tail !== '') line += `  ${this.t.dim(tail)}`;
    this.line(line);
    if (hex && m.head !== null) {
      for (const row of hexDump(m.head, m.length, protocol.annotate(m), { all: verbose }))
        this.line(DUMP_INDENT + this.t.dim(row));
    }
  }

  finding(f: Finding): void {
    if (f.stream !== null && this.opened.has(f.stream)) this.turnTo(f.stream);
    this.options.located?.(f, this.lines + 1);
    const own = f.message !== null && f.message === this.lastMessage;
    const indent = f.stream === null ? '  ' : INDENT;
    const paint = this.t.severity[f.severity];
    const sure = f.confidence === 'certain' ? '' : `, ${f.confidence}`;
    const about = [`(${f.party}${sure})`];
    if (f.stream !== null && !this.opened.has(f.stream)) about.push(`stream ${f.stream.id}`);
    if (!own && f.message !== null && f.message.index > 0) about.push(`about #${f.message.index}`);
    if (!own && f.packet > 0) about.push(`at packet ${f.packet}`);
    this.line(`${indent}${paint(`${SEVERITY_MARK[f.severity]} ${f.severity}`)} ${paint(f.rule.id)} ${about.join(' ')}`);
    this.line(`${indent}  ${printable(f.text)}`);
    const bytes = byteWords(f);
    const related = f.related.filter((m) => m.index > 0).map((m) => `#${m.index}`);
    const first = !this.explained.has(f.rule.id);
    this.explained.add(f.rule.id);
    const more = [
      bytes,
      related.length > 0 ? `with ${related.join(' ')}` : '',
      this.options.pageOf !== false && (first || this.options.verbose) ? `see: wirelint explain ${f.rule.id}` : '',
    ].filter((w) => w !== '');
    if (more.length > 0) this.line(this.t.dim(`${indent}  ${more.join('   ')}`));
  }

  stream(s: StreamRecord): void {
    if (s.protocol === null) {
      this.unknown(s);
    } else {
      const lines = s.session?.describe() ?? [];
      this.line(`${this.t.title(`end of stream ${s.id}`)}: ${endWords(s)}`);
      for (const line of lines) this.line(`  ${printable(line)}`);
    }
    this.opened.delete(s);
    this.current = null;
    this.lastMessage = null;
  }

  endOfFile(): void {
    this.current = null;
  }

  summary(s: Summary): void {
    if (this.captures === 0) return;
    const protocols = Object.keys(s.protocols)
      .sort()
      .map((name) => `${s.protocols[name]} ${name}`);
    const unknown = s.streams - Object.values(s.protocols).reduce((a, b) => a + b, 0);
    if (unknown > 0) protocols.push(`${unknown} unknown`);
    const files = s.files > 1 ? `${count(s.files, 'capture')}, ` : '';
    const kinds = protocols.length > 0 ? ` (${protocols.join(', ')})` : '';
    this.line('');
    this.line(
      `${this.t.title('summary')}: ${files}${count(s.packets, 'packet')}, ${count(s.streams, 'stream')}${kinds}, ${count(s.messages, 'message')}, ${findingCounts(s.findings)}`,
    );
  }

  flush(): void {
    this.flushed?.();
  }

  /** Says which stream the next lines belong to, where that changes. */
  private turnTo(stream: StreamRecord): void {
    if (this.current === stream) return;
    this.current = stream;
    this.lastMessage = null;
    this.line(this.t.dim(`-- stream ${stream.id}   ${streamWords(stream)}   ${stream.protocol?.name ?? 'unknown'}`));
  }

  private time(stream: StreamRecord, seconds: number, nanos: number): string {
    if (this.startSeconds === null) return relativeSeconds(stream.firstSeconds, stream.firstNanos, seconds, nanos);
    return relativeSeconds(this.startSeconds, this.startNanos, seconds, nanos);
  }

  private padded(name: string): string {
    let padded = this.names.get(name);
    if (padded === undefined) {
      padded = printable(name).padEnd(NAME_WIDTH);
      if (this.names.size < MAX_NAMES) this.names.set(name, padded);
    }
    return padded;
  }

  /** The link to the request, and what is special about how this message was captured and decoded. */
  private tail(m: Message): string {
    let out = '';
    if (m.inReplyTo > 0) out = m.latency >= 0 ? `re #${m.inReplyTo}  +${duration(m.latency)}` : `re #${m.inReplyTo}`;
    if (m.complete && !this.options.verbose) return out;
    const special: string[] = [];
    const lost = m.missing - m.unsent;
    const of = `of ${count(m.length, 'byte')}`;
    if (m.unsent > 0) special.push(`unfinished: ${m.unsent} ${of} never sent`);
    if (lost > 0) special.push(`cut: ${lost} ${of} not captured`);
    if (!m.complete && special.length === 0) special.push('cut');
    if (this.options.verbose) {
      special.push(`${count(m.length, 'byte')} at ${m.offset}`);
      if (m.hinted) special.push('decoded with the peer');
      if (m.inferred) special.push('framing inferred');
    }
    if (special.length > 0) out += `${out === '' ? '' : '  '}[${special.join('; ')}]`;
    return out;
  }

  private unknown(s: StreamRecord): void {
    const { bytes, connection } = s;
    this.line('');
    const start = connection.start === 'missed' ? ', joined late' : '';
    const size =
      bytes[0] + bytes[1] === 0
        ? 'no data'
        : `${s.relative === null ? 'unknown protocol' : s.relative.slice(0, s.relative.indexOf(';'))}, ${byteSize(bytes[CLIENT])} there, ${byteSize(bytes[SERVER])} back`;
    this.line(`${this.t.title(`stream ${s.id}`)}   ${streamWords(s)}   ${size}, ${s.end}${start}${detailWords(s)}`);
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

  private line(text: string): void {
    this.lines++;
    this.add(`${text}\n`);
  }
}

/** VLAN and the recorder's comment, where there are any. */
function detailWords(s: StreamRecord): string {
  const { vlan, comment } = s.connection;
  return `${vlan >= 0 ? `   VLAN ${vlan}` : ''}${comment === '' ? '' : `   ${printable(comment)}`}`;
}

/** `closed, 41 messages, 1 error; both directions decoded alone; nothing missing`. */
function endWords(s: StreamRecord): string {
  const words = [`${s.end}, ${count(s.messages, 'message')}, ${findingCounts(s.findings)}`];
  words.push(contextWords(s), missingWords(s));
  for (const reason of ['opaque', 'resynchronised', 'undecoded'] as const) {
    const parts = ([CLIENT, SERVER] as const)
      .filter((side) => s.skipped[side][reason] > 0)
      .map((side) => `${count(s.skipped[side][reason], 'byte')} of the ${sideWord(side)}`);
    if (parts.length > 0) words.push(`${reason === 'resynchronised' ? 'skipped' : reason}: ${parts.join(', ')}`);
  }
  return words.filter((w) => w !== '').join('; ');
}

function contextWords(s: StreamRecord): string {
  const [client, server] = s.contextFree;
  // a side of which nothing was captured was not decoded at all
  const only = s.bytes[CLIENT] === 0 ? SERVER : s.bytes[SERVER] === 0 ? CLIENT : null;
  if (only !== null && s.contextFree[only]) return s.bytes[only] === 0 ? '' : `${sideWord(only)} decoded alone`;
  if (client && server) return 'both directions decoded alone';
  if (!client && !server) return 'both directions decoded with the help of the other';
  const helped: Side = client ? SERVER : CLIENT;
  return `${sideWord(otherSide(helped))} decoded alone, ${sideWord(helped)} with its help`;
}

function missingWords(s: StreamRecord): string {
  const parts = ([CLIENT, SERVER] as const)
    .filter((side) => s.missing[side] > 0)
    .map((side) => `${count(s.missing[side], 'byte')} of the ${sideWord(side)}`);
  return parts.length === 0 ? 'nothing missing' : `missing: ${parts.join(', ')}`;
}

function sideWord(side: Side): string {
  return side === CLIENT ? 'client' : 'server';
}
