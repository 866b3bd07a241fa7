import type { FrameReader } from '../decoder/frame-reader.js';
import { DataFrame, type Frame } from '../message.js';
import type { SecureLayout } from './layout.js';
import { GCM_TAG } from './layout.js';

/** First size of the buffer for the held part of a frame. It grows as bytes come, never because of an announced length. */
const HELD_FIRST = 4096;
/** Bytes at the beginning of the data that are held, since they may hold an operation's class and method names. */
const NAMES = 512;

/**
 * The plain form of one frame while it is decrypted. Segment 0 and the front, or all of a compressed frame, are held; padding and epilogue
 * are only checked as they pass.
 */
export class PlainFrame {
  private readonly frame: Frame;
  private readonly layout: SecureLayout;
  private held: Uint8Array;
  private readonly holds: number;
  /** How many bytes of the plain form were decrypted so far. */
  opened = 0;
  private tags = 0;
  /** Status byte of the epilogue, or -1. */
  late = -1;
  /** Offset and value of the first byte of padding that is not zero; -1 if there is none. */
  dirtyAt = -1;
  dirty = 0;

  constructor(frame: Frame, layout: SecureLayout, limit: number) {
    this.frame = frame;
    this.layout = layout;
    const named =
      layout.count > 3 && layout.starts[3]! + NAMES <= limit ? Math.min(layout.ends[3]!, layout.starts[3]! + NAMES) : 0;
    const wanted = frame.compressed || layout.ends[1]! > limit ? layout.plain : Math.max(layout.ends[1]!, named);
    this.holds = wanted <= limit ? wanted : layout.ends[1]! <= limit ? layout.ends[1]! : layout.ends[0]!;
    if (this.holds > limit) this.holds = 0;
    this.held = new Uint8Array(Math.min(this.holds, HELD_FIRST));
  }

  /** Adds the next bytes of the plain form, without tags. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const n = end - start;
    const from = this.opened;
    this.opened += n;
    const head = this.frame.head;
    if (head !== null && from < head.length) {
      head.set(bytes.subarray(start, start + Math.min(n, head.length - from)), from);
    }
    if (from < this.holds) this.hold(bytes, start, Math.min(n, this.holds - from), from);
    this.look(bytes, start, from, this.opened);
  }

  private hold(bytes: Uint8Array, start: number, n: number, at: number): void {
    if (at + n > this.held.length) {
      const larger = new Uint8Array(Math.min(this.holds, Math.max(at + n, 2 * this.held.length)));
      larger.set(this.held.subarray(0, at));
      this.held = larger;
    }
    this.held.set(bytes.subarray(start, start + n), at);
  }

  /** Checks padding and epilogue. `bytes[start]` is byte `from` of the plain form. */
  private look(bytes: Uint8Array, start: number, from: number, to: number): void {
    const { starts, ends, epilogue, plain } = this.layout;
    for (let i = 0; i < 4; i++) {
      const next = i < 3 ? starts[i + 1]! : epilogue >= 0 ? epilogue : plain;
      this.zeros(bytes, start - from, Math.max(from, ends[i]!), Math.min(to, next));
    }
    if (epilogue < 0 || to <= epilogue) return;
    if (from <= epilogue) this.late = bytes[start - from + epilogue]!;
    this.zeros(bytes, start - from, Math.max(from, epilogue + 1), Math.min(to, plain));
  }

  private zeros(bytes: Uint8Array, shift: number, from: number, to: number): void {
    if (this.dirtyAt >= 0) return;
    for (let at = from; at < to; at++) {
      if (bytes[shift + at] === 0) continue;
      this.dirtyAt = at;
      this.dirty = bytes[shift + at]!;
      return;
    }
  }

  /** Adds a GCM tag. The plain form has the tags at its end. */
  tag(bytes: Uint8Array, start: number): void {
    const head = this.frame.head;
    const at = this.layout.plain + GCM_TAG * this.tags++;
    if (head !== null && at + GCM_TAG <= head.length) head.set(bytes.subarray(start, start + GCM_TAG), at);
  }

  /** Passes segment 0 and the front to the reader, if they are held and not compressed; of a damaged frame only segment 0. */
  deliver(reader: FrameReader): void {
    const { frame, held } = this;
    const { starts, ends, count } = this.layout;
    const have = Math.min(this.opened, held.length);
    if (frame.compressed) return;
    if (this.holds === 0) {
      frame.damaged = true;
      return;
    }
    if (have < ends[0]!) return;
    reader.segment0(
      frame,
      held,
      new DataView(held.buffer, held.byteOffset, held.byteLength),
      starts[0]!,
      ends[0]!,
      starts[0]!,
    );
    if (!frame.damaged && count > 1 && ends[1]! > starts[1]! && have >= ends[1]! && frame instanceof DataFrame) {
      reader.front(frame, held, starts[1]!, ends[1]!, starts[1]!);
      const names = reader.wantNames(frame);
      if (names > 0 && have >= starts[3]! + names) frame.data!.set(held.subarray(starts[3], starts[3]! + names));
    }
  }

  /** All segments without their padding, one after another; null if they are not all held. */
  segments(layout: SecureLayout): Uint8Array | null {
    const last = layout.ends[layout.count - 1]!;
    if (this.held.length < last || this.opened < last) return null;
    const parts: Uint8Array[] = [];
    for (let i = 0; i < layout.count; i++) parts.push(this.held.subarray(layout.starts[i], layout.ends[i]));
    return Buffer.concat(parts);
  }
}
