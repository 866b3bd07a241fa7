import { createGunzip } from 'node:zlib';
import { MALFORMED, TRUNCATED } from '../base/capture-rules.js';
import { count } from '../base/text.js';
import { NotACapture, type PacketSink } from './packet.js';
import type { CaptureParser } from './parser.js';
import type { ReadHooks } from './reading.js';

/** Bytes of one piece of output: all that a bomb can make appear at once. */
const OUTPUT_BYTES = 64 << 10;
/** Bytes of one piece of input. Where the data turn out to be corrupt, the output of the piece is lost: small ones at first. */
const FIRST_PIECE_BYTES = 1 << 10;
const PIECE_BYTES = 16 << 10;
const FIRST_PIECES_UNTIL = 64 << 10;
/** CRC and length at the end of the file are held back, so that a wrong one does not cost the data before it. */
const TRAILER_BYTES = 8;

/** Decompresses gzip (also of several members) piece by piece into a parser. */
export class Gunzip {
  private readonly stream = createGunzip({ chunkSize: OUTPUT_BYTES });
  private held = new Uint8Array(0);
  private consumed = 0;
  private produced = 0;
  /** What the parser threw. */
  private thrown: unknown = null;
  private error: NodeJS.ErrnoException | null = null;
  private ended = false;
  private wake: () => void = () => undefined;
  /** Output that is being flushed; decompression waits for it, or little input could make much output pile up. */
  private flushing: Promise<void> | null = null;
  private readonly parser: CaptureParser;
  private readonly sink: PacketSink;
  private readonly hooks: ReadHooks;

  constructor(parser: CaptureParser, sink: PacketSink, hooks: ReadHooks) {
    this.parser = parser;
    this.sink = sink;
    this.hooks = hooks;
    this.stream.on('data', (output: Buffer) => this.onOutput(output));
    this.stream.on('error', (error) => {
      this.error = error;
      this.wake();
    });
    // Zero bytes behind the last member (padding of tapes and disk images) end the stream by themselves.
    this.stream.on('end', () => {
      this.ended = true;
      this.wake();
    });
  }

  get done(): boolean {
    return this.parser.done || this.ended || this.error !== null;
  }

  /** The next bytes of the compressed file. They may be overwritten when the promise is settled. */
  async push(chunk: Uint8Array): Promise<void> {
    const bytes = Buffer.concat([this.held, chunk]);
    const ready = Math.max(0, bytes.length - TRAILER_BYTES);
    this.held = bytes.subarray(ready);
    for (let at = 0; at < ready && !this.done;) {
      const piece = Math.min(ready - at, this.consumed < FIRST_PIECES_UNTIL ? FIRST_PIECE_BYTES : PIECE_BYTES);
      await this.write(bytes.subarray(at, at + piece));
      at += piece;
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
    // A record that the damage cuts off is the same finding: the parser need not tell it again.
    this.guard(() => this.parser.end(stopped, error !== null));
    if (error === null || stopped || this.parser.done) return;
    const after = `after ${count(this.produced, 'decompressed byte')}`;
    if (error.code === 'Z_BUF_ERROR')
      this.sink.note({
        rule: TRUNCATED,
        text: `the gzip data end ${after}, before their end mark`,
        offset: this.produced,
        length: 0,
      });
    else
      this.sink.note({
        rule: MALFORMED,
        text: `the gzip data are damaged ${after}: ${error.message}`,
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

  /** Feeds a piece, and waits until all of its output was taken: an error later would make zlib throw it away. */
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

  /** What is found inside is named together with its wrapping. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (e) {
      if (!(e instanceof NotACapture)) throw e;
      const damage = this.error === null ? '' : ` (and its compressed data are cut off or damaged)`;
      const inside = e.message.startsWith('looks like ')
        ? e.message.replace('looks like ', 'looks like gzip-compressed ')
        : `gzip-compressed: ${e.message}`;
      throw new NotACapture(inside + damage);
    }
  }
}
