import { Block } from '../base/block.js';
import { recordParserFor } from './intake.js';
import type { PacketSink } from './packet.js';
import type { RecordParser } from './parser.js';
import type { ReadHooks, ReadOptions } from './reading.js';
import { sniff, SNIFF_BYTES } from './sniff.js';

/** A file of up to so many bytes is read at once, and parsed in one step. */
export const SMALL_BYTES = SNIFF_BYTES;

/** So many small captures are read without letting signals and the messages of other threads through. */
const CAPTURES_A_TURN = 4;

let turn = 0;
/** What small captures are read into, one after the other: a buffer of its own for each would cost more than reading it. */
let spare: Block | null = null;

/**
 * Reads all of a small capture, which `load` puts at the beginning of a buffer: it gives the number of bytes. Returns false, and has done
 * nothing, where they fill the buffer, or are of a format that is not parsed in place. Throws NotACapture.
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
  // whoever takes the packets may read another capture meanwhile
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

/** Parses what stands in `block.bytes[start..end)`, at these offsets of its file, and behind which nothing comes. `stopped`: as in CaptureParser. */
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
