import type { Block } from '../base/block.js';

/** Takes the bytes of a capture in order, in pieces of any size. */
export interface CaptureParser {
  /** The next bytes. The caller may overwrite them when it returns. */
  push(chunk: Uint8Array): void;
  /**
   * There are no more bytes. `stopped`: the input goes on, but the user asked to stop. `damaged`: it ends early, and that is reported
   * already. In both cases an incomplete record at the end is no finding. Throws NotACapture where nothing of a capture was found, unless
   * `stopped`.
   */
  end(stopped: boolean, damaged?: boolean): void;
  /** Whether nothing further can be read of this capture. */
  readonly done: boolean;
}

/** Parses a format made of records, in place, in the buffer of a RecordWindow. */
export interface RecordParser {
  /** How many bytes must be in the buffer before `parse` is called again. */
  readonly need: number;
  readonly done: boolean;
  /**
   * Takes whole records from `block.bytes[start..end)`, and returns the index of the first byte that it did not take. An index beyond
   * `end` asks for the bytes up to there to be skipped. File offset = `base` + index.
   */
  parse(block: Block, start: number, end: number, base: number): number;
  /**
   * The input is over. `bytes`, at file offset `offset`, were not taken; of the bytes that were to be skipped, `unskipped` never came.
   * `stopped` and `damaged`: as in CaptureParser.
   */
  end(bytes: Uint8Array, offset: number, unskipped: number, stopped: boolean, damaged: boolean): void;
}
