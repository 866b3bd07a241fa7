import type { Limits } from '../base/limits.js';
import type { PacketSink } from './packet.js';

export interface CaptureOptions {
  readonly limits?: Readonly<Limits>;
  /** Goes on at the end of a regular file as it grows, until `signal`. */
  readonly follow?: boolean | undefined;
  /** Asked at the end of a file that is followed: whether it is written no more, as its recorder went on to another one. */
  readonly over?: (() => boolean) | undefined;
  /** Ends the capture as if its input had ended there. */
  readonly signal?: AbortSignal | undefined;
  /** All of a small regular file, where it was read already (see joinInputs). */
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
  /** Bytes of the input that were read (compressed as it is), and how many there are (null: unknown, it may grow). */
  progress?(bytesRead: number, totalBytes: number | null): void;
}

/** A capture that can be read once. */
export interface CaptureSource {
  /** The name as given; `-` is standard input. */
  readonly name: string;
  /**
   * Pushes all of it into the sink, in synchronous batches. Rejects with NotACapture, before `sink.info`, where there is nothing
   * to analyze, and with the system's error where the file cannot be read. Where the user stops before the format is known, it
   * resolves without a call of `sink.info`.
   */
  read(sink: PacketSink, hooks?: ReadHooks): Promise<void>;
}
