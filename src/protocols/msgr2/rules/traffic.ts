import { atOsd } from './sessions.js';
import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { MSG } from '../../ceph/message-types.js';
import { script } from '../script.js';
import { rule } from './rule.js';

const HEADER = 'src/include/msgr.h, ceph_msg_header2';
const HANDLE = 'ProtocolV2.cc, handle_message';
const open = () => script().open();
const lossless = () => script().openLossless();
const one = () => open().message('client');
const resumed = (s = lossless().message('client').message('server')) =>
  s.end('client', 'reset').reconnected().login().reconnect({ msgSeq: 1 }).value('server', TAG.SESSION_RECONNECT_OK, 1);

/** An OSD_OP of which only the type is read: no layout is known for that version. */
const op = { type: MSG.OSD_OP, version: 1 };
const reply = { type: MSG.OSD_OPREPLY, version: 1 };

export const MESSAGE_HEADER_SIZE = rule('message-header-size', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the header of a MESSAGE is not 41 bytes long',
  meaning:
    'Segment 0 of a MESSAGE is the packed header of 41 bytes (after decompression). The kernel checks the length; userspace copies 41 bytes without checking that they are there.',
  spec: HEADER,
  breaks: ['40 bytes', () => open().message('client', { shortHeader: 1 })],
  keeps: ['41 bytes', one],
});

export const MESSAGE_SEQ_ZERO = rule('message-seq-zero', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a message has sequence number 0',
  meaning:
    'Messages are numbered from 1 in each direction. A receiver takes 0 for an old message that it already has, and drops it.',
  spec: 'ProtocolV2.cc, write_message',
  breaks: ['seq 0', () => open().message('client', { seq: 0 })],
  keeps: ['seq 1', one],
});

export const MESSAGE_SEQ_REGRESS = rule('message-seq-regress', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a sequence number does not increase',
  meaning:
    'Sequence numbers increase within a connection. A receiver takes a lower or equal number for a message that it already has, and drops the message silently.',
  spec: HANDLE,
  breaks: ['2 is followed by 2', () => one().message('client', { seq: 2 }).message('client', { seq: 2 })],
  keeps: ['1, 2, 3', () => one().message('client', { seq: 2 }).message('client', { seq: 3 })],
});

export const MESSAGE_SEQ_GAP = rule('message-seq-gap', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'sequence numbers are skipped',
  meaning:
    'Sequence numbers increase by one. A number may be skipped only after an aborted frame, which uses its number up; otherwise the sender lost a message internally. Userspace logs this and continues, the kernel client fails the connection.',
  spec: `${HANDLE}; net/ceph/messenger_v2.c, process_message_header`,
  breaks: ['1 is followed by 3', () => one().message('client', { seq: 3 })],
  keeps: [
    'an aborted frame lies in between',
    () =>
      one()
        .message('client', { seq: 2, front: E.ascii('x'), aborted: true })
        .message('client', { seq: 3 }),
  ],
});

export const MESSAGE_FIRST_SEQ = rule('message-first-seq', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the first message of a new session does not have number 1',
  meaning:
    'An exchange of idents begins a new session, and both directions count from 1. Only a server that takes over a session whose SERVER_IDENT was lost may continue with a higher number.',
  spec: 'ProtocolV2.cc, reset_session',
  breaks: ['the client begins with 5', () => open().message('client', { seq: 5 })],
  keeps: ['the client begins with 1', one],
});

export const MESSAGE_REPLAY = rule('message-replay', {
  severity: 'error',
  party: 'either',
  needs: 'session',
  title: 'messages continue with the wrong sequence number after a resumption',
  meaning:
    'In SESSION_RECONNECT and SESSION_RECONNECT_OK each side says up to which number it has received; the other sends again from the next number on. A lower number repeats a message that was acknowledged (an error); a higher one means that messages are lost (a warning).',
  spec: 'ProtocolV2.cc, discard_requeued_up_to',
  breaks: ['the server has received 1, and the client sends 1 again', () => resumed().message('client', { seq: 1 })],
  keeps: ['the client continues with 2', () => resumed().message('client', { seq: 2 })],
});

export const ACK_BEYOND_SENT = rule('ack-beyond-sent', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a side acknowledges messages that were never sent',
  meaning:
    'ACK frames and the ack_seq of messages carry the highest number received. The sender forgets all messages up to it, so messages are lost at the next reconnect if the number is too high. Reported once for each side.',
  spec: 'ProtocolV2.cc, handle_message_ack',
  breaks: [
    'one message was sent, five are acknowledged',
    () => lossless().message('client').value('server', TAG.ACK, 5),
  ],
  keeps: ['one message was sent and is acknowledged', () => lossless().message('client').value('server', TAG.ACK, 1)],
});

export const ACK_ON_LOSSY = rule('ack-on-lossy', {
  off: true,
  severity: 'note',
  party: 'either',
  needs: 'both',
  title: 'ACK is sent on a lossy session',
  meaning:
    'On a lossy session nothing is ever sent again, so acknowledgements are of no use and receivers ignore them. Kernel clients send them nevertheless.',
  spec: 'ProtocolV2.cc, write_event; net/ceph/messenger_v2.c, prepare_ack',
  breaks: ['the server acknowledges a client', () => one().value('server', TAG.ACK, 1)],
  keeps: ['on a lossless session', () => lossless().message('client').value('server', TAG.ACK, 1)],
});

export const MESSAGE_RESERVED = rule('message-reserved', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'reserved fields of a message header are not 0',
  meaning:
    'Every released version writes data_pre_padding_len and the last two bytes of the header as 0. Another value comes from an unreleased or modified sender, or from an uninitialised buffer.',
  spec: `${HEADER}; ProtocolV2.cc, write_message`,
  breaks: ['the last word is 1', () => open().message('client', { reservedWord: 1 })],
  keeps: ['it is 0', one],
});

export const MESSAGE_COMPAT = rule('message-compat', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the compat_version of a message is above its version',
  meaning:
    "version is the version of the front's encoding; compat_version is the oldest version that a decoder must support to read it, and cannot be higher. A receiver that supports exactly this version refuses the message, although it could read it.",
  spec: HEADER,
  breaks: ['version 1, compat_version 3', () => open().message('client', { compatVersion: 3 })],
  keeps: ['both are 1', one],
});

export const MESSAGE_TYPE_UNKNOWN = rule('message-type-unknown', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a message has an unknown type',
  meaning:
    'A receiver that does not know the type logs and drops the message. The message may come from a newer release than this version of wirelint knows.',
  spec: 'src/msg/Message.h, MSG_*; src/include/ceph_fs.h, CEPH_MSG_*',
  breaks: ['type 9999', () => open().message('client', { type: 9999 })],
  keeps: ['type 2, PING', one],
});

export const MESSAGE_DIRECTION = rule('message-direction', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a message comes from the wrong kind of entity',
  meaning:
    'Some messages come from certain kinds of entities only: OSD_OPREPLY from an OSD, OSD_OP from a client or a daemon that acts as one, MON_MAP from a monitor. The receiver ignores others or, worse, acts on them.',
  spec: 'src/msg/Message.h and the dispatchers of the daemons',
  breaks: ['a client sends OSD_OPREPLY', () => open().message('client', reply)],
  keeps: ['a client sends OSD_OP', () => open().message('client', op)],
});

export const MESSAGE_PAYLOAD = rule('message-payload', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the front of a message does not decode',
  meaning:
    'The type and version are known, but a length, a count or a version inside the front (of a map, a ticket, a string) does not fit the bytes that are there. The receiver throws an exception while it decodes, and userspace closes the connection; a decoder that does not check reads beyond its buffer (CVE-2026-43407).',
  spec: 'src/messages',
  breaks: [
    'a MON_GET_VERSION with half a string',
    () =>
      open().message('client', { type: MSG.MON_GET_VERSION, front: E.concat(E.u64(1), E.u32(100), E.ascii('osd')) }),
  ],
  keeps: [
    'a whole MON_GET_VERSION',
    () => open().message('client', { type: MSG.MON_GET_VERSION, front: E.concat(E.u64(1), E.str('osdmap')) }),
  ],
});

export const OSD_REPLY_ORPHAN = rule('osd-reply-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'an OSD replies to an operation that was never sent',
  meaning:
    'OSD_OPREPLY repeats the tid of its OSD_OP. If no OSD_OP on this session has that tid, the reply belongs to another session or to no operation; the client drops it. Raised only where everything that the client sent before was captured.',
  spec: 'src/osdc/Objecter.cc, handle_osd_op_reply',
  breaks: [
    'a reply to tid 9',
    () =>
      atOsd()
        .message('client', { ...op, tid: 1 })
        .message('server', { ...reply, tid: 9 }),
  ],
  keeps: [
    'a reply to tid 1',
    () =>
      atOsd()
        .message('client', { ...op, tid: 1 })
        .message('server', { ...reply, tid: 1 }),
  ],
});

export const KEEPALIVE_ACK_UNMATCHED = rule('keepalive-ack-unmatched', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'KEEPALIVE2_ACK matches no KEEPALIVE2',
  meaning:
    'KEEPALIVE2_ACK copies the time of the KEEPALIVE2 that it answers. With a time that the peer never sent, the peer may believe that a dead connection is alive, or compute a wrong round-trip time.',
  spec: 'ProtocolV2.cc, handle_keepalive2',
  breaks: [
    'another time is returned',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).keepalive('server', TAG.KEEPALIVE2_ACK, 2000),
  ],
  keeps: [
    'the same time is returned',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).keepalive('server', TAG.KEEPALIVE2_ACK, 1000),
  ],
});

export const KEEPALIVE_UNANSWERED = rule('keepalive-unanswered', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a keepalive stays unanswered while other frames arrive',
  meaning:
    'The messenger itself answers KEEPALIVE2 at once. More than 15 seconds without an answer while the peer sends other frames point to a messenger thread that is stuck, or to a peer that does not implement KEEPALIVE2. Clients give up such a connection.',
  spec: 'ProtocolV2.cc, handle_keepalive2',
  breaks: [
    'a message arrives 20 seconds later',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).pause(20).message('server'),
  ],
  keeps: [
    'the answer arrives at once',
    () =>
      open()
        .keepalive('client', TAG.KEEPALIVE2, 1000)
        .keepalive('server', TAG.KEEPALIVE2_ACK, 1000)
        .pause(20)
        .message('server'),
  ],
});

export const TRAFFIC_RULES = [
  MESSAGE_HEADER_SIZE,
  MESSAGE_SEQ_ZERO,
  MESSAGE_SEQ_REGRESS,
  MESSAGE_SEQ_GAP,
  MESSAGE_FIRST_SEQ,
  MESSAGE_REPLAY,
  ACK_BEYOND_SENT,
  ACK_ON_LOSSY,
  MESSAGE_RESERVED,
  MESSAGE_COMPAT,
  MESSAGE_TYPE_UNKNOWN,
  MESSAGE_DIRECTION,
  MESSAGE_PAYLOAD,
  OSD_REPLY_ORPHAN,
  KEEPALIVE_ACK_UNMATCHED,
  KEEPALIVE_UNANSWERED,
];
