import type { Message } from '../../contract/message.js';
import type { Daemon } from './directory.js';
import type { OpHead, ReplicaHead, ReplyHead } from './operation-head.js';

/** What maps have taught of the cluster. */
export interface Names {
  /** A pool's name, as it is printed. */
  pool(id: bigint): string | undefined;
  /** Who has that address (`v2:10.0.0.1:6800/55`). */
  daemon(address: string): Daemon | undefined;
}

/** `pool rbd`, or `pool 2` where no map has named it. */
export function poolText(names: Names | null, id: bigint | undefined): string {
  return (id === undefined ? undefined : names?.pool(id)) ?? `pool ${id === undefined ? '?' : String(id)}`;
}

/** What a line about a front takes from the message around it. */
export interface Carrier {
  readonly type: number;
  readonly names: Names | null;
  /** The first bytes of the data in plain; null where none are held. */
  readonly firstData: Uint8Array | null;
}

/** A message as either version of the messenger carries it: header, front, middle, data. */
export interface CephMessage extends Message {
  readonly type: number;
  readonly version: number;
  readonly tidHigh: number;
  readonly tidLow: number;
  /** Whether the fields above are known. */
  readonly headed: boolean;
  /** Entity that sent it: `osd.3`, `client`, or empty. */
  readonly source: string;
  /** Entity that it was sent to: `osd.2`, or empty where the peer has not told. */
  readonly target: string;
  /** What an operation on an object, its answer, or its replication says, where it is one and was read. */
  readonly operation: OpHead | null;
  readonly answer: ReplyHead | null;
  readonly replica: ReplicaHead | null;
  /** The first bytes of the data in plain, where they are held apart from `head`. */
  readonly data: Uint8Array | null;
  /** What is known of the cluster by its maps, for what people read; null where the session has not told. */
  readonly names: Names | null;
  /** Bytes of a part in plain: 1 front, 2 middle, 3 data. */
  plainLength(part: number): number;
}

/**
 * Copies the next `n` bytes of a message's data, from `at` on, behind what `kept` has of them already: `left` bytes are wanted still. Returns
 * how many are wanted after that.
 */
export function keepData(kept: Uint8Array | null, left: number, bytes: Uint8Array, at: number, n: number): number {
  if (kept === null) return left;
  const k = Math.min(n, left);
  kept.set(bytes.subarray(at, at + k), kept.length - left);
  return left - k;
}
