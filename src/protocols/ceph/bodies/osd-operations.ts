import { choose, countedBy, list, since, unusedBy, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import {
  blob,
  bool,
  fixedBytes,
  i32,
  string,
  u16,
  u32,
  u64,
  u8,
  unused,
  type ValueOf,
} from '../../../base/structure/type.js';
import { resultText, SNAP_HEAD } from '../constants.js';
import { messageFlagNames, opFlagNames, opKind, opName, type OpKind } from '../osd-ops.js';
import { eversion, hobject, locator, pg, requestId, spg, timespan, trace, utime, uuid } from '../structures/common.js';

/** Operations on objects, and basic messages between OSDs (src/messages/MOSD*.h, src/include/rados.h, src/osd/osd_types.h). */

const head = { op: u16.named(opName), opFlags: u32.shown((v) => opFlagNames(v).join(' ')) };
const payloadLength = u32;
/** The meanings of the 28 bytes after an opcode and its flags. */
const OPERATIONS = {
  extent: struct({ ...head, offset: u64, length: u64, truncateSize: u64, truncateSeq: u32, payloadLength }),
  xattr: struct({
    ...{ ...head, nameLength: u32, valueLength: u32, comparison: u8, comparisonMode: u8, unused: unused(18) },
    payloadLength,
  }),
  call: struct({
    ...{ ...head, classLength: u8, methodLength: u8, argumentCount: u8, inputLength: u32, unused: unused(21) },
    payloadLength,
  }),
  watch: struct({
    ...{ ...head, cookie: u64, watchVersion: u64, watchOp: u8, generation: u32, timeout: u32, unused: unused(3) },
    payloadLength,
  }),
  'alloc-hint': struct({
    ...{ ...head, expectedObjectSize: u64, expectedWriteSize: u64, hintFlags: u32, unused: unused(8) },
    payloadLength,
  }),
  other: struct({ ...head, arguments: fixedBytes(28), payloadLength }),
} as const satisfies Record<OpKind, unknown>;

/** ceph_osd_op. All operations have the same size. */
export type Operation = { readonly op: number; readonly opFlags: number; readonly payloadLength: number } & Partial<
  ValueOf<typeof OPERATIONS.extent> & ValueOf<typeof OPERATIONS.call> & ValueOf<typeof OPERATIONS.xattr>
>;
const operation = choose<Operation>(
  'operation',
  (r) => OPERATIONS[r.left >= 2 ? opKind(r.view.getUint16(r.pos, true)) : 'other'],
  OPERATIONS.other.size,
);

const result = i32.shown(resultText);
const flagText = (v: number) => messageFlagNames(v).join(' ');

/** request_redirect_t: the object to ask for instead. */
const redirect = versioned(1, { locator, object: string, instructions: blob });

const SNAP_DIR = 0xffff_ffff_ffff_ffffn;

/** jspan_context: the OpenTelemetry trace that the request belongs to. */
const span = versioned(1, { isValid: bool }).and(['isValid'], {
  context: whenBefore(struct({ traceId: fixedBytes(16), spanId: fixedBytes(8), flags: u8 }), isValid),
});
function isValid(before: { readonly isValid: boolean }): boolean {
  return before.isValid;
}

/** MOSDOp, versions 8 and 9. Version 9 has one more structure after the trace. */
export const osdOp = struct({
  pg: spg,
  hash: u32.shown((v) => v.toString(16)),
  osdmapEpoch: u32,
  opFlags: u32.shown(flagText),
  requestId,
  trace,
  traceContext: since(9, span),
  clientIncarnation: u32,
  mtime: utime,
  locator,
  object: string,
  opCount: u16,
})
  .and(['opCount'], { ops: countedBy('opCount', operation, 'operation') })
  .and({
    snapId: u64.shown((v) => (v === SNAP_HEAD ? 'head' : v === SNAP_DIR ? 'snapdir' : String(v))),
    snapSeq: u64,
    snaps: list(u64, 'snap'),
    retryAttempt: i32,
    features: u64,
  });

/** MOSDOpReply, versions 5 to 8. The results follow after all operations. */
export const osdOpReply = struct({
  object: string,
  pg,
  opFlags: u64.shown((v) => flagText(Number(v & 0xffff_ffffn))),
  result,
  badReplayVersion: eversion,
  osdmapEpoch: u32,
  opCount: u32,
})
  .and(['opCount'], {
    ops: countedBy('opCount', operation, 'operation'),
    retryAttempt: i32,
    results: countedBy('opCount', result, 'result'),
  })
  .and({ replayVersion: eversion, userVersion: u64, redirect: since(7, bool) })
  .and(['redirect'], {
    redirectTo: whenBefore(redirect, (before: { readonly redirect?: boolean }) => before.redirect === true),
  })
  .and({ trace: since(8, trace) });

const WATCH_EVENTS: readonly string[] = ['event 0', 'notify', 'notify_complete', 'disconnect'];

export const watchNotify = struct({
  structVersion: u8,
  op: u8.shown((v) => WATCH_EVENTS[v] ?? `event ${v}`),
  cookie: u64,
  objectVersion: u64,
  notifyId: u64,
  payload: blob,
  result: since(2, result),
  notifierGid: since(3, u64),
});

const BACKOFF_OPS: readonly string[] = ['op 0', 'block', 'ack-block', 'unblock'];

export function backoffName(op: number): string {
  return BACKOFF_OPS[op] ?? `op ${op}`;
}

export const osdBackoff = struct({
  pg: spg,
  mapEpoch: u32,
  op: u8.shown(backoffName),
  id: u64,
  begin: hobject,
  end: hobject,
});

const PING_OPS: readonly string[] = [
  'heartbeat',
  'start_heartbeat',
  'you_died',
  'stop_heartbeat',
  'ping',
  'ping_reply',
];

export function pingName(op: number): string | undefined {
  return PING_OPS[op];
}

/** MOSDPing: heartbeats, padded so that links with too small an MTU are noticed. */
export const osdPing = struct({
  fsid: uuid,
  mapEpoch: u32,
  op: u8.shown((v) => PING_OPS[v] ?? `op ${v}`),
  pingStamp: utime,
  paddingLength: u32,
  upFrom: since(5, u32),
  monoPingStamp: since(5, timespan),
  monoSendStamp: since(5, timespan),
  hasDelta: since(5, bool),
}).and(['hasDelta', 'paddingLength'], {
  deltaUpperBound: whenBefore(timespan, (before: { readonly hasDelta?: boolean }) => before.hasDelta === true),
  padding: unusedBy('paddingLength'),
});
