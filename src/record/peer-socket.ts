import { readSync } from 'node:fs';
import { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/** Is told what happens to bytes that are written to a socket. */
export interface WriteWatch {
  /** So many bytes were passed to the system. */
  delivered(bytes: number): void;
  /** The other side takes no more bytes. Called once; what is written after that is dropped. */
  refused(error: Error): void;
}

/**
 * Confines a failed write to the writing direction. By itself, Node destroys a socket whose peer takes no more bytes, and with it the last
 * bytes that the peer has sent and that have not been read yet.
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
 * Whether a socket that seems to have ended was reset: libuv reports a hang-up after the last bytes as an end, without asking for the error
 * that the kernel keeps. `rest` gets further bytes, if there are any.
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
