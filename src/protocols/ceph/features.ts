/**
 * Ceph feature bits in v2's ident frames and v1's connect (src/include/ceph_features.h): bit, incarnation, name. A bit that was reused has
 * a row for each incarnation, the oldest first. A feature counts only if the marks of its incarnation are set as well: none for 1, bit 57
 * for 2, bits 57 and 28 for 3.
 */
const FEATURES: readonly (readonly [number, 1 | 2 | 3, string])[] = [
  [0, 1, 'UID'],
  [1, 1, 'NOSRCADDR'],
  [2, 1, 'MONCLOCKCHECK'],
  [2, 3, 'SERVER_NAUTILUS'],
  [3, 1, 'FLOCK'],
  [4, 1, 'SUBSCRIBE2'],
  [5, 1, 'MONNAMES'],
  [6, 1, 'RECONNECT_SEQ'],
  [7, 1, 'DIRLAYOUTHASH'],
  [8, 1, 'OBJECTLOCATOR'],
  [9, 1, 'PGID64'],
  [10, 1, 'INCSUBOSDMAP'],
  [11, 1, 'PGPOOL3'],
  [12, 1, 'OSDREPLYMUX'],
  [13, 1, 'OSDENC'],
  [14, 1, 'OMAP'],
  [14, 2, 'SERVER_KRAKEN'],
  [15, 1, 'MONENC'],
  [16, 1, 'QUERY_T'],
  [16, 3, 'SERVER_OCTOPUS'],
  [17, 1, 'INDEP_PG_MAP'],
  [17, 3, 'OS_PERF_STAT_NS'],
  [18, 1, 'CRUSH_TUNABLES'],
  [19, 1, 'CHUNKY_SCRUB'],
  [19, 2, 'OSD_PGLOG_HARDLIMIT'],
  [20, 1, 'MON_NULLROUTE'],
  [20, 3, 'SERVER_PACIFIC'],
  [21, 1, 'MON_GV'],
  [21, 2, 'SERVER_LUMINOUS'],
  [22, 1, 'BACKFILL_RESERVATION'],
  [22, 2, 'OSD_FIXED_COLLECTION_LIST'],
  [23, 1, 'MSG_AUTH'],
  [24, 1, 'RECOVERY_RESERVATION'],
  [24, 2, 'RECOVERY_RESERVATION_2'],
  [25, 1, 'CRUSH_TUNABLES2'],
  [26, 1, 'CREATEPOOLID'],
  [27, 1, 'REPLY_CREATE_INODE'],
  [28, 1, 'OSD_HBMSGS'],
  [28, 2, 'SERVER_MIMIC'],
  [29, 1, 'MDSENC'],
  [30, 1, 'OSDHASHPSPOOL'],
  [31, 1, 'MON_SINGLE_PAXOS'],
  [31, 3, 'SERVER_REEF'],
  [32, 1, 'OSD_SNAPMAPPER'],
  [32, 3, 'STRETCH_MODE'],
  [33, 1, 'MON_SCRUB'],
  [33, 3, 'SERVER_QUINCY'],
  [34, 1, 'OSD_PACKED_RECOVERY'],
  [34, 3, 'RANGE_BLOCKLIST'],
  [35, 1, 'OSD_CACHEPOOL'],
  [36, 1, 'CRUSH_V2'],
  [37, 1, 'EXPORT_PEER'],
  [38, 1, 'OSD_ERASURE_CODES'],
  [38, 2, 'CRUSH_MSR'],
  [39, 1, 'OSDMAP_ENC'],
  [40, 1, 'MDS_INLINE_DATA'],
  [41, 1, 'CRUSH_TUNABLES3'],
  [42, 1, 'MSGR_KEEPALIVE2'],
  [43, 1, 'OSD_POOLRESEND'],
  [44, 1, 'ERASURE_CODE_PLUGINS_V2'],
  [44, 2, 'NVMEOFHA'],
  [45, 1, 'OSD_SET_ALLOC_HINT'],
  [45, 2, 'NVMEOFHAMAP'],
  [46, 1, 'OSD_FADVISE_FLAGS'],
  [47, 1, 'MDS_QUOTA'],
  [48, 1, 'CRUSH_V4'],
  [49, 1, 'OSD_MIN_SIZE_RECOVERY'],
  [49, 2, 'SERVER_SQUID'],
  [50, 1, 'MON_METADATA'],
  [50, 2, 'SERVER_TENTACLE'],
  [51, 1, 'OSD_BITWISE_HOBJ_SORT'],
  [52, 1, 'OSD_PROXY_WRITE_FEATURES'],
  [53, 1, 'ERASURE_CODE_PLUGINS_V3'],
  [54, 1, 'OSD_HITSET_GMT'],
  [55, 1, 'HAMMER_0_94_4'],
  [56, 1, 'NEW_OSDOP_ENCODING'],
  [57, 1, 'SERVER_JEWEL'],
  [58, 1, 'NEW_OSDOPREPLY_ENCODING'],
  [59, 1, 'MSG_ADDR2'],
  [60, 1, 'OSD_RECOVERY_DELETES'],
  [61, 1, 'CEPHX_V2'],
  [62, 1, 'RESERVED'],
  [63, 1, 'RESERVED_BROKEN'],
];

/**
 * Bits that releases up to Pacific set in their old meaning together with the marks of the new one, so that a word alone does not tell
 * which is meant.
 */
const EITHER_MEANING: readonly number[] = [31, 32, 33, 34];

export const MSG_ADDR2 = 1n << 59n;
const INCARNATION: readonly bigint[] = [0n, 0n, 1n << 57n, (1n << 57n) | (1n << 28n)];

/**
 * Names of the features in a word, in the newest incarnation that its marks allow. A bit without a name, or whose marks are missing, is
 * named like `bit 17`.
 */
export function featureNames(word: bigint): string[] {
  return named(word, word, EITHER_MEANING);
}

/**
 * Names of the features in `mask` that the word `offered` lacks, in the incarnation that `offered` uses. If that was not seen (0), the
 * newest is the likeliest.
 */
export function missingFeatureNames(mask: bigint, offered: bigint): string[] {
  return named(mask, offered === 0n ? INCARNATION[3]! : offered, []);
}

function named(word: bigint, marked: bigint, either: readonly number[]): string[] {
  const names = new Map<number, string>();
  for (const [bit, incarnation, name] of FEATURES) {
    const marks = INCARNATION[incarnation]!;
    if ((word & (1n << BigInt(bit))) === 0n || (marked & marks) !== marks) continue;
    const older = either.includes(bit) ? names.get(bit) : undefined;
    names.set(bit, older === undefined ? name : `${older}|${name}`);
  }
  for (let bit = 0; bit < 64; bit++)
    if (!names.has(bit) && (word & (1n << BigInt(bit))) !== 0n) names.set(bit, `bit ${bit}`);
  return [...names].sort((a, b) => a[0] - b[0]).map(([, name]) => name);
}
