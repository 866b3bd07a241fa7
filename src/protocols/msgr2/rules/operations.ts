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
  title: 'an OSD_OP without any operation',
  meaning: 'An OSD_OP lists what is to be done with its object. With an empty list the OSD answers EINVAL.',
  spec: 'src/osd/osd_op_util.cc, OpInfo::set_from_op',
  breaks: ['no operation', () => op(atOsd(), { ops: [] })],
  keeps: ['one operation', asked],
});

export const OSD_OP_OBJECT = rule('osd-op-object', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'an operation on an object without a name',
  meaning:
    'Only listings of a placement group go without the name of an object. The OSD answers EINVAL to everything else.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['a write to ""', () => op(atOsd(), { object: '' })],
  keeps: ['a write to "o"', asked],
});

export const OSD_OP_DATA_LENGTH = rule('osd-op-data-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the data of an OSD_OP are not as long as its operations say',
  meaning:
    'Each operation names the length of its own part of the data, which stand one behind the other. The OSD cuts the data up by these lengths, and an assertion fails where they do not fit.',
  spec: 'src/osd/osd_types.h, OSDOp::split_osd_op_vector_in_data',
  breaks: ['five bytes announced, none there', () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] })],
  keeps: ['five bytes', () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] }, { data: five })],
});

export const OSD_OP_EXTENT_LENGTH = rule('osd-op-extent-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a write whose length is not that of its data',
  meaning:
    'write, writefull and append bring as many bytes as they say that they write. Otherwise the OSD answers EINVAL.',
  spec: DO_OPS,
  breaks: ['nine to be written, five there', () => op(atOsd(), { ops: [{ length: 9, payload: 5 }] }, { data: five })],
  keeps: ['five and five', () => op(atOsd(), { ops: [{ length: 5, payload: 5 }] }, { data: five })],
});

export const OSD_OP_XATTR_LENGTH = rule('osd-op-xattr-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'name and value of an extended attribute are longer than the operation',
  meaning:
    'An operation on an extended attribute has its name and value in its part of the data. The OSD reads no further than that.',
  spec: DO_OPS,
  breaks: ['a name of two and a value of nine in five', () => op(atOsd(), { ops: [xattr(2, 9, 5)] }, { data: five })],
  keeps: ['two and three', () => op(atOsd(), { ops: [xattr(2, 3, 5)] }, { data: five })],
});

export const OSD_OP_CALL_LENGTH = rule('osd-op-call-length', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'class, method and input of a call are longer than the operation',
  meaning:
    'A call has the names of class and method and its input in its part of the data. The OSD answers EINVAL where they are not there.',
  spec: DO_OPS,
  breaks: ['three, three and four in five', () => op(atOsd(), { ops: [call(3, 3, 4, 5)] }, { data: five })],
  keeps: ['two, two and one', () => op(atOsd(), { ops: [call(2, 2, 1, 5)] }, { data: five })],
});

export const OSD_OP_HASH = rule('osd-op-hash', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: "an operation for a placement group that the object's hash does not lead to",
  meaning:
    "A placement group's number is the object's hash cut to as many bits as the pool has placement groups (ceph_stable_mod). The OSD drops an operation for another one.",
  spec: 'src/osd/PrimaryLogPG.cc, do_op; src/include/rados.h, ceph_stable_mod',
  breaks: ['hash 0x43, placement group 5', () => op(atOsd(), { hash: 0x43, seed: 5 })],
  keeps: ['hash 0x43, placement group 3', () => op(atOsd(), { hash: 0x43, seed: 3 })],
});

export const OSD_OP_SNAP_ORDER = rule('osd-op-snap-order', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a snapshot context out of order',
  meaning:
    'A write names the snapshots that it must leave intact: the newest one first, each once, none above the sequence. The OSD answers EINVAL to anything else.',
  spec: 'src/osd/PrimaryLogPG.cc, prepare_transaction; src/common/snap_types.cc, SnapContext::is_valid',
  breaks: ['4 behind 2', () => op(atOsd(), { snapSeq: 5, snaps: [2, 4] })],
  keeps: ['4, then 2', () => op(atOsd(), { snapSeq: 5, snaps: [4, 2] })],
});

export const OSD_OP_EPOCH = rule('osd-op-epoch', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'an operation by no map',
  meaning: "A client says by which epoch of the OSDs' map it chose placement group and OSD. Maps begin with epoch 1.",
  spec: 'src/messages/MOSDOp.h',
  breaks: ['epoch 0', () => op(atOsd(), { epoch: 0 })],
  keeps: ['epoch 20', asked],
});

export const OSD_OP_EPOCH_BACK = rule('osd-op-epoch-back', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: "a client's map goes back",
  meaning:
    'Maps only get newer. An operation by an older map than an earlier one on the same session was sent by an older state of the client.',
  spec: 'src/osdc/Objecter.cc, _prepare_osd_op',
  breaks: ['epoch 20, then 19', () => op(asked(), { epoch: 19 }, { seq: 2, tid: 2 })],
  keeps: ['epoch 20, then 21', () => op(asked(), { epoch: 21 }, { seq: 2, tid: 2 })],
});

export const OSD_OP_POOL = rule('osd-op-pool', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'an operation on a pool that its own map does not have',
  meaning:
    'A client says by which epoch of the map it acts. Where maps in the capture list all pools of that epoch, the pool has to be one of them. The OSD drops an operation on a pool that does not exist, and the client waits.',
  spec: 'src/osdc/Objecter.cc, _calc_target; src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['the map of epoch 20 has pool 1, asked is pool 2', () => op(mapped([1]))],
  keeps: ['the map has pools 1 and 2', () => op(mapped([1, 2]))],
});

export const OSD_OP_WRITE_SNAP = rule('osd-op-write-snap', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a write to a snapshot',
  meaning: 'Snapshots do not change: whoever writes names the head of the object. The OSD answers EINVAL otherwise.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['a write to snapshot 4', () => op(atOsd(), { snap: 4 })],
  keeps: ['a write to the head', asked],
});

export const OSD_OP_SNAPDIR = rule('osd-op-snapdir', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: "the list of an object's snapshots is asked for in the wrong place, or something else in its place",
  meaning:
    'list-snaps is asked of the snapdir (snapshot number 0xffffffffffffffff), and nothing else is. The OSD answers EINVAL otherwise.',
  spec: 'src/osd/PrimaryLogPG.cc, do_op',
  breaks: ['list-snaps of the head', () => op(atOsd(), { flags: READ, ops: [{ op: LIST_SNAPS }] })],
  keeps: ['list-snaps of the snapdir', () => op(atOsd(), { flags: READ, snap: -1, ops: [{ op: LIST_SNAPS }] })],
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
