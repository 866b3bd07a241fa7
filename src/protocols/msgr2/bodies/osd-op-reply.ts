import { items, list, since, when } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, fixedBytes, i32, i64, string, u16, u32, u64 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { messageFlagNames, opFlagNames, opName } from '../osd-ops.js';
import { eversion, pg, trace } from '../structures/common.js';

/** ceph_osd_op (src/include/rados.h): 38 bytes. */
const operation = struct({
  op: u16.shown(opName),
  opFlags: u32.shown((v) => opFlagNames(v).join(' ')),
  arguments: fixedBytes(28),
  payloadLength: u32,
});

const result = i32.shown(resultText);

/** object_locator_t (src/osd/osd_types.h). */
const locator = versioned(6, {
  ...{ pool: i64, preferred: i32, key: string, namespace: since(5, string), hash: since(6, i64) },
});

/** request_redirect_t: where else to ask. */
const redirect = versioned(1, { locator, object: string, instructions: blob });

/** MOSDOpReply (src/messages/MOSDOpReply.h), versions 7 and 8; each operation's result stands behind all operations. */
export const osdOpReply = struct({
  object: string,
  pg,
  opFlags: u64.shown((v) => messageFlagNames(Number(v & 0xffff_ffffn)).join(' ')),
  result,
  badReplayVersion: eversion,
  osdmapEpoch: u32,
  ops: list(operation, 'operation'),
  retryAttempt: i32,
})
  .and((before) => ({ results: items(before.ops.length, result, 'result') }))
  .and({ replayVersion: eversion, userVersion: u64, redirected: since(7, bool) })
  .and((before) => ({ redirect: when(before.redirected === true, redirect) }))
  .and({ trace: since(8, trace) });
