import { LIMIT, RECORDING, TRUNCATED } from '../../base/capture-rules.js';
import type { Limits } from '../../base/limits.js';
import { count } from '../../base/text.js';
import type { CaptureParser } from '../parser.js';
import type { PacketSink } from '../packet.js';
import type { TextFormat } from './text-format.js';
import { firstLines, LineCutter, type Line } from './lines.js';
import { SocketPackets, type Moment } from './socket-packets.js';
import { StraceCalls } from './strace-calls.js';
import { resolutionOf, StraceClock } from './strace-clock.js';
import { readCall, readPrefix, readStatement, type Call } from './strace-line.js';

interface Unfinished {
  readonly entry: string;
  readonly at: Moment;
  readonly key: number;
}

/** Reads what strace prints: one line for each call, of all traced threads. */
class StraceParser implements CaptureParser {
  readonly done = false;
  private readonly lines: LineCutter;
  private readonly clock = new StraceClock();
  private readonly calls: StraceCalls;
  private readonly unfinished = new Map<number, Unfinished>();
  private unfinishedBytes = 0;
  private informed = false;
  private foreign = 0;
  private orphans = 0;
  private cutLine: Line | null = null;
  /** Unfinished calls that were given up, by limit. */
  private readonly dropped = { threads: 0, unfinishedBytes: 0 };
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;

  constructor(sink: PacketSink, limits: Readonly<Limits>) {
    this.sink = sink;
    this.limits = limits;
    this.lines = new LineCutter(limits.lineBytes, (line) => this.line(line));
    this.calls = new StraceCalls(new SocketPackets(sink), limits);
  }

  push(chunk: Uint8Array): void {
    this.lines.push(chunk);
  }

  end(stopped: boolean): void {
    this.lines.end();
    this.inform();
    this.calls.end();
    this.remarks(stopped);
  }

  private line(line: Line): void {
    const { text } = line;
    if (text === '') return;
    const prefix = readPrefix(text);
    const statement = readStatement(text, prefix.at);
    if (statement.kind === 'other') {
      if (!ASIDE.test(text)) this.foreign++;
      return;
    }
    const time = this.clock.take(prefix);
    this.inform();
    if (time.jumpedBack) this.calls.startOver();
    const at: Moment = { line: line.number, seconds: time.seconds, nanos: time.nanos };
    const key = prefix.clock === 'none' ? line.number : time.seconds * 1e6 + time.nanos / 1e3;
    const { tid } = prefix;
    switch (statement.kind) {
      case 'call':
        this.call(readCall(statement.name, text, prefix.at), tid, at, key, line);
        break;
      case 'unfinished': {
        const { entry } = statement;
        this.unfinishedBytes += entry.length - (this.unfinished.get(tid)?.entry.length ?? 0);
        const tooLong = this.unfinishedBytes > this.limits.unfinishedBytes;
        if (tooLong || this.unfinished.size >= this.limits.threads) {
          this.unfinishedBytes -= entry.length;
          this.unfinished.delete(tid);
          this.dropped[tooLong ? 'unfinishedBytes' : 'threads']++;
          break;
        }
        this.unfinished.set(tid, { entry, at, key });
        this.calls.enter(statement.name, entry, tid, key);
        break;
      }
      case 'resumed': {
        const began = this.unfinished.get(tid);
        if (began === undefined || !began.entry.startsWith(`${statement.name}(`)) {
          this.orphans++;
          break;
        }
        this.unfinished.delete(tid);
        this.unfinishedBytes -= began.entry.length;
        const call = readCall(statement.name, began.entry + statement.rest, 0);
        if (call === null) this.unreadable(line);
        else this.calls.returned(call, tid, began.at, began.key, at, key);
        break;
      }
      case 'exit':
        this.calls.exit(tid, at, key);
        break;
      case 'signal':
        break;
    }
    this.calls.advance(key);
  }

  private call(call: Call | null, tid: number, at: Moment, key: number, line: Line): void {
    if (call === null) {
      this.unreadable(line);
      return;
    }
    if (call.duration < 0) {
      this.calls.whole(call, tid, at, key, at, key);
      return;
    }
    const nanos = at.nanos + call.duration;
    const end: Moment = { line: at.line, seconds: at.seconds + Math.floor(nanos / 1e9), nanos: nanos % 1e9 };
    this.calls.whole(call, tid, at, key, end, this.clock.kind === 'none' ? key : end.seconds * 1e6 + end.nanos / 1e3);
  }

  private unreadable(line: Line): void {
    if (line.complete) this.foreign++;
    else this.cutLine = line;
  }

  private inform(): void {
    if (this.informed) return;
    this.informed = true;
    const { kind, digits } = this.clock;
    this.sink.info({
      format: 'strace',
      linkTypes: [],
      resolution: kind === null || kind === 'none' ? 'none' : resolutionOf(digits),
    });
  }

  /** Reports, at the end, what this recording does not show. */
  private remarks(stopped: boolean): void {
    const say = (text: string): void => this.sink.note({ rule: RECORDING, text, offset: 0, length: 0 });
    if (this.cutLine !== null && !stopped) {
      const { offset, length, number } = this.cutLine;
      this.sink.note({ rule: TRUNCATED, text: `the text ends inside line ${number}`, offset, length });
    }
    const { tooLongNote } = this.lines;
    if (tooLongNote !== null) this.sink.note(tooLongNote);
    for (const name of ['threads', 'unfinishedBytes'] as const) {
      const dropped = this.dropped[name];
      if (dropped === 0) continue;
      const why = name === 'threads' ? 'too many at once' : `more than ${this.limits[name]} bytes at once`;
      this.sink.note({
        rule: LIMIT,
        text: `${name}: ${count(dropped, 'unfinished call')} given up, ${why}`,
        offset: 0,
        length: 0,
      });
    }
    for (const text of this.calls.limitsHit()) this.sink.note({ rule: LIMIT, text, offset: 0, length: 0 });
    const { kind } = this.clock;
    if (kind === 'none') say('strace without times: order is that of the lines (record with -ttt)');
    if (kind === 'day')
      say('times of day without a date or a time zone: shown as on 1970-01-01 UTC (record with -ttt)');
    if (kind === 'relative') say('times relative to the line before: shown as since 1970-01-01 (record with -ttt)');
    if (this.clock.backwards > 0)
      say(
        'times jump back: several traces one after the other; the order between the directions of a connection is not known',
      );
    if (this.orphans > 0) say(`${count(this.orphans, 'call')} whose beginning is not in the text: passed over`);
    if (this.foreign > 0) say(`${count(this.foreign, 'line')} that strace did not print whole: passed over`);
    for (const text of this.calls.remarks()) say(text);
  }
}

/** Names of system calls with which a trace usually begins, or that move data or set up sockets. */
const FAMILIAR =
  /^(?:execve|brk|read|write|readv|writev|close|socket|socketpair|connect|accept4?|bind|listen|getsockopt|setsockopt|getsockname|sendto|recvfrom|sendmsg|recvmsg|shutdown|openat|mmap|ppoll|poll|epoll_wait|epoll_pwait|restart_syscall|futex|fcntl|dup|dup2|dup3|clone|clone3)$/;

const RESULT = /\) += (?:-?\d|\?|0x)/;

/** Lines of stack traces (`-k`), and messages of strace itself. */
const ASIDE = /^(?: > |strace: )/;

/** How many lines are looked at to recognize the format. */
const LOOKED_AT = 200;

export const STRACE: TextFormat = {
  title: 'strace output',
  recognise(head, atEnd) {
    const lines = firstLines(head, LOOKED_AT + 1);
    const partial = atEnd || lines.length > LOOKED_AT ? null : lines.pop()!;
    let sure = 0;
    let strange = 0;
    for (const line of lines) {
      if (line.trim() === '') continue;
      const { at, clock } = readPrefix(line);
      const statement = readStatement(line, at);
      const isCall =
        statement.kind === 'call' && (RESULT.test(line) || (clock !== 'none' && FAMILIAR.test(statement.name)));
      if (isCall || statement.kind === 'unfinished' || statement.kind === 'resumed' || statement.kind === 'exit')
        sure++;
      else if (statement.kind !== 'signal' && !ASIDE.test(line)) strange++;
    }
    if (sure > 0) return sure >= strange;
    if (strange > 20 || (atEnd && strange > 0)) return false;
    if (partial === null) return false;
    // there is only the beginning of one line
    const { at } = readPrefix(partial);
    const statement = readStatement(partial, at);
    const could = statement.kind === 'call' && FAMILIAR.test(statement.name);
    if (could && partial.length > 4096) return true;
    return could || partial.length < 64 || strange > 0 ? 'more' : false;
  },
  open: (sink, limits) => new StraceParser(sink, limits),
};
