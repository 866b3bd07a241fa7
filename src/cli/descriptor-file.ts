import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import type { RandomFile } from '../rewrite/sparse-file.js';
import { systemWords } from './usage-error.js';

/** An open file, by its descriptor. Throws the system's errors. */
export class DescriptorFile implements RandomFile {
  private readonly fd: number;
  private readonly path: string;

  constructor(fd: number, path: string) {
    this.fd = fd;
    this.path = path;
  }

  get length(): number {
    return fstatSync(this.fd).size;
  }

  write(position: number, bytes: Uint8Array): void {
    this.guarded(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at, bytes.length - at, position + at);
    });
  }

  read(position: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const n = readSync(this.fd, out, at, length - at, position + at);
      if (n === 0) break;
      at += n;
    }
    return out;
  }

  truncate(length: number): void {
    this.guarded(() => ftruncateSync(this.fd, length));
  }

  private guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new Error(`cannot write ${this.path}: ${systemWords(error)}`);
    }
  }
}
