import { CLIENT, type Side } from '../../../base/input.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output } from '../../../contract/protocol.js';
import type { DataFrame } from '../message.js';
import {
  OP_AT,
  OPERATION,
  PG,
  REPLY_AT,
  SNAP,
  VERSION,
  type OpHead,
  type ReplyHead,
} from '../../ceph/operation-head.js';
import { SNAP_HEAD } from '../../ceph/constants.js';
import { isAboutPg, isWrite, OP, opName } from '../../ceph/osd-ops.js';
import * as R from '../rules/index.js';
import type { Cluster } from '../../ceph/cluster.js';
import { inFront } from './front.js';
import { isBefore, pgOf, printed, Versions } from './versions.js';

/** Flags of an operation: ack, onnvram and ondisk together; and write. */
const ACKS = 7;
const WRITE = 0x20;

/** Snapshot ids of the head (CEPH_NOSNAP) and of the snapdir (CEPH_SNAPDIR), by halves of 32 bits. */
const ALL_ONES = 0xffff_ffff;
const HEAD_LOW = Number(SNAP_HEAD & 0xffff_ffffn);

/** Judges operations on objects and their replies on one connection. */
export class OperationChecks {
  private readonly output: Output;
  private readonly notes: LimitNotes;
  private readonly cluster: Cluster;
  private readonly limit: number;
  /** The newest map epoch in each side's operations; 0: not known. */
  private readonly epochs: [number, number] = [0, 0];
  private readonly versions: Versions;

  constructor(output: Output, notes: LimitNotes, cluster: Cluster, limit: number) {
    this.output = output;
    this.notes = notes;
    this.cluster = cluster;
    this.limit = limit;
    this.versions = new Versions(limit);
  }

  op(m: DataFrame, o: OpHead): void {
    const { output } = this;
    if (o.ops.length === 0) output.raise(R.OSD_OP_EMPTY, inFront(m, o.countAt, 2, 'no operation is listed'));
    const data = m.plainLength(3);
    if (o.ops.length > 0 && m.isPlain && o.payload !== data) {
      const text = `the operations announce ${o.payload} bytes of data, there are ${data}`;
      output.raise(R.OSD_OP_DATA_LENGTH, inFront(m, o.countAt + 2, OPERATION * o.ops.length, text));
    } else if (o.faultKind !== '') {
      const rule = FAULTS[o.faultKind];
      output.raise(rule, inFront(m, o.faultAt, OPERATION, o.fault));
    }
    if (!leadsTo(o.hash, o.seed)) {
      const text = `hash ${o.hash.toString(16)} does not lead to placement group ${pgOf(o)}`;
      output.raise(R.OSD_OP_HASH, inFront(m, OP_AT.hash, 4, text));
    }
    if (o.snapFault !== '') output.raise(R.OSD_OP_SNAP_ORDER, inFront(m, o.snapFaultAt, SNAP, o.snapFault));
    if (o.epoch === 0) output.raise(R.OSD_OP_EPOCH, inFront(m, OP_AT.epoch, 4, 'map epoch 0'));
    if (o.objectLength === 0 && !o.ops.every(isAboutPg)) {
      output.raise(R.OSD_OP_OBJECT, inFront(m, o.objectAt, 4, `${names(o.ops)} on an object without a name`));
    }
    this.snapshot(m, o);
    const before = this.epochs[m.side];
    if (o.epoch > 0 && o.epoch < before) {
      output.raise(R.OSD_OP_EPOCH_BACK, inFront(m, OP_AT.epoch, 4, `epoch ${o.epoch} after ${before}`));
    }
    if (o.epoch > before) this.epochs[m.side] = o.epoch;
    if (this.cluster.lacks(o.pool, o.epoch)) {
      const text = `the map of epoch ${o.epoch} has no pool ${o.pool}`;
      output.raise(R.OSD_OP_POOL, { ...inFront(m, OP_AT.pool, 8, text), confidence: 'likely' });
    }
  }

  private snapshot(m: DataFrame, o: OpHead): void {
    const isHead = o.snapHigh === ALL_ONES && o.snapLow === HEAD_LOW;
    const isDirectory = o.snapHigh === ALL_ONES && o.snapLow === ALL_ONES;
    const lists = o.ops.includes(OP.LIST_SNAPS);
    if (lists !== isDirectory && (lists || o.ops.length > 0)) {
      const text = `${names(o.ops)} ${isDirectory ? 'is sent to the snapdir' : 'is not sent to the snapdir'}`;
      this.output.raise(R.OSD_OP_SNAPDIR, inFront(m, o.snapAt, SNAP, text));
    } else if (!isHead && o.ops.some(isWrite)) {
      const snapshot = o.snapHigh * 2 ** 32 + o.snapLow;
      this.output.raise(R.OSD_OP_WRITE_SNAP, inFront(m, o.snapAt, SNAP, `${names(o.ops)} on snapshot ${snapshot}`));
    }
  }

  reply(m: DataFrame, r: ReplyHead): void {
    const data = m.plainLength(3);
    if (m.isPlain && r.payload !== data) {
      const text = `the operations announce ${r.payload} bytes of data, there are ${data}`;
      this.output.raise(R.OSD_REPLY_DATA_LENGTH, operations(m, r, text));
    }
    // the reply to a failed operation has the flags of the request, which may have none of the three
    if ((r.flags & ACKS) === 0 && r.result >= 0) {
      const text = `flags 0x${r.flags.toString(16)} with result ${r.result}`;
      this.output.raise(R.OSD_REPLY_ACK, field(m, r, 'flags', 8, text));
    }
  }

  /** Judges a reply against the operation that it answers. */
  replyTo(m: DataFrame, r: ReplyHead, o: OpHead): void {
    const { output } = this;
    if (r.object !== o.object) {
      const text = `the operation with tid ${m.tid} names another object`;
      output.raise(R.OSD_REPLY_OBJECT, inFront(m, 4, r.objectLength, text));
    }
    if (r.pool !== o.pool || r.seed !== o.seed) {
      output.raise(
        R.OSD_REPLY_PG,
        field(m, r, 'pg', PG, `the reply names placement group ${pgOf(r)}, the request ${pgOf(o)}`),
      );
    }
    if (r.ops.length !== o.ops.length || r.ops.some((op, i) => op !== o.ops[i])) {
      output.raise(R.OSD_REPLY_OPS, operations(m, r, `answers ${names(r.ops)}, but ${names(o.ops)} was requested`));
    }
    if (r.retry > o.retry) {
      const text = `answers attempt ${r.retry}, but the last one was ${o.retry}`;
      output.raise(R.OSD_REPLY_RETRY, inFront(m, r.retryAt, 4, text));
      return;
    }
    // the reply may answer an earlier attempt, whose flags and map epoch are not known any more
    if (r.retry !== o.retry) return;
    const changed = (r.flags ^ o.flags) & ~ACKS;
    if (changed !== 0) {
      const text = `flags 0x${r.flags.toString(16)}, but the request has 0x${o.flags.toString(16)}`;
      output.raise(R.OSD_REPLY_FLAGS, field(m, r, 'flags', 8, text));
    }
    if (r.epoch < o.epoch) {
      const text = `answered by map epoch ${r.epoch}, requested by ${o.epoch}`;
      output.raise(R.OSD_REPLY_EPOCH_BACK, field(m, r, 'epoch', 4, text));
    }
    if ((r.flags & WRITE) !== 0 && r.result >= 0 && r.retry === 0 && r.version > 0) this.order(m, r);
  }

  private order(m: DataFrame, r: ReplyHead): void {
    const version = { epoch: r.versionEpoch, version: r.version };
    const before = this.versions.advance(pgOf(r), version);
    if (before === false) {
      const text = `more than ${this.limit} placement groups; the order of writes to others is not judged`;
      this.notes.hit('inFlight', text, 'note', m);
    } else if (before !== null && isBefore(version, before)) {
      const text = `version ${printed(version)} of placement group ${pgOf(r)} after ${printed(before)}`;
      this.output.raise(R.OSD_REPLY_VERSION_BACK, {
        ...inFront(m, r.versionAt, VERSION, text),
        confidence: 'likely',
      });
    }
  }

  /** Bytes of a side were lost, and with them perhaps newer epochs or versions. */
  lose(side: Side): void {
    this.epochs[side] = 0;
    if (side !== CLIENT) this.versions.clear();
  }
}

const FAULTS = {
  extent: R.OSD_OP_EXTENT_LENGTH,
  xattr: R.OSD_OP_XATTR_LENGTH,
  call: R.OSD_OP_CALL_LENGTH,
} as const;

/** Evidence at a field of a reply, whose offset depends on the length of the object's name before it. */
function field(m: DataFrame, r: ReplyHead, name: keyof typeof REPLY_AT, length: number, text: string) {
  return inFront(m, 4 + r.objectLength + REPLY_AT[name], length, text);
}

function operations(m: DataFrame, r: ReplyHead, text: string) {
  return field(m, r, 'count', 4 + OPERATION * r.ops.length, text);
}

/** ceph_stable_mod: a placement group's number is made of the lowest bits of the hash. */
function leadsTo(hash: number, seed: number): boolean {
  const differing = (hash ^ seed) >>> 0;
  if (differing === 0) return true;
  // the lowest bit in which they differ must be above all bits of the number
  const lowest = (differing & -differing) >>> 0;
  return seed >>> 0 < lowest;
}

const names = (ops: readonly number[]): string => ops.slice(0, 8).map(opName).join('+') || 'nothing';
