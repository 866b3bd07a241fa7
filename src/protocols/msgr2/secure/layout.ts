import type { Frame } from '../message.js';
import { MAX_SEGMENTS, PREAMBLE, type Revision } from '../layout.js';

/**
 * How a frame is laid out in secure mode (src/msg/async/frames_v2.cc). Every segment is padded with zeros to 16 bytes. Revision 0 encrypts
 * the whole frame in one GCM operation, revision 1 in one to three: the preamble with 48 bytes of segment 0, the rest of segment 0 if there
 * is any, and the other segments with the epilogue if there are any. A tag of 16 bytes follows each operation.
 *
 * Offsets inside a frame are those of its plain form: all parts in order, and the tags after them. It is as long as the frame on the wire.
 */
export const BLOCK = 16;
export const GCM_TAG = 16;
export const INLINE = 48;
/** Length of the preamble and the inline part of segment 0 (revision 1's first operation), and the same with the tag. */
export const FIRST_PLAIN = PREAMBLE.size + INLINE;
export const FIRST_WIRE = FIRST_PLAIN + GCM_TAG;
/** One status byte and 15 zeros. */
export const EPILOGUE = 16;

export function padded(n: number): number {
  return Math.ceil(n / BLOCK) * BLOCK;
}

/** The fields of a preamble that determine the frame's size. */
export interface Sizes {
  readonly count: number;
  readonly lengths: readonly [number, number, number, number];
}

/** Offsets of a frame's parts in its plain form. */
export class SecureLayout {
  readonly revision: Revision;
  readonly count: number;
  /** Beginning and end of each segment, without its padding; unused ones are empty. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Beginning of the epilogue, or -1. */
  readonly epilogue: number;
  /** Length without the tags. */
  readonly plain: number;
  /** End of each GCM operation in the plain form. */
  readonly operations: readonly number[];
  /** Length on the wire. */
  readonly wire: number;

  constructor(p: Sizes, revision: Revision) {
    this.revision = revision;
    this.count = p.count;
    const starts: number[] = [];
    const ends: number[] = [];
    let at = PREAMBLE.size;
    for (let i = 0; i < MAX_SEGMENTS; i++) {
      const n = i < p.count ? p.lengths[i]! : 0;
      starts.push(at);
      ends.push(at + n);
      at += padded(n);
      if (i === 0 && revision === 1) at = Math.max(at, FIRST_PLAIN);
    }
    const operations: number[] = [];
    if (revision === 1) {
      operations.push(FIRST_PLAIN);
      if (starts[1]! > FIRST_PLAIN) operations.push(starts[1]!);
    }
    const ended = revision === 0 || p.count > 1;
    this.epilogue = ended ? at : -1;
    this.plain = ended ? at + EPILOGUE : at;
    if (ended) operations.push(this.plain);
    this.starts = starts;
    this.ends = ends;
    this.operations = operations;
    this.wire = this.plain + GCM_TAG * operations.length;
  }

  /** Converts an offset in the plain form to one on the wire. */
  onWire(at: number): number {
    if (at >= this.plain) return Math.min(at, this.wire);
    let tags = 0;
    for (const end of this.operations) if (at >= end) tags++;
    return at + GCM_TAG * tags;
  }
}

/** The layout of a decrypted frame. */
export function layoutOf(frame: Frame): SecureLayout {
  const lengths = [frame.length0, frame.length1, frame.length2, frame.length3] as const;
  return new SecureLayout({ count: frame.count, lengths }, frame.revision);
}

/** Beginning and end on the wire of a range of the plain form. */
export function onWire(frame: Frame, at: number, length: number): readonly [number, number] {
  const layout = layoutOf(frame);
  const from = layout.onWire(at);
  return [from, length === 0 ? from : layout.onWire(at + length - 1) + 1];
}
