import { Block } from '../base/block.js';
import type { CaptureParser, RecordParser } from './parser.js';

/**
 * Size in bytes of the buffer in which whole records are parsed; it only grows for a record that does not fit. Small enough that what was
 * read is still in the processor's second-level cache when it is parsed.
 */
export const WINDOW_BYTES = 1 << 18;

/**
 * One reused buffer that is filled with the bytes of a capture while a parser takes whole records out of it in place. The
 * incomplete record at its end is moved to the front before more is read.
 */
export class RecordWindow implements CaptureParser {
  private readonly parser: RecordParser;
  private block: Block;
  private start = 0;
  private filled = 0;
  /** File offset of the buffer's first byte. */
  private base: number;
  /** How many bytes are to be skipped before the next record. */
  private skip = 0;

  /** `offset` is the file offset of the first byte that will come. */
  constructor(parser: RecordParser, offset: number, size = WINDOW_BYTES) {
    this.parser = parser;
    this.block = new Block(new Uint8Array(size));
    this.base = offset;
  }

  get done(): boolean {
    return this.parser.done;
  }

  /** The buffer to read into, from `room` to its end. */
  get bytes(): Uint8Array {
    return this.block.bytes;
  }

  /** Makes room, and returns the position from which on the buffer is free: always at least one byte. */
  room(): number {
    const { start, filled } = this;
    if (start > 0) {
      this.block.bytes.copyWithin(0, start, filled);
      this.base += start;
      this.filled = filled - start;
      this.start = 0;
    } else if (filled === this.block.bytes.length) {
      // one record fills the buffer. Its parser has checked its length against a limit, but the buffer only grows as bytes really arrive
      const larger = new Uint8Array(filled * 2);
      larger.set(this.block.bytes);
      this.block = new Block(larger);
    }
    return this.filled;
  }

  /** `count` bytes were put into the buffer at `room`. */
  accept(count: number): void {
    this.filled += count;
    if (this.skip > 0) {
      const step = Math.min(this.skip, this.filled - this.start);
      this.skip -= step;
      this.start += step;
    }
    if (this.filled - this.start < this.parser.need || this.parser.done) return;
    const next = this.parser.parse(this.block, this.start, this.filled, this.base);
    this.start = Math.min(next, this.filled);
    this.skip = next - this.start;
    if (this.start === this.filled) {
      this.base += this.filled;
      this.start = 0;
      this.filled = 0;
    }
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.parser.done;) {
      const room = this.room();
      const step = Math.min(chunk.length - at, this.block.bytes.length - room);
      this.block.bytes.set(at === 0 && step === chunk.length ? chunk : chunk.subarray(at, at + step), room);
      at += step;
      this.accept(step);
    }
  }

  end(stopped: boolean, damaged = false): void {
    this.parser.end(
      this.block.bytes.subarray(this.start, this.filled),
      this.base + this.start,
      this.skip,
      stopped,
      damaged,
    );
  }
}
