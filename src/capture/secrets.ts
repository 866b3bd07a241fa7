import { closeSync, openSync, readSync } from 'node:fs';
import { systemPath } from '../base/file-name.js';
import type { Limits } from '../base/limits.js';
import type { PacketSink } from './packet.js';
import { fileHead } from './file-head.js';
import { parserFor } from './intake.js';
import { WINDOW_BYTES, type RecordWindow } from './record-window.js';
import { compressionOf, sniff } from './sniff.js';
import { openCapture } from './source.js';

/** Finds the TLS secrets in a capture file, wherever they are, without analyzing its packets. */

function sinkFor(take: (text: string) => void, info: PacketSink['info'] = () => undefined): PacketSink {
  return { info, packet: () => undefined, note: () => undefined, keyLog: take };
}

/** Whether a regular file is compressed. Throws errors of the file system. */
export function isCompressed(path: string): boolean {
  return withHead(path, compressionOf) !== null;
}

function withHead<T>(path: string, look: (head: Uint8Array) => T): T {
  const fd = openSync(systemPath(path), 'r');
  try {
    return look(fileHead(fd));
  } finally {
    closeSync(fd);
  }
}

/** Searches a whole regular file, synchronously; does nothing where it is no pcapng. Throws errors of the file system. */
export function scanSecrets(path: string, limits: Readonly<Limits>, take: (text: string) => void): void {
  const sniffed = withHead(path, (head) => sniff(head, true));
  if (sniffed?.kind !== 'pcapng') return;
  const { parser } = parserFor(sniffed, 'blocks', sinkFor(take), limits, WINDOW_BYTES);
  const window = parser as RecordWindow;
  const fd = openSync(systemPath(path), 'r');
  try {
    for (let at = 0; !window.done;) {
      const room = window.room();
      const n = readSync(fd, window.bytes, room, window.bytes.length - room, at);
      if (n === 0) break;
      at += n;
      window.accept(n);
    }
  } finally {
    closeSync(fd);
  }
}

/** The same for a compressed file, asynchronously. Stops as soon as it turns out to be no pcapng. */
export async function readSecrets(
  path: string,
  limits: Readonly<Limits>,
  take: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const sink = sinkFor(take, (info) => {
    if (info.format !== 'pcapng') stop.abort();
  });
  await openCapture(path, { limits, signal: either }).read(sink);
}
