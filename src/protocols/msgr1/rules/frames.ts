import { PORT_V1 } from '../../ceph/constants.js';
import { AUTHORIZER_MAX, TAG } from '../constants.js';
import * as E from '../encode.js';
import { MSG } from '../../ceph/message-types.js';
import { script, type Script } from '../script.js';
import { rule } from './rule.js';

const FILE = 'src/msg/async/ProtocolV1.cc';
const DECODE = 'src/msg/Message.cc, decode_message';
const FRONT = { type: MSG.MON_GET_VERSION, front: E.getVersion() };
const kept = (text = 'a message as it should be'): readonly [string, () => Script] => [
  text,
  () => script().open().message('client', FRONT),
];

export const BANNER_RULE = rule('banner', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the stream does not begin with the banner of messenger v1',
  meaning:
    'Both sides begin with the nine characters "ceph v027", followed by their addresses. A receiver that reads anything else closes the connection. Usual causes are a client of another protocol on the monitor\'s port, or a proxy that sends bytes of its own.',
  spec: `${FILE}, handle_client_banner`,
  breaks: [
    'a web browser connects to a monitor',
    () =>
      script()
        .send('server', E.banner(), E.address(PORT_V1), E.address(40000))
        .send('client', E.ascii('GET / HTTP/1.1\r\nHost: ceph\r\n\r\n')),
  ],
  keeps: ['both sides greet with "ceph v027"', () => script().open()],
});

export const LEGACY_MESSENGER = rule('legacy-messenger', {
  severity: 'note',
  party: 'either',
  needs: 'server',
  title: 'a session uses messenger v1',
  meaning:
    'Messenger v1 protects messages by checksums only: anybody on the path can read and change them, and with cephx the signature in each footer is all that ties a message to the login. Ceph has messenger v2 since Nautilus, and warns of monitors that do not offer it (MON_MSGR2_NOT_ENABLED). Clients that still use v1 are old kernels, or are configured with port 6789. Reported once for each file.',
  spec: 'doc/rados/configuration/msgr2.rst',
  breaks: ['a session is opened', () => script().open()],
  keeps: ['a client that closes after the banners', () => script().greet()],
});

export const TAG_UNKNOWN = rule('tag-unknown', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an item begins with an undefined tag',
  meaning:
    'After the handshake each item begins with a tag: CLOSE 6, MSG 7, ACK 8, KEEPALIVE 9, KEEPALIVE2 14 and KEEPALIVE2_ACK 15. The length of an item with an unknown tag cannot be known, so the receiver closes the connection. A message with wrong lengths also leads to this, as its receiver then looks for the next tag in the wrong place.',
  spec: `${FILE}, handle_message`,
  breaks: ['tag 40', () => script().open().send('client', E.u8(40), E.u64(1))],
  keeps: kept(),
});

export const REPLY_TAG = rule('reply-tag', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a connect reply has an undefined tag',
  meaning:
    'A server answers CONNECT with READY or SEQ, with a reason to refuse (FEATURES, BADPROTOVER, BADAUTHORIZER, WAIT), or with what to try next (RESETSESSION, RETRY_SESSION, RETRY_GLOBAL, CHALLENGE_AUTHORIZER). Older clients take any other tag for READY and read what follows as messages.',
  spec: `${FILE}, handle_connect_reply_2`,
  breaks: ['a reply with tag 40', () => script().greet().connect().reply({ tag: 40 })],
  keeps: ['READY', () => script().open()],
});

export const AUTHORIZER_LENGTH = rule('authorizer-length', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an authorizer has an impossible length',
  meaning:
    'CONNECT and its reply announce the length of the authorizer that follows: a ticket and some sealed bytes, a few hundred bytes in all. At 4096 bytes or more, a userspace client aborts with a failed assertion; the kernel refuses what does not fit its buffer; and a server allocates whatever a client announces, before that client is authenticated.',
  spec: `${FILE}, wait_connect_reply_auth`,
  breaks: ['an authorizer of 2 GiB', () => script().greet().connect({ method: 2, authorizerLength: 0x8000_0000 })],
  keeps: [
    `an authorizer below ${AUTHORIZER_MAX} bytes`,
    () =>
      script()
        .greet()
        .connect({ authorizer: new Uint8Array(178).fill(1) })
        .reply({ authorizer: new Uint8Array(36).fill(2) }),
  ],
});

export const HEADER_CRC = rule('header-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the header of a message has a wrong checksum',
  meaning:
    'The last four bytes of the 53-byte header are the crc32c of those before, started at 0 and not inverted. The header holds the lengths of all that follows, so a receiver must check it before it uses anything in it; on a mismatch it closes the connection.',
  spec: `${FILE}, handle_message_header`,
  breaks: [
    'a wrong checksum',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, headerCrc: 1 }),
  ],
  keeps: kept(),
});

export const LENGTH_TOO_LARGE = rule('length-too-large', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a part of a message is larger than kernel clients accept',
  meaning:
    'Userspace has no limit below 32 bits. The kernel client refuses a front or middle above 16 MiB and data above 64 MiB: it resets the connection, and does so again after each reconnect.',
  spec: 'net/ceph/messenger_v1.c, read_partial_message',
  breaks: [
    'a front of 17 MiB is announced',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, frontLength: 17 << 20 }),
  ],
  keeps: kept(),
});

export const FRONT_CRC = rule('front-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the front of a message has a wrong checksum',
  meaning:
    'The footer holds the crc32c of the front, started at 0 and not inverted. On a mismatch the receiver drops the message and closes the connection. TCP checksums miss about one damaged segment in 65,000; the usual causes are middleboxes, memory and network adapters that compute checksums.',
  spec: DECODE,
  breaks: [
    'a wrong checksum',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, frontCrc: 1 }),
  ],
  keeps: kept(),
});

export const MIDDLE_CRC = rule('middle-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the middle of a message has a wrong checksum',
  meaning:
    'The footer holds the crc32c of the middle; requirement, consequence and causes are those of msgr1/front-crc. Few messages have a middle; those of metadata servers hold extended attributes there.',
  spec: DECODE,
  breaks: [
    'a wrong checksum',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, middle: E.ascii('middle'), middleCrc: 1 }),
  ],
  keeps: kept(),
});

export const DATA_CRC = rule('data-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the data of a message have a wrong checksum',
  meaning:
    'The footer holds the crc32c of the data; requirement, consequence and causes are those of msgr1/front-crc. Not checked where the footer flag NOCRC says that the sender did not compute it (kernel clients with the mount option nocrc). Data that change while they are sent (direct I/O, mapped pages) are a further cause.',
  spec: DECODE,
  breaks: [
    'a wrong checksum',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, data: E.ascii('data'), dataCrc: 1 }),
  ],
  keeps: [
    'the flag NOCRC, and no checksum',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, data: E.ascii('data'), dataCrc: 0, flags: 3 }),
  ],
});

export const CRC_DISABLED = rule('crc-disabled', {
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a side sends messages without checksums',
  meaning:
    'With ms_crc_header or ms_crc_data off, the checksum fields hold 0. Both sides need the same setting, since a receiver that checks closes the connection. Damage on the way then goes undetected. Reported once for each direction.',
  spec: 'src/msg/Messenger.h, get_default_crc_flags',
  breaks: [
    '0 in place of the checksums of a front and its header',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, headerCrc: 0, frontCrc: 0 }),
  ],
  keeps: kept(),
});

export const MESSAGE_ABORTED = rule('message-aborted', {
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a sender aborts a message',
  meaning:
    'A message whose footer lacks the flag COMPLETE counts as not sent: its sender revoked it when a part had already been sent, and filled up the rest. Kernel clients do this; a receiver in userspace closes the connection.',
  spec: `${FILE}, handle_message_footer`,
  breaks: [
    'a footer without COMPLETE',
    () =>
      script()
        .open()
        .message('client', FRONT)
        .message('client', { ...FRONT, seq: 2, flags: 0 }),
  ],
  keeps: kept(),
});

export const MESSAGE_PAYLOAD = rule('message-payload', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the front of a message does not decode',
  meaning:
    'The checksum is right, but a length or count inside the front leads beyond its end. The receiver closes the connection. The two sides disagree about the encoding, or the sender has a bug.',
  spec: DECODE,
  breaks: [
    'a name that is longer than the front',
    () =>
      script()
        .open()
        .message('client', { ...FRONT, front: E.getVersion('osdmap', 60) }),
  ],
  keeps: kept(),
});

export const FRAME_TRUNCATED = rule('frame-truncated', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the connection ends inside a message',
  meaning:
    'A message announces its length, and the connection was closed or reset before all of it was sent. Usual causes are a daemon that stops, and a side that closes because of an error in the other direction.',
  spec: `${FILE}, handle_message_footer`,
  breaks: [
    'closed inside the front',
    () => script().open().send('client', E.message(FRONT).subarray(0, 60)).end('client'),
  ],
  keeps: ['closed after a message', () => script().open().message('client', FRONT).end('client')],
});

export const CONNECT_REFUSED = rule('connect-refused', {
  severity: 'error',
  party: 'client',
  needs: 'server',
  title: 'the server refuses the client',
  meaning:
    'FEATURES: the client lacks features that the server requires and that the reply names in its feature word; the usual case is a kernel that is too old for the cluster (its tunables, or require_min_compat_client). BADPROTOVER: the daemons use different versions of the messages between them. BADAUTHORIZER: the ticket has expired, was made with a rotated key, or is for another service; clients get a new one and try again.',
  spec: `${FILE}, handle_connect_message_2`,
  breaks: [
    'a client without a required feature',
    () => script().greet().connect({ features: 0x42n }).reply({ tag: TAG.FEATURES, connectSeq: 0 }),
  ],
  keeps: ['READY', () => script().open()],
});

/** All rules of messenger v1. */
export const RULES = [
  BANNER_RULE,
  LEGACY_MESSENGER,
  REPLY_TAG,
  AUTHORIZER_LENGTH,
  CONNECT_REFUSED,
  TAG_UNKNOWN,
  HEADER_CRC,
  LENGTH_TOO_LARGE,
  FRONT_CRC,
  MIDDLE_CRC,
  DATA_CRC,
  CRC_DISABLED,
  MESSAGE_ABORTED,
  MESSAGE_PAYLOAD,
  FRAME_TRUNCATED,
];
