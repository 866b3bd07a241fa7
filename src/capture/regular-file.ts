import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Limits } from '../base/limits.js';
import { parserFor } from './intake.js';
import { NotACapture, type PacketSink } from './packet.js';
import { RecordWindow } from './record-window.js';
import { sniff, SNIFF_BYTES } from './sniff.js';
import type { ReadHooks } from './source.js';

export interface FileOptions {
  readonly limits: Readonly<Limits>;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export async function readFile(path: string, options: FileOptions, sink: PacketSink, hooks: ReadHooks): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    const total = fstatSync(fd).size;
    const head = new Uint8Array(SNIFF_BYTES);
    const sniffed = sniff(head.subarray(0, readSync(fd, head, 0, head.length, 0)), true)!;
    if (sniffed.kind === 'gzip') throw new NotACapture('gzip');
    const { parser, offset } = parserFor(sniffed, 'blocks', sink, options.limits);
    if (!(parser instanceof RecordWindow)) throw new NotACapture('text');
    let position = offset;
    while (!parser.done && !options.signal?.aborted) {
      const room = parser.room();
      const count = readSync(fd, parser.bytes, room, parser.bytes.length - room, position);
      if (count === 0) break;
      position += count;
      parser.accept(count);
      await hooks.batch?.();
      hooks.progress?.(position, total);
      await setImmediate();
    }
    parser.end(options.signal?.aborted ?? false);
  } finally {
    closeSync(fd);
  }
}
