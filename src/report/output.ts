import { closeSync, constants, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mayBlock } from '../base/blocking.js';
import { nameOfBytes, systemPath } from '../base/file-name.js';
import { JsonBytes } from '../base/json-bytes.js';
import { pathStat } from '../base/path-stat.js';
import type { TextSink } from './text-sink.js';

/** Text is handed to the system in pieces of about this many bytes. */
const PIECE = 64 << 10;
/** Room for the first of it; it grows up to a piece and a line. */
const FIRST_ROOM = 4 << 10;
const MOST_ROOM = 4 * PIECE;
/** Milliseconds between two attempts to write to a pipe that is full and does not block. */
const RETRY_MS = 2;

/**
 * Takes text and writes it in big synchronous pieces. It never throws while text is added: that happens deep inside the
 * analysis. What goes wrong is kept in `failure` and `broken`, and whoever drives the analysis looks there between batches.
 */
export class TextOutput implements TextSink {
  /** What was added, and is not handed over. Whoever writes here calls `wrote` then. */
  readonly bytes = new JsonBytes(FIRST_ROOM);
  private readonly descriptor: number;
  /** The first error of a write, other than a reader that went away. */
  failure: Error | null = null;
  /** Whether the reader of the pipe went away; what is added then is dropped. */
  broken = false;

  constructor(fd: number) {
    this.descriptor = fd;
  }

  get fd(): number {
    return this.descriptor;
  }

  add(text: string): void {
    // a text that is long by itself, such as a page, has bytes of its own: the room here need not grow for it
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

  /** Hands over everything that was added. */
  flush(): void {
    const { bytes, size } = this.bytes;
    if (size === 0) return;
    this.bytes.size = 0;
    if (!this.broken && this.failure === null) this.write(bytes.subarray(0, size));
    // what one long line took is not kept
    if (bytes.length > MOST_ROOM) this.bytes.moveTo(new ArrayBuffer(FIRST_ROOM));
  }

  /** Writes bytes, behind the text that was added. */
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

  /** Whether it is of any use to go on producing. */
  get stopped(): boolean {
    return this.broken || this.failure !== null;
  }

  /** Everything is written: throws what went wrong on the way. */
  finish(): void {
    this.flush();
    if (this.failure !== null) throw this.failure;
  }

  /** The result is not wanted after all. */
  discard(): void {
    this.bytes.size = 0;
  }
}

/** Writes all bytes, waiting where the other end of a pipe is slow; a signal ends that. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  const { to, blocks } = standard(fd);
  const write = (at: number): number => writeSync(to, bytes, at, bytes.length - at);
  let at = 0;
  while (at < bytes.length) {
    const from = at;
    const taken = blocks ? mayBlock(() => unlessFull(() => write(from))) : unlessFull(() => write(from));
    // handlers of signals stay aside until there is room: one that came back in between would be called when it is too late
    at += taken < 0 ? mayBlock(() => whenThereIsRoom(() => write(from))) : taken;
  }
}

/** What `write` says was taken; -1 where there is no room at the moment. */
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
  /** Whether a write waits in the system for a reader. */
  readonly blocks: boolean;
}

/** By descriptor. Those of standard output and standard error are the process's: a second look would open them a second time. */
const ways = new Map<number, Way>();

/** The way to standard output and standard error, which others have opened. */
function standard(fd: number): Way {
  if (fd > 2) return { to: fd, blocks: false };
  let way = ways.get(fd);
  if (way === undefined) {
    const to = unblocked(fd);
    const isSocket = to === fd && fstatSync(fd).isSocket();
    // libuv makes a socket one that never blocks when it takes it over, which a look at the stream does
    const taken = isSocket && (fd === 1 ? process.stdout : process.stderr).writable;
    ways.set(fd, (way = { to, blocks: isSocket && !taken }));
  }
  return way;
}

/** Another descriptor of the same pipe on which writes never wait; the same one where that cannot be had, or is not needed. */
function unblocked(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** Files of this process so far: no two of its outputs may have one name. */
let serial = 0;

/** Files that are written and not complete: removed where the program ends in the middle, whoever of the process writes them. */
const unfinished = new Set<string>();

/** Removes what the program leaves where it ends in the middle. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(systemPath(path), { force: true });
}

/** No descriptor. */
const NONE = -1;

/**
 * A file that appears complete or not at all: written beside its place under another name, and renamed by `finish`. The other name is there
 * from the first byte on, not before: a signal may end a program that waits, and nothing removes the name then. Things that are no regular
 * files (`/dev/stdout`, a FIFO) are written directly.
 */
export class FileOutput extends TextOutput {
  private readonly target: string;
  private readonly beside: string | null;
  private readonly mode: number;
  private opened: number;

  /** Its whole content, for a file that is written at any place: `direct` ones cannot be. */
  get isRegular(): boolean {
    return this.beside !== null;
  }

  /** Where its content is until `finish`, once `fd` was asked for; null for one that is written directly. */
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

  /** Throws the system's error where the file cannot be made. */
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

/** Age in milliseconds below which an unfinished file may be that of a process that cannot be seen from here: in another container. */
const FORSAKEN_MS = 3600 * 1000;

/** Removes what earlier runs for the same target left unfinished: those that a signal ended while they waited in the middle of writing. */
export function removeForsaken(target: string): void {
  const folder = dirname(target);
  const lead = `.${basename(target)}.`;
  let names: string[];
  try {
    names = readdirSync(systemPath(folder), 'buffer').map(nameOfBytes);
  } catch {
    // that it cannot be read is said where it is written
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
