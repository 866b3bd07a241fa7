import type { Slots } from './slots.js';

/** Most rows of a block. */
export const BLOCK_ROWS = 4096;

/** Stands for a missing text among the places. A missing number is NaN. */
export const NONE = 0xffff_ffff;

/** Some rows of a row group: plain data, in memory that may be shared with another thread. */
export interface RowBlock {
  readonly rows: number;
  /** Row by row; see Slot. */
  readonly numbers: Float64Array;
  readonly places: Uint32Array;
  /** For each text column, the texts that are new in the row group. Places count through all blocks of the group. */
  readonly texts: readonly (readonly string[])[];
  /** For each JSON column, the texts in UTF-8, each after its length (u32, little-endian). */
  readonly pages: readonly Uint8Array[];
  /** Whether it is the last block of the row group. */
  readonly ends: boolean;
}

/** Memory for the numbers of a block. It is shared, so that another thread can encode the block. */
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
