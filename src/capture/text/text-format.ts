import type { Limits } from '../../base/limits.js';
import type { CaptureParser } from '../parser.js';
import type { PacketSink } from '../packet.js';

/** A text recording of socket calls that wirelint can read. */
export interface TextFormat {
  /** What it is, for people: `strace output`. */
  readonly title: string;
  /** Whether the first bytes look like this format; `more`: too few are there to tell (never with `atEnd`). Must not throw. */
  recognise(head: Uint8Array, atEnd: boolean): boolean | 'more';
  /** Makes a parser that gives the sink its info before the first packet. It may throw NotACapture until then. */
  open(sink: PacketSink, limits: Readonly<Limits>): CaptureParser;
}
