/** Operations in OSD_OP and OSD_OPREPLY (src/include/rados.h). */

/** Opcodes that are treated specially. Opcode = mode | type | number. */
export const OP = {
  LIST_SNAPS: 0x120a,
  WRITE: 0x2201,
  WRITE_FULL: 0x2202,
  TRUNCATE: 0x2203,
  ZERO: 0x2204,
  DELETE: 0x2205,
  APPEND: 0x2206,
  WATCH: 0x220f,
  SET_ALLOC_HINT: 0x2223,
  CALL: 0x1401,
} as const;

/** Parts of an opcode: the mode bit for writing (also set for operations that read and write), the mask of the type, and two types. */
const MODE_WRITE = 0x2000;
const KIND = 0x0f00;
const KIND_XATTR = 0x0300;
const KIND_PG = 0x0500;

/** Whether the operation writes. */
export function isWrite(op: number): boolean {
  return (op & MODE_WRITE) !== 0;
}

/** Whether it applies to a placement group instead of an object. */
export function isAboutPg(op: number): boolean {
  return (op & KIND) === KIND_PG;
}

const OPS: Readonly<Record<number, string>> = {
  0x1201: 'read',
  0x1202: 'stat',
  0x1203: 'mapext',
  0x1204: 'masktrunc',
  0x1205: 'sparse-read',
  0x1206: 'notify',
  0x1207: 'notify-ack',
  0x1208: 'assert-version',
  0x1209: 'list-watchers',
  [OP.LIST_SNAPS]: 'list-snaps',
  0x120b: 'sync-read',
  0x120c: 'tmapget',
  0x1211: 'omap-get-keys',
  0x1212: 'omap-get-vals',
  0x1213: 'omap-get-header',
  0x1214: 'omap-get-vals-by-keys',
  0x1219: 'omap-cmp',
  0x121d: 'isdirty',
  0x121e: 'copy-get',
  0x121f: 'checksum',
  0x1220: 'cmpext',
  [OP.WRITE]: 'write',
  [OP.WRITE_FULL]: 'writefull',
  [OP.TRUNCATE]: 'truncate',
  [OP.ZERO]: 'zero',
  [OP.DELETE]: 'delete',
  [OP.APPEND]: 'append',
  0x2207: 'startsync',
  0x2208: 'settrunc',
  0x2209: 'trimtrunc',
  0x220b: 'tmapput',
  0x220d: 'create',
  0x220e: 'rollback',
  [OP.WATCH]: 'watch',
  0x2215: 'omap-set-vals',
  0x2216: 'omap-set-header',
  0x2217: 'omap-clear',
  0x2218: 'omap-rm-keys',
  0x221a: 'copy-from',
  0x221c: 'undirty',
  [OP.SET_ALLOC_HINT]: 'set-alloc-hint',
  0x2224: 'cache-pin',
  0x2225: 'cache-unpin',
  0x2226: 'write-same',
  0x2227: 'set-redirect',
  0x2229: 'tier-promote',
  0x222a: 'unset-manifest',
  0x222c: 'omap-rm-key-range',
  0x222d: 'copy-from2',
  0x320a: 'tmapup',
  0x3222: 'tmap2omap',
  0x821f: 'cache-flush',
  0x8220: 'cache-evict',
  0x8221: 'cache-try-flush',
  0x8228: 'set-chunk',
  0x822b: 'tier-flush',
  0x822c: 'tier-evict',
  0x1301: 'getxattr',
  0x1302: 'getxattrs',
  0x1303: 'cmpxattr',
  0x2301: 'setxattr',
  0x2302: 'setxattrs',
  0x2303: 'resetxattrs',
  0x2304: 'rmxattr',
  [OP.CALL]: 'call',
  0x1501: 'pgls',
  0x1502: 'pgls-filter',
  0x1503: 'pg-hitset-ls',
  0x1504: 'pg-hitset-get',
  0x1505: 'pgnls',
  0x1506: 'pgnls-filter',
  0x1507: 'scrubls',
};

export function opName(op: number): string {
  return OPS[op] ?? `op 0x${op.toString(16).padStart(4, '0')}`;
}

const EXTENT_OPS = new Set<number>([
  ...[0x1201, 0x1203, 0x1204, 0x1205, 0x120b, 0x1220, 0x2209],
  ...[OP.WRITE, OP.WRITE_FULL, OP.TRUNCATE, OP.ZERO, OP.APPEND],
]);

/** What the 28 bytes after opcode and flags mean. */
export type OpKind = 'extent' | 'xattr' | 'call' | 'watch' | 'alloc-hint' | 'other';

export function opKind(op: number): OpKind {
  if (EXTENT_OPS.has(op)) return 'extent';
  if ((op & KIND) === KIND_XATTR) return 'xattr';
  if (op === OP.CALL) return 'call';
  if (op === OP.WATCH) return 'watch';
  return op === OP.SET_ALLOC_HINT ? 'alloc-hint' : 'other';
}

const MESSAGE_FLAGS: readonly (readonly [number, string])[] = [
  [0x1, 'ack'],
  [0x2, 'onnvram'],
  [0x4, 'ondisk'],
  [0x8, 'retry'],
  [0x10, 'read'],
  [0x20, 'write'],
  [0x40, 'ordersnap'],
  [0x80, 'peerstat-old'],
  [0x100, 'balance-reads'],
  [0x200, 'parallel-exec'],
  [0x400, 'pgop'],
  [0x800, 'exec'],
  [0x1000, 'exec-public'],
  [0x2000, 'localize-reads'],
  [0x4000, 'rwordered'],
  [0x8000, 'ignore-cache'],
  [0x10000, 'skip-rwlocks'],
  [0x20000, 'ignore-overlay'],
  [0x40000, 'flush'],
  [0x80000, 'map-snap-clone'],
  [0x100000, 'enforce-snapc'],
  [0x200000, 'redirected'],
  [0x400000, 'known-redir'],
  [0x800000, 'full-try'],
  [0x1000000, 'full-force'],
  [0x2000000, 'ignore-redirect'],
  [0x4000000, 'returnvec'],
  [0x8000000, 'supports-pool-eio'],
];

const OP_FLAGS: readonly (readonly [number, string])[] = [
  [0x1, 'excl'],
  [0x2, 'failok'],
  [0x4, 'random'],
  [0x8, 'sequential'],
  [0x10, 'willneed'],
  [0x20, 'dontneed'],
  [0x40, 'nocache'],
  [0x80, 'with-reference'],
  [0x100, 'bypass-clean-cache'],
];

function flagNames(table: readonly (readonly [number, string])[], flags: number): string[] {
  const out: string[] = [];
  let rest = flags;
  for (const [bit, name] of table) {
    if ((flags & bit) === 0) continue;
    out.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) out.push(`0x${(rest >>> 0).toString(16)}`);
  return out;
}

export function messageFlagNames(flags: number): string[] {
  return flagNames(MESSAGE_FLAGS, flags);
}

export function opFlagNames(flags: number): string[] {
  return flagNames(OP_FLAGS, flags);
}
