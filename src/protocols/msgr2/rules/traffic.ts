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
    'Segment 0 of a MESSAGE is the packed header of 41 bytes (after decompression). The kernel compares the length; userspace copies that many bytes whatever is there.',
  spec: HEADER,
  breaks: ['40 bytes', () => open().message('client', { shortHeader: 1 })],
  keeps: ['41 bytes', one],
});

export const MESSAGE_SEQ_ZERO = rule('message-seq-zero', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a message with sequence number 0',
  meaning: 'Messages are numbered from 1 in each direction. A receiver drops 0 as an old message that it already has.',
  spec: 'ProtocolV2.cc, write_message',
  breaks: ['seq 0', () => open().message('client', { seq: 0 })],
  keeps: ['seq 1', one],
});

export const MESSAGE_SEQ_REGRESS = rule('message-seq-regress', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a sequence number that was used before on this connection',
  meaning:
    'Numbers only grow within a connection; a receiver takes a lower or equal one for a repetition and drops the message without a word.',
  spec: HANDLE,
  breaks: ['2 is followed by 2', () => one().message('client', { seq: 2 }).message('client', { seq: 2 })],
  keeps: ['1, 2, 3', () => one().message('client', { seq: 2 }).message('client', { seq: 3 })],
});

export const MESSAGE_SEQ_GAP = rule('message-seq-gap', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'sequence numbers are missing',
  meaning:
    'Numbers grow by one. A jump is right after an aborted frame, which uses its number up; otherwise a message was lost inside the sender. Userspace logs it and goes on, the kernel client fails the connection.',
  spec: `${HANDLE}; net/ceph/messenger_v2.c, process_message_header`,
  breaks: ['1 is followed by 3', () => one().message('client', { seq: 3 })],
  keeps: [
    'an aborted frame lies between',
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
    'An exchange of idents begins a new session and both directions count from 1. Only a server that takes over a session whose ident answer was lost may go on with a higher number.',
  spec: 'ProtocolV2.cc, reset_session',
  breaks: ['the client begins with 5', () => open().message('client', { seq: 5 })],
  keeps: ['the client begins with 1', one],
});

export const MESSAGE_REPLAY = rule('message-replay', {
  severity: 'error',
  party: 'either',
  needs: 'session',
  title: 'after a resumption the messages go on with the wrong number',
  meaning:
    'Both sides say how far they received; the other one sends again from the next number on. A lower number repeats a message that was acknowledged (error); a higher one has lost messages (warning).',
  spec: 'ProtocolV2.cc, discard_requeued_up_to',
  breaks: ['the server has 1 and the client sends 1 again', () => resumed().message('client', { seq: 1 })],
  keeps: ['the client goes on with 2', () => resumed().message('client', { seq: 2 })],
});

export const ACK_BEYOND_SENT = rule('ack-beyond-sent', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'messages are acknowledged that were never sent',
  meaning:
    'ACK frames and the ack_seq of messages name the highest number received. The sender forgets everything up to it, so too high a number loses messages when the session is resumed.',
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
  title: 'an ACK on a lossy session',
  meaning:
    'On a lossy session nothing is ever sent again, so acknowledgements have no use and receivers ignore them. Kernel clients send them all the same.',
  spec: 'ProtocolV2.cc, write_event; net/ceph/messenger_v2.c, prepare_ack',
  breaks: ['the server acknowledges a client', () => one().value('server', TAG.ACK, 1)],
  keeps: ['on a lossless session', () => lossless().message('client').value('server', TAG.ACK, 1)],
});

export const MESSAGE_RESERVED = rule('message-reserved', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'reserved fields of a message header are not 0',
  meaning: 'data_pre_padding_len and the last two bytes of the header are written as 0 by every released version.',
  spec: `${HEADER}; ProtocolV2.cc, write_message`,
  breaks: ['the last word is 1', () => open().message('client', { reservedWord: 1 })],
  keeps: ['it is 0', one],
});

export const MESSAGE_COMPAT = rule('message-compat', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a message asks for a newer decoder than it was written by',
  meaning:
    'version is the encoding of the front, compat_version the oldest decoder that can read it. The second cannot be above the first.',
  spec: HEADER,
  breaks: ['version 1, compat_version 3', () => open().message('client', { compatVersion: 3 })],
  keeps: ['both are 1', one],
});

export const MESSAGE_TYPE_UNKNOWN = rule('message-type-unknown', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a message of a type that is not known',
  meaning:
    'A receiver that does not know a type drops the message with a line in its log. It may come from a newer release than this list.',
  spec: 'src/msg/Message.h, MSG_*; src/include/ceph_fs.h, CEPH_MSG_*',
  breaks: ['type 9999', () => open().message('client', { type: 9999 })],
  keeps: ['type 2, PING', one],
});

export const MESSAGE_DIRECTION = rule('message-direction', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a message that this kind of entity does not send',
  meaning:
    'Some messages only make sense from one kind of entity: OSD_OPREPLY from an OSD, OSD_OP from a client or a daemon acting as one, MON_MAP from a monitor. The receiver ignores it or, worse, believes it.',
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
    'The type and version are known, and a length, a count or a version inside the front (a map, a ticket, a string) does not fit the bytes that are there. The receiver throws an exception while decoding; userspace then closes the connection, and a decoder that does not check reads beyond its buffer (CVE-2026-43407).',
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
  title: 'a reply to an OSD operation that was never seen',
  meaning:
    'OSD_OPREPLY repeats the tid of its OSD_OP. One that no OSD_OP on this session carries answers an operation of another session, or none; the client drops it.',
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
  title: 'a keepalive answer without its question',
  meaning:
    'KEEPALIVE2_ACK copies the time of the KEEPALIVE2 that it answers. A time that the peer never sent makes it believe in a connection that may be dead, or gives it a wrong round-trip time.',
  spec: 'ProtocolV2.cc, handle_keepalive2',
  breaks: [
    'another time comes back',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).keepalive('server', TAG.KEEPALIVE2_ACK, 2000),
  ],
  keeps: [
    'the same time comes back',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).keepalive('server', TAG.KEEPALIVE2_ACK, 1000),
  ],
});

export const KEEPALIVE_UNANSWERED = rule('keepalive-unanswered', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a keepalive is not answered although other traffic flows',
  meaning:
    'KEEPALIVE2 is answered at once, by the messenger itself. More than 15 seconds without an answer while the peer sends other frames point to a messenger thread that is stuck, or to one that does not implement it. Clients give such a connection up.',
  spec: 'ProtocolV2.cc, handle_keepalive2',
  breaks: [
    'a message comes 20 seconds later',
    () => open().keepalive('client', TAG.KEEPALIVE2, 1000).pause(20).message('server'),
  ],
  keeps: [
    'the answer comes at once',
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
