import { LIMIT, RECORDING, TRUNCATED } from '../../base/capture-rules.js';
import type { Limits } from '../../base/limits.js';
import { byteSize, count } from '../../base/text.js';
import type { CaptureParser } from '../parser.js';
import { NotACapture, type PacketSink, type SocketEvent } from '../packet.js';
import type { TextFormat } from './text-format.js';
import { firstLines, LineCutter, type Line } from './lines.js';
import { SocketPackets, type Moment } from './socket-packets.js';

/** `> 2026/11/20 14:55:25.000213718  length=407 from=0 to=406`, also after other text without a line end. */
const HEAD =
  /([<>]) (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{1,9})\s+length=(\d{1,15}) from=(\d{1,15}) to=(\d{1,15})\s*$/;

/** `DATE TIME socat[PID] E ...`: a message of socat's own, which may follow data on the same line. */
const MESSAGE = /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)? socat\[\d+\] /;

interface Block {
  readonly side: 0 | 1;
  readonly length: number;
  /** Offset of its first byte in the direction's stream, as socat counts it. */
  readonly from: number;
  readonly at: Moment;
  readonly offset: number;
  read: number;
  /** Bytes that were read and not emitted yet. */
  parts: Uint8Array[];
  partBytes: number;
  /** Its connection; undefined while nothing of it was emitted; null: it fits no connection for certain. */
  connection: Connection | null | undefined;
}

/** In place of the next offset of a direction of which nothing was seen yet, as the text begins late. */
const LATE = -1;

class Connection {
  readonly key: string;
  /** Offset in each direction's stream that the next block should have. */
  readonly next: [number, number] = [0, 0];
  fresh = true;

  constructor(key: string) {
    this.key = key;
  }
}

function eventOf({ key }: Connection, kind: SocketEvent['kind'], from: 0 | 1): SocketEvent {
  // the text does not tell which of the two addresses listened
  return {
    transport: 'unix',
    connection: key,
    endpoints: ['unix:left', 'unix:right'],
    rolesKnown: false,
    ordered: true,
    kind,
    from,
  };
}

/** A longer block is emitted in pieces of about this many bytes. */
const PIECE_BYTES = 256 << 10;

/** Reads what `socat -x` and `socat -x -v` print: one block for each piece of data that socat forwarded. */
class SocatParser implements CaptureParser {
  readonly done = false;
  private readonly lines: LineCutter;
  private readonly packets: SocketPackets;
  private block: Block | null = null;
  private connections: Connection[] = [];
  private connectionCount = 0;
  private informed = false;
  private realNanos = false;
  private shortBytes = 0;
  private shortBlocks = 0;
  /** The line that proved that several connections were open at once, or 0; and how many blocks fit no connection for certain. */
  private mixedLine = 0;
  private leftOut = 0;
  /** How many connections were forgotten because of the limit socatConnections. */
  private forgotten = 0;
  private lastLine: Line | null = null;
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;

  constructor(sink: PacketSink, limits: Readonly<Limits>) {
    this.sink = sink;
    this.limits = limits;
    this.lines = new LineCutter(limits.lineBytes, (line) => this.line(line));
    this.packets = new SocketPackets(sink);
  }

  push(chunk: Uint8Array): void {
    this.lines.push(chunk);
  }

  end(stopped: boolean): void {
    this.lines.end();
    this.inform();
    const { block, lastLine } = this;
    if (block !== null && block.read < block.length && !stopped) {
      this.sink.note({
        rule: TRUNCATED,
        text: `the text ends inside the block of line ${block.at.line}: ${block.read} of ${count(block.length, 'byte')}`,
        offset: block.offset,
        length: lastLine === null ? 0 : lastLine.offset + lastLine.length - block.offset,
      });
    }
    this.finish(true);
    const say = (text: string): void => this.sink.note({ rule: RECORDING, text, offset: 0, length: 0 });
    say('socat records no start, end or close of a connection, and times without a time zone (shown as UTC)');
    if (this.connectionCount > 1)
      say(
        `${count(this.connectionCount, 'connection')} told apart by their first block alone: those open at the same time would be mixed without a mark`,
      );
    if (this.mixedLine > 0)
      say(
        `line ${this.mixedLine} belongs to an older connection: several were open at once, and nothing says which block is whose`,
      );
    if (this.leftOut > 0) say(`${count(this.leftOut, 'block')} that fit no connection for certain: left out`);
    if (this.shortBlocks > 0)
      say(`${count(this.shortBlocks, 'block')} not shown whole: ${byteSize(this.shortBytes)} are gaps`);
    // only worth a note where blocks were left out: they may belong to a forgotten connection
    if (this.leftOut > 0 && this.forgotten > 0)
      this.sink.note({
        rule: LIMIT,
        text: `socatConnections: more than ${this.limits.socatConnections} connections; blocks that belong to none of the newest may be those of the ${this.forgotten} oldest`,
        offset: 0,
        length: 0,
      });
    const { tooLongNote } = this.lines;
    if (tooLongNote !== null) this.sink.note(tooLongNote);
  }

  private line(line: Line): void {
    this.lastLine = line;
    const { text } = line;
    const head = text.length < 4096 || text.includes('length=') ? HEAD.exec(text.slice(-256)) : null;
    if (head !== null) {
      // data before it on the same line still belong to the block above
      this.dataLine(text.slice(0, text.length - Math.min(text.length, 256) + head.index), line);
      this.finish(false);
      this.begin(head, line);
      return;
    }
    if (text === '--') this.finish(false);
    else this.dataLine(text, line);
  }

  private begin(head: RegExpExecArray, line: Line): void {
    const fraction = head[8]!;
    // nine digits that begin with 000 are microseconds: socat 1.7.4 prints them wider than they are
    if (fraction.length === 9 && !fraction.startsWith('000')) this.realNanos = true;
    const micros = fraction.length === 9 && !this.realNanos;
    const nanos = micros ? Number(fraction) * 1000 : Number(fraction.padEnd(9, '0'));
    const seconds = Date.UTC(+head[2]!, +head[3]! - 1, +head[4]!, +head[5]!, +head[6]!, +head[7]!) / 1000;
    this.block = {
      side: head[1] === '>' ? 0 : 1,
      length: Number(head[9]),
      from: Number(head[10]),
      at: { line: line.number, seconds, nanos },
      offset: line.offset,
      read: 0,
      parts: [],
      partBytes: 0,
      connection: undefined,
    };
  }

  private dataLine(text: string, line: Line): void {
    const { block } = this;
    if (block === null || text === '') return;
    const left = block.length - block.read;
    if (left <= 0) return;
    const message = MESSAGE.exec(text);
    const bytes = hexBytes(message === null ? text : text.slice(0, message.index), left);
    if (bytes.length === 0) {
      if (block.read === 0 && this.connectionCount === 0 && message === null)
        throw new NotACapture(
          `what socat -v prints, at line ${line.number}: text that cannot be turned back into bytes (record with socat -x -v)`,
        );
      return;
    }
    block.parts.push(bytes);
    block.partBytes += bytes.length;
    block.read += bytes.length;
    if (block.read === block.length) this.finish(false);
    else if (block.partBytes >= PIECE_BYTES) this.deliver(block);
  }

  /** The current block is over. */
  private finish(atEnd: boolean): void {
    const { block } = this;
    if (block === null) return;
    this.block = null;
    const connection = this.deliver(block);
    if (connection === null) {
      this.leftOut++;
      return;
    }
    const missing = block.length - block.read;
    if (missing > 0) {
      if (!atEnd) {
        this.shortBlocks++;
        this.shortBytes += missing;
      }
      this.packets.event(block.at, { ...eventOf(connection, 'gap', block.side), length: missing });
    }
    connection.next[block.side] = block.from + block.length;
  }

  /** Emits what was read of a block. Returns its connection. */
  private deliver(block: Block): Connection | null {
    const { side, at } = block;
    if (block.connection === undefined) {
      this.inform();
      const connection = this.connectionOf(block);
      block.connection = connection;
      if (connection !== null) {
        if (connection.fresh && block.from === 0) this.packets.event(at, eventOf(connection, 'open', 0));
        connection.fresh = false;
        const next = connection.next[side];
        const hole = next === LATE ? 0 : block.from - next;
        if (hole > 0) this.packets.event(at, { ...eventOf(connection, 'gap', side), length: hole });
      }
    }
    const { connection, parts } = block;
    if (connection !== null && parts.length > 0)
      this.packets.data(at, eventOf(connection, 'data', side), parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    block.parts = [];
    block.partBytes = 0;
    return connection;
  }

  /** The connection that a block belongs to; null where it fits several, or none. */
  private connectionOf(block: Block): Connection | null {
    const { side, from, at } = block;
    const newest = this.connections.at(-1);
    if (newest === undefined || (from === 0 && newest.next[side] > 0)) {
      const connection = new Connection(`${++this.connectionCount}`);
      // a text that begins late: each direction is followed from its first block on
      if (from > 0) connection.next.fill(LATE);
      this.connections.push(connection);
      if (this.connections.length > this.limits.socatConnections) {
        this.connections.shift();
        this.forgotten++;
      }
      return connection;
    }
    if (newest.next[side] === from || newest.next[side] === LATE) return newest;
    // as long as there is only one connection, missing bytes are a gap in it
    if (this.connections.length === 1) return from > newest.next[side] ? newest : null;
    // an older connection goes on, so several are open at once, and earlier blocks may have been assigned to the wrong one
    if (this.mixedLine === 0) {
      this.mixedLine = at.line;
      for (const connection of this.connections)
        for (const end of [0, 1] as const) this.packets.event(at, { ...eventOf(connection, 'gap', end), length: -1 });
    }
    const fitting = this.connections.filter((c) => c.next[side] === from);
    return fitting.length === 1 ? fitting[0]! : null;
  }

  private inform(): void {
    if (this.informed) return;
    this.informed = true;
    this.sink.info({ format: 'socat', linkTypes: [], resolution: 'us' });
  }
}

/** At most `most` bytes from a line of hex pairs, each with a blank before it; text after two blanks is not read. */
function hexBytes(text: string, most: number): Uint8Array {
  const out = new Uint8Array(Math.min(most, Math.floor(text.length / 3)));
  let n = 0;
  for (let i = 0; n < out.length && i + 2 < text.length; i += 3) {
    if (text[i] !== ' ') break;
    const high = hexDigit(text.charCodeAt(i + 1));
    const low = hexDigit(text.charCodeAt(i + 2));
    if (high < 0 || low < 0) break;
    out[n++] = (high << 4) | low;
  }
  return out.subarray(0, n);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}

export const SOCAT: TextFormat = {
  title: 'socat -x output',
  recognise(head, atEnd) {
    const lines = firstLines(head, 200);
    if (!atEnd && lines.length < 200) lines.pop();
    // socat's own messages may come first
    for (const line of lines) {
      if (HEAD.test(line.slice(-256))) return true;
      if (line !== '' && !MESSAGE.test(line)) return false;
    }
    return atEnd ? false : 'more';
  },
  open: (sink, limits) => new SocatParser(sink, limits),
};
