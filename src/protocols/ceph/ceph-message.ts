import type { Message } from '../../contract/message.js';
import type { Daemon } from './directory.js';
import type { OpHead, ReplicaHead, ReplyHead } from './operation-head.js';

/** What is known from the cluster's maps. */
export interface Names {
  /** A pool as it is printed (`pool rbd`). */
  pool(id: bigint): string | undefined;
  /** The daemon that has that address (`v2:10.0.0.1:6800/55`). */
  daemon(address: string): Daemon | undefined;
}

/** `pool rbd`, or `pool 2` if no map has named it. */
export function poolText(names: Names | null, id: bigint | undefined): string {
  return (id === undefined ? undefined : names?.pool(id)) ?? `pool ${id === undefined ? '?' : String(id)}`;
}

/** What the summary of a front reads of its message. */
export interface Carrier {
  readonly type: number;
  readonly names: Names | null;
  /** The first bytes of the data, decrypted and decompressed; null if none are held. */
  readonly firstData: Uint8Array | null;
}

/** A message of either version of the messenger: header, front, middle, data. */
export interface CephMessage extends Message {
  readonly type: number;
  readonly version: number;
  readonly tidHigh: number;
  readonly tidLow: number;
  /** Whether the header was read into the fields above. */
  readonly headed: boolean;
  /** The entity that sent it: `osd.3`, `client`, or empty. */
  readonly source: string;
  /** The entity that it was sent to, such as `osd.2`; empty if it is not known. */
  readonly target: string;
  /** The fields of an OSD_OP, of an OSD_OPREPLY, and of an OSD_REPOP or its reply; null if it is none or was not read. */
  readonly operation: OpHead | null;
  readonly answer: ReplyHead | null;
  readonly replica: ReplicaHead | null;
  /** The first bytes of the data, decrypted and decompressed, if they are held apart from `head`. */
  readonly data: Uint8Array | null;
  /** What is known from the cluster's maps, for texts that people read; null until the session sets it. */
  readonly names: Names | null;
  /** Length of a part after decompression: 1 front, 2 middle, 3 data. */
  plainLength(part: number): number;
}

/**
 * Appends the next `n` bytes of a message's data, which begin at `at`, to `kept`, of which `left` bytes are still to be filled. Returns how
 * many are to be filled after that.
 */
export function keepData(kept: Uint8Array | null, left: number, bytes: Uint8Array, at: number, n: number): number {
  if (kept === null) return left;
  const k = Math.min(n, left);
  kept.set(bytes.subarray(at, at + k), kept.length - left);
  return left - k;
}
