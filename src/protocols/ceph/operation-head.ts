import { OP } from './osd-ops.js';
import { crc32c } from '../../base/crc32c.js';
import { asNumber } from './message-numbers.js';
import { MSG } from './message-types.js';
import { opKind } from './osd-ops.js';

/**
 * What sessions need of operations on objects. It is read at fixed offsets and not with the descriptions in bodies/, since every operation
 * of a cluster passes here, even if nothing is printed. All of it is null if the front ends too early. The fields are the same as in the
 * descriptions. Offsets (`...At`, for findings) count from the front's first byte.
 */

/** Bytes of ceph_osd_op, and the offset of its payload length. */
export const OPERATION = 38;
const PAYLOAD_AT = 34;
/** Bytes before the arguments of an operation: opcode and flags. */
const ARGUMENTS_AT = 6;
export const SPG = 24;
export const PG = 17;
export const REQUEST_ID = 27;
const TRACE = 24;
/** u8 version, u8 compat, u32 length. */
const ENVELOPE = 6;

/** Place and lengths of the class and method names of a call, in the data. */
export interface Call {
  readonly at: number;
  readonly classLength: number;
  readonly methodLength: number;
}

/** OSD_OP, versions 8 and 9. */
export interface OpHead {
  readonly pool: number;
  readonly seed: number;
  readonly hash: number;
  readonly epoch: number;
  readonly flags: number;
  /** crc32c of the name of the object. */
  readonly object: number;
  readonly ops: readonly number[];
  /** Bytes of data that the operations announce. */
  readonly payload: number;
  /** Bytes that the extents of the operations cover. */
  readonly bytes: number;
  readonly call: Call | null;
  /** A contradiction in one of the operations; empty: none. */
  readonly fault: string;
  readonly faultKind: '' | 'extent' | 'xattr' | 'call';
  /** Offset of that operation. */
  readonly faultAt: number;
  /** What is out of order in the snapshot context; empty: nothing. */
  readonly snapFault: string;
  readonly snapFaultAt: number;
  /** The snapshot id (64 bits); also that of the head. */
  readonly snapHigh: number;
  readonly snapLow: number;
  readonly snapAt: number;
  readonly retry: number;
  readonly objectLength: number;
  readonly objectAt: number;
  /** Offset of the operations' count (u16), which the operations follow. */
  readonly countAt: number;
}

/** Bytes of a snapshot id. */
export const SNAP = 8;
/** Offsets of fields that are at the same place in every OSD_OP: placement group, hash, epoch. */
export const OP_AT = { pool: ENVELOPE + 1, hash: SPG, epoch: SPG + 4 } as const;

/** OSD_OPREPLY, versions 5 to 8. */
export interface ReplyHead {
  readonly pool: number;
  readonly seed: number;
  /** crc32c of the name of the object. */
  readonly object: number;
  readonly flags: number;
  readonly result: number;
  readonly epoch: number;
  readonly ops: readonly number[];
  readonly payload: number;
  readonly retry: number;
  /** Version in the placement group's log: epoch and number. */
  readonly versionEpoch: number;
  readonly version: number;
  /** Bytes of the object's name, which follows its length at the beginning of the front. */
  readonly objectLength: number;
  readonly retryAt: number;
  readonly versionAt: number;
}

/** Offsets of an OSD_OPREPLY's fields, counted from the end of the object's name. The operations follow their count (u32). */
export const REPLY_AT = { pg: 0, flags: PG, result: PG + 8, epoch: PG + 24, count: PG + 28 } as const;

/** OSD_REPOP and OSD_REPOPREPLY, from version 2 on. */
export interface ReplicaHead {
  readonly mapEpoch: number;
  readonly minEpoch: number;
  /** The request id of the replicated operation, such as `client.4123:17`. */
  readonly request: string;
  readonly pool: number;
  readonly seed: number;
  /** In a request: the version of the operation. */
  readonly versionEpoch: number;
  readonly version: number;
  /** In a request: the version up to which the log may be trimmed. */
  readonly trimEpoch: number;
  readonly trim: number;
  /** Only in a reply. */
  readonly result: number;
  /** The OSD that a reply comes from; -1 in a request. */
  readonly from: number;
  /** In a request: offsets of its version and of the version to trim to. In a reply: offset of its sender. */
  readonly versionAt: number;
  readonly trimAt: number;
  readonly fromAt: number;
}

/** Offsets of fields that are at the same place in every OSD_REPOP and OSD_REPOPREPLY; `result` only in replies. */
export const REPLICA_AT = {
  ...{ mapEpoch: 0, minEpoch: 4, request: 8 + TRACE, pg: 8 + TRACE + REQUEST_ID },
  result: 8 + TRACE + REQUEST_ID + SPG + 1,
} as const;
/** Bytes of an eversion_t. */
export const VERSION = 12;

class Places {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  pos: number;
  readonly end: number;
  fits = true;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = start;
    this.end = end;
  }

  /** Takes the next `n` bytes and returns their index. Clears `fits` if there are fewer. */
  take(n: number): number {
    const at = this.pos;
    if (!this.fits || n > this.end - at) {
      this.fits = false;
      return at;
    }
    this.pos = at + n;
    return at;
  }

  u32(): number {
    const at = this.take(4);
    return this.fits ? this.view.getUint32(at, true) : 0;
  }

  u64(): number {
    const at = this.take(8);
    return this.fits ? asNumber(this.view.getUint32(at + 4, true), this.view.getUint32(at, true)) : 0;
  }

  /** Takes a structure with an envelope, and returns the index of its first field. */
  envelope(): number {
    const at = this.take(ENVELOPE);
    if (this.fits) this.take(this.view.getUint32(at + 2, true));
    return at + ENVELOPE;
  }
}

/** Reads the pool of a pg_t at `at`: u8 version, u64 pool, u32 seed, i32. */
function poolAt(view: DataView, at: number): number {
  return asNumber(view.getUint32(at + 5, true), view.getUint32(at + 1, true));
}

export function readOp(version: number, bytes: Uint8Array, start: number, end: number): OpHead | null {
  if (version < 8 || version > 9) return null;
  const p = new Places(bytes, start, end);
  const { view } = p;
  const spg = p.take(SPG);
  const fixed = p.take(12);
  p.take(REQUEST_ID + TRACE);
  if (version === 9) p.envelope();
  p.take(12);
  p.envelope();
  const objectAt = p.pos + 4;
  const objectLength = p.u32();
  p.take(objectLength);
  const countAt = p.take(2);
  if (!p.fits) return null;
  const count = view.getUint16(countAt, true);
  const first = p.take(count * OPERATION);
  const snapAt = p.take(8);
  const snapSeqAt = p.take(8);
  const snapCount = p.u32();
  const snapsAt = p.take(8 * snapCount);
  const retryAt = p.take(4);
  if (!p.fits) return null;
  const snapFault = snapOutOfOrder(view, snapSeqAt, snapsAt, snapCount);
  const ops: number[] = [];
  let payload = 0;
  let size = 0;
  let call: Call | null = null;
  let fault = '';
  let faultKind: OpHead['faultKind'] = '';
  let faultAt = 0;
  for (let i = 0; i < count; i++) {
    const at = first + i * OPERATION;
    const op = view.getUint16(at, true);
    const own = view.getUint32(at + PAYLOAD_AT, true);
    const kind = opKind(op);
    ops.push(op);
    if (kind === 'extent') {
      const length = wideAt(view, at + ARGUMENTS_AT + 8);
      size += length;
      if (fault === '' && WRITES_PAYLOAD.has(op) && length !== own) {
        faultKind = 'extent';
        faultAt = at - start;
        fault = `operation ${i} writes ${length} bytes, but its data have ${own}`;
      }
    } else if (kind === 'xattr') {
      const named = view.getUint32(at + ARGUMENTS_AT, true);
      const value = view.getUint32(at + ARGUMENTS_AT + 4, true);
      if (fault === '' && named + value > own) {
        faultKind = 'xattr';
        faultAt = at - start;
        fault = `operation ${i} has a name of ${named} bytes and a value of ${value} in a payload of ${own}`;
      }
    } else if (op === OP.CALL) {
      const classLength = bytes[at + ARGUMENTS_AT]!;
      const methodLength = bytes[at + ARGUMENTS_AT + 1]!;
      const input = view.getUint32(at + ARGUMENTS_AT + 3, true);
      call ??= { at: payload, classLength, methodLength };
      if (fault === '' && classLength + methodLength + input > own) {
        faultKind = 'call';
        faultAt = at - start;
        fault = `operation ${i} has a class name of ${classLength} bytes, a method name of ${methodLength} and an input of ${input} in a payload of ${own}`;
      }
    }
    payload += own;
  }
  return {
    pool: poolAt(view, spg + ENVELOPE),
    seed: view.getUint32(spg + ENVELOPE + 9, true),
    hash: view.getUint32(fixed, true),
    epoch: view.getUint32(fixed + 4, true),
    flags: view.getUint32(fixed + 8, true),
    object: crc32c(0, bytes, objectAt, objectAt + objectLength),
    ...{ ops, payload, bytes: size, call, fault, faultKind, faultAt },
    snapFault: snapFault < 0 ? '' : snapContextFault(view, snapSeqAt, snapsAt, snapFault),
    snapFaultAt: snapsAt + SNAP * snapFault - start,
    retry: view.getInt32(retryAt, true),
    ...{ snapHigh: view.getUint32(snapAt + 4, true), snapLow: view.getUint32(snapAt, true), snapAt: snapAt - start },
    ...{ countAt: countAt - start, objectLength, objectAt: objectAt - start },
  };
}

/** Operations that write exactly their payload: write, writefull, append. */
const WRITES_PAYLOAD = new Set<number>([OP.WRITE, OP.WRITE_FULL, OP.APPEND]);

function wideAt(view: DataView, at: number): number {
  return asNumber(view.getUint32(at + 4, true), view.getUint32(at, true));
}

/**
 * SnapContext::is_valid: the sequence is not below the newest snapshot, and snapshots are listed from the newest to the oldest. Returns the
 * index of the first snapshot out of order, or -1.
 */
function snapOutOfOrder(view: DataView, seqAt: number, at: number, count: number): number {
  let before = wideAt(view, seqAt);
  for (let i = 0; i < count; i++) {
    const snap = wideAt(view, at + SNAP * i);
    if (i === 0 ? snap > before : snap >= before) return i;
    before = snap;
  }
  return -1;
}

function snapContextFault(view: DataView, seqAt: number, at: number, i: number): string {
  const snap = wideAt(view, at + SNAP * i);
  return i === 0
    ? `snapshot ${snap} is above the sequence ${wideAt(view, seqAt)}`
    : `snapshot ${snap} is listed after ${wideAt(view, at + SNAP * (i - 1))}`;
}

export function readReply(version: number, bytes: Uint8Array, start: number, end: number): ReplyHead | null {
  if (version < 5 || version > 8) return null;
  const p = new Places(bytes, start, end);
  const { view } = p;
  const objectAt = p.pos + 4;
  const objectLength = p.u32();
  p.take(objectLength);
  const pg = p.take(PG);
  const flags = p.take(8);
  const result = p.take(4);
  p.take(12);
  const epoch = p.u32();
  const count = p.u32();
  const first = p.take(count * OPERATION);
  const retry = p.take(4);
  p.take(4 * count);
  const versionAt = p.take(12);
  if (!p.fits) return null;
  const ops: number[] = [];
  let payload = 0;
  for (let i = 0; i < count; i++) {
    ops.push(view.getUint16(first + i * OPERATION, true));
    payload += view.getUint32(first + i * OPERATION + PAYLOAD_AT, true);
  }
  return {
    pool: poolAt(view, pg),
    seed: view.getUint32(pg + 9, true),
    object: crc32c(0, bytes, objectAt, objectAt + objectLength),
    flags: view.getUint32(flags, true),
    result: view.getInt32(result, true),
    ...{ epoch, ops, payload },
    retry: view.getInt32(retry, true),
    version: wideAt(view, versionAt),
    versionEpoch: view.getUint32(versionAt + 8, true),
    ...{ objectLength, retryAt: retry - start, versionAt: versionAt - start },
  };
}

/** Prefixes of entity names, for the types that send operations. */
const ENTITIES: Readonly<Record<number, string>> = { 1: 'mon', 2: 'mds', 4: 'osd', 8: 'client', 16: 'mgr' };

export function readReplica(
  type: number,
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): ReplicaHead | null {
  if (version < 2) return null;
  const p = new Places(bytes, start, end);
  const { view } = p;
  const mapEpoch = p.u32();
  const minEpoch = p.u32();
  p.take(TRACE);
  const id = p.take(REQUEST_ID) + ENVELOPE;
  const spg = p.take(SPG);
  const isReply = type === MSG.OSD_REPOPREPLY;
  if (!isReply) p.envelope();
  const ack = p.take(1);
  const behind = isReply ? p.take(4 + 12) : p.take(12);
  const from = isReply ? p.envelope() : -1;
  let trim = -1;
  if (!isReply) {
    p.take(p.u32());
    p.envelope();
    trim = p.take(12);
  }
  if (!p.fits || (isReply && p.pos < from + 4)) return null;
  const number = wideAt(view, id + 1);
  return {
    ...{ mapEpoch, minEpoch },
    request: `${ENTITIES[bytes[id]!] ?? `type${bytes[id]!}`}.${number}:${wideAt(view, id + 9)}`,
    pool: poolAt(view, spg + ENVELOPE),
    seed: view.getUint32(spg + ENVELOPE + 9, true),
    version: isReply ? 0 : wideAt(view, behind),
    versionEpoch: isReply ? 0 : view.getUint32(behind + 8, true),
    trim: trim < 0 ? 0 : wideAt(view, trim),
    trimEpoch: trim < 0 ? 0 : view.getUint32(trim + 8, true),
    result: isReply ? view.getInt32(ack + 1, true) : 0,
    from: isReply ? view.getInt32(from, true) : -1,
    ...{ versionAt: behind - start, trimAt: trim - start, fromAt: from - start },
  };
}
