import { LIMIT } from '../../base/capture-rules.js';
import { count } from '../../base/text.js';
import type { CaptureNote } from '../packet.js';

/** A line of a text recording. */
export interface Line {
  /** The text, one character a byte (latin-1), without its line end. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Byte offset in the file, and length in bytes without the line end. */
  readonly offset: number;
  readonly length: number;
  /** Whether it ends with a line end; false only for the last line of a file that has none at its end. */
  readonly complete: boolean;
}

/** The character in `Line.text` where the middle of a line longer than the limit was left out. */
export const LEFT_OUT = '\0';

/** How many characters are kept from the end of a line that is too long, as the result of a call stands there. */
const TAIL = 256;

/** Splits text into lines. Its memory is bounded by `limit` and a small tail, however long a line is. */
export class LineCutter {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** The last bytes of a line whose first `limit` bytes are held. */
  private tail: Buffer = Buffer.alloc(0);
  private length = 0;
  private number = 0;
  private offset = 0;
  /** Lines that were longer than the limit. */
  private tooLong = 0;

  private readonly limit: number;
  private readonly take: (line: Line) => void;

  constructor(limit: number, take: (line: Line) => void) {
    this.limit = limit;
    this.take = take;
  }

  /** The note about lines that were longer than the limit; null where there were none. */
  get tooLongNote(): CaptureNote | null {
    if (this.tooLong === 0) return null;
    const text = `${count(this.tooLong, 'line')} longer than limit lineBytes (${this.limit}): what stands beyond is a gap`;
    return { rule: LIMIT, text, offset: 0, length: 0 };
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let from = 0;
    for (;;) {
      const to = bytes.indexOf(0x0a, from);
      if (to < 0) break;
      if (this.length === 0 && to - from <= this.limit)
        this.deliver(bytes.toString('latin1', from, to), to - from, true);
      else {
        this.hold(bytes.subarray(from, to));
        this.finish(true);
      }
      from = to + 1;
    }
    if (from < bytes.length) this.hold(bytes.subarray(from));
  }

  /** Delivers the text after the last line end. */
  end(): void {
    if (this.length > 0) this.finish(false);
  }

  private hold(part: Buffer): void {
    this.length += part.length;
    const room = this.limit - this.heldBytes;
    if (room > 0) {
      const first = Buffer.from(part.subarray(0, room));
      this.held.push(first);
      this.heldBytes += first.length;
      // chunks of one line are joined now and then, so that their number stays small
      if (this.held.length > 1024) this.held = [Buffer.concat(this.held)];
    }
    if (part.length > room) {
      const rest = part.subarray(Math.max(room, 0)).subarray(-TAIL);
      this.tail = Buffer.concat([this.tail, rest]).subarray(-TAIL);
    }
  }

  private finish(complete: boolean): void {
    let text = this.held.length === 1 ? this.held[0]!.toString('latin1') : Buffer.concat(this.held).toString('latin1');
    if (this.length > this.limit) {
      this.tooLong++;
      const lost = this.length - this.heldBytes - this.tail.length;
      text += (lost > 0 ? LEFT_OUT : '') + this.tail.toString('latin1');
    }
    const length = this.length;
    this.held = [];
    this.heldBytes = 0;
    this.tail = Buffer.alloc(0);
    this.length = 0;
    this.deliver(text, length, complete);
  }

  private deliver(text: string, length: number, complete: boolean): void {
    const offset = this.offset;
    this.offset += length + (complete ? 1 : 0);
    this.number++;
    const end = text.endsWith('\r') ? text.slice(0, -1) : text;
    this.take({ text: end, number: this.number, offset, length, complete });
  }
}

/** The first lines in the first bytes of a file, at most `most`; the last one may be cut off. */
export function firstLines(head: Uint8Array, most: number): string[] {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  const lines = text.split('\n', most);
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}
