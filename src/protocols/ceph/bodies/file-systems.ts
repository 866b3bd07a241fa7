import { choose, countedBy, ifLeft, list, since, sized, unusedBy, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned, type Members } from '../../../base/structure/struct.js';
import {
  blob,
  bool,
  i32,
  i64,
  remainder,
  string,
  u16,
  u32,
  u64,
  u8,
  unused,
  type Type,
} from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { addresses } from '../structures/address.js';
import { featureBitset, intervals, settings, utime } from '../structures/common.js';
import { filepath } from './metadata-servers.js';

/** Messages between clients of a file system and metadata servers (src/messages/MClient*.h, src/include/ceph_fs.h). */

const SESSION_OPS: readonly string[] = [
  'request_open',
  'open',
  'request_close',
  'close',
  'request_renewcaps',
  'renewcaps',
  'stale',
  'recall_state',
  'flushmsg',
  'flushmsg_ack',
  'force_ro',
  'reject',
  'request_flush_mdlog',
];
export function sessionOpName(op: number): string {
  return SESSION_OPS[op] ?? `op ${op}`;
}

const capAuth = versioned(1, {
  match: versioned(1, { uid: i64, gids: list(u32, 'gid'), path: string, filesystem: string, rootSquash: bool }),
  readable: bool,
  writeable: bool,
});
export const clientSession = struct({
  op: u32.shown(sessionOpName),
  sessionSeq: u64,
  stamp: utime,
  maxCaps: u32,
  maxLeases: u32,
  metadata: since(2, settings),
  features: since(3, featureBitset),
  metricSpec: since(4, versioned(1, { flags: featureBitset })),
  flags: since(5, u32),
  capAuths: since(6, list(capAuth, 'auth')),
  oldestClientTid: since(7, u64),
});

export const MDS_OP_SETFILELOCK = 0x1109;
export const MDS_OP_CREATE = 0x1301;

const MDS_OPS: Readonly<Record<number, string>> = {
  0x100: 'lookup',
  0x101: 'getattr',
  0x102: 'lookuphash',
  0x103: 'lookupparent',
  0x104: 'lookupino',
  0x105: 'lookupname',
  0x106: 'getvxattr',
  0x107: 'dummy',
  0x1105: 'setxattr',
  0x1106: 'rmxattr',
  0x1107: 'setlayout',
  0x1108: 'setattr',
  [MDS_OP_SETFILELOCK]: 'setfilelock',
  0x110: 'getfilelock',
  0x110a: 'setdirlayout',
  0x1201: 'mknod',
  0x1202: 'link',
  0x1203: 'unlink',
  0x1204: 'rename',
  0x1220: 'mkdir',
  0x1221: 'rmdir',
  0x1222: 'symlink',
  [MDS_OP_CREATE]: 'create',
  0x302: 'open',
  0x305: 'readdir',
  0x400: 'lookupsnap',
  0x1400: 'mksnap',
  0x1401: 'rmsnap',
  0x402: 'lssnap',
  0x1403: 'renamesnap',
  0x1404: 'readdir_snapdiff',
  0x1500: 'fragmentdir',
  0x1501: 'exportdir',
  0x1502: 'flush',
  0x1503: 'enqueue_scrub',
  0x1504: 'repair_fragstats',
  0x1505: 'repair_inodestats',
  0x1507: 'rdlock_fragsstats',
  0x1508: 'quiesce_path',
  0x1509: 'quiesce_inode',
  0x150a: 'lock_path',
};
const READS_DIRECTORY: readonly number[] = [0x305, 0x402, 0x1404];
export function mdsOpName(op: number): string {
  return MDS_OPS[op] ?? `op 0x${op.toString(16)}`;
}
const operation = u32.named(mdsOpName);

/** ceph_file_layout. */
const layout = struct({
  ...{ stripeUnit: u32, stripeCount: u32, objectSize: u32, casHash: u32, objectStripeUnit: u32, unusedField: u32 },
  pool: u32,
});

/** Bytes that the arguments of any request take. */
const ARGUMENTS = 56;
/** The arguments of one kind of request, followed by unused bytes up to ARGUMENTS. */
function args(size: number, members: Members): Type<unknown> {
  return struct({ ...members, unused: unused(ARGUMENTS - size) });
}
const attributes = args(56, {
  ...{ mode: u32, uid: u32, gid: u32, mtime: utime, atime: utime, size: u64, oldSize: u64, mask: u32, btime: utime },
});
const opened = args(36, {
  ...{ flags: u32, mode: u32, stripeUnit: u32, stripeCount: u32, objectSize: u32, pool: i32, mask: u32, oldSize: u64 },
});
const read = args(18, { frag: u32, mostEntries: u32, mostBytes: u32, flags: u16, offsetHash: u32 });
const lock = args(35, { rule: u8, lockType: u8, owner: u64, pid: u64, start: u64, length: u64, wait: u8 });
const ARGUMENTS_OF: Readonly<Record<string, Type<unknown>>> = {
  lookup: args(4, { mask: u32 }),
  getattr: args(4, { mask: u32 }),
  lookupino: args(24, { mask: u32, snap: u64, parent: u64, hash: u32 }),
  setattr: attributes,
  open: opened,
  create: opened,
  readdir: read,
  lssnap: read,
  mknod: args(8, { mode: u32, rdev: u32 }),
  mkdir: args(4, { mode: u32 }),
  setxattr: args(8, { flags: u32, osdmapEpoch: u32 }),
  setlayout: args(28, { layout }),
  setdirlayout: args(28, { layout }),
  setfilelock: lock,
  getfilelock: lock,
};
const anyArguments = struct({ bytes: unused(ARGUMENTS) });
const argumentsByOp = choose<unknown>(
  'arguments',
  (r) => ARGUMENTS_OF[mdsOpName(r.before['op'] as number)] ?? anyArguments,
  ARGUMENTS,
);
/** Bytes of the arguments before version 4 of the message, without btime. */
const OLD_ARGUMENTS = 48;

const release = struct({
  ...{ ino: u64, capId: u64, caps: u32, wanted: u32, seq: u32, issueSeq: u32, migrateSeq: u32, nameSeq: u32 },
  nameLength: u32,
}).and(['nameLength'], { name: unusedBy('nameLength') });

/** Version of the request's head, which version 4 of the message introduced. */
interface Head {
  readonly headVersion?: number;
}
const from = (version: number) => (b: Head) => (b.headVersion ?? 0) >= version;

/** MClientRequest. */
export const clientRequest = struct({
  headVersion: since(4, u16),
  oldestClientTid: u64,
  mdsmapEpoch: u32,
  requestFlags: u32,
  retries: u8,
  forwards: u8,
  releaseCount: u16,
  op: operation,
  callerUid: u32,
  callerGid: u32,
  ino: u64,
})
  .and(['op', 'headVersion'], {
    arguments: choose<unknown>('arguments', (r) =>
      r.version >= 4 ? argumentsByOp : struct({ bytes: unused(OLD_ARGUMENTS) }),
    ),
    retriesLong: whenBefore(u32, from(2)),
    forwardsLong: whenBefore(u32, from(2)),
    headLength: whenBefore(u32, from(3)),
    ownerUid: whenBefore(u32, from(3)),
    ownerGid: whenBefore(u32, from(3)),
  })
  .and({ path: filepath, path2: filepath })
  .and(['releaseCount'], { releases: countedBy('releaseCount', release, 'release') })
  .and({
    stamp: since(2, utime),
    gids: since(4, list(u64, 'gid')),
    alternateName: since(5, string),
    encryptionAuth: since(6, blob),
    encryptionFile: since(6, blob),
  });

const replyCap = struct({ caps: u32, wanted: u32, capId: u64, seq: u32, migrateSeq: u32, realm: u64, flags: u8 });
const quota = versioned(1, { mostBytes: i64, mostFiles: i64 });
const inodeMembers = {
  ino: u64,
  snap: u64,
  rdev: u32,
  version: u64,
  xattrVersion: u64,
  cap: replyCap,
  layout,
  ctime: utime,
  mtime: utime,
  atime: utime,
  timeWarpSeq: u32,
  size: u64,
  maxSize: u64,
  truncateSize: u64,
  truncateSeq: u32,
  mode: u32.shown((v) => `0${v.toString(8)}`),
  uid: u32,
  gid: u32,
  links: u32,
  files: i64,
  subdirectories: i64,
  recursiveBytes: i64,
  recursiveFiles: i64,
  recursiveSubdirectories: i64,
  recursiveCtime: utime,
  fragments: list(struct({ frag: u32, by: i32 }), 'split'),
  symlink: string,
  directoryHash: u8,
  directoryUnused: unused(7),
  xattrs: blob,
  inlineVersion: u64,
  inlineData: blob,
  quota,
  poolNamespace: string,
  btime: utime,
  changeAttribute: u64,
};
const inodeOld = struct(inodeMembers);
const inodeNew = versioned(8, {
  ...inodeMembers,
  pin: since(2, i32),
  snapBtime: since(3, utime),
  recursiveSnaps: since(4, i64),
  snapMetadata: since(5, settings),
  isEncrypted: since(6, bool),
  encryptionAuth: since(7, blob),
  encryptionFile: since(7, blob),
  optional: since(8, remainder),
});
const directoryMembers = { frag: u32, auth: i32, distribution: list(i32, 'rank') };
const leaseMembers = { mask: u16, durationMs: u32, seq: u32 };

/** Takes the form with an envelope if the next bytes can be one. Clients before Nautilus are sent the form without. */
function enveloped<T>(kind: string, modern: Type<T>, old: Type<unknown>): Type<unknown> {
  return choose<unknown>(kind, (r) => {
    const { bytes, pos, left, view } = r;
    const fits = left >= 6 && bytes[pos + 1] === 1 && bytes[pos]! > 0 && bytes[pos]! < 32;
    return fits && view.getUint32(pos + 2, true) <= left - 6 ? modern : old;
  });
}
const inode = enveloped('inode', inodeNew, inodeOld);
const directory = enveloped('directory', versioned(1, directoryMembers), struct(directoryMembers));
const lease = enveloped(
  'lease',
  versioned(2, { ...leaseMembers, alternateName: since(2, string) }),
  struct(leaseMembers),
);

/** SnapRealmInfo: the snapshots of a part of the tree. */
const realm = struct({
  ...{ ino: u64, created: u64, parent: u64, parentSince: u64, seq: u64, snapCount: u32, priorSnapCount: u32 },
}).and(['snapCount', 'priorSnapCount'], {
  snaps: countedBy('snapCount', u64, 'snap'),
  priorSnaps: countedBy('priorSnapCount', u64, 'snap'),
});
const realmNew = versioned(1, { realm, lastModified: utime, changeAttribute: u64 });
const anyRealm = enveloped('realm', realmNew, realm);

/** Realms up to the end of the bytes: those of four and more levels of a tree have been seen. */
const realms: Type<unknown> = {
  ...{ kind: 'realms', size: -1, least: 0 },
  read: (r, name) => {
    const values: unknown[] = [];
    const outer = r.rows;
    const at = r.pos;
    const rows: NonNullable<typeof outer> | null = outer === null ? null : [];
    while (r.left > 0) {
      r.rows = rows !== null && values.length < r.limits.shownItems ? rows : null;
      const value = anyRealm.read(r, 'realm');
      if (values.length < r.limits.listItems) values.push(value);
    }
    r.rows = outer;
    if (rows !== null)
      r.row(
        name,
        at,
        rows.flatMap((a) => (a.value === undefined ? [] : [a.value])),
        undefined,
        rows,
      );
    return values;
  },
  skip: (r) => {
    while (r.left > 0) anyRealm.skip(r, 'realm');
  },
  json: (value) => (value as readonly unknown[]).map((v) => anyRealm.json(v)),
};
const snapTrace = sized(realms);

interface ReplyHead {
  readonly op: number;
  readonly isDentry: number;
  readonly isTarget: number;
}
const hasDentry = (b: { readonly reply?: ReplyHead }) => (b.reply?.isDentry ?? 0) !== 0;
const hasTarget = (b: { readonly reply?: ReplyHead }) => (b.reply?.isTarget ?? 0) !== 0;

const dentryAndTarget = struct({
  directoryInode: inode,
  directory,
  name: string,
  lease,
  target: inode,
});
const dentryOnly = struct({ directoryInode: inode, directory, name: string, lease });
const targetOnly = struct({ target: inode });
const nothing = struct({});
const entry = struct({ name: string, lease, inode });
const listing = struct({ directory, entryCount: u32, flags: u16 }).and(['entryCount'], {
  entries: countedBy('entryCount', entry, 'entry'),
});
const created = choose<unknown>('created inode', (r) =>
  r.left === 8 ? struct({ createdIno: u64 }) : versioned(1, { createdIno: u64, delegated: intervals }),
);

/** MClientReply: the trace, from the directory to the target of the request, and additional results of some operations. */
export const clientReply = struct({
  op: operation,
  result: i32.shown(resultText),
  mdsmapEpoch: u32,
  safe: u8,
  isDentry: u8,
  isTarget: u8,
}).and(['op', 'isDentry', 'isTarget', 'result'], {
  trace: sizedBy((b) =>
    hasDentry({ reply: b })
      ? hasTarget({ reply: b })
        ? dentryAndTarget
        : dentryOnly
      : hasTarget({ reply: b })
        ? targetOnly
        : nothing,
  ),
  extra: sizedBy((b) =>
    READS_DIRECTORY.includes(b.op) ? listing : b.op === MDS_OP_CREATE ? created : struct({ bytes: remainder }),
  ),
  snapTrace,
});

/** A length, and a structure that depends on the reply's head; no structure if the length is 0. */
function sizedBy(pick: (head: ReplyHead) => Type<unknown>): Type<unknown> {
  return choose<unknown>('by the head', (r) => {
    const form = pick(r.before as unknown as ReplyHead);
    return sized(ifLeft(form));
  });
}

const CAP_OPS: readonly string[] = [
  ...['grant', 'revoke', 'trunc', 'export', 'import', 'update', 'drop', 'flush', 'flush_ack', 'flushsnap'],
  ...['flushsnap_ack', 'release', 'renew'],
];
const CAP_OP_EXPORT = 3;
const CAP_OP_IMPORT = 4;
export function capOpName(op: number): string {
  return CAP_OPS[op] ?? `op ${op}`;
}
const BITS: readonly string[] = ['s', 'x', 'c', 'r', 'w', 'b', 'a', 'l'];
/** Capabilities as Ceph prints them: `pAsLsXsFscr`. */
export function capsText(caps: number): string {
  let out = (caps & 1) !== 0 ? 'p' : '';
  for (const [letter, shift, width] of [
    ['A', 2, 2],
    ['L', 4, 2],
    ['X', 6, 2],
    ['F', 8, 8],
  ] as const) {
    const bits = (caps >>> shift) & ((1 << width) - 1);
    if (bits !== 0) out += letter + BITS.filter((_, i) => (bits & (1 << i)) !== 0).join('');
  }
  return out === '' ? '-' : out;
}
const caps = u32.shown(capsText);

interface CapsHead {
  readonly op: number;
}
const peer = struct({ capId: u64, seq: u32, migrateSeq: u32, mds: u32, flags: u8 });
const exportBody = struct({ peer, unused: unused(63) });
const inodeBody = struct({
  ...{ size: u64, maxSize: u64, truncateSize: u64, truncateSeq: u32, mtime: utime, atime: utime, ctime: utime, layout },
  timeWarpSeq: u32,
});

/** MClientCaps. Extended attributes are in the message's middle. */
export const clientCaps = struct({
  op: u32.shown(capOpName),
  ino: u64,
  realm: u64,
  capId: u64,
  seq: u32,
  issueSeq: u32,
  caps,
  wanted: caps,
  dirty: caps,
  migrateSeq: u32,
  snapFollows: u64,
  snapTraceLength: u32,
  uid: u32,
  gid: u32,
  mode: u32,
  links: u32,
  xattrLength: u32,
  xattrVersion: u64,
})
  .and(['op'], {
    body: choose<unknown>('body', (r) => (r.before['op'] === CAP_OP_EXPORT ? exportBody : inodeBody), 84),
  })
  .and(['snapTraceLength'], { snapTrace: limited('snapTraceLength') })
  .and(['op'], {
    locks: since(2, blob),
    peer: whenBefore(since(3, peer), (b: CapsHead) => b.op === CAP_OP_IMPORT),
  })
  .and({
    inlineVersion: since(4, u64),
    inlineData: since(4, blob),
    osdEpochBarrier: since(5, u32),
    oldestFlushTid: since(6, u64),
    callerUid: since(7, u32),
    callerGid: since(7, u32),
    poolNamespace: since(8, string),
    btime: since(9, utime),
    changeAttribute: since(9, u64),
    flags: since(10, u32),
    files: since(11, u64),
    subdirectories: since(11, u64),
    encryptionAuth: since(12, blob),
    encryptionFile: since(12, blob),
    subvolumeId: since(13, u64),
  });

/** Realms in the number of bytes that an earlier field gives. */
function limited(member: string): Type<unknown> {
  const inside = <T>(r: Parameters<typeof realms.read>[0], name: string, go: () => T): T | undefined => {
    const n = r.before[member] as number;
    const from = r.pos;
    if (r.take(name, n) < 0) return undefined;
    const outer = r.end;
    r.pos = from;
    r.end = from + n;
    const value = go();
    r.end = outer;
    return value;
  };
  return {
    ...{ kind: 'realms of a length given before', size: -1, least: 0 },
    read: (r, name) => inside(r, name, () => realms.read(r, name)),
    skip: (r, name) => {
      inside(r, name, () => realms.skip(r, name));
    },
    json: (value) => realms.json(value),
  };
}

const capItem = struct({ ino: u64, capId: u64, migrateSeq: u32, seq: u32 });
export const clientCapRelease = struct({ caps: list(capItem, 'cap'), osdEpochBarrier: since(2, u32) });

const LEASE_ACTIONS: readonly string[] = ['action 0', 'revoke', 'release', 'renew', 'revoke_ack'];
export function leaseActionName(action: number): string {
  return LEASE_ACTIONS[action] ?? `action ${action}`;
}
export const clientLease = struct({
  action: u8.shown(leaseActionName),
  ...{ mask: u16, ino: u64, first: u64, last: u64, seq: u32, durationMs: u32, name: string },
});

const SNAP_OPS: readonly string[] = ['update', 'create', 'destroy', 'split'];
export function snapOpName(op: number): string {
  return SNAP_OPS[op] ?? `op ${op}`;
}
export const clientSnap = struct({
  op: u32.shown(snapOpName),
  ...{ split: u64, inoCount: u32, realmCount: u32, traceLength: u32 },
}).and(['inoCount', 'realmCount', 'traceLength'], {
  inos: countedBy('inoCount', u64, 'ino'),
  realms: countedBy('realmCount', u64, 'realm'),
  trace: limited('traceLength'),
});

export const clientQuota = struct({
  ...{ ino: u64, recursiveCtime: utime, recursiveBytes: i64, recursiveFiles: i64, recursiveSubdirectories: i64, quota },
});
export const clientRequestForward = struct({ toMds: i32, forwards: u32, clientMustResend: bool });
export const clientReclaim = struct({ uuid: string, flags: u32 });
export const clientReclaimReply = struct({ result: i32.shown(resultText), epoch: u32, addresses });

const METRICS: readonly string[] = [
  ...['capabilities', 'reads', 'writes', 'metadata', 'dentry leases', 'opened files', 'pinned inodes'],
  ...['opened inodes', 'read sizes', 'write sizes'],
];
const three = versioned(1, { hits: u64, misses: u64, count: u64 });
const latencyMetric = versioned(2, {
  ...{ latency: utime, mean: since(2, utime), squares: since(2, u64), count: since(2, u64) },
});
const pair = versioned(1, { count: u64, total: u64 });
const otherMetric = versioned(Infinity, { bytes: remainder });
const METRIC_FORMS: readonly Type<unknown>[] = [
  ...[three, latencyMetric, latencyMetric, latencyMetric, three, pair, pair, pair, pair, pair],
];
const metric = struct({ metric: u32.shown((v) => METRICS[v] ?? `type ${v}`) }).and(['metric'], {
  values: choose<unknown>('metric', (r) => METRIC_FORMS[r.before['metric'] as number] ?? otherMetric),
});
export const clientMetrics = struct({ metrics: list(metric, 'metric') });
