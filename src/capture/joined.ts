import { basename } from 'node:path';
import { shownPath } from '../base/file-name.js';
import { safeText } from '../base/text.js';
import { NotACapture, type CaptureInfo, type CaptureNote, type Packet, type PacketSink } from './packet.js';
import type { CaptureOptions, CaptureSource, ReadHooks } from './reading.js';

/** Capture files that are one recording, in order of time: their recorder changed to a new file now and then. */
export interface JoinedFiles {
  readonly parts: readonly string[];
}

/**
 * Reads one file after the other as if they were one. Packets are numbered on from file to file; notes about a file name it, and their
 * offsets count in that file.
 */
export async function readJoined(
  joined: JoinedFiles,
  open: (path: string) => CaptureSource,
  options: CaptureOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<void> {
  let before = 0;
  for (const [index, path] of joined.parts.entries()) {
    if (options.signal?.aborted) return;
    const part = new PartSink(sink, path, before, index === 0 ? joined.parts : null);
    try {
      await open(path).read(part, hooks);
    } catch (error) {
      throw index > 0 && error instanceof NotACapture ? new NotACapture(`${path}: ${error.message}`) : error;
    }
    before = part.last;
  }
}

/**
 * Passes one file of a joined recording on to `sink`. `before`: the number of packets in the files before it; `parts`: for the first file, the
 * paths of all files (empty where they are not known in advance); else null.
 */
export class PartSink implements PacketSink {
  /** Number of the last packet. */
  last: number;
  private readonly sink: PacketSink;
  private readonly path: string;
  private readonly before: number;
  private readonly parts: readonly string[] | null;

  constructor(sink: PacketSink, path: string, before: number, parts: readonly string[] | null) {
    this.sink = sink;
    this.path = path;
    this.before = before;
    this.parts = parts;
    this.last = before;
  }

  info(info: CaptureInfo): void {
    if (this.parts !== null)
      this.sink.info(this.parts.length > 0 ? { ...info, parts: this.parts.map(shownPath) } : info);
    this.sink.part?.(shownPath(this.path), this.before + 1);
  }

  packet(packet: Packet): void {
    packet.number += this.before;
    this.last = packet.number;
    this.sink.packet(packet);
  }

  keyLog(text: string): void {
    this.sink.keyLog?.(text);
  }

  note(note: CaptureNote): void {
    this.sink.note({ ...note, text: `${safeText(basename(this.path))}: ${note.text}` });
  }
}
