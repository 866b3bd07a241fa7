import { hex } from '../../../base/hex.js';
import { list, readItems, since } from '../../../base/structure/parts.js';
import type { Reader } from '../../../base/structure/reader.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import {
  blob,
  fixedBytes,
  i32,
  i64,
  i8,
  Scalar,
  string,
  u16,
  u32,
  u64,
  u8,
  unused,
  type Type,
} from '../../../base/structure/type.js';
import { entityName } from '../constants.js';

/** Structures that many fronts contain (src/include/types.h, src/include/utime.h, src/osd/osd_types.h, src/common/hobject.h). */

/** Seconds and nanoseconds. */
export interface CephTime {
  readonly seconds: number;
  readonly nanos: number;
}

function timeText({ seconds, nanos }: CephTime): string {
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}.${String(Math.abs(nanos)).padStart(9, '0')}`;
}

/** utime_t, real_time: u32 seconds since 1970, u32 nanoseconds. JSON: `1700000000.000000001`. */
export const utime = new Scalar<CephTime>(
  'utime',
  8,
  (r, at) => ({ seconds: r.view.getUint32(at, true), nanos: r.view.getUint32(at + 4, true) }),
  timeText,
);

/** A signed duration: i32 seconds, i32 nanoseconds. */
export const timespan = new Scalar<CephTime>(
  'timespan',
  8,
  (r, at) => ({ seconds: r.view.getInt32(at, true), nanos: r.view.getInt32(at + 4, true) }),
  timeText,
);

/** uuid_d, printed as `8-4-4-4-12` hex digits. */
export const uuid = fixedBytes(16).as(
  'uuid',
  (raw) => {
    const h = hex(raw);
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join('-');
  },
  (text) => text,
);

/** entity_name_t: u8 type, i64 number. */
export const entityNameT = struct({ type: u8.shown(entityName), number: i64 }).shown(
  (e) => `${entityName(e.type)}.${e.number}`,
);

/** eversion_t. */
export const eversion = struct({ version: u64, epoch: u32 });

/** pg_t: u8 1, u64 pool, u32 seed, i32 -1. */
export const pg = struct({ structVersion: u8, pool: u64, seed: u32.shown((v) => v.toString(16)), preferred: i32 });

/** spg_t: a pg_t and a shard, in an envelope. */
export const spg = versioned(1, {
  ...{ structVersion: u8, pool: u64, seed: u32.shown((v) => v.toString(16)), preferred: i32, shard: i8 },
});

/** osd_reqid_t: the client, and its transaction id. An operation is followed by it across connections. */
export const requestId = versioned(2, {
  ...{ clientType: u8.shown(entityName), client: i64, tid: u64, incarnation: i32 },
});

/** blkin_trace_info: three i64. */
export const trace = unused(24);

/** The beginning of every message to or of a Paxos service: u64 version, i16 deprecated rank, u64 deprecated tid. */
export const paxos = struct({
  version: u64,
  sessionMon: u16,
  sessionMonTid: u64,
});

/** hobject_t (versions 3 and 4). */
export const hobject = versioned(4, {
  ...{
    key: string,
    object: string,
    snap: u64,
    hash: u32.shown((v) => v.toString(16)),
    max: u8,
    namespace: string,
    pool: i64,
  },
});

/** object_locator_t. */
export const locator = versioned(6, {
  ...{ pool: i64, preferred: i32, key: string, namespace: since(5, string), hash: since(6, i64) },
});

/** pg_shard_t: an OSD, and the shard of an erasure-coded placement group that it holds (-1: none). */
export const pgShard = versioned(1, { osd: i32, shard: i8 });

/** interval_set: the start and length of each interval. */
export const intervals = list(struct({ start: u64, length: u64 }), 'interval');
export const strings = list(string, 'name');
/** std::map of text to text. */
export const settings = list(struct({ key: string, value: string }), 'entry');

/** pg_log_op_return_item_t: what an operation returned. */
export const operationReturn = struct({ result: i32, payload: blob });

/** Feature bits in hex. Their names depend on the kind of features. */
export const featureBits = u64.shown((v) => `0x${v.toString(16)}`);

/** feature_bitset_t: u32 length in bytes, and the bits. */
export const featureBitset = blob;

/** CompatSet: the features that a reader must, need not, and for writing must understand (src/include/CompatSet.h). */
const featureSet = struct({ mask: u64, names: list(struct({ bit: u64, name: string }), 'feature') });
export const compatSet = struct({ compat: featureSet, roCompat: featureSet, incompat: featureSet });

/** entity_inst_t. */
export const entityInst = <A>(address: Type<A>) => struct({ name: entityNameT, address });

/** A number in groups of seven bits, lowest first (denc_varint). Only approximate above 2^53. */
const varint: Type<number> = {
  ...{ kind: 'varint', size: -1, least: 1 },
  read: (r, name) => {
    const at = r.pos;
    const value = takeVarint(r, name, MOST_GROUPS);
    if (!r.failed) r.row(name, at, value);
    return value;
  },
  skip: (r, name) => void takeVarint(r, name, MOST_GROUPS),
  json: (value) => value,
};
/** Groups of seven bits in a number of 64 bits. */
const MOST_GROUPS = 10;

function takeVarint(r: Reader, name: string, most: number): number {
  let value = 0;
  for (let i = 0; i < most; i++) {
    const at = r.take(name, 1);
    if (at < 0) return 0;
    value += (r.bytes[at]! & 0x7f) * 2 ** (7 * i);
    if (r.bytes[at]! < 0x80) break;
  }
  return value;
}

/** shard_id_set (Tentacle): a bit for each of 128 shards, in two words. */
export const shardSet = struct({ low: varint, high: varint });

/** A count in groups of seven bits, lowest first (denc_varint), and that many items. */
export function varintList<T>(type: Type<T>, item = 'item'): Type<readonly T[]> {
  const read = (r: Reader, name: string): readonly T[] => {
    const at = r.pos;
    const count = takeVarint(r, name, MOST_GROUPS / 2);
    if (r.failed) return [];
    r.row(`${name}Count`, at, undefined, String(count));
    if (!r.holds(name, count, Math.max(1, type.least), at, r.pos - at)) return [];
    return readItems(r, name, count, type, item);
  };
  return {
    ...{ kind: `list of ${type.kind}`, size: -1, least: 1 },
    read,
    skip: (r, name) => void read(r, name),
    json: (values) => values.map((v) => type.json(v)),
  };
}
