import type { RandomFile } from './sparse-file.js';

const CHUNK = 4 << 20;
/** Most chunks that are kept in memory, where they can be changed without accessing the file. */
const CHUNKS = 16;

/** A file that grows at its end, and in which earlier places, most often recent ones, are changed later. */
export class PatchedFile {
  length = 0;
  /** The last chunks, by index. */
  private readonly chunks = new Map<number, Uint8Array>();
  private readonly file: RandomFile;

  constructor(file: RandomFile) {
    this.file = file;
  }

  append(bytes: Uint8Array): void {
    this.each(this.length, bytes.length, (at, from, to) => {
      const number = Math.floor(at / CHUNK);
      if (!this.chunks.has(number)) this.begin(number);
      this.chunks.get(number)!.set(bytes.subarray(from, to), at % CHUNK);
    });
    this.length += bytes.length;
  }

  write(position: number, bytes: Uint8Array): void {
    this.each(position, bytes.length, (at, from, to) => {
      const chunk = this.chunks.get(Math.floor(at / CHUNK));
      if (chunk === undefined) this.file.write(at, bytes.subarray(from, to));
      else chunk.set(bytes.subarray(from, to), at % CHUNK);
    });
  }

  read(position: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.each(position, length, (at, from, to) => {
      const chunk = this.chunks.get(Math.floor(at / CHUNK));
      const place = at % CHUNK;
      out.set(chunk === undefined ? this.file.read(at, to - from) : chunk.subarray(place, place + to - from), from);
    });
    return out;
  }

  /** Writes all chunks to the file. */
  flush(): void {
    for (const number of [...this.chunks.keys()]) this.release(number);
  }

  private begin(number: number): void {
    if (this.chunks.size >= CHUNKS) this.release(this.chunks.keys().next().value!);
    this.chunks.set(number, new Uint8Array(CHUNK));
  }

  private release(number: number): void {
    const at = number * CHUNK;
    this.file.write(at, this.chunks.get(number)!.subarray(0, Math.min(CHUNK, Math.max(this.length, at) - at)));
    this.chunks.delete(number);
  }

  /** Calls `visit` for each piece of a range that lies in one chunk. */
  private each(position: number, length: number, visit: (at: number, from: number, to: number) => void): void {
    for (let done = 0; done < length;) {
      const at = position + done;
      const n = Math.min(length - done, CHUNK - (at % CHUNK));
      visit(at, done, done + n);
      done += n;
    }
  }
}
