import { list, since } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, i32, i64, i8, string, u32, u64, u8 } from '../../../base/structure/type.js';
import { address } from '../structures/address.js';
import { entityInst, entityNameT, featureBitset, settings } from '../structures/common.js';

/**
 * How metadata servers export parts of the tree to each other, and agree after a failure on what each one holds (src/messages/MExport*.h,
 * MMDSResolve.h, MMDSCacheRejoin.h, MCacheExpire.h, MDiscoverReply.h, src/mds/Capability.cc).
 */

/** dirfrag_t: a part of a directory. */
export const dirfrag = struct({ ino: u64, frag: u32 });
/** metareqid_t: the requester, and its transaction id. */
export const metareqid = struct({ name: entityNameT, tid: u64 });
const bounds = list(dirfrag, 'bound');
const ranks = list(i32, 'rank');
/** The rank that is authoritative for a directory, and a second one while it is exported (-2: unknown). */
const authority = struct({ first: i32, second: i32 });

/** client_metadata_t. */
const clientMetadata = versioned(3, {
  settings,
  features: since(2, featureBitset),
  metricSpec: since(3, versioned(1, { flags: featureBitset })),
});
const clientInsts = list(struct({ client: i64, inst: entityInst(address) }), 'client');
const clientMetadatas = list(struct({ client: i64, metadata: clientMetadata }), 'client');

// ---- migration: discover, prep, export, notify, finish

export const exportDiscoverAck = struct({ dirfrag, success: bool });
export const exportCancel = struct({ dirfrag });
export const exportPrep = struct({
  ...{ dirfrag, basedir: blob, bounds, traces: list(blob, 'trace'), bystanders: ranks },
});
export const exportPrepAck = struct({ dirfrag, success: bool });
export const exportDir = struct({ dirfrag, bounds, exportData: blob, clientMap: blob });
export const exportDirAck = struct({ dirfrag, importedCaps: blob });
export const exportNotify = struct({
  ...{ dirfrag, ackWanted: bool, oldAuthority: authority, newAuthority: authority, bounds },
});
export const exportNotifyAck = struct({ dirfrag, newAuthority: authority });
export const exportFinish = struct({ dirfrag, last: bool });
export const exportCaps = struct({
  ...{ ino: u64, capabilities: blob, clients: clientInsts, clientMetadata: since(2, clientMetadatas) },
});
export const exportCapsAck = struct({ ino: u64, capabilities: blob });

// ---- resolve: which rank has which subtrees, after a failure

const TABLES: readonly string[] = ['anchor', 'snap'];
/** mds_table_t. */
export function tableName(table: number): string {
  return TABLES[table] ?? `table ${table}`;
}
export const resolve = struct({
  subtrees: list(struct({ dirfrag, bounds }), 'subtree'),
  ambiguousImports: list(struct({ dirfrag, bounds }), 'import'),
  peerRequests: list(
    struct({ reqid: metareqid, request: versioned(1, { inodeCaps: blob, committing: bool }) }),
    'request',
  ),
  tableClients: list(struct({ table: u8.shown(tableName), pendingCommits: list(u64, 'version') }), 'client'),
});

// ---- rejoin: the caches are made consistent again

const REJOINS: readonly string[] = ['op 0', 'weak', 'strong', 'ack'];
export function rejoinName(op: number): string {
  return REJOINS[op] ?? `op ${op}`;
}
/** vinodeno_t: an inode in a snapshot. */
const vinode = struct({ ino: u64, snap: u64 });
/** string_snap_t: a name in a snapshot. */
const nameInSnap = versioned(2, { name: string, snap: u64 });
const peerRequest = struct({ reqid: metareqid, attempt: u32 });
const peerRequests = list(peerRequest, 'request');
const byLock = list(struct({ lockType: i32, request: peerRequest }), 'lock');
const capability = struct({ capId: u64, wanted: u32, issued: u32, realm: u64, pathBase: u64, locks: blob });
/** cap_reconnect_t. */
const reconnect = versioned(2, { path: string, capability, snapFollows: since(2, u64) });
const dentryStrong = struct({
  ...{ first: u64, ino: u64, remoteIno: u64, remoteType: u8, nonce: u32, lock: i32, alternateName: string },
});
const inodeStrong = struct({ nonce: u32, capsWanted: i32, fileLock: i32, nestLock: i32, dirfragtreeLock: i32 });
export const cacheRejoin = struct({
  op: i32.shown(rejoinName),
  strongInodes: list(struct({ inode: vinode, state: inodeStrong }), 'inode'),
  inodeBase: blob,
  inodeLocks: blob,
  inodeScatterlocks: list(struct({ ino: u64, file: blob, nest: blob, dirfragtree: blob }), 'inode'),
  authpinnedInodes: list(struct({ inode: vinode, requests: peerRequests }), 'inode'),
  frozenAuthpinInodes: list(struct({ inode: vinode, request: peerRequest }), 'inode'),
  xlockedInodes: list(struct({ inode: vinode, locks: byLock }), 'inode'),
  wrlockedInodes: list(
    struct({ inode: vinode, locks: list(struct({ lockType: i32, requests: peerRequests }), 'lock') }),
    'inode',
  ),
  capExports: list(struct({ ino: u64, clients: list(struct({ client: i64, reconnect }), 'client') }), 'inode'),
  clients: clientInsts,
  importedCaps: blob,
  strongDirfrags: list(struct({ dirfrag, nonce: u32, replication: i8 }), 'dirfrag'),
  dirfragBases: list(struct({ dirfrag, base: blob }), 'dirfrag'),
  weak: list(
    struct({ ino: u64, dentries: list(struct({ name: nameInSnap, first: u64, ino: u64 }), 'dentry') }),
    'directory',
  ),
  weakDirfrags: list(dirfrag, 'dirfrag'),
  weakInodes: list(vinode, 'inode'),
  strongDentries: list(
    struct({ dirfrag, dentries: list(struct({ name: nameInSnap, state: dentryStrong }), 'dentry') }),
    'dirfrag',
  ),
  authpinnedDentries: list(
    struct({ dirfrag, dentries: list(struct({ name: nameInSnap, requests: peerRequests }), 'dentry') }),
    'dirfrag',
  ),
  xlockedDentries: list(
    struct({ dirfrag, dentries: list(struct({ name: nameInSnap, request: peerRequest }), 'dentry') }),
    'dirfrag',
  ),
  clientMetadata: since(2, clientMetadatas),
});

// ---- cache expiry, and answers to lookups

const expired = {
  inodes: list(struct({ inode: vinode, nonce: u32 }), 'inode'),
  directories: list(struct({ dirfrag, nonce: u32 }), 'dirfrag'),
  dentries: list(
    struct({ dirfrag, names: list(struct({ name: string, snap: u64, nonce: u32 }), 'dentry') }),
    'dirfrag',
  ),
};
export const cacheExpire = struct({ from: i32, realms: list(struct({ realm: dirfrag, ...expired }), 'realm') });

const STARTS: readonly string[] = ['directory', 'dentry', 'inode'];
export const discoverReply = struct({
  baseIno: u64,
  baseFrag: u32,
  wantBaseDir: bool,
  pathLocked: bool,
  snap: u64,
  errorDentry: bool,
  errorDirectory: bool,
  missingName: string,
  authorityHint: i32,
  unsolicited: bool,
  startsWith: u8.shown((v) => STARTS[v] ?? `kind ${v}`),
  trace: blob,
});
