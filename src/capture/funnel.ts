import type { Limits } from '../base/limits.js';
import { Decompression, gzip, zstd } from './decompression.js';
import { Intake, type Arrival } from './intake.js';
import type { PacketSink } from './packet.js';
import { compressionOf } from './sniff.js';
import type { ReadHooks } from './reading.js';

/** Takes the bytes of a capture file, compressed or not, in chunks, and decompresses them if necessary. */
export class Funnel {
  private readonly intake: Intake;
  private decompression: Decompression | null = null;
  private first: Uint8Array | null = new Uint8Array(0);
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;
  private readonly hooks: ReadHooks;

  constructor(arrival: Arrival, sink: PacketSink, limits: Readonly<Limits>, hooks: ReadHooks) {
    this.sink = sink;
    this.limits = limits;
    this.hooks = hooks;
    this.intake = new Intake(arrival, sink, limits);
  }

  get done(): boolean {
    return this.decompression === null ? this.intake.done : this.decompression.done;
  }

  /** The next bytes. The caller may overwrite them once it has returned, or the promise that it returned is settled. */
  push(chunk: Uint8Array): void | Promise<void> {
    if (this.first !== null) {
      chunk = Buffer.concat([this.first, chunk]);
      this.first = chunk;
      const kind = compressionOf(chunk);
      if (kind === null && chunk.length < 4) return;
      this.first = null;
      if (kind !== null) {
        const compression = kind === 'gzip' ? gzip() : zstd(this.limits.zstdWindowBytes);
        this.decompression = new Decompression(compression, this.intake, this.sink, this.hooks);
      }
    }
    if (this.decompression !== null) return this.decompression.push(chunk);
    this.intake.push(chunk);
  }

  async end(stopped: boolean): Promise<void> {
    if (this.first !== null && this.first.length > 0) this.intake.push(this.first);
    if (this.decompression !== null) await this.decompression.end(stopped);
    else this.intake.end(stopped);
  }
}
