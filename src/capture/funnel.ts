import type { Limits } from '../base/limits.js';
import { Gunzip } from './gunzip.js';
import { Intake, type Arrival } from './intake.js';
import type { PacketSink } from './packet.js';
import { isGzip } from './sniff.js';
import type { ReadHooks } from './reading.js';

/** Takes the bytes of a capture as they are stored, compressed or not, in chunks. */
export class Funnel {
  private readonly intake: Intake;
  private gunzip: Gunzip | null = null;
  private first: Uint8Array | null = new Uint8Array(0);
  private readonly sink: PacketSink;
  private readonly hooks: ReadHooks;

  constructor(arrival: Arrival, sink: PacketSink, limits: Readonly<Limits>, hooks: ReadHooks) {
    this.sink = sink;
    this.hooks = hooks;
    this.intake = new Intake(arrival, sink, limits);
  }

  get done(): boolean {
    return this.gunzip === null ? this.intake.done : this.gunzip.done;
  }

  /** The next bytes. They may be overwritten when it returns, or when the promise that it returned is settled. */
  push(chunk: Uint8Array): void | Promise<void> {
    if (this.first !== null) {
      chunk = Buffer.concat([this.first, chunk]);
      this.first = chunk;
      if (chunk.length < 2) return;
      this.first = null;
      if (isGzip(chunk)) this.gunzip = new Gunzip(this.intake, this.sink, this.hooks);
    }
    if (this.gunzip !== null) return this.gunzip.push(chunk);
    this.intake.push(chunk);
  }

  async end(stopped: boolean): Promise<void> {
    if (this.first !== null && this.first.length > 0) this.intake.push(this.first);
    if (this.gunzip !== null) await this.gunzip.end(stopped);
    else this.intake.end(stopped);
  }
}
