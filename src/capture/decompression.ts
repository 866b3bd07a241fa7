import type { Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MALFORMED, TRUNCATED } from '../base/capture-rules.js';
import { count } from '../base/text.js';
import { NotACapture, type PacketSink } from './packet.js';
import type { CaptureParser } from './parser.js';
import type { ReadHooks } from './reading.js';
import { isZstdCut, ZstdBlocks, ZstdStream } from './zstd.js';

/** How to decompress data of one kind. */
export interface Compression {
  readonly name: string;
  readonly stream: Duplex;
  /** How many bytes at the end of the file are held back, so that a wrong checksum there does not cost the data before it. */
  readonly trailerBytes: number;
  /** How many of the bytes from index `at` on to decompress at once; 0: more bytes are needed to know. `consumed`: how many came before. */
  next(bytes: Uint8Array, at: number, consumed: number): number;
  /** Whether the error means only that the data end too early. */
  isCut(error: Error): boolean;
}

/** Largest piece of output, in bytes: a decompression bomb cannot produce more at once. */
const OUTPUT_BYTES = 64 << 10;
/** Sizes of the pieces of input, in bytes. Where the data are corrupt, the output of a piece is lost, so the first pieces are small. */
const FIRST_PIECE_BYTES = 1 << 10;
const PIECE_BYTES = 16 << 10;
const FIRST_PIECES_UNTIL = 64 << 10;

/** gzip (RFC 1952), also of several members. */
export function gzip(): Compression {
  return {
    ...{ name: 'gzip', stream: createGunzip({ chunkSize: OUTPUT_BYTES }) },
    // CRC and length
    trailerBytes: 8,
    next: (bytes, at, consumed) =>
      Math.min(bytes.length - at, consumed < FIRST_PIECES_UNTIL ? FIRST_PIECE_BYTES : PIECE_BYTES),
    isCut: (error: NodeJS.ErrnoException) => error.code === 'Z_BUF_ERROR',
  };
}

/** Zstandard (RFC 8878), also of several frames. `windowBytes`: the largest window that is allocated. */
export function zstd(windowBytes: number): Compression {
  const blocks = new ZstdBlocks(windowBytes);
  return {
    ...{ name: 'zstd', stream: new ZstdStream(), trailerBytes: 0 },
    next: (bytes, at) => blocks.next(bytes, at),
    isCut: isZstdCut,
  };
}

/** Decompresses a capture piece by piece into a parser. */
export class Decompression {
  private held = new Uint8Array(0);
  private consumed = 0;
  private produced = 0;
  /** What the parser, or the sink behind it, threw; else null. */
  private thrown: unknown = null;
  private error: Error | null = null;
  private ended = false;
  private wake: () => void = () => undefined;
  /** Output that is being flushed: decompression waits for it, as little input can make much output pile up. */
  private flushing: Promise<void> | null = null;
  private readonly compression: Compression;
  private readonly stream: Duplex;
  private readonly parser: CaptureParser;
  private readonly sink: PacketSink;
  private readonly hooks: ReadHooks;

  constructor(compression: Compression, parser: CaptureParser, sink: PacketSink, hooks: ReadHooks) {
    this.compression = compression;
    this.stream = compression.stream;
    this.parser = parser;
    this.sink = sink;
    this.hooks = hooks;
    this.stream.on('data', (output: Buffer) => this.onOutput(output));
    this.stream.on('error', (error) => {
      this.error = error;
      this.wake();
    });
    // zero bytes after the last member (padding on tapes and in disk images) end the stream by themselves
    this.stream.on('end', () => {
      this.ended = true;
      this.wake();
    });
  }

  get done(): boolean {
    return this.parser.done || this.ended || this.error !== null;
  }

  /** The next bytes of the compressed file. The caller may overwrite them once the promise is settled. */
  async push(chunk: Uint8Array): Promise<void> {
    const bytes = Buffer.concat([this.held, chunk]);
    const ready = bytes.subarray(0, Math.max(0, bytes.length - this.compression.trailerBytes));
    let at = 0;
    while (at < ready.length && !this.done) {
      const piece = this.pieceAt(ready, at);
      if (piece === 0) break;
      await this.write(ready.subarray(at, at + piece));
      at += piece;
    }
    this.held = bytes.subarray(at);
  }

  /** See Compression.next. Also 0 after an error, which is kept in `error`. */
  private pieceAt(bytes: Uint8Array, at: number): number {
    try {
      return this.compression.next(bytes, at, this.consumed);
    } catch (error) {
      if (this.consumed === 0)
        this.guard(() => {
          throw error;
        });
      this.error = error as Error;
      return 0;
    }
  }

  async end(stopped: boolean): Promise<void> {
    if (!stopped && !this.done) await this.write(this.held);
    if (!stopped && !this.done)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.stream.end();
      });
    await this.flushing;
    this.stream.destroy();
    this.rethrow();
    const { error } = this;
    // the parser must not report a record that is cut off by the damage: that is reported below
    this.guard(() => this.parser.end(stopped, error !== null));
    if (error === null || stopped || this.parser.done) return;
    const { name } = this.compression;
    const after = `after ${count(this.produced, 'decompressed byte')}`;
    if (this.compression.isCut(error))
      this.sink.note({
        rule: TRUNCATED,
        text: `the ${name} data end ${after}, before their end mark`,
        offset: this.produced,
        length: 0,
      });
    else
      this.sink.note({
        rule: MALFORMED,
        text: `the ${name} data are damaged ${after}: ${error.message}`,
        offset: this.produced,
        length: 0,
      });
  }

  private onOutput(output: Buffer): void {
    if (this.thrown !== null || this.parser.done) return;
    this.produced += output.length;
    try {
      this.parser.push(output);
      const flushing = this.hooks.batch?.();
      if (flushing !== undefined) this.waitFor(flushing);
    } catch (e) {
      this.thrown = e;
    }
  }

  private waitFor(flushing: Promise<void>): void {
    this.stream.pause();
    this.flushing = flushing
      .catch((e: unknown) => {
        this.thrown = e;
      })
      .finally(() => {
        this.flushing = null;
        this.stream.resume();
      });
  }

  /** Decompresses a piece, and waits until all of its output was taken: after an error zlib would throw it away. */
  private async write(piece: Uint8Array): Promise<void> {
    this.consumed += piece.length;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.stream.write(piece, () => resolve());
    });
    while (this.flushing !== null || (this.stream.readableLength > 0 && this.error === null))
      await (this.flushing ?? new Promise((resolve) => setImmediate(resolve)));
    this.rethrow();
  }

  private rethrow(): void {
    const { thrown } = this;
    if (thrown === null) return;
    this.stream.destroy();
    this.guard(() => {
      throw thrown;
    });
  }

  /** Runs `action`, and adds the compression to the text of a NotACapture: it describes what is inside. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (e) {
      if (!(e instanceof NotACapture)) throw e;
      const damage = this.error === null ? '' : ` (and its compressed data are cut off or damaged)`;
      const { name } = this.compression;
      const inside = e.message.startsWith('looks like ')
        ? e.message.replace('looks like ', `looks like ${name}-compressed `)
        : `${name}-compressed: ${e.message}`;
      throw new NotACapture(inside + damage);
    }
  }
}
