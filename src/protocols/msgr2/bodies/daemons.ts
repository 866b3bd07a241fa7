import { since } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i32, string, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { addresses } from '../structures/address.js';
import { utime } from '../structures/common.js';

/** Managers (src/messages/MMgr*.h) and the beginning of what metadata servers are asked (src/messages/MClient*.h). */

export const mgrOpen = struct({
  daemonName: string,
  serviceName: since(2, string),
  serviceDaemon: since(2, bool),
});
export const mgrConfigure = struct({ statsPeriod: u32, statsThreshold: since(2, u32) });

/** MMgrMap: who is the active manager; what follows is left as bytes. */
export const mgrMap = struct({
  map: versioned(Infinity, {
    epoch: u32,
    activeAddresses: addresses,
    activeGid: u64,
    available: bool,
    activeName: string,
  }),
});

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

export const clientSession = struct({
  op: u32.shown((v) => SESSION_OPS[v] ?? `op ${v}`),
  sessionSeq: u64,
  stamp: utime,
  maxCaps: u32,
  maxLeases: u32,
});

const operation = u32.shown((v) => `0x${v.toString(16)}`);

export const clientRequest = struct({
  oldestClientTid: u64,
  mdsmapEpoch: u32,
  requestFlags: u32,
  retries: u8,
  forwards: u8,
  releases: u16,
  op: operation,
  callerUid: u32,
  callerGid: u32,
  ino: u64,
});

export const clientReply = struct({ op: operation, result: i32.shown(resultText), mdsmapEpoch: u32, safe: u8 });
