import { decode } from '../../base/structure/decode.js';
import { list, placed, since, sized, type Placed } from '../../base/structure/parts.js';
import type { ReadOptions } from '../../base/structure/reader.js';
import { struct, versioned, type Struct } from '../../base/structure/struct.js';
import { i32, i8, string, u16, u32, u64, u8, unused, type Type, type ValueOf } from '../../base/structure/type.js';
import { MSG } from './message-types.js';
import { addresses } from './structures/address.js';
import { eversion, hobject, requestId, spg, timespan, utime, uuid } from './structures/common.js';

/**
 * The first fields of fronts that rules need, besides operations on objects. They are read even if nothing is printed. The forms describe
 * the same bytes as those in bodies/, but only up to the last field that a rule reads; structures with a length are skipped.
 */

const skipped = sized(struct({}));
const paxos = unused(18);

/** Maps whose epochs never decrease from one sender. */
const monMapLead = struct({ length: u32, map: versioned(Infinity, { fsid: uuid, epoch: placed(u32) }) });
const epochLead = struct({ epoch: placed(u32) });
const wrappedEpochLead = struct({ map: versioned(Infinity, { epoch: placed(u32) }) });

export const subscribeLead = struct({ what: list(struct({ name: placed(string), start: u64, flags: u8 })) });
export const getVersionLead = struct({ handle: u64 });
export const getVersionReplyLead = struct({ handle: u64, newest: u64, oldest: since(2, u64) });
const words = list(string, 'argument');
export const monCommandLead = struct({ paxos, fsid: unused(16), command: words });
export const monCommandAckLead = struct({ paxos, result: i32, text: string, command: placed(words) });

const name = struct({ type: u32, id: string });
const logEntry = versioned(Infinity, { name, rank: unused(9), addresses, stamp: utime, seq: placed(u64) });
export const logLead = struct({ paxos, fsid: unused(16), entries: list(logEntry, 'entry') });
export const logAckLead = struct({ fsid: unused(16), last: u64 });

export const paxosLead = struct({
  epoch: u32,
  op: i32,
  firstCommitted: u64,
  lastCommitted: u64,
  proposalFrom: u64,
  proposal: u64,
  uncommittedProposal: u64,
  leaseStamp: utime,
  sentStamp: utime,
  latestVersion: u64,
  latestValue: skipped,
  values: placed(list(struct({ version: u64, value: skipped }), 'value')),
});
export const electionLead = struct({
  ...{ fsid: unused(16), op: i32, epoch: u32, monmap: skipped, quorum: placed(list(i32, 'rank')) },
});

export const pingLead = struct({ fsid: unused(16), mapEpoch: u32, op: u8, pingStamp: utime });
export const bootLead = struct({ paxos, superblock: versioned(Infinity, { fsid: unused(16), osd: placed(i32) }) });
export const aliveLead = struct({ version: u64, rest: unused(10), want: u32 });
export const backoffLead = struct({ pg: unused(24), mapEpoch: u32, op: u8, id: u64 });

export const clientSessionLead = struct({ op: u32, sessionSeq: u64 });
export const clientRequestLead = struct({
  ...{
    headVersion: since(4, u16),
    oldestClientTid: placed(u64),
    mdsmapEpoch: u32,
    requestFlags: u32,
    retries: u8,
    forwards: u8,
  },
  ...{ releaseCount: u16, op: u32 },
});
export const clientReplyLead = struct({ op: u32, result: i32, mdsmapEpoch: u32, safe: u8 });
export const clientCapsLead = struct({
  ...{ op: u32, ino: u64, realm: u64, capId: u64, seq: u32, issueSeq: u32, caps: u32, wanted: u32, dirty: u32 },
  migrateSeq: u32,
});
export const clientLeaseLead = struct({ action: u8 });
export const beaconLead = struct({ paxos, fsid: unused(16), gid: u64, state: i32, seq: u64 });

export const logMissingLead = struct({
  ...{ mapEpoch: u32, pg: spg, from: i8, replicaTid: placed(u64) },
});
/** The beginning of a log entry. Entries before version 4, which had no length, are not read. */
const entryLead = versioned(Infinity, {
  ...{ op: u32, object: hobject, version: placed(eversion), priorVersion: eversion, requestId },
});
export const logMissingEntriesLead = logMissingLead.and({ entries: list(entryLead, 'entry') });
export const pgLeaseLead = struct({
  ...{ epoch: u32, pg: unused(24), envelope: unused(6), readableUntil: timespan, upperBound: timespan },
});

/** By message type: the versions whose fronts begin like that, and the form. */
export const LEADS: readonly (readonly [type: number, from: number, to: number, form: Type<unknown>])[] = [
  [MSG.MON_MAP, 1, 1, monMapLead],
  [MSG.FS_MAP, 1, 1, epochLead],
  [MSG.FS_MAP_USER, 1, 1, epochLead],
  [MSG.MGR_MAP, 1, 1, wrappedEpochLead],
  [MSG.SERVICE_MAP, 1, 1, wrappedEpochLead],
  [MSG.MON_SUBSCRIBE, 2, 3, subscribeLead],
  [MSG.MON_GET_VERSION, 1, 1, getVersionLead],
  [MSG.MON_GET_VERSION_REPLY, 2, 2, getVersionReplyLead],
  [MSG.MON_COMMAND, 1, 1, monCommandLead],
  [MSG.MON_COMMAND_ACK, 1, 1, monCommandAckLead],
  [MSG.LOG, 1, 1, logLead],
  [MSG.LOGACK, 1, 1, logAckLead],
  [MSG.MON_PAXOS, 3, 4, paxosLead],
  [MSG.MON_ELECTION, 5, 9, electionLead],
  [MSG.OSD_PING, 4, 5, pingLead],
  [MSG.OSD_BOOT, 7, 7, bootLead],
  [MSG.OSD_ALIVE, 1, 1, aliveLead],
  [MSG.OSD_BACKOFF, 1, 1, backoffLead],
  [MSG.CLIENT_SESSION, 1, 7, clientSessionLead],
  [MSG.CLIENT_REQUEST, 2, 6, clientRequestLead],
  [MSG.CLIENT_REPLY, 1, 1, clientReplyLead],
  [MSG.CLIENT_CAPS, 1, 13, clientCapsLead],
  [MSG.CLIENT_LEASE, 1, 1, clientLeaseLead],
  [MSG.MDS_BEACON, 7, 8, beaconLead],
  [MSG.OSD_PG_UPDATE_LOG_MISSING, 1, 3, logMissingEntriesLead],
  [MSG.OSD_PG_UPDATE_LOG_MISSING_REPLY, 1, 3, logMissingLead],
  [MSG.OSD_PG_LEASE, 1, 1, pgLeaseLead],
];

const BY_TYPE = new Map(LEADS.map(([type, from, to, form]) => [type, { from, to, form }]));

/** The first fields of a front, and the form that they were read in. */
export interface Lead {
  readonly form: Type<unknown>;
  readonly value: unknown;
}

/**
 * Reads the first fields; null if none are read of that type and version, or the front ends before the last one. Offsets count from the
 * front's first byte.
 */
export function readLead(
  type: number,
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ReadOptions['limits'],
): Lead | null {
  const found = BY_TYPE.get(type);
  if (found === undefined || version < found.from || version > found.to) return null;
  const { value } = decode(found.form, bytes.subarray(start, end), 0, end - start, { limits, version });
  return value === null ? null : { form: found.form, value };
}

/** Place of a field if all fields before it have a fixed size. */
export function placeIn<T extends object>(form: Struct<T>, field: keyof T & string): Placed<null> {
  let at = 0;
  for (const [name, { size }] of Object.entries(form.fields)) {
    if (size < 0) break;
    if (name === field) return { value: null, at, length: size };
    at += size;
  }
  throw new Error(`${field} has no fixed place`);
}

/** The epoch of a map whose epochs never decrease from one sender; null for other messages. */
export function mapEpoch(lead: Lead): Placed<number> | null {
  if (lead.form === monMapLead) return (lead.value as ValueOf<typeof monMapLead>).map.epoch;
  if (lead.form === epochLead) return (lead.value as ValueOf<typeof epochLead>).epoch;
  if (lead.form === wrappedEpochLead) return (lead.value as ValueOf<typeof wrappedEpochLead>).map.epoch;
  return null;
}
