import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { StreamRecord } from '../engine/event.js';
import type { RandomFile } from './sparse-file.js';

/** The message of a write or a read. */
export interface Author {
  readonly stream: StreamRecord;
  readonly message: Message;
}

/** The origin of the bytes in a range of the disk. */
export interface Mark {
  readonly by: Author;
  /** The step at which the write was answered; Infinity: not yet, or with an error. 0 for a read. */
  answered: number;
}

interface Known {
  readonly start: number;
  readonly end: number;
  readonly mark: Mark;
}

/** Bytes that were read and differ from those that were written there. */
export interface Conflict {
  /** Disk offset of the first byte that differs. */
  readonly offset: number;
  /** Length of the run that was compared. */
  readonly length: number;
  readonly read: number;
  readonly written: number;
  readonly reader: Author;
  readonly writer: Author;
}

/**
 * A disk as far as sessions show it: bytes that were written, and bytes that were read where nothing was written before. A read that
 * returns other bytes than an earlier write is a conflict if the write had been answered before the read was requested, and no other write
 * to that range was pending.
 */
export class DiskImage {
  private readonly file: RandomFile;
  private readonly limits: Readonly<Limits>;
  private known: Known[] = [];
  readonly conflicts: Conflict[] = [];
  conflictCount = 0;
  written = 0;
  wasRead = 0;
  /** Whether there were more ranges to remember than `diskRanges`. */
  forgot = false;

  constructor(file: RandomFile, limits: Readonly<Limits>) {
    this.file = file;
    this.limits = limits;
  }

  size(length: number): void {
    if (length <= Number.MAX_SAFE_INTEGER && length > this.file.length) this.file.truncate(length);
  }

  /** Writes bytes. The caller sets `answered` of the returned mark when the reply comes. */
  write(offset: number, bytes: Uint8Array, by: Author): Mark {
    this.file.write(offset, bytes);
    this.written += bytes.length;
    return this.know(offset, offset + bytes.length, by, Infinity);
  }

  zero(offset: number, length: number, by: Author): Mark {
    this.fill(offset, length);
    this.written += length;
    return this.know(offset, offset + length, by, Infinity);
  }

  discard(offset: number, length: number): void {
    this.cut(offset, offset + length);
  }

  /** Bytes were read by a request of step `asked`. `bytes` null: a hole of `length` zeros. */
  read(offset: number, bytes: Uint8Array | null, length: number, by: Author, asked: number): void {
    const end = offset + length;
    this.wasRead += length;
    let at = offset;
    const unknown: [number, number][] = [];
    for (const k of this.overlapping(offset, end)) {
      if (k.start > at) unknown.push([at, k.start]);
      const from = Math.max(k.start, offset);
      const to = Math.min(k.end, end);
      if (k.mark.answered < asked)
        this.compare(k, from, bytes?.subarray(from - offset, to - offset) ?? null, to - from, by);
      at = Math.max(at, to);
    }
    if (at < end) unknown.push([at, end]);
    for (const [from, to] of unknown) {
      if (bytes === null) this.fill(from, to - from);
      else this.file.write(from, bytes.subarray(from - offset, to - offset));
      this.know(from, to, by, 0);
    }
  }

  private compare(k: Known, from: number, bytes: Uint8Array | null, length: number, by: Author): void {
    for (let done = 0; done < length; done += PIECE) {
      const n = Math.min(PIECE, length - done);
      const there = this.file.read(from + done, n);
      const read = bytes?.subarray(done, done + n) ?? new Uint8Array(n);
      if (Buffer.compare(there, read) === 0) continue;
      const i = there.findIndex((b, j) => b !== read[j]);
      this.conflictCount++;
      if (this.conflicts.length >= this.limits.findingsPerRule) return;
      this.conflicts.push({
        ...{ offset: from + done + i, length, read: read[i]!, written: there[i]!, reader: by, writer: k.mark.by },
      });
      return;
    }
  }

  private fill(offset: number, length: number): void {
    // bytes beyond the end of the file are a hole, and read as zeros
    const end = Math.min(offset + length, this.file.length);
    for (let at = offset; at < end; at += PIECE) {
      const n = Math.min(PIECE, end - at);
      if (this.file.read(at, n).some((b) => b !== 0)) this.file.write(at, new Uint8Array(n));
    }
  }

  private know(start: number, end: number, by: Author, answered: number): Mark {
    const mark: Mark = { by, answered };
    if (end <= start) return mark;
    this.cut(start, end);
    this.known.splice(this.placeOf(start), 0, { start, end, mark });
    if (this.known.length > this.limits.diskRanges) {
      this.forgot = true;
      this.known = [];
    }
    return mark;
  }

  /** Forgets what is known of a range. */
  private cut(start: number, end: number): void {
    const first = Math.max(0, this.placeOf(start) - 1);
    let last = first;
    const kept: Known[] = [];
    while (last < this.known.length && this.known[last]!.start < end) {
      const k = this.known[last++]!;
      if (k.start < start) kept.push({ ...k, end: Math.min(k.end, start) });
      if (k.end > end) kept.push({ ...k, start: Math.max(k.start, end) });
    }
    if (last > first) this.known.splice(first, last - first, ...kept);
  }

  private overlapping(start: number, end: number): Known[] {
    const out: Known[] = [];
    for (let i = Math.max(0, this.placeOf(start) - 1); i < this.known.length && this.known[i]!.start < end; i++)
      if (this.known[i]!.end > start) out.push(this.known[i]!);
    return out;
  }

  /** Index of the first range that begins at or after `start`. */
  private placeOf(start: number): number {
    let low = 0;
    let high = this.known.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.known[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Bytes that are compared or cleared at once. */
const PIECE = 1 << 20;
