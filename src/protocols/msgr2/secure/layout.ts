import type { Frame } from '../message.js';
import { MAX_SEGMENTS, PREAMBLE, type Revision } from '../layout.js';

/**
 * How a frame is laid out in secure mode (src/msg/async/frames_v2.cc). Every segment is padded with zeros to 16 bytes. Revision 0
 * seals the whole frame in one GCM operation, revision 1 in one to three: the preamble with 48 bytes of segment 0, the rest of
 * segment 0 if there is any, and the other segments with the epilogue if there are any. A tag of 16 bytes stands behind each.
 *
 * Places inside a frame are those of its plain form: all parts in order, the tags behind them. It is as long as the frame on
 * the wire.
 */
export const BLOCK = 16;
export const GCM_TAG = 16;
export const INLINE = 48;
/** Preamble and inline part, and the same with its tag. */
export const FIRST_PLAIN = PREAMBLE.size + INLINE;
export const FIRST_WIRE = FIRST_PLAIN + GCM_TAG;
/** One status byte, 15 zeros. */
export const EPILOGUE = 16;

export function padded(n: number): number {
  return Math.ceil(n / BLOCK) * BLOCK;
}

/** What a preamble says of its frame's size. */
export interface Sizes {
  readonly count: number;
  readonly lengths: readonly [number, number, number, number];
}

/** Places of a frame's parts in its plain form. */
export class SecureLayout {
  readonly revision: Revision;
  readonly count: number;
  /** Where each segment begins and ends, without its padding; unused ones are empty. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Where the epilogue begins, or -1. */
  readonly epilogue: number;
  /** Bytes without the tags. */
  readonly plain: number;
  /** Where each GCM operation ends in the plain form. */
  readonly operations: readonly number[];
  /** Bytes on the wire. */
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

  /** The place on the wire of a place in the plain form. */
  onWire(at: number): number {
    if (at >= this.plain) return Math.min(at, this.wire);
    let tags = 0;
    for (const end of this.operations) if (at >= end) tags++;
    return at + GCM_TAG * tags;
  }
}

/** The layout of a frame that was decrypted. */
export function layoutOf(frame: Frame): SecureLayout {
  const lengths = [frame.length0, frame.length1, frame.length2, frame.length3] as const;
  return new SecureLayout({ count: frame.count, lengths }, frame.revision);
}

/** Where a range of the plain form begins and ends on the wire. */
export function onWire(frame: Frame, at: number, length: number): readonly [number, number] {
  const layout = layoutOf(frame);
  const from = layout.onWire(at);
  return [from, length === 0 ? from : layout.onWire(at + length - 1) + 1];
}
