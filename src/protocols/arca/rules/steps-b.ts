import type { Step } from '../../../base/rule.js';
import {
  CLOSE,
  ERROR,
  ERROR_REPLY,
  PIPE_HEADER,
  FRAME,
  NEW_PIPE_REQUEST,
  PIPE_TYPE_FILE,
  READ,
  READ_REQUEST,
  REPLY_B1,
  REPLY_B2,
  REPLY_TAG,
  REQUEST_TAG,
  SEEK,
  SEEK_REQUEST,
  SEEKED_REPLY,
  WRITE,
  WROTE_REPLY,
} from '../family-b/layout.js';

/** Builders for sessions of family B; each makes one frame as one step. */

/** Any frame. `length`: the length that it announces, if that is not to be the payload's. */
export function lengthFrame(
  from: 'client' | 'server',
  payload: readonly number[] | Uint8Array,
  length = payload.length,
): Step {
  return { from, bytes: Uint8Array.of(...FRAME.build({ length }), ...payload) };
}

export function newPipe(ring = 4096): Step {
  return lengthFrame('client', NEW_PIPE_REQUEST.build({ ringSize: BigInt(ring) }));
}

export interface NewPipe {
  readonly shm?: number;
  readonly ring?: number;
  readonly address?: number;
  readonly writeAddress?: number;
  /** Numbers of the read and the write bell. */
  readonly bells?: readonly [number, number];
}

/** A NewPipeReply of 56 bytes, for pipe `id`. */
export function pipeReply(id: number, r: NewPipe = {}): Step {
  return lengthFrame('server', REPLY_B2.build({ ...placed(id, r), pipeId: BigInt(id) }));
}

/** A NewPipeReply of 48 bytes, without the pipe's id. */
export function oldPipeReply(n: number, r: NewPipe = {}): Step {
  return lengthFrame('server', REPLY_B1.build(placed(n, r)));
}

/** All fields but the id. By default a place that no other pipe has, and the bells that belong to the pipe. */
function placed(id: number, r: NewPipe) {
  const [read, write] = r.bells ?? [2 * id, 2 * id + 1];
  const address = r.address ?? 0x3000;
  return {
    shmOffset: BigInt(r.shm ?? 0x1f4_0000 + id * 0x4000),
    ringSize: BigInt(r.ring ?? 4096),
    readBell: { address: BigInt(address), datamatch: BigInt(read) },
    writeBell: { address: BigInt(r.writeAddress ?? address), datamatch: BigInt(write) },
  };
}

/** A session with one pipe. */
export function onePipe(): Step[] {
  return [newPipe(), pipeReply(1)];
}

export function text(s: string): number[] {
  return [...new TextEncoder().encode(s)];
}

export function fileHeader(path = '/tmp/a.txt', flags = 1, length = path.length): Step {
  const header = PIPE_HEADER.build({ pipeType: PIPE_TYPE_FILE, flags, pathLength: BigInt(length) });
  return lengthFrame('client', [...header, ...text(path)]);
}

export function fileRead(length: number): Step {
  return lengthFrame('client', READ_REQUEST.build({ type: READ, length: BigInt(length) }));
}

export function fileWrite(data: string): Step {
  return lengthFrame('client', [...REQUEST_TAG.build({ type: WRITE }), ...text(data)]);
}

export function fileSeek(offset: number, whence: number): Step {
  return lengthFrame('client', SEEK_REQUEST.build({ type: SEEK, offset: BigInt(offset), whence }));
}

export function fileClose(): Step {
  return lengthFrame('client', REQUEST_TAG.build({ type: CLOSE }));
}

export function fileData(data: string): Step {
  return lengthFrame('server', [...REPLY_TAG.build({ type: READ }), ...text(data)]);
}

export function fileWrote(length: number): Step {
  return lengthFrame('server', WROTE_REPLY.build({ type: WRITE, length: BigInt(length) }));
}

export function fileSeeked(position: number): Step {
  return lengthFrame('server', SEEKED_REPLY.build({ type: SEEK, position: BigInt(position) }));
}

export function fileClosed(): Step {
  return lengthFrame('server', REPLY_TAG.build({ type: CLOSE }));
}

export function fileError(errno: number): Step {
  return lengthFrame('server', ERROR_REPLY.build({ type: ERROR, errno }));
}
