import { readSync } from 'node:fs';
import { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/** What happens to bytes that are written to a socket. */
export interface WriteWatch {
  /** So many bytes are in the hands of the system. */
  delivered(bytes: number): void;
  /** The other side takes no more. Called once; what is written from then on is dropped. */
  refused(error: Error): void;
}

/**
 * Makes a failed write a thing of the writing direction alone. By itself Node destroys a socket whose peer takes no more bytes, and
 * with it the peer's last words, which have not been read yet.
 */
export function watchWrites(socket: Socket, watch: WriteWatch): void {
  let refused = false;
  const handle = (bytes: number, done: Done) => (error?: Error | null) => {
    if (error && !refused) {
      refused = true;
      watch.refused(error);
    }
    if (!error) watch.delivered(bytes);
    done(null);
  };
  socket._write = (chunk: Buffer, encoding, done) => {
    if (refused) done(null);
    else Socket.prototype._write.call(socket, chunk, encoding, handle(chunk.length, done));
  };
  socket._writev = (chunks, done) => {
    let bytes = 0;
    for (const { chunk } of chunks as { chunk: Buffer }[]) bytes += chunk.length;
    if (refused) done(null);
    else Socket.prototype._writev!.call(socket, chunks, handle(bytes, done));
  };
}

/**
 * Whether a socket that seems to have ended was reset: libuv takes a hang-up behind the last bytes for an end without asking for the
 * error that the kernel keeps. `rest` takes bytes, should there be any after all.
 */
export function resetBehindEnd(socket: Socket, rest: (bytes: Buffer) => void): boolean {
  const fd = (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return false;
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(65_536);
      const count = readSync(fd, buffer);
      if (count === 0) return false;
      rest(buffer.subarray(0, count));
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
  }
}
