import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Intake, type Arrival } from '../../src/capture/intake.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../../src/capture/packet.js';
import type { CaptureOptions } from '../../src/capture/reading.js';
import { openCapture } from '../../src/capture/source.js';

/** A copy of what a packet said when it was handed out. */
export interface RecordedPacket {
  readonly number: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly linkType: number;
  readonly data: string;
  readonly originalLength: number;
  readonly interfaceId: number;
  readonly interfaceDescription: string;
  readonly comment: string;
}

/** Keeps everything that a reader finds. */
export class PacketRecorder implements PacketSink {
  readonly infos: CaptureInfo[] = [];
  readonly packets: RecordedPacket[] = [];
  readonly notes: { rule: string; text: string; offset: number; length: number }[] = [];

  info(info: CaptureInfo): void {
    if (this.packets.length > 0 || this.notes.length > 0) throw new Error('info must come first');
    this.infos.push(info);
  }

  packet(packet: Packet): void {
    const { number, seconds, nanos, linkType, originalLength, interfaceId, interfaceDescription, comment } = packet;
    const data = Buffer.from(packet.block.bytes.subarray(packet.start, packet.end)).toString('hex');
    this.packets.push({
      number,
      seconds,
      nanos,
      linkType,
      data,
      originalLength,
      interfaceId,
      interfaceDescription,
      comment,
    });
  }

  note(note: CaptureNote): void {
    this.notes.push({ rule: note.rule.id, text: note.text, offset: note.offset, length: note.length });
  }

  /** All of it, to be compared. */
  get all(): unknown {
    return { infos: this.infos, packets: this.packets, notes: this.notes };
  }

  get noteIds(): string[] {
    return this.notes.map((note) => note.rule);
  }
}

/** How a file is cut into chunks: the sizes, the last one repeated. */
export type Chunks = readonly number[];

/** Reads an uncompressed capture that arrives in chunks. The chunks are overwritten after each call, as real ones may be. */
export function recordChunks(
  file: Uint8Array,
  arrival: Arrival,
  chunks: Chunks = [file.length || 1],
  limits: Partial<Limits> = {},
): PacketRecorder {
  const recorder = new PacketRecorder();
  const intake = new Intake(arrival, recorder, { ...DEFAULT_LIMITS, ...limits });
  for (let at = 0, i = 0; at < file.length && !intake.done; i++) {
    const size = chunks[Math.min(i, chunks.length - 1)]!;
    const chunk = new Uint8Array(file.subarray(at, at + size));
    intake.push(chunk);
    chunk.fill(0xee);
    at += size;
  }
  intake.end(false);
  return recorder;
}

/** Reads a file from disk by its path. */
export async function recordPath(path: string, options: CaptureOptions = {}): Promise<PacketRecorder> {
  const recorder = new PacketRecorder();
  await openCapture(path, options).read(recorder);
  return recorder;
}

/** Runs `action` with a folder of its own, which is removed afterwards. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wirelint-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads bytes as a regular file. */
export function recordFile(bytes: Uint8Array, options: CaptureOptions = {}): Promise<PacketRecorder> {
  return withFolder((folder) => {
    const path = join(folder, 'capture');
    writeFileSync(path, bytes);
    return recordPath(path, options);
  });
}
