import { OP } from '../ceph/osd-ops.js';
import * as E from './encode.js';

/** Fronts of messages with defaults, for the example sessions of rules. */

/** ENCODE_START: u8 version, u8 compat, u32 length. */
export function envelope(version: number, compat: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return E.concat(E.u8(version), E.u8(compat), E.blob(E.concat(...parts)));
}

export const zeros = (n: number): Uint8Array => new Uint8Array(n);
const i32 = (v: number): Uint8Array => E.u32(v >>> 0);

/** pg_t, spg_t, osd_reqid_t. */
export function pg(pool: number, seed: number): Uint8Array {
  return E.concat(E.u8(1), E.u64(pool), E.u32(seed), i32(-1));
}
export function spg(pool: number, seed: number): Uint8Array {
  return envelope(1, 1, pg(pool, seed), E.u8(0xff));
}
export function requestId(client: number, tid: number): Uint8Array {
  return envelope(2, 2, E.u8(8), E.u64(client), E.u64(tid), E.u32(0));
}
export const eversion = (version: number, epoch: number): Uint8Array => E.concat(E.u64(version), E.u32(epoch));

export interface OpParts {
  readonly op?: number;
  readonly offset?: number;
  readonly length?: number;
  readonly payload?: number;
  /** The 28 bytes after opcode and flags, in place of offset and length. */
  readonly arguments?: Uint8Array;
}

/** ceph_osd_op: 38 bytes. */
function operation(p: OpParts): Uint8Array {
  const args = p.arguments ?? E.concat(E.u64(p.offset ?? 0), E.u64(p.length ?? p.payload ?? 0), zeros(12));
  return E.concat(E.u16(p.op ?? OP.WRITE), E.u32(0), args, zeros(28 - args.length), E.u32(p.payload ?? 0));
}

export interface OsdOpParts {
  readonly pool?: number;
  readonly seed?: number;
  readonly hash?: number;
  readonly epoch?: number;
  readonly flags?: number;
  readonly object?: string;
  readonly ops?: readonly OpParts[];
  /** Snapshot to read; by default the head (-2). */
  readonly snap?: number;
  readonly snapSeq?: number;
  readonly snaps?: readonly number[];
  readonly retry?: number;
}

/** OSD_OP, version 8; by default a write of no bytes. */
export function osdOp(p: OsdOpParts = {}): Uint8Array {
  const ops = p.ops ?? [{}];
  const seed = p.seed ?? 3;
  return E.concat(
    spg(p.pool ?? 2, seed),
    E.u32(p.hash ?? 0x40 + seed),
    E.u32(p.epoch ?? 20),
    E.u32(p.flags ?? 0x24),
    requestId(0, 0),
    zeros(24 + 12),
    envelope(6, 3, E.u64(p.pool ?? 2), i32(-1), E.str(''), E.str(''), E.u64(-1)),
    E.str(p.object ?? 'o'),
    E.u16(ops.length),
    ...ops.map(operation),
    E.u64(p.snap ?? -2),
    E.u64(p.snapSeq ?? 0),
    E.vec((p.snaps ?? []).map((s) => E.u64(s))),
    E.u32(p.retry ?? 0),
    E.u64(0),
  );
}

export interface OsdReplyParts {
  readonly pool?: number;
  readonly seed?: number;
  readonly object?: string;
  readonly flags?: number;
  readonly result?: number;
  readonly epoch?: number;
  readonly ops?: readonly OpParts[];
  readonly retry?: number;
  readonly version?: number;
}

/** OSD_OPREPLY, version 8; its defaults answer `osdOp()`. */
export function osdReply(p: OsdReplyParts = {}): Uint8Array {
  const ops = p.ops ?? [{}];
  const version = eversion(p.version ?? 7, 20);
  return E.concat(
    E.str(p.object ?? 'o'),
    pg(p.pool ?? 2, p.seed ?? 3),
    E.u64(p.flags ?? 0x24),
    i32(p.result ?? 0),
    version,
    E.u32(p.epoch ?? 20),
    E.u32(ops.length),
    ...ops.map(operation),
    E.u32(p.retry ?? 0),
    ...ops.map(() => E.u32(0)),
    version,
    E.u64(p.version ?? 7),
    E.u8(0),
    zeros(24),
  );
}

export function hobject(name: string): Uint8Array {
  return envelope(4, 3, E.str(''), E.str(name), E.u64(-2), E.u32(0x43), E.u8(0), E.str(''), E.u64(2));
}

/** pg_stat_t of Jewel, all zero. */
function pgStat(): Uint8Array {
  const sum = envelope(14, 14, zeros(28 * 8 + 4 * 4 + 2 * 8));
  const before = E.concat(zeros(12 + 8 + 4 + 4 + 12 + 12 + 4 + 4), E.u8(1), zeros(12), i32(-1), zeros(4 + 12 + 8));
  const lists = zeros(4 + 4);
  const times = zeros(5 * 8 + 4 + 12 + 8 + 1 + 8 + 8 + 1 + 4 + 4 + 1 + 1);
  return envelope(
    22,
    22,
    before,
    envelope(2, 2, sum, E.u32(0)),
    zeros(16),
    lists,
    times,
    zeros(4 + 8 + 8 + 1 + 8 + 8 + 1),
  );
}

export interface ReplicaParts {
  readonly pool?: number;
  readonly seed?: number;
  readonly epoch?: number;
  readonly minEpoch?: number;
  readonly client?: number;
  readonly tid?: number;
  readonly version?: number;
  readonly trim?: number;
  readonly result?: number;
  readonly from?: number;
}

function replicated(p: ReplicaParts): Uint8Array {
  return E.concat(
    E.u32(p.epoch ?? 20),
    E.u32(p.minEpoch ?? 18),
    zeros(24),
    requestId(p.client ?? 4200, p.tid ?? 1),
    spg(p.pool ?? 2, p.seed ?? 3),
  );
}
const shard = (osd: number): Uint8Array => envelope(1, 1, E.u32(osd), E.u8(0xff));

/** OSD_REPOP, version 3. */
export function osdRepOp(p: ReplicaParts = {}): Uint8Array {
  return E.concat(
    replicated(p),
    hobject('o'),
    E.u8(4),
    eversion(p.version ?? 7, 20),
    E.blob(E.u32(0)),
    pgStat(),
    eversion(p.trim ?? 0, p.trim === undefined ? 0 : 20),
    hobject(''),
    hobject(''),
    shard(p.from ?? 1),
    E.u8(0),
    eversion(0, 0),
  );
}

/** OSD_REPOPREPLY, version 2. */
export function osdRepOpReply(p: ReplicaParts = {}): Uint8Array {
  return E.concat(replicated(p), E.u8(4), i32(p.result ?? 0), eversion(0, 0), shard(p.from ?? 0));
}

export const FSID = new Uint8Array(16).fill(0x77);

/** pg_pool_t of Dumpling's time, all zero. */
const pool = (id: number): Uint8Array => E.concat(E.u64(id), envelope(5, 5, zeros(64)));
/** The OSD-only section of a map or an incremental map, all zero. */
const ofOsds = envelope(1, 1, zeros(64));

/** A full map in its oldest form with an envelope: pools, but no OSDs. */
function fullMap(epoch: number, pools: readonly number[], fsid: Uint8Array): Uint8Array {
  const client = envelope(1, 1, fsid, E.u32(epoch), zeros(16), E.vec(pools.map(pool)), zeros(4 + 12 + 4 * 6));
  return E.blob(envelope(7, 7, client, ofOsds));
}

/** An incremental map that changes nothing but the epoch. */
function changes(epoch: number, fsid: Uint8Array): Uint8Array {
  const client = envelope(1, 1, fsid, E.u32(epoch), zeros(8 + 8 + 4 + 4 + 4 + 4 + 4 * 8));
  return E.blob(envelope(7, 7, client, ofOsds));
}

export interface OsdMapParts {
  readonly epoch?: number;
  readonly pools?: readonly number[];
  /** Epochs of incremental maps, which are sent instead of a full map. */
  readonly changes?: readonly number[];
  /** Epoch inside the maps, if it is to differ from the one that OSD_MAP gives for them. */
  readonly inner?: number;
  readonly fsid?: number;
  readonly newest?: number;
}

/** OSD_MAP, version 3: a full map, or incremental maps. */
export function osdMap(p: OsdMapParts = {}): Uint8Array {
  const epoch = p.epoch ?? 20;
  const fsid = p.fsid === undefined ? FSID : new Uint8Array(16).fill(p.fsid);
  const increments = (p.changes ?? []).map((e) => E.concat(E.u32(e), changes(p.inner ?? e, fsid)));
  const full = E.concat(E.u32(epoch), fullMap(p.inner ?? epoch, p.pools ?? [], fsid));
  const maps = p.changes === undefined ? [full] : [];
  const newest = p.newest ?? p.changes?.at(-1) ?? epoch;
  return E.concat(FSID, E.vec(increments), E.vec(maps), E.u32(1), E.u32(newest));
}
