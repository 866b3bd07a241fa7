import { fstatSync, readSync } from 'node:fs';
import { MALFORMED, TRUNCATED } from '../base/capture-rules.js';
import { fileHead } from './file-head.js';
import { Funnel } from './funnel.js';
import { Growth } from './growth.js';
import { parserFor } from './intake.js';
import { PCAP_HEADER_BYTES } from './pcap-header.js';
import type { PacketSink } from './packet.js';
import { WINDOW_BYTES, type RecordWindow } from './record-window.js';
import { sniff, type Sniffed } from './sniff.js';
import type { ReadHooks, ReadOptions } from './reading.js';
import { readSmallCapture, SMALL_BYTES } from './small-capture.js';

/** Bytes that are read at once of a file that is not parsed in place. */
const CHUNK_BYTES = 64 << 10;

/**
 * Bytes of the first batches of a file that does not fit into one window, and how many these are: what is done between batches, such as keeping V8's
 * heap small, is due before thousands of packets have passed.
 */
const SHORT_BATCH_BYTES = 16 << 10;
const SHORT_BATCHES = 2;

/** Bytes after which output and signals are let through. */
const BATCH_BYTES = 1 << 20;

/** Bytes by which a file that is followed is known again: a header, and that of the first packet, which tells when it came. */
const KNOWN_BYTES = 512;

/** Reads a regular file from its beginning; with `follow` also what is appended to it later. */
export async function readRegularFile(
  file: { readonly fd: number; readonly path: string; readonly size: number },
  options: ReadOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<void> {
  if (!options.follow && file.size <= SMALL_BYTES) {
    if (await readSmallCapture(file.path, (into) => readAll(file, into), options, sink, hooks)) return;
  }
  const growth = options.follow ? new Growth(file.path, options.signal) : null;
  try {
    await new RegularFile(file, growth, options, sink, hooks).read();
  } finally {
    growth?.close();
  }
}

/** Reads a file from its beginning; where it has another size than it had, to its end, or until there is no more room. */
function readAll({ fd, size }: { readonly fd: number; readonly size: number }, into: Uint8Array): number {
  for (let length = 0; ;) {
    const count = readSync(fd, into, length, into.length - length, length);
    length += count;
    if (length === size || count === 0 || length === into.length) return length;
  }
}

class RegularFile {
  private position = 0;
  private shrunk = false;
  /** Its recorder began it anew: what comes now is another file. */
  private replaced = false;
  /** Its first bytes, of those that were read, up to KNOWN_BYTES. */
  private known: Uint8Array = new Uint8Array(0);
  private readonly fd: number;
  private readonly path: string;
  private readonly growth: Growth | null;
  private readonly options: ReadOptions;
  private readonly sink: PacketSink;
  private readonly hooks: ReadHooks;

  constructor(
    { fd, path }: { readonly fd: number; readonly path: string },
    growth: Growth | null,
    options: ReadOptions,
    sink: PacketSink,
    hooks: ReadHooks,
  ) {
    this.fd = fd;
    this.path = path;
    this.growth = growth;
    this.options = options;
    this.sink = sink;
    this.hooks = hooks;
  }

  async read(): Promise<void> {
    const sniffed = await this.sniff();
    if (sniffed === null) return;
    if (this.growth === null) await this.hooks.regular?.(this.path, sniffed.kind === 'gzip' || sniffed.kind === 'zstd');
    if (sniffed.kind === 'pcap' || sniffed.kind === 'pcapng') {
      // a file that is not large needs no big window: over many files, clearing the memory would cost more than reading them
      const small = this.growth === null ? Math.min(WINDOW_BYTES, fstatSync(this.fd).size + 1) : WINDOW_BYTES;
      const { parser, offset } = parserFor(sniffed, 'blocks', this.sink, this.options.limits, small);
      this.position = offset;
      await this.readInPlace(parser as RecordWindow);
    } else await this.readChunks();
    // of a recorder that goes from file to file, and writes the oldest over, that is what became shorter as well
    if (this.replaced || (this.shrunk && this.options.over !== undefined))
      this.sink.note({
        rule: TRUNCATED,
        text: 'the file was written over before all of it was read; what it held beyond is lost',
        offset: this.position,
        length: 0,
      });
    else if (this.shrunk)
      this.sink.note({
        rule: MALFORMED,
        text: 'the file became shorter while it was read',
        offset: this.position,
        length: 0,
      });
  }

  private get stopped(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  private isOver(): boolean {
    return this.options.over?.() ?? false;
  }

  /** Finds the format without taking bytes; waits for them where the file may grow. null: the user stopped before that. */
  private async sniff(): Promise<Sniffed | null> {
    while (!this.stopped) {
      const head = fileHead(this.fd);
      const sniffed = sniff(head, this.growth === null);
      if (sniffed !== null) this.known = head.slice(0, sniffed.kind === 'pcap' ? PCAP_HEADER_BYTES : 0);
      if (sniffed !== null || this.isOver()) return sniffed;
      await this.growth!.more();
    }
    return null;
  }

  private async readInPlace(window: RecordWindow): Promise<void> {
    let batches = 0;
    for (let size = 0; !window.done;) {
      const room = window.room();
      const { bytes } = window;
      const short = batches < SHORT_BATCHES && bytes.length >= WINDOW_BYTES;
      const count = await this.fill(short ? bytes.subarray(0, room + SHORT_BATCH_BYTES) : bytes, room);
      if (count > 0) window.accept(count);
      size += count;
      if (size > 0 && (count === 0 || short || size >= BATCH_BYTES || this.growth !== null)) {
        await this.pause();
        batches++;
        size = 0;
      }
      if (count === 0) break;
    }
    window.end(this.stopped || this.replaced);
  }

  private async readChunks(): Promise<void> {
    const funnel = new Funnel('blocks', this.sink, this.options.limits, this.hooks);
    const chunk = new Uint8Array(CHUNK_BYTES);
    while (!funnel.done) {
      const count = await this.fill(chunk, 0);
      if (count === 0) break;
      await funnel.push(chunk.subarray(0, count));
      await this.pause();
    }
    await funnel.end(this.stopped);
  }

  /** Reads the next bytes into `bytes` from `room` on; 0: there are no more, or the user wants to stop. */
  private async fill(bytes: Uint8Array, room: number): Promise<number> {
    for (let last = this.growth === null; ;) {
      if (this.stopped) return 0;
      const count = readSync(this.fd, bytes, room, bytes.length - room, this.position);
      if (this.growth !== null && this.isAnother(bytes.subarray(room, room + count))) {
        this.replaced = true;
        return 0;
      }
      this.position += count;
      if (count > 0 || last) return count;
      // what was appended before it was over has to be read
      last = this.isOver();
      if (last) continue;
      if (fstatSync(this.fd).size < this.position) {
        this.shrunk = true;
        return 0;
      }
      await this.growth!.more();
    }
  }

  /** Whether `read`, the bytes at the position, or what comes behind them, are those of another file that was written over this one. */
  private isAnother(read: Uint8Array): boolean {
    const fresh = this.known.length - this.position;
    if (fresh >= 0 && fresh < read.length && this.known.length < KNOWN_BYTES)
      this.known = Buffer.concat([this.known, read.subarray(fresh)]).subarray(0, KNOWN_BYTES);
    const now = Buffer.alloc(this.known.length);
    const length = readSync(this.fd, now, 0, now.length, 0);
    return !now.subarray(0, length).equals(this.known.subarray(0, length));
  }

  /** Between two batches: lets output and signals through. */
  private async pause(): Promise<void> {
    await this.hooks.batch?.();
    this.hooks.progress?.(this.position, this.growth === null ? fstatSync(this.fd).size : null);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
