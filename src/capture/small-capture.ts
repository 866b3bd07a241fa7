import { Block } from '../base/block.js';
import { recordParserFor } from './intake.js';
import type { PacketSink } from './packet.js';
import type { RecordParser } from './parser.js';
import type { ReadHooks, ReadOptions } from './reading.js';
import { sniff, SNIFF_BYTES } from './sniff.js';

/** A file of up to this many bytes is read at once, and parsed in one step. */
export const SMALL_BYTES = SNIFF_BYTES;

/** After this many small captures, signals and the messages of other threads are let through. */
const CAPTURES_A_TURN = 4;

let turn = 0;
/** The buffer that all small captures are read into, one after the other: allocating one for each would take longer than reading it. */
let spare: Block | null = null;

/**
 * Reads all of a small capture. `load` copies it to the beginning of a buffer and returns the number of bytes. Returns false, without having
 * done anything, if they fill the buffer, or are of a format that is not parsed in place. Throws NotACapture.
 */
export async function readSmallCapture(
  path: string,
  load: (into: Uint8Array) => number,
  options: ReadOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<boolean> {
  const { limits, signal } = options;
  if (signal?.aborted) return true;
  const block = spare ?? new Block(new Uint8Array(SMALL_BYTES + 1));
  // the sink may read another capture in the meantime: that must not use the same buffer
  spare = null;
  let length: number;
  try {
    length = load(block.bytes);
    if (length === block.bytes.length) return false;
    const sniffed = sniff(block.bytes.subarray(0, length), true);
    if (sniffed?.kind !== 'pcap' && sniffed?.kind !== 'pcapng') return false;
    void hooks.regular?.(path, false);
    const { parser, offset } = recordParserFor(sniffed, sink, limits);
    parseAtOnce(parser, block, offset, length, () => signal?.aborted ?? false);
  } finally {
    spare = block;
  }
  await hooks.batch?.();
  hooks.progress?.(length, length);
  turn = (turn + 1) % CAPTURES_A_TURN;
  if (turn === 0) await new Promise((resolve) => setImmediate(resolve));
  return true;
}

/** Parses `block.bytes[start..end)`, the rest of a file whose offsets are these indexes. `stopped`: as in CaptureParser. */
export function parseAtOnce(
  parser: RecordParser,
  block: Block,
  start: number,
  end: number,
  stopped: () => boolean,
): void {
  const next = end - start < parser.need ? start : parser.parse(block, start, end, 0);
  const taken = Math.min(next, end);
  parser.end(block.bytes.subarray(taken, end), taken, next - taken, stopped(), false);
}
