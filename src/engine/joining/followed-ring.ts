import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TRUNCATED } from '../../base/capture-rules.js';
import { systemPath } from '../../base/file-name.js';
import { safeText } from '../../base/text.js';
import { PartSink } from '../../capture/joined.js';
import { NotACapture, type PacketSink } from '../../capture/packet.js';
import type { CaptureOptions, ReadHooks } from '../../capture/reading.js';
import { openCapture, type MadeInput } from '../../capture/source.js';
import { firstBytes, headOf } from './capture-ends.js';
import { ringPlace, withoutNumbers } from './ring-names.js';

/** How often the folder is looked at while there is no next file. */
const LOOK_MILLISECONDS = 100;
const HEAD_BYTES = 512;

/** A file of the ring. A file that is overwritten from its beginning counts as another one. */
interface RingFile {
  readonly path: string;
  /** Time of its first packet, in milliseconds. */
  readonly first: number;
}

/** What the last look at a file found. `file` is null where it holds no packet (yet), or is no capture. */
interface Look {
  readonly size: number;
  /** When it was last written, in milliseconds. */
  readonly changed: number;
  /** Its first bytes: as long as they stay the same, it is the same file. */
  readonly head: Buffer;
  readonly file: RingFile | null;
}

/**
 * The files of a recorder that changes to a new one now and then, as one recording that goes on (`tail FOLDER`, `tail 'PATTERN'`). They are
 * read in order of time, each to its end, the newest as it grows. A file that was removed or overwritten before it could be read is reported
 * as lost.
 */
export function followedRing(name: string, folder: string, wanted: (file: string) => boolean): MadeInput {
  return {
    name,
    open: (options) => ({ name, read: (sink, hooks) => new FollowedRing(folder, wanted, options).read(sink, hooks) }),
  };
}

class FollowedRing {
  private readonly folder: string;
  private readonly wanted: (file: string) => boolean;
  private readonly options: CaptureOptions;
  /** By name. */
  private readonly looks = new Map<string, Look>();
  /** The family of the files that are followed; null until the first one is found. */
  private family: string | null = null;
  private current: RingFile | null = null;
  /** Names of files that were removed or overwritten before they could be read. */
  private missed: string[] = [];

  constructor(folder: string, wanted: (file: string) => boolean, options: CaptureOptions) {
    this.folder = folder;
    this.wanted = wanted;
    this.options = options;
  }

  async read(sink: PacketSink, hooks?: ReadHooks): Promise<void> {
    const { signal } = this.options;
    let before = 0;
    while (!signal?.aborted) {
      const next = this.next();
      if (next === null) {
        await setTimeout(LOOK_MILLISECONDS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const part = new PartSink(sink, next.path, before, this.current === null ? [] : null);
      this.current = next;
      this.tellMissed(sink);
      try {
        await openCapture(next.path, { ...this.options, over: () => this.next() !== null }).read(part, hooks);
      } catch (error) {
        // it was removed, or written over, between the look and the read
        if (!(error instanceof NotACapture) && !(error instanceof Error && 'syscall' in error)) throw error;
      }
      before = part.last;
    }
    if (this.current !== null) this.tellMissed(sink);
  }

  private tellMissed(sink: PacketSink): void {
    for (const name of this.missed.splice(0)) {
      const text = `${safeText(name)}: written over or removed before it was read; what it held is lost`;
      sink.note({ rule: TRUNCATED, text, offset: 0, length: 0 });
    }
  }

  /** The first file, or the one after the current one; null where there is none yet. */
  private next(): RingFile | null {
    const files = this.files();
    const { current } = this;
    const later = current === null ? files : files.filter((f) => f.first > current.first || isAfter(f, current));
    return later.reduce<RingFile | null>((best, f) => (best === null || f.first < best.first ? f : best), null);
  }

  /** Files of the recorder that hold a packet. */
  private files(): RingFile[] {
    const names = readdirSync(systemPath(this.folder === '' ? '.' : this.folder)).filter(this.wanted);
    const found: { file: RingFile; family: string; changed: number }[] = [];
    const there = new Set(names);
    for (const [name, look] of this.looks) if (!there.has(name)) this.forget(name, look);
    for (const name of names) {
      const look = this.look(name);
      if (look !== null && look.file !== null)
        found.push({ file: look.file, family: familyOf(name), changed: look.changed });
    }
    // a folder may hold other captures as well: the recorder that runs is the one that wrote last
    if (this.family === null && found.length > 0)
      this.family = found.reduce((a, b) => (b.changed > a.changed ? b : a)).family;
    return found.filter((f) => f.family === this.family).map((f) => f.file);
  }

  private look(name: string): Look | null {
    const path = join(this.folder, name);
    const stat = statSync(systemPath(path), { throwIfNoEntry: false });
    const known = this.looks.get(name);
    if (stat === undefined || !stat.isFile()) {
      if (known !== undefined) this.forget(name, known);
      return null;
    }
    if (known !== undefined && known.size === stat.size && known.changed === stat.mtimeMs) return known;
    const head = headBytes(path);
    // a file that grows keeps its first packet
    const same = known !== undefined && known.file !== null && stat.size >= known.size && beginsWith(head, known.head);
    if (known !== undefined && !same) this.forget(name, known);
    const look = { size: stat.size, changed: stat.mtimeMs, head, file: same ? known.file : firstOf(path) };
    this.looks.set(name, look);
    return look;
  }

  /** The file that was seen under that name no longer exists. */
  private forget(name: string, { file }: Look): void {
    this.looks.delete(name);
    const { current, family } = this;
    if (file !== null && current !== null && familyOf(name) === family && file.first > current.first)
      this.missed.push(name);
  }
}

function firstOf(path: string): RingFile | null {
  const head = headOf(path);
  return head === null || head === 'limit' ? null : { path, first: head.first };
}

/** The first bytes of a file, usually with its first packet's header; none where it cannot be read. */
function headBytes(path: string): Buffer {
  try {
    return firstBytes(path, HEAD_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Whether a file begins at the same time as another one and comes after it by name. */
function isAfter(file: RingFile, other: RingFile): boolean {
  return file.first === other.first && file.path > other.path;
}

function familyOf(name: string): string {
  return ringPlace(name)?.family ?? withoutNumbers(name);
}

function beginsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.subarray(0, head.length).equals(head);
}
