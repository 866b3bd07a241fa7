import { closeSync, constants, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mayBlock } from '../base/blocking.js';
import { nameOfBytes, systemPath } from '../base/file-name.js';
import { JsonBytes } from '../base/json-bytes.js';
import { pathStat } from '../base/path-stat.js';
import type { TextSink } from './text-sink.js';

/** Text is passed to the system in pieces of about this many bytes. */
const PIECE = 64 << 10;
/** First size of the buffer, and the size above which it is not kept. */
const FIRST_ROOM = 4 << 10;
const MOST_ROOM = 4 * PIECE;
/** Milliseconds between two attempts to write to a non-blocking pipe that is full. */
const RETRY_MS = 2;

/**
 * Takes text and writes it in large synchronous pieces. Adding text never throws, since that happens deep inside the analysis. Errors are
 * kept in `failure` and `broken`, which the code that drives the analysis checks between batches.
 */
export class TextOutput implements TextSink {
  /** Text that was added and not written yet. Code that writes here must call `wrote` afterwards. */
  readonly bytes = new JsonBytes(FIRST_ROOM);
  private readonly descriptor: number;
  /** The first error of a write, except that the reader of a pipe closed it. */
  failure: Error | null = null;
  /** Whether the reader of the pipe closed it. What is added after that is dropped. */
  broken = false;

  constructor(fd: number) {
    this.descriptor = fd;
  }

  get fd(): number {
    return this.descriptor;
  }

  add(text: string): void {
    // a text that is long by itself, such as a page, does not pass through the buffer, which would have to grow for it
    if (text.length > PIECE) {
      this.addBytes(Buffer.from(text, 'utf8'));
      return;
    }
    this.bytes.text(text);
    this.wrote();
  }

  wrote(): void {
    if (this.bytes.size >= PIECE) this.flush();
  }

  /** Writes everything that was added. */
  flush(): void {
    const { bytes, size } = this.bytes;
    if (size === 0) return;
    this.bytes.size = 0;
    if (!this.broken && this.failure === null) this.write(bytes.subarray(0, size));
    // a buffer that one long line has enlarged is not kept
    if (bytes.length > MOST_ROOM) this.bytes.moveTo(new ArrayBuffer(FIRST_ROOM));
  }

  /** Writes bytes after the text that was added. */
  addBytes(bytes: Uint8Array): void {
    this.flush();
    if (!this.broken && this.failure === null) this.write(bytes);
  }

  /** `bytes` are valid during the call only. */
  protected write(bytes: Uint8Array): void {
    try {
      writeAll(this.fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') this.broken = true;
      else this.failure = error as Error;
    }
  }

  /** Whether producing more output is useless. */
  get stopped(): boolean {
    return this.broken || this.failure !== null;
  }

  /** Writes the rest, and throws the error of an earlier write. */
  finish(): void {
    this.flush();
    if (this.failure !== null) throw this.failure;
  }

  /** Drops what was not written yet: the result is not wanted. */
  discard(): void {
    this.bytes.size = 0;
  }
}

/** Writes all bytes, and waits if the reader of a pipe is slow. A signal ends the program meanwhile. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  const { to, blocks } = standard(fd);
  const write = (at: number): number => writeSync(to, bytes, at, bytes.length - at);
  let at = 0;
  while (at < bytes.length) {
    const from = at;
    const taken = blocks ? mayBlock(() => unlessFull(() => write(from))) : unlessFull(() => write(from));
    // signal handlers stay removed until there is room, since one that is installed in between would be called too late
    at += taken < 0 ? mayBlock(() => whenThereIsRoom(() => write(from))) : taken;
  }
}

/** The number of bytes that `write` wrote; -1 if there is no room at the moment. */
function unlessFull(write: () => number): number {
  try {
    return write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    return -1;
  }
}

function whenThereIsRoom(write: () => number): number {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    Atomics.wait(never, 0, 0, RETRY_MS);
    const taken = unlessFull(write);
    if (taken >= 0) return taken;
  }
}

interface Way {
  readonly to: number;
  /** Whether a write may block in the system until there is a reader. */
  readonly blocks: boolean;
}

/** By descriptor, for standard output and standard error; kept, since another call would open the pipe again. */
const ways = new Map<number, Way>();

/** How to write to a descriptor. Standard output and standard error were opened by others, and may be pipes or sockets. */
function standard(fd: number): Way {
  if (fd > 2) return { to: fd, blocks: false };
  let way = ways.get(fd);
  if (way === undefined) {
    const to = unblocked(fd);
    const isSocket = to === fd && fstatSync(fd).isSocket();
    // the getter makes libuv take over the socket, which switches it to non-blocking
    const taken = isSocket && (fd === 1 ? process.stdout : process.stderr).writable;
    ways.set(fd, (way = { to, blocks: isSocket && !taken }));
  }
  return way;
}

/** Another descriptor of the same pipe, on which writes never block. The same descriptor if it is no pipe, or that fails. */
function unblocked(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** Counts the files of this process, so that each has a unique name. */
let serial = 0;

/** Files that are not complete. They are removed if the program ends before they are. */
const unfinished = new Set<string>();

/** Removes files that are not complete, when the program ends early. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(systemPath(path), { force: true });
}

/** Not opened yet. */
const NONE = -1;

/**
 * A file that appears complete or not at all: it is written beside its target under another name, and `finish` renames it. It is created
 * when the first byte is written, not earlier, since a signal may end a program that waits, and nothing would remove the file then. Special
 * files (`/dev/stdout`, a FIFO) are written directly.
 */
export class FileOutput extends TextOutput {
  private readonly target: string;
  private readonly beside: string | null;
  private readonly mode: number;
  private opened: number;

  /** Whether it can be written at any position, which `direct` files cannot. */
  get isRegular(): boolean {
    return this.beside !== null;
  }

  /** The path under which it is written until `finish` (created when `fd` is first used); null if it is written directly. */
  get working(): string | null {
    return this.beside;
  }

  private constructor(target: string, beside: string | null, fd: number, mode = 0) {
    super(fd);
    this.target = target;
    this.beside = beside;
    this.opened = fd;
    this.mode = mode;
  }

  /** Throws the system's error if the file cannot be created. */
  static create(path: string, direct: boolean, mode = 0o666): FileOutput {
    if (direct) {
      const fd = mayBlock(() => openSync(systemPath(path), 'w'));
      const to = unblocked(fd);
      if (to !== fd) closeSync(fd);
      return new FileOutput(path, null, to);
    }
    const beside = join(dirname(path), `.${basename(path)}.${process.pid}.${++serial}.part`);
    closeSync(openSync(systemPath(beside), 'wx+', mode));
    rmSync(systemPath(beside));
    return new FileOutput(path, beside, NONE, mode);
  }

  override get fd(): number {
    if (this.opened === NONE && this.beside !== null) {
      this.opened = openSync(systemPath(this.beside), 'wx+', this.mode);
      if (unfinished.size === 0) process.once('exit', removeUnfinished);
      unfinished.add(this.beside);
    }
    return this.opened;
  }

  override finish(): void {
    this.flush();
    if (this.failure !== null) {
      this.discard();
      throw this.failure;
    }
    closeSync(this.fd);
    this.opened = NONE;
    if (this.beside === null) return;
    renameSync(systemPath(this.beside), systemPath(this.target));
    this.forgetUnfinished(this.beside);
  }

  override discard(): void {
    super.discard();
    if (this.opened === NONE) return;
    closeSync(this.opened);
    this.opened = NONE;
    if (this.beside === null) return;
    rmSync(systemPath(this.beside), { force: true });
    this.forgetUnfinished(this.beside);
  }

  private forgetUnfinished(beside: string): void {
    unfinished.delete(beside);
    if (unfinished.size === 0) process.off('exit', removeUnfinished);
  }
}

/**
 * Milliseconds. An unfinished file that was modified more recently is kept, since its process may be one that cannot be seen from here, in
 * another container.
 */
const FORSAKEN_MS = 3600 * 1000;

/** Removes unfinished files of earlier runs for the same target, which a signal ended while they waited in a write. */
export function removeForsaken(target: string): void {
  const folder = dirname(target);
  const lead = `.${basename(target)}.`;
  let names: string[];
  try {
    names = readdirSync(systemPath(folder), 'buffer').map(nameOfBytes);
  } catch {
    // the error is reported when the file is written
    return;
  }
  for (const name of names) {
    const owner = name.startsWith(lead) ? /^(\d+)\.\d+\.part$/.exec(name.slice(lead.length)) : null;
    if (owner === null || isAlive(Number(owner[1]))) continue;
    const path = join(folder, name);
    const stat = pathStat(path);
    if (stat?.isFile() && Date.now() - stat.mtimeMs > FORSAKEN_MS) rmSync(systemPath(path), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
