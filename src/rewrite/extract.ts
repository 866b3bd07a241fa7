import { createHash } from 'node:crypto';
import { READ_CONFLICT } from '../base/capture-rules.js';
import { CLIENT, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { byteSize, count, quote } from '../base/text.js';
import type { Content } from '../contract/content.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import type { StreamTap } from '../engine/tap.js';
import type { End, StreamSink } from '../stream/byte-stream.js';
import { DiskImage, type Mark } from './disk-image.js';
import type { RandomFile } from './sparse-file.js';
import { StreamBytes } from './stream-bytes.js';

/** Extracts bytes from a capture. */
export interface Extract extends Reporter {
  readonly tap?: StreamTap;
  /** Lines for people, at the end. */
  report(): string[];
  /** Why there is no result, in one line; null if there is one. */
  problem(): string | null;
  /** Findings that the extraction itself has made. */
  findings?(): Finding[];
}

/** A reporter that ignores all events by default. */
abstract class Quiet implements Reporter {
  /** The first error in writing. The analysis goes on, but nothing more is written. */
  protected failure: string | null = null;

  capture(): void {}
  message(_stream: StreamRecord, _message: Message): void {}
  finding(): void {}
  stream(_stream: StreamRecord): void {}
  summary(): void {}

  protected writing(work: () => void): void {
    if (this.failure !== null) return;
    try {
      work();
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }
}

/**
 * Extracts what one side of one stream sent, at its offsets: plaintext if TLS was decrypted; the captured bytes if the protocol is not
 * known.
 */
export class DirectionExtract extends Quiet implements Extract {
  private readonly file: RandomFile;
  private readonly side: Side;
  private readonly limits: Readonly<Limits>;
  private decoded = false;
  private found = false;
  private end = 0;
  private holes: [number, number][] = [];
  private holeCount = 0;
  private readonly early: { readonly from: End; readonly offset: number; readonly bytes: Uint8Array }[] = [];
  private readonly at: [number, number] = [0, 0];
  private undecodedStream: StreamRecord | null = null;

  constructor(file: RandomFile, side: Side, limits: Readonly<Limits>) {
    super();
    this.file = file;
    this.side = side;
    this.limits = limits;
  }

  /**
   * Bytes of a stream that no protocol claims are taken from the stream layer, for both ends; in the end, those of the wanted side are
   * kept.
   */
  readonly tap: StreamTap = {
    open: (): StreamSink => ({
      bytes: (from, block, start, end) => {
        if (!this.decoded) this.early.push({ from, offset: this.at[from], bytes: block.bytes.slice(start, end) });
        this.at[from] += end - start;
      },
      gap: (from, length) => {
        this.at[from] += length;
      },
      end: () => undefined,
      note: () => undefined,
      close: () => undefined,
    }),
  };

  open(): void {
    this.decoded = true;
    this.found = true;
    this.early.length = 0;
  }

  data(_s: StreamRecord, side: Side, offset: number, bytes: Uint8Array, start: number, end: number): void {
    if (side === this.side) this.put(offset, bytes.subarray(start, end));
  }

  override stream(stream: StreamRecord): void {
    this.found = true;
    if (stream.protocol !== null) return;
    this.undecodedStream = stream;
    const wanted = this.side === CLIENT ? stream.clientEnd : stream.clientEnd === 0 ? 1 : 0;
    for (const piece of this.early) if (piece.from === wanted) this.put(piece.offset, piece.bytes);
    this.early.length = 0;
  }

  report(): string[] {
    const out = [`${count(this.end, 'byte')}${this.holeCount === 0 ? '' : `, ${count(this.holeCount, 'hole')}`}`];
    for (const [start, end] of this.holes)
      out.push(`hole ${start}..${end}: ${count(end - start, 'byte')} not captured`);
    if (this.holeCount > this.holes.length)
      out.push(`and ${count(this.holeCount - this.holes.length, 'more hole')} (listItems)`);
    if (this.undecodedStream !== null) out.push('the stream is of no known protocol: bytes as captured');
    return out;
  }

  problem(): string | null {
    return this.failure ?? (this.found ? null : 'there is no such stream');
  }

  private put(offset: number, bytes: Uint8Array): void {
    this.writing(() => {
      if (offset < this.end) this.file.truncate(offset);
      this.holes = this.holes.filter(([start]) => start < offset);
      if (offset > this.end) {
        this.holeCount++;
        if (this.holes.length < this.limits.listItems) this.holes.push([this.end, offset]);
      }
      this.file.write(offset, bytes);
      this.end = offset + bytes.length;
    });
  }
}

/** A request whose reply may come. `step`: index of the message in the order of the capture. */
interface Asked {
  readonly message: Message;
  readonly step: number;
}

/** Calls `take` with the contents of each message, its bytes and the step of its request. */
abstract class ContentExtract extends Quiet implements Extract {
  protected readonly limits: Readonly<Limits>;
  private readonly bytes = new Map<StreamRecord, readonly [StreamBytes, StreamBytes]>();
  private readonly requests = new Map<StreamRecord, Map<number, Asked>>();
  protected step = 0;
  protected readonly streams = new Set<StreamRecord>();
  private incomplete = 0;
  private tooLong = 0;

  constructor(limits: Readonly<Limits>) {
    super();
    this.limits = limits;
  }

  abstract take(stream: StreamRecord, m: Message, content: Content, bytes: Uint8Array | null, asked: number): void;
  abstract answered(stream: StreamRecord, request: Message, reply: Message): void;
  abstract report(): string[];
  abstract problem(): string | null;

  data(s: StreamRecord, side: Side, offset: number, bytes: Uint8Array, start: number, end: number): void {
    if (s.protocol?.contents === undefined) return;
    let both = this.bytes.get(s);
    if (both === undefined) this.bytes.set(s, (both = [new StreamBytes(), new StreamBytes()]));
    if (both[side].held + end - start > this.limits.contentBytes) {
      this.tooLong++;
      both[side].drop(Infinity);
      return;
    }
    both[side].put(offset, bytes, start, end);
  }

  override message(s: StreamRecord, m: Message): void {
    const { protocol } = s;
    if (protocol?.contents === undefined) return;
    this.step++;
    const own = this.bytes.get(s)?.[m.side];
    let requests = this.requests.get(s);
    if (requests === undefined) this.requests.set(s, (requests = new Map<number, Asked>()));
    const request = m.inReplyTo > 0 ? (requests.get(m.inReplyTo) ?? null) : null;
    const whole = (): Uint8Array => (own?.has(m.offset, m.length) === true ? own.copy(m.offset, m.length) : NOTHING);
    const plain = protocol.plain?.(m, whole) ?? null;
    for (const content of protocol.contents(plain?.message ?? m, NOTHING, request?.message ?? null)) {
      this.streams.add(s);
      let bytes: Uint8Array | null = null;
      if ('at' in content && plain !== null) bytes = plain.bytes.subarray(content.at, content.at + content.length);
      else if ('at' in content) {
        const from = m.offset + content.at;
        if (own?.has(from, content.length) !== true) {
          this.incomplete++;
          continue;
        }
        bytes = own.copy(from, content.length);
      }
      this.writing(() => this.take(s, m, content, bytes, request?.step ?? Infinity));
    }
    own?.drop(m.offset + m.length);
    if (request !== null) {
      if (protocol.outcome?.(m).last !== false) requests.delete(m.inReplyTo);
      this.writing(() => this.answered(s, request.message, m));
    }
    const operation = protocol.operation?.(m) ?? null;
    if (operation !== null && requests.size < this.limits.inFlight)
      requests.set(m.index, { message: m, step: this.step });
  }

  override stream(s: StreamRecord): void {
    this.bytes.delete(s);
    this.requests.delete(s);
  }

  protected gaps(): string[] {
    const out: string[] = [];
    if (this.incomplete > 0) out.push(`${count(this.incomplete, 'message')} with missing bytes left out`);
    if (this.tooLong > 0)
      out.push(`contentBytes: messages of more than ${byteSize(this.limits.contentBytes)} left out`);
    return out;
  }
}

const NOTHING = new Uint8Array(0);

/** Extracts the disk of NBD sessions. */
export class DiskExtract extends ContentExtract {
  private readonly file: RandomFile;
  private readonly disk: DiskImage;
  private readonly marks = new Map<Message, Mark[]>();
  private failed = 0;

  constructor(file: RandomFile, limits: Readonly<Limits>) {
    super(limits);
    this.file = file;
    this.disk = new DiskImage(file, limits);
  }

  take(s: StreamRecord, m: Message, c: Content, bytes: Uint8Array | null, asked: number): void {
    const by = { stream: s, message: m };
    if (c.target !== '') return;
    if (c.kind === 'write') this.mark(m, this.disk.write(c.offset, bytes!, by));
    else if (c.kind === 'zero') this.mark(m, this.disk.zero(c.offset, c.length, by));
    else if (c.kind === 'read') this.disk.read(c.offset, bytes, c.length, by, asked);
    else if (c.kind === 'hole') this.disk.read(c.offset, null, c.length, by, asked);
    else if (c.kind === 'discard') this.disk.discard(c.offset, c.length);
    else if (c.kind === 'size') this.disk.size(c.length);
  }

  answered(s: StreamRecord, request: Message, reply: Message): void {
    const marks = this.marks.get(request);
    if (marks === undefined) return;
    const outcome = s.protocol!.outcome!(reply);
    if (outcome.error !== null) this.failed++;
    if (!outcome.last && outcome.error === null) return;
    if (outcome.error === null) for (const mark of marks) mark.answered = this.step;
    this.marks.delete(request);
  }

  report(): string[] {
    const { disk } = this;
    const out = [
      `${byteSize(this.file.length)}: ${byteSize(disk.written)} written, ${byteSize(disk.wasRead)} read in ${count(this.streams.size, 'stream')}`,
    ];
    if (this.failed > 0) out.push(`${count(this.failed, 'write')} failed: what is there is not known`);
    out.push(...this.gaps());
    if (disk.forgot) out.push('diskRanges: too many places to remember who wrote them; not every read was compared');
    const more = disk.conflictCount - disk.conflicts.length;
    if (more > 0) out.push(`and ${count(more, 'more conflict')} (findingsPerRule)`);
    return out;
  }

  /** Reads that contradict writes. */
  findings(): Finding[] {
    return this.disk.conflicts.map(({ offset, length, read, written, reader, writer }): Finding => {
      const { stream, message } = reader;
      const { side, packet, seconds, nanos } = message;
      const where = writer.stream === stream ? '' : `stream ${writer.stream.id} `;
      const text = `at ${offset} of the disk ${byte(read)} was read where ${where}#${writer.message.index} (packet ${writer.message.packet}) had left ${byte(written)}, the first byte that differs of ${length} compared; no write between them is in the capture`;
      return {
        ...{
          file: stream.file,
          stream,
          rule: READ_CONFLICT,
          severity: READ_CONFLICT.severity,
          party: READ_CONFLICT.party,
        },
        ...{ confidence: 'likely', side, message, related: writer.stream === stream ? [writer.message] : [] },
        ...{ offset: message.offset, length: message.length, packet, seconds, nanos, text },
      };
    });
  }

  problem(): string | null {
    return this.failure ?? (this.streams.size > 0 ? null : 'no message in these streams writes or reads a disk');
  }

  private mark(m: Message, mark: Mark): void {
    const marks = this.marks.get(m);
    if (marks !== undefined) marks.push(mark);
    else if (this.marks.size < this.limits.inFlight) this.marks.set(m, [mark]);
  }
}

function byte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

/** Extracts the objects that clients of Ceph wrote. */
export class ObjectExtract extends ContentExtract {
  private readonly withFile: (name: string, then: (file: RandomFile) => void) => void;
  private readonly names = new Map<string, { readonly file: string; deleted: boolean; length: number }>();
  private failed = 0;

  /** `withFile`: opens a file of the folder by its name for the duration of `then`. */
  constructor(limits: Readonly<Limits>, withFile: (name: string, then: (file: RandomFile) => void) => void) {
    super(limits);
    this.withFile = withFile;
  }

  take(_s: StreamRecord, _m: Message, c: Content, bytes: Uint8Array | null): void {
    if (c.target === '') return;
    let object = this.names.get(c.target);
    if (object === undefined) {
      if (this.names.size >= this.limits.diskRanges) throw new Error('diskRanges: too many objects');
      this.names.set(c.target, (object = { file: safeFileName(c.target), deleted: false, length: 0 }));
      // contents that an earlier run has left are not of this capture
      this.withFile(object.file, (file) => file.truncate(0));
    }
    const { file: name } = object;
    this.withFile(name, (file) => {
      if (c.kind === 'write') file.write(c.offset < 0 ? file.length : c.offset, bytes!);
      else if (c.kind === 'size' || c.kind === 'delete') file.truncate(c.kind === 'size' ? c.length : 0);
      else if (c.kind === 'zero') zeroFile(file, c.offset, c.length);
      object.length = file.length;
    });
    object.deleted = c.kind === 'delete';
  }

  answered(s: StreamRecord, _request: Message, reply: Message): void {
    const error = s.protocol!.outcome?.(reply).error ?? null;
    if (error !== null) this.failed++;
  }

  report(): string[] {
    const out = [count(this.names.size, 'object')];
    for (const [target, { file, deleted, length }] of this.names)
      out.push(
        `${file}  ${count(length, 'byte')}${file === target ? '' : `  ${quote(target)}`}${deleted ? '  deleted' : ''}`,
      );
    if (this.failed > 0)
      out.push(`${count(this.failed, 'operation')} failed; what they would have written is in the files`);
    return [...out, ...this.gaps()];
  }

  problem(): string | null {
    return this.failure ?? (this.names.size > 0 ? null : 'no message in these streams writes an object');
  }
}

function zeroFile(file: RandomFile, offset: number, length: number): void {
  const end = Math.min(offset + length, file.length);
  for (let at = offset; at < end; at += PIECE) file.write(at, new Uint8Array(Math.min(PIECE, end - at)));
}

const PIECE = 1 << 20;
/** Characters of a name that every file system accepts, minus those that make it unique. */
const NAME_CHARACTERS = 180;

/** A file name that cannot leave its folder, is not hidden, and differs from those of other objects. */
export function safeFileName(name: string): string {
  const plain = /^[A-Za-z0-9_][A-Za-z0-9._=+@-]*$/.test(name) && name.length <= NAME_CHARACTERS;
  if (plain) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `_${name.replace(/[^A-Za-z0-9._=+@-]/g, '_').slice(0, NAME_CHARACTERS)}~${digest}`;
}
