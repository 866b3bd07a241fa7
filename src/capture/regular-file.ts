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

/** How many bytes are read at once from a file that is not parsed in place. */
const CHUNK_BYTES = 64 << 10;

/**
 * Size in bytes of the first batches of a file that does not fit into one window, and their number. They are short, as what is done between
 * batches, such as keeping V8's heap small, must not wait until thousands of packets have passed.
 */
const SHORT_BATCH_BYTES = 16 << 10;
const SHORT_BATCHES = 2;

/** Size of all other batches: after this many bytes, output and signals are let through. */
const BATCH_BYTES = 1 << 20;

/** How many first bytes identify a file that is followed: its header and that of its first packet, with the packet's time. */
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

/** Reads a whole file into `into`; if its size has changed, up to its new end, or until `into` is full. Returns the number of bytes. */
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
  /** Whether its recorder has overwritten it from its beginning: what comes now is another file. */
  private replaced = false;
  /** The first bytes that were read, at most KNOWN_BYTES, to notice that the file was overwritten. */
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
      // no larger window than the file: with many files, clearing the memory would take longer than reading them
      const small = this.growth === null ? Math.min(WINDOW_BYTES, fstatSync(this.fd).size + 1) : WINDOW_BYTES;
      const { parser, offset } = parserFor(sniffed, 'blocks', this.sink, this.options.limits, small);
      this.position = offset;
      await this.readInPlace(parser as RecordWindow);
    } else await this.readChunks();
    // a file that became shorter was overwritten as well, if its recorder reuses its oldest files
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

  /** Finds the format without taking bytes; waits for more where the file may grow. null: the user stopped, or the file is over, before that. */
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
      // bytes may have been appended just before it was over: read once more
      last = this.isOver();
      if (last) continue;
      if (fstatSync(this.fd).size < this.position) {
        this.shrunk = true;
        return 0;
      }
      await this.growth!.more();
    }
  }

  /** Whether the file was overwritten by another one. `read`: the bytes that were just read at `position`. */
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
