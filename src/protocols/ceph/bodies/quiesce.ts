import { list } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i64, string, u32, u64, u8 } from '../../../base/structure/type.js';

/** How metadata servers quiesce paths together (Squid; src/mds/QuiesceDbEncoding.h, src/messages/MMDSQuiesceDb*.h). */

const STATES: readonly string[] = [
  ...['invalid', 'quiescing', 'quiesced', 'releasing', 'released', 'expired', 'failed', 'canceled', 'timedout'],
];
function stateName(state: number): string {
  return STATES[state] ?? `state ${state}`;
}
const state = u8.shown(stateName);
/** Durations in nanoseconds. */
const nanos = i64;
const dbVersion = versioned(1, { epoch: u32, setVersion: u64 });
const recorded = versioned(1, { state, atAge: nanos });
const member = versioned(1, { recorded, excluded: bool });
const set = versioned(1, {
  setVersion: u64,
  recorded,
  timeout: nanos,
  expiration: nanos,
  members: list(struct({ root: string, member }), 'member'),
});
export const quiesceListing = struct({
  listing: versioned(1, {
    originGid: u64,
    db: versioned(1, { dbVersion, dbAge: nanos, sets: list(struct({ id: string, set }), 'set') }),
  }),
});
export const quiesceAck = struct({
  ack: versioned(1, {
    originGid: u64,
    map: versioned(1, {
      dbVersion,
      roots: list(struct({ root: string, info: versioned(1, { state, timeToLive: nanos }) }), 'root'),
    }),
  }),
});
