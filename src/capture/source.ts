import type { Limits } from '../base/limits.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { PacketSink } from './packet.js';
import { readFile } from './regular-file.js';

export interface CaptureOptions {
  readonly limits?: Readonly<Limits>;
  /** Goes on at the end of a regular file as it grows, until `signal`. */
  readonly follow?: boolean;
  /** Ends the capture as if its input had ended. */
  readonly signal?: AbortSignal;
}

export interface ReadHooks {
  /** Called after each batch of packets, for output to be flushed; awaited where it returns a promise. */
  batch?(): void | Promise<void>;
  /** Bytes of the input that were read (compressed as it is), and how many there are (null: a stream). */
  progress?(bytesRead: number, totalBytes: number | null): void;
}

/** A capture that can be read once. */
export interface CaptureSource {
  /** The name as given; `-` is standard input. */
  readonly name: string;
  /**
   * Pushes all of it into the sink, in synchronous batches. Rejects with NotACapture, before `sink.info`, where there is nothing
   * to analyze, and with the system's error where the file cannot be read.
   */
  read(sink: PacketSink, hooks?: ReadHooks): Promise<void>;
}

/** Opens a capture file, or standard input for `-`. Nothing is touched before `read`. */
export function openCapture(path: string, options: CaptureOptions = {}): CaptureSource {
  const limits = options.limits ?? DEFAULT_LIMITS;
  return { name: path, read: (sink, hooks = {}) => readFile(path, { ...options, limits }, sink, hooks) };
}
