import { basename } from 'node:path';
import { shownPath } from '../base/file-name.js';
import { safeText } from '../base/text.js';
import { NotACapture, type CaptureInfo, type CaptureNote, type Packet, type PacketSink } from './packet.js';
import type { CaptureOptions, CaptureSource, ReadHooks } from './reading.js';

/** Capture files that are one recording, in order of time: what a recorder wrote that changes to a new file now and then. */
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
    const part = new PartSink(sink, joined.parts, index, before);
    try {
      await open(path).read(part, hooks);
    } catch (error) {
      throw index > 0 && error instanceof NotACapture ? new NotACapture(`${path}: ${error.message}`) : error;
    }
    before = part.last;
  }
}

class PartSink implements PacketSink {
  last: number;
  private readonly sink: PacketSink;
  private readonly parts: readonly string[];
  private readonly index: number;
  private readonly before: number;

  constructor(sink: PacketSink, parts: readonly string[], index: number, before: number) {
    this.sink = sink;
    this.parts = parts;
    this.index = index;
    this.before = before;
    this.last = before;
  }

  info(info: CaptureInfo): void {
    if (this.index === 0) this.sink.info({ ...info, parts: this.parts.map(shownPath) });
    this.sink.part?.(shownPath(this.parts[this.index]!), this.before + 1);
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
    this.sink.note({ ...note, text: `${safeText(basename(this.parts[this.index]!))}: ${note.text}` });
  }
}
