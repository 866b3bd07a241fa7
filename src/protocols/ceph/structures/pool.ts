import { choose, countedBy, list, optional, since, until, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, f64, i32, i64, string, u32, u64, u8, type Type } from '../../../base/structure/type.js';
import { eversion, intervals, pg, settings, shardSet, utime } from './common.js';

/** pg_pool_t: the settings of a pool (src/osd/osd_types.cc). */

const POOL_TYPES: readonly string[] = ['type 0', 'replicated', 'type 2', 'erasure'];

const snap = versioned(2, { id: u64, stamp: utime, name: string });

/** HitSet::Params: 0 none, 1 hashes, 2 objects, 3 bloom. */
const BLOOM = 3;
const hitSetParameters = versioned(1, { form: u8 }).and(['form'], {
  bloom: whenBefore(
    versioned(1, { falsePositiveMicro: u32, targetSize: u64, seed: u64 }),
    (b: { readonly form: number }) => b.form === BLOOM,
  ),
});

/** A value of pool_opts_t: text, f64 or i64. Before version 2, integers had 32 bits; these are not decoded. */
const optionValue = choose<unknown>('option value', (r): Type<unknown> => {
  const type = r.before['valueType'] as number;
  if (type === 0) return string;
  if (type === 2) return f64;
  return i64;
});
const option = struct({ key: i32, valueType: i32 }).and(['valueType'], { value: optionValue });
const options = versioned(2, { count: u32 }).and(['count'], { options: countedBy('count', option, 'option') });

const mergeMeta = versioned(1, {
  ...{ source: pg, readyEpoch: u32, lastEpochStarted: u32, lastEpochClean: u32 },
  ...{ sourceVersion: eversion, targetVersion: eversion },
});

/** Requirements of stretch clusters on the OSDs of a placement group. */
const peering = struct({ buckets: u32, target: u32, barrier: u32, mandatoryMember: i32 });
/** A field that only one version has. */
const only = <T>(version: number, type: Type<T>) => since(version, until(version + 1, type));

/** pg_pool_t, from version 5 on. */
export const pool = versioned(32, {
  type: u8.shown((v) => POOL_TYPES[v] ?? `type ${v}`),
  size: u8,
  crushRule: u8,
  objectHash: u8,
  pgNum: u32,
  pgpNum: u32,
  oldLpgNum: u32,
  oldLpgpNum: u32,
  lastChange: u32,
  snapSeq: u64,
  snapEpoch: u32,
  snaps: list(struct({ id: u64, snap }), 'snap'),
  removedSnaps: intervals,
  auid: u64,
  flags: u64.shown((v) => `0x${v.toString(16)}`),
  crashReplayInterval: u32,
  minSize: since(7, u8),
  quotaBytes: since(8, u64),
  quotaObjects: since(8, u64),
  tiers: since(9, list(u64, 'pool')),
  tierOf: since(9, i64),
  cacheMode: since(9, u8),
  readTier: since(9, i64),
  writeTier: since(9, i64),
  properties: since(10, settings),
  hitSetParameters: since(11, hitSetParameters),
  hitSetPeriod: since(11, u32),
  hitSetCount: since(11, u32),
  stripeWidth: since(12, u32),
  targetMaxBytes: since(13, u64),
  targetMaxObjects: since(13, u64),
  cacheTargetDirtyMicro: since(13, u32),
  cacheTargetFullMicro: since(13, u32),
  cacheMinFlushAge: since(13, u32),
  cacheMinEvictAge: since(13, u32),
  erasureCodeProfile: since(14, string),
  lastForceResendPreluminous: since(15, u32),
  minReadRecency: since(16, i32),
  expectedObjects: since(17, u64),
  cacheTargetDirtyHighMicro: since(19, u32),
  minWriteRecency: since(20, i32),
  useGmtHitSet: since(21, bool),
  fastRead: since(22, bool),
  hitSetGradeDecay: since(23, i32),
  hitSetSearchLast: since(23, u32),
  options: since(24, options),
  lastForceResendPrenautilus: since(25, u32),
  applications: since(26, list(struct({ name: string, settings }), 'application')),
  createTime: since(27, utime),
  pgNumTarget: since(28, u32),
  pgpNumTarget: since(28, u32),
  pgNumPending: since(28, u32),
  oldMergeEpochStarted: since(28, u32),
  oldMergeEpochClean: since(28, u32),
  lastForceResend: since(28, u32),
  autoscaleMode: since(28, u8),
  lastMerge: since(29, mergeMeta),
  peeringReef: only(30, peering),
  peering: since(31, optional(peering)),
  nonprimaryShards: since(32, shardSet),
});
