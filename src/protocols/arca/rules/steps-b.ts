import type { Step } from '../../../base/rule.js';
import { le } from './steps-a.js';

/** Builders for sessions of family B: each is one frame as one step. */

/** Any frame; `length` is what it says, where that differs from the payload. */
export function lengthFrame(from: 'client' | 'server', payload: readonly number[], length = payload.length): Step {
  return { from, bytes: Uint8Array.from([...le(length, 2), ...payload]) };
}

export function newPipe(ring = 4096): Step {
  return lengthFrame('client', le(ring, 8));
}

export interface NewPipe {
  readonly shm?: number;
  readonly ring?: number;
  readonly address?: number;
  readonly writeAddress?: number;
  /** Data of the read and the write bell. */
  readonly bells?: readonly [number, number];
}

/** A NewPipeReply of 56 bytes, for pipe `id`. */
export function pipeReply(id: number, r: NewPipe = {}): Step {
  return lengthFrame('server', [
    ...le(r.shm ?? 0x1f4_0000 + id * 0x4000, 8),
    ...le(r.ring ?? 4096, 8),
    ...le(id, 8),
    ...bells(id, r),
  ]);
}

/** A NewPipeReply of 48 bytes, without the pipe's id. */
export function oldPipeReply(n: number, r: NewPipe = {}): Step {
  return lengthFrame('server', [...le(r.shm ?? 0x1f4_0000 + n * 0x4000, 8), ...le(r.ring ?? 4096, 8), ...bells(n, r)]);
}

function bells(id: number, r: NewPipe): number[] {
  const [read, write] = r.bells ?? [2 * id, 2 * id + 1];
  const address = r.address ?? 0x3000;
  return [...le(address, 8), ...le(read, 8), ...le(r.writeAddress ?? address, 8), ...le(write, 8)];
}

/** A session with one pipe. */
export function onePipe(): Step[] {
  return [newPipe(), pipeReply(1)];
}

export function text(s: string): number[] {
  return [...new TextEncoder().encode(s)];
}

export function fileHeader(path = '/tmp/a.txt', flags = 1, length = path.length): Step {
  return lengthFrame('client', [1, flags, ...le(length, 8), ...text(path)]);
}

export function fileRead(length: number): Step {
  return lengthFrame('client', [0, ...le(length, 8)]);
}

export function fileWrite(data: string): Step {
  return lengthFrame('client', [1, ...text(data)]);
}

export function fileSeek(offset: number, whence: number): Step {
  return lengthFrame('client', [2, ...le(offset, 8), whence]);
}

export function fileClose(): Step {
  return lengthFrame('client', [3]);
}

export function fileData(data: string): Step {
  return lengthFrame('server', [0, ...text(data)]);
}

export function fileWrote(length: number): Step {
  return lengthFrame('server', [1, ...le(length, 8)]);
}

export function fileSeeked(position: number): Step {
  return lengthFrame('server', [2, ...le(position, 8)]);
}

export function fileClosed(): Step {
  return lengthFrame('server', [3]);
}

export function fileError(errno: number): Step {
  return lengthFrame('server', [4, ...le(errno, 4)]);
}
