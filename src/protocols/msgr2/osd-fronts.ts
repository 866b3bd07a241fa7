import { entityName, resultText } from './constants.js';
import type { EntityWalker } from './entity-walker.js';
import { messageFlagNames, opFlagNames, opKind, opName } from './osd-ops.js';

/** Fronts of the OSD operations and their replication (src/messages/MOSDOp.h and its neighbours; src/osd/osd_types.h). */

/** One operation: u16 opcode, u32 flags, 28 bytes, u32 payload length. */
const OP_SIZE = 38;

/** pg_t: u8 version, u64 pool, u32 seed, s32 -1. */
function rawGroup(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u8('structVersion');
    w.u64('pool');
    w.u32('seed', (v) => v.toString(16));
    w.s32('preferred');
  });
}

/** spg_t: a versioned pg_t and a shard. */
export function placementGroup(w: EntityWalker, name: string): void {
  w.versioned(name, () => {
    w.u8('structVersion');
    w.u64('pool');
    w.u32('seed', (v) => v.toString(16));
    w.s32('preferred');
    w.s8('shard');
  });
}

function requestId(w: EntityWalker): void {
  w.versioned('requestId', () => {
    w.u8('clientType', entityName);
    w.s64('client');
    w.u64('tid');
    w.s32('incarnation');
  });
}

function trace(w: EntityWalker): void {
  w.raw('trace', 24, false);
}

function eversion(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u64('version');
    w.u32('epoch');
  });
}

function locator(w: EntityWalker): void {
  w.versioned('locator', (version) => {
    w.s64('pool');
    w.s32('preferred');
    w.str('key');
    if (version >= 5) w.str('namespace');
    if (version >= 6) w.s64('hash');
  });
}

function operation(w: EntityWalker): void {
  w.together('operation', () => {
    const op = w.u16('op', opName);
    w.u32('opFlags', (v) => opFlagNames(v).join(' '));
    switch (opKind(op)) {
      case 'extent':
        w.u64('offset');
        w.u64('length');
        w.u64('truncateSize');
        w.u32('truncateSeq');
        break;
      case 'xattr':
        w.u32('nameLength');
        w.u32('valueLength');
        w.u8('comparison');
        w.u8('comparisonMode');
        w.raw('unused', 18, false);
        break;
      case 'call':
        w.u8('classLength');
        w.u8('methodLength');
        w.u8('arguments');
        w.u32('inputLength');
        w.raw('unused', 21, false);
        break;
      case 'watch':
        w.u64('cookie');
        w.u64('watchVersion');
        w.u8('watchOp');
        w.u32('generation');
        w.u32('timeout');
        w.raw('unused', 3, false);
        break;
      case 'alloc-hint':
        w.u64('expectedObjectSize');
        w.u64('expectedWriteSize');
        w.u32('hintFlags');
        w.raw('unused', 8, false);
        break;
      default:
        w.raw('arguments', 28);
    }
    w.u32('payloadLength');
  });
}

/** Versions 8 and 9; 9 has one more versioned structure behind the trace. */
export function osdOp(w: EntityWalker, version: number): void {
  placementGroup(w, 'pg');
  w.u32('hash', (v) => v.toString(16));
  w.u32('osdmapEpoch');
  w.u32('opFlags', (v) => messageFlagNames(v).join(' '));
  requestId(w);
  trace(w);
  if (version >= 9) w.versioned('traceContext', () => undefined);
  w.u32('clientIncarnation');
  w.utime('mtime');
  locator(w);
  w.str('object');
  const ops = w.u16('opCount');
  w.list('ops', ops, OP_SIZE, () => operation(w));
  w.u64('snapId', (v) =>
    v === 0xffff_ffff_ffff_fffen ? 'head' : v === 0xffff_ffff_ffff_ffffn ? 'snapdir' : String(v),
  );
  w.u64('snapSeq');
  w.vector('snaps', 8, () => w.u64('snap'));
  w.s32('retryAttempt');
  w.u64('features');
}

export function osdOpReply(w: EntityWalker, version: number): void {
  w.str('object');
  rawGroup(w, 'pg');
  w.u64('opFlags', (v) => messageFlagNames(Number(v & 0xffff_ffffn)).join(' '));
  w.s32('result', resultText);
  eversion(w, 'badReplayVersion');
  w.u32('osdmapEpoch');
  const ops = w.u32('opCount');
  w.list('ops', ops, OP_SIZE, () => operation(w));
  w.s32('retryAttempt');
  w.list('results', ops, 4, () => w.s32('result', resultText));
  eversion(w, 'replayVersion');
  w.u64('userVersion');
  if (version >= 7 && !w.bool('redirect') && version >= 8) trace(w);
}

export function osdRepOp(w: EntityWalker): void {
  w.u32('mapEpoch');
  w.u32('minEpoch');
  trace(w);
  requestId(w);
  placementGroup(w, 'pg');
}

export function osdRepOpReply(w: EntityWalker): void {
  w.u32('mapEpoch');
  w.u32('minEpoch');
  trace(w);
  requestId(w);
  placementGroup(w, 'pg');
  w.u8('ackType');
  w.s32('result', resultText);
}
