import type { CaptureWriter, InterfaceInfo, OutPacket } from './capture-writer.js';
import type { PatchedFile } from './patched-file.js';

/** Writes each packet immediately, and records its position in the file. */
export class PlacingWriter implements CaptureWriter {
  private readonly writer: CaptureWriter;
  private readonly file: PatchedFile;
  readonly packetAt: number;
  /** Packets since `begin`. */
  places: { readonly at: number; readonly bytes: Uint8Array }[] = [];

  constructor(writer: CaptureWriter, file: PatchedFile) {
    this.writer = writer;
    this.file = file;
    this.packetAt = writer.packetAt;
  }

  begin(): void {
    this.places = [];
  }

  addInterface(info: InterfaceInfo): number {
    return this.writer.addInterface(info);
  }

  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void {
    this.writer.flush();
    const at = this.file.length + this.packetAt;
    this.writer.packet(p, bytes, start, end);
    this.writer.flush();
    this.places.push({ at, bytes: bytes.slice(start, end) });
  }

  addDrops(interfaceId: number, seconds: number, nanos: number, drops: number): void {
    this.writer.addDrops(interfaceId, seconds, nanos, drops);
  }

  flush(): void {
    this.writer.flush();
  }
}
