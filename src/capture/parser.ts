import type { Block } from '../base/block.js';

/** Takes the bytes of a capture in order, in pieces of any size. */
export interface CaptureParser {
  /** The next bytes; they belong to the caller again when it returns. */
  push(chunk: Uint8Array): void;
  /**
   * There are no more. `stopped`: the input goes on, but the user asked to stop. `damaged`: it ends early, and that was found
   * already. In both cases half a record at its end is no finding; what is not even the beginning of a capture is one only
   * where the user did not stop.
   */
  end(stopped: boolean, damaged?: boolean): void;
  /** Nothing further can be read of this capture: reading on is of no use. */
  readonly done: boolean;
}

/** Parses a format made of records, in place, in a window that a RecordWindow keeps filled. */
export interface RecordParser {
  /** Bytes that must be in the window before `parse` is called again. */
  readonly need: number;
  readonly done: boolean;
  /**
   * Takes whole records from `block.bytes[start..end)` and returns the position of the first byte that it did not take. A
   * position beyond `end` asks for those bytes to be skipped. File offset = `base` + position.
   */
  parse(block: Block, start: number, end: number, base: number): number;
  /**
   * The input is over; `bytes`, at file offset `offset`, were not taken, and of the bytes that were to be skipped `unskipped`
   * never came. `stopped` and `damaged` as in CaptureParser.
   */
  end(bytes: Uint8Array, offset: number, unskipped: number, stopped: boolean, damaged: boolean): void;
}
