import { closeSync, fchmodSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const RETRY_MS = 1;

/**
 * The file of a recording. It receives whole blocks. If a write fails (no space, or the reader of a pipe closed it), the file is truncated
 * to the last whole block, and nothing is written any more.
 */
export class RecordFile {
  private readonly regular: boolean;
  private good = 0;
  failure: Error | null = null;
  private open = true;

  private readonly fd: number;
  private readonly own: boolean;
  private readonly failed: (error: Error) => void;

  private constructor(fd: number, own: boolean, failed: (error: Error) => void) {
    this.fd = fd;
    this.own = own;
    this.failed = failed;
    this.regular = fstatSync(fd).isFile();
  }

  /** Creates the file, or empties it; `-` is standard output. Only its owner may read it, since it contains what was sent. */
  static create(path: string, failed: (error: Error) => void): RecordFile {
    if (path === '-') return new RecordFile(1, false, failed);
    const fd = openSync(path, 'w', 0o600);
    const stat = fstatSync(fd);
    // a file that existed keeps its mode when it is opened
    if (stat.isFile() && (stat.mode & 0o077) !== 0) {
      try {
        fchmodSync(fd, 0o600);
      } catch {
        // a file of another user that we may write to: its mode stays
      }
    }
    return new RecordFile(fd, true, failed);
  }

  write(bytes: Uint8Array): void {
    if (this.failure !== null || !this.open) return;
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(this.fd, bytes, at, bytes.length - at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
          continue;
        }
        this.good += wholeBlocks(bytes, at);
        this.fail(error as Error);
        return;
      }
    }
    this.good += bytes.length;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    if (!this.own) return;
    try {
      // some file systems report a lack of space only now
      closeSync(this.fd);
    } catch (error) {
      if (this.failure === null) this.fail(error as Error);
    }
  }

  private fail(error: Error): void {
    this.failure = error;
    try {
      if (this.regular && this.own) ftruncateSync(this.fd, this.good);
    } catch {
      // the file stays as it is; readers will report that it is cut off
    }
    this.failed(error);
  }
}

/** Length of the whole blocks in the first `end` bytes. */
function wholeBlocks(bytes: Uint8Array, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= end) {
    const next = at + view.getUint32(at + 4, true);
    if (next > end) break;
    at = next;
  }
  return at;
}
