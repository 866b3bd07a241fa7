import { open, stat, type FileHandle } from 'node:fs/promises';
import { RECORDING } from '../base/capture-rules.js';
import { Block, EMPTY_BLOCK } from '../base/block.js';
import { NotACapture, Packet, SOCKET_EVENT, type PacketSink, type SocketEvent } from './packet.js';
import type { CaptureOptions, ReadHooks } from './reading.js';

/** Two files with the bytes of both directions of one connection (`socat -r FILE -R FILE`). */
export interface RawPair {
  readonly client: string;
  readonly server: string;
}

/** How many bytes are read at once. Both files advance together, so that neither direction gets far ahead. */
const PIECE = 16 << 10;

interface Side {
  readonly handle: FileHandle;
  readonly size: number;
  position: number;
  done: boolean;
}

/** Reads a pair of raw streams. It has no times, no ends, and no order between the directions. */
export async function readRawPair(
  pair: RawPair,
  options: CaptureOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<void> {
  const handles: FileHandle[] = [];
  try {
    const sides: Side[] = [];
    for (const path of [pair.client, pair.server]) {
      const { size } = await stat(path);
      const handle = await open(path, 'r');
      handles.push(handle);
      if ((await handle.stat()).isDirectory()) throw new NotACapture(`${path} is a directory`);
      sides.push({ handle, size, position: 0, done: false });
    }
    await readSides(sides as [Side, Side], options, sink, hooks);
  } finally {
    for (const handle of handles) await handle.close();
  }
}

async function readSides(
  sides: readonly [Side, Side],
  options: CaptureOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  const packet = new Packet();
  packet.linkType = SOCKET_EVENT;
  const total = sides[0].size + sides[1].size;
  const put = (kind: SocketEvent['kind'], from: 0 | 1, block: Block, length: number): void => {
    packet.number++;
    packet.block = block;
    packet.end = length;
    packet.originalLength = length;
    packet.socket = {
      transport: 'unix',
      connection: '1',
      endpoints: ['unix:client', 'unix:server'],
      rolesKnown: true,
      ordered: false,
      kind,
      from,
    };
    sink.packet(packet);
  };
  sink.info({ format: 'raw', linkTypes: [], resolution: 'none' });
  put('open', 0, EMPTY_BLOCK, 0);
  const block = new Block(buffer);
  while (!options.signal?.aborted) {
    // the file of which the smaller share was read goes on, at a tie the server's: servers often speak first
    const from = lagging(sides);
    if (from === null) break;
    const side = sides[from];
    const { bytesRead } = await side.handle.read(buffer, 0, PIECE, null);
    if (bytesRead === 0) side.done = true;
    else {
      side.position += bytesRead;
      put('data', from, block, bytesRead);
    }
    await hooks.batch?.();
    hooks.progress?.(sides[0].position + sides[1].position, total);
  }
  sink.note({
    rule: RECORDING,
    text: 'raw streams: no times, no ends, no order between the directions; several connections in one file would look like one',
    offset: 0,
    length: 0,
  });
}

function lagging([client, server]: readonly [Side, Side]): 0 | 1 | null {
  if (client.done) return server.done ? null : 1;
  if (server.done) return 0;
  const share = (side: Side): number => (side.size === 0 ? 1 : side.position / side.size);
  return share(client) < share(server) ? 0 : 1;
}
