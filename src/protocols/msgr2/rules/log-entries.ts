import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { rule } from './rule.js';
import { between, talk, type Said } from './sessions.js';

/** Entries of the log of a placement group. */

const osds = () => between(4, 4, { gid: 1, lossy: false });
const head = (tid: number) => E.concat(E.u32(20), F.spg(2, 3), E.u8(0xff), E.u64(tid));
/** An entry in Hammer's encoding, for a modified object. */
const entry = (version: number) =>
  F.envelope(
    ...([5, 4, E.u32(1)] as const),
    ...[F.hobject('o'), F.eversion(version, 20), F.eversion(0, 0), F.requestId(4100, version), F.zeros(8)],
  );
const entries = (tid: number, ...versions: readonly number[]): Said => [
  ...(['client', MSG.OSD_PG_UPDATE_LOG_MISSING, 1] as const),
  E.concat(head(tid), E.vec(versions.map(entry))),
];
const written = (tid: number): Said => ['server', MSG.OSD_PG_UPDATE_LOG_MISSING_REPLY, 1, head(tid)];

export const PG_LOG_ORDER = rule('pg-log-order', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'log entries of a placement group are out of order',
  meaning:
    'The versions in the log of a placement group increase from entry to entry. An OSD asserts this when it adds them, and aborts otherwise. Judged within one OSD_PG_UPDATE_LOG_MISSING.',
  spec: 'src/osd/PGLog.h, IndexedLog::add',
  breaks: ['version 8, then 7', () => talk(osds(), entries(1, 8, 7))],
  keeps: ['version 7, then 8', () => talk(osds(), entries(1, 7, 8))],
});

export const PG_LOG_ORPHAN = rule('pg-log-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a replica acknowledges log entries that it was never sent',
  meaning:
    'OSD_PG_UPDATE_LOG_MISSING_REPLY repeats the tid of its OSD_PG_UPDATE_LOG_MISSING. A primary that does not know the tid writes an error to the cluster log.',
  spec: 'src/osd/PrimaryLogPG.cc, do_update_log_missing_reply',
  breaks: ['entries with tid 1, a reply to tid 2', () => talk(osds(), entries(1, 7), written(2))],
  keeps: ['a reply to tid 1', () => talk(osds(), entries(1, 7), written(1))],
});

export const LOG_ENTRY_RULES = [PG_LOG_ORDER, PG_LOG_ORPHAN];
