import type { Limits } from '../base/limits.js';
import type { PacketSink } from './packet.js';

export interface CaptureOptions {
  readonly limits?: Readonly<Limits>;
  /** Whether to wait for more at the end of a regular file, as it may grow, until `signal`. */
  readonly follow?: boolean | undefined;
  /** Called at the end of a file that is followed: whether it will not grow any more, as its recorder has changed to another file. */
  readonly over?: (() => boolean) | undefined;
  /** Ends the capture as if its input had ended there. */
  readonly signal?: AbortSignal | undefined;
  /** The whole content of a small regular file, where it was read already (see joinInputs). */
  readonly content?: Uint8Array | null | undefined;
}

/** The same, with the defaults filled in. */
export interface ReadOptions extends CaptureOptions {
  readonly limits: Readonly<Limits>;
}

export interface ReadHooks {
  /** A regular file is about to be read from its beginning to its end; awaited where it is compressed. */
  regular?(path: string, isCompressed: boolean): void | Promise<void>;
  /** Called after each batch of packets, for output to be flushed; awaited where it returns a promise. */
  batch?(): void | Promise<void>;
  /** How many bytes of the input were read, before decompression, and how many there are; null: unknown, or it may grow. */
  progress?(bytesRead: number, totalBytes: number | null): void;
}

/** A capture that can be read once. */
export interface CaptureSource {
  /** The name as given; `-` is standard input. */
  readonly name: string;
  /**
   * Pushes all of it into the sink, in synchronous batches. Rejects with NotACapture, before `sink.info` is called, if it is no capture, and
   * with the system's error if the file cannot be read. If the user stops before the format is known, it resolves without calling
   * `sink.info`.
   */
  read(sink: PacketSink, hooks?: ReadHooks): Promise<void>;
}
