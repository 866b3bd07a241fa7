import { Origin } from '../base/origin.js';
import { isTlsRecord, MAX_BODY, RECORD_HEADER } from './constants.js';

/** A record as it was sent: `bytes[start..end)`, header included; valid during the call. */
export interface RawRecord {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Stream offset of its first byte. */
  readonly offset: number;
  /** Packet and time of its last byte, and `peerSeen` of its first one. */
  readonly origin: Origin;
}

export interface RecordTaker {
  record(record: RawRecord): void;
  /** Called while records are searched for behind a gap: returns whether these bytes are a record, and takes it if so. */
  found(record: RawRecord): boolean;
  /** Stream bytes that belong to no whole record. */
  leftover(offset: number, length: number): void;
  /** `length` bytes (Infinity: an unknown number) were not captured, so that the records that they belong to are lost. */
  cut(length: number, origin: Origin): void;
  /** The bytes at `offset` are no record, and none was lost before them: nothing further is read. */
  notTls(offset: number, first: Uint8Array, origin: Origin): void;
}

const FIRST_BYTES = 16;

/** Splits the bytes of one direction into TLS records, and searches for the next record behind a gap. */
export class RecordReader {
  private readonly taker: RecordTaker;
  /** The beginning of a record whose rest is still to come; behind a gap, the bytes that are searched. */
  private buffer = new Uint8Array(512);
  private filled = 0;
  /** Stream offset of the next byte that will come. */
  offset: number;
  /** Captured bytes of a cut record still to come. */
  private rest = 0;
  private seeking = false;
  private stopped = false;
  private readonly origin = new Origin();
  private peerSeen = -1;

  /** `seeking`: whether to begin with a search, as the first byte need not be the first of a record. */
  constructor(taker: RecordTaker, offset: number, seeking = false) {
    this.taker = taker;
    this.offset = offset;
    this.seeking = seeking;
  }

  /** Stream offset up to which bytes were taken: the end of the last whole record. */
  get taken(): number {
    return this.offset - this.filled;
  }

  /** Whether nothing further is read: the bytes are no records. */
  get isLost(): boolean {
    return this.stopped;
  }

  feed(bytes: Uint8Array, start: number, end: number, origin: Origin): void {
    let pos = start;
    while (pos < end) {
      if (this.stopped) {
        this.taker.leftover(this.offset, end - pos);
        this.offset += end - pos;
        return;
      }
      if (this.rest > 0) {
        const n = Math.min(this.rest, end - pos);
        this.taker.leftover(this.offset, n);
        this.rest -= n;
        pos += n;
        this.offset += n;
      } else if (this.seeking) {
        this.keep(bytes, pos, end, origin);
        this.offset += end - pos;
        this.search();
        return;
      } else if (this.filled === 0 && end - pos >= RECORD_HEADER) {
        if (!isTlsRecord(bytes, pos)) {
          this.refuse(bytes, pos, end, origin);
          continue;
        }
        const length = RECORD_HEADER + bytes[pos + 3]! * 256 + bytes[pos + 4]!;
        if (end - pos < length) {
          this.keep(bytes, pos, end, origin);
          this.offset += end - pos;
          return;
        }
        this.origin.copyFrom(origin);
        this.taker.record({ bytes, start: pos, end: pos + length, offset: this.offset, origin: this.origin });
        pos += length;
        this.offset += length;
      } else {
        const want = this.filled < RECORD_HEADER ? RECORD_HEADER : this.wholeLength();
        const n = Math.min(want - this.filled, end - pos);
        this.keep(bytes, pos, pos + n, origin);
        pos += n;
        this.offset += n;
        this.complete();
      }
    }
  }

  /** The next `length` bytes are not in the capture; 0: an unknown number, which offsets do not count. */
  gap(length: number, origin: Origin): void {
    if (this.stopped) {
      this.offset += length;
      return;
    }
    const left = this.seeking || this.filled < RECORD_HEADER ? 0 : this.wholeLength() - this.filled;
    const inRecord = this.rest > 0 ? this.rest : left;
    this.drop();
    this.offset += length;
    // after a gap within one record, or up to its end, it is known where the next record begins
    if (length > 0 && length <= inRecord) this.rest = inRecord - length;
    else {
      this.rest = 0;
      this.seeking = true;
    }
    this.taker.cut(length === 0 ? Infinity : length, origin);
  }

  /** Nothing more will come. */
  end(): void {
    this.drop();
  }

  private wholeLength(): number {
    return RECORD_HEADER + this.buffer[3]! * 256 + this.buffer[4]!;
  }

  private drop(): void {
    if (this.filled > 0) this.taker.leftover(this.offset - this.filled, this.filled);
    this.filled = 0;
  }

  private keep(bytes: Uint8Array, start: number, end: number, origin: Origin): void {
    const total = this.filled + end - start;
    if (total > this.buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.buffer.length, total));
      grown.set(this.buffer.subarray(0, this.filled));
      this.buffer = grown;
    }
    this.buffer.set(bytes.subarray(start, end), this.filled);
    if (this.filled === 0) this.peerSeen = origin.peerSeen;
    this.filled = total;
    this.origin.copyFrom(origin);
    this.origin.peerSeen = this.peerSeen;
  }

  private complete(): void {
    const { buffer, filled } = this;
    if (filled < RECORD_HEADER) return;
    if (!isTlsRecord(buffer, 0)) {
      this.filled = 0;
      this.offset -= filled;
      this.refuse(buffer, 0, filled, this.origin);
      this.taker.leftover(this.offset, filled);
      this.offset += filled;
      return;
    }
    if (filled < this.wholeLength()) return;
    this.filled = 0;
    this.taker.record({ bytes: buffer, start: 0, end: filled, offset: this.offset - filled, origin: this.origin });
    // a search can make the buffer larger than records need: then a small one takes its place
    if (buffer.length > 2 * MAX_BODY) this.buffer = new Uint8Array(512);
  }

  private refuse(bytes: Uint8Array, start: number, end: number, origin: Origin): void {
    this.stopped = true;
    this.taker.notTls(this.offset, bytes.slice(start, Math.min(end, start + FIRST_BYTES)), origin);
  }

  /** Searches the buffer for a record that can be opened. */
  private search(): void {
    let at = 0;
    const base = this.offset - this.filled;
    while (this.seeking && at + RECORD_HEADER <= this.filled) {
      if (!isTlsRecord(this.buffer, at)) {
        at++;
        continue;
      }
      const end = at + RECORD_HEADER + this.buffer[at + 3]! * 256 + this.buffer[at + 4]!;
      if (end > this.filled) break;
      const record = { bytes: this.buffer, start: at, end, offset: base + at, origin: this.origin };
      if (!this.taker.found(record)) {
        at++;
        continue;
      }
      if (at > 0) this.taker.leftover(base, at);
      this.seeking = false;
      const left = this.buffer.slice(end, this.filled);
      const origin = this.origin.clone();
      this.filled = 0;
      this.offset = base + end;
      if (left.length > 0) this.feed(left, 0, left.length, origin);
      return;
    }
    if (at > 0) {
      this.taker.leftover(base, at);
      this.buffer.copyWithin(0, at, this.filled);
      this.filled -= at;
    }
  }
}
