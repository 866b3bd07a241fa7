import * as E from '../encode.js';
import type * as F from '../fronts.js';
import { asked, atOsd, five, mapped, op } from './sessions.js';
import { rule } from './rule.js';

const DO_OPS = 'src/osd/PrimaryLogPG.cc, do_osd_ops';
const READ = 0x14;
const LIST_SNAPS = 0x120a;
const SETXATTR = 0x2301;
const CALL = 0x1401;
const xattr = (name: number, value: number, payload: number): F.OpParts => ({
  ...{ op: SETXATTR, payload, arguments: E.concat(E.u32(name), E.u32(value), E.u16(0)) },
});
const call = (classLength: number, methodLength: number, input: number, payload: number): F.OpParts => ({
  ...{ op: CALL, payload, arguments: E.concat(E.u8(classLength), E.u8(methodLength), E.u8(1), E.u32(input)) },
});

export const OSD_OP_EMPTY = rule('osd-op-empty', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'OSD_OP lists no operation',
  meaning: 'An OSD_OP lists the operations to be executed on its object. The OSD answers EINVAL to an empty list.',
  spec: 'src/osd/osd_op_util.cc, OpInfo::set_from_op',
  breaks: ['no operation', () => op(atOsd(), { ops: [] })],
  keeps: ['one operation', asked],
});

export const OSD_OP_OBJECT = rule('osd-op-object', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'an operation names no object',
  meaning:
    'Only operations on a whole placement group, such as listings, need no object name. The OSD answers EINVAL to all others.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['a write to ""', () => op(atOsd(), { object: '' })],
  keeps: ['a write to "o"', asked],
});

export const OSD_OP_DATA_LENGTH = rule('osd-op-data-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the data of an OSD_OP do not have the announced length',
  meaning:
    'Each operation announces the length of its payload; the payloads follow each other in the data segment, and the OSD splits the data by these lengths. If the data are too short, it cannot decode the message; if they are too long, it ignores the rest.',
  spec: 'src/osd/osd_types.h, OSDOp::split_osd_op_vector_in_data',
  breaks: ['five bytes are announced, none are there', () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] })],
  keeps: [
    'five bytes are announced and there',
    () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] }, { data: five }),
  ],
});

export const OSD_OP_EXTENT_LENGTH = rule('osd-op-extent-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the length of a write differs from the length of its data',
  meaning: 'write, writefull and append carry exactly as many bytes as they write. The OSD answers EINVAL otherwise.',
  spec: DO_OPS,
  breaks: [
    'a write of nine bytes with five bytes of data',
    () => op(atOsd(), { ops: [{ length: 9, payload: 5 }] }, { data: five }),
  ],
  keeps: [
    'a write of five bytes with five bytes of data',
    () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] }, { data: five }),
  ],
});

export const OSD_OP_XATTR_LENGTH = rule('osd-op-xattr-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the name and value of an extended attribute exceed the payload',
  meaning:
    'The name and the value of an extended attribute are both in the payload of the operation. Their lengths cannot add up to more than the payload, as the OSD does not read beyond it.',
  spec: DO_OPS,
  breaks: [
    'a name of two bytes and a value of nine in a payload of five',
    () => op(atOsd(), { ops: [xattr(2, 9, 5)] }, { data: five }),
  ],
  keeps: [
    'a name of two bytes and a value of three in a payload of five',
    () => op(atOsd(), { ops: [xattr(2, 3, 5)] }, { data: five }),
  ],
});

export const OSD_OP_CALL_LENGTH = rule('osd-op-call-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the class, method and input of a call exceed the payload',
  meaning:
    'The payload of a call holds the name of the class, the name of the method and the input. The OSD answers EINVAL if their lengths add up to more than the payload.',
  spec: DO_OPS,
  breaks: [
    'lengths of three, three and four in a payload of five',
    () => op(atOsd(), { ops: [call(3, 3, 4, 5)] }, { data: five }),
  ],
  keeps: [
    'lengths of two, two and one in a payload of five',
    () => op(atOsd(), { ops: [call(2, 2, 1, 5)] }, { data: five }),
  ],
});

export const OSD_OP_HASH = rule('osd-op-hash', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: "the object's hash does not belong to the placement group",
  meaning:
    "The number of a placement group is the object's hash, cut to as many bits as the pool has placement groups (ceph_stable_mod). The OSD drops an operation that is sent to a placement group to which the hash cannot lead, and the client waits.",
  spec: 'src/osd/PrimaryLogPG.cc, do_op; src/include/rados.h, ceph_stable_mod',
  breaks: ['hash 0x43, placement group 5', () => op(atOsd(), { hash: 0x43, seed: 5 })],
  keeps: ['hash 0x43, placement group 3', () => op(atOsd(), { hash: 0x43, seed: 3 })],
});

export const OSD_OP_SNAP_ORDER = rule('osd-op-snap-order', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a snapshot context is out of order',
  meaning:
    'A write names the snapshots that it must leave intact, in decreasing order, each once, and none above the sequence number of the snapshot context. The OSD answers EINVAL otherwise.',
  spec: 'src/osd/PrimaryLogPG.cc, prepare_transaction; src/common/snap_types.cc, SnapContext::is_valid',
  breaks: ['snapshot 2, then 4', () => op(atOsd(), { snapSeq: 5, snaps: [2, 4] })],
  keeps: ['snapshot 4, then 2', () => op(atOsd(), { snapSeq: 5, snaps: [4, 2] })],
});

export const OSD_OP_EPOCH = rule('osd-op-epoch', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'an operation has map epoch 0',
  meaning:
    "An OSD_OP carries the epoch of the OSD map by which the client chose the placement group and the OSD. Epochs begin with 1; with 0 the OSD cannot tell whether the client's map is current.",
  spec: 'src/messages/MOSDOp.h',
  breaks: ['epoch 0', () => op(atOsd(), { epoch: 0 })],
  keeps: ['epoch 20', asked],
});

export const OSD_OP_EPOCH_BACK = rule('osd-op-epoch-back', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: "the map epoch of a client's operations goes back",
  meaning:
    "A client's OSD map only becomes newer. An operation with a lower epoch than an earlier one on the same session was placed by an outdated map.",
  spec: 'src/osdc/Objecter.cc, _prepare_osd_op',
  breaks: ['epoch 20, then 19', () => op(asked(), { epoch: 19 }, { seq: 2, tid: 2 })],
  keeps: ['epoch 20, then 21', () => op(asked(), { epoch: 21 }, { seq: 2, tid: 2 })],
});

export const OSD_OP_POOL = rule('osd-op-pool', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'an operation names a pool that its map does not have',
  meaning:
    "An OSD_OP carries the epoch of the client's OSD map. Where maps in the capture list all pools of that epoch, the pool must be one of them; otherwise the rule is not raised. The OSD drops an operation on a pool that does not exist, and the client waits.",
  spec: 'src/osdc/Objecter.cc, _calc_target; src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['the map of epoch 20 has pool 1, the operation names pool 2', () => op(mapped([1]))],
  keeps: ['the map of epoch 20 has pools 1 and 2', () => op(mapped([1, 2]))],
});

export const OSD_OP_WRITE_SNAP = rule('osd-op-write-snap', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a write is addressed to a snapshot',
  meaning:
    'Snapshots cannot be changed: a write must be addressed to the head of the object. The OSD answers EINVAL otherwise.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['a write to snapshot 4', () => op(atOsd(), { snap: 4 })],
  keeps: ['a write to the head', asked],
});

export const OSD_OP_SNAPDIR = rule('osd-op-snapdir', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'list-snaps is not sent to the snapdir, or another operation is',
  meaning:
    'list-snaps must be sent to the snapdir (snapshot number 0xffffffffffffffff), and no other operation may be. The OSD answers EINVAL otherwise.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['list-snaps is sent to the head', () => op(atOsd(), { flags: READ, ops: [{ op: LIST_SNAPS }] })],
  keeps: ['list-snaps is sent to the snapdir', () => op(atOsd(), { flags: READ, snap: -1, ops: [{ op: LIST_SNAPS }] })],
});

export const OPERATION_RULES = [
  OSD_OP_EMPTY,
  OSD_OP_OBJECT,
  OSD_OP_DATA_LENGTH,
  OSD_OP_EXTENT_LENGTH,
  OSD_OP_XATTR_LENGTH,
  OSD_OP_CALL_LENGTH,
  OSD_OP_HASH,
  OSD_OP_SNAP_ORDER,
  OSD_OP_EPOCH,
  OSD_OP_EPOCH_BACK,
  OSD_OP_POOL,
  OSD_OP_WRITE_SNAP,
  OSD_OP_SNAPDIR,
];
