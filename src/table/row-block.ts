import type { Slots } from './slots.js';

/** Rows of a block, at most. */
export const BLOCK_ROWS = 4096;

/** A text that is missing: its place among the texts. Of numbers it is NaN. */
export const NONE = 0xffff_ffff;

/** Some rows of a row group as they were gathered: plain data, in memory that may be shared with another thread. */
export interface RowBlock {
  readonly rows: number;
  /** Row by row: see Slot. */
  readonly numbers: Float64Array;
  readonly places: Uint32Array;
  /** Of each column of text, those that were new in the row group: places count through all of them. */
  readonly texts: readonly (readonly string[])[];
  /** Of each column of JSON, the texts in UTF-8, each behind its length: 32 bits, little-endian. */
  readonly pages: readonly Uint8Array[];
  /** Whether the row group ends with it. */
  readonly ends: boolean;
}

/** Memory for the numbers of a block: shared, so that another thread can encode what was gathered in it. */
export class BlockMemory {
  readonly numbers: Float64Array;
  readonly places: Uint32Array;

  constructor({ numbers, places }: Slots) {
    this.numbers = new Float64Array(shared(8 * numbers * BLOCK_ROWS));
    this.places = new Uint32Array(shared(4 * places * BLOCK_ROWS));
  }
}

export function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
