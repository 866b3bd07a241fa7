import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { helloPayload, script, type Script } from '../script.js';
import { rule } from './rule.js';

const PREAMBLE = 'frames_v2.cc, disassemble_preamble';
const open = () => script().open();
const kept = (text = 'a frame as it should be'): readonly [string, () => Script] => [
  text,
  () => open().message('client', { front: E.ascii('front') }),
];
const FRONT = E.ascii('front');

export const PREAMBLE_CRC = rule('preamble-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "a frame's preamble has a wrong checksum",
  meaning:
    'The last four bytes of the 32-byte preamble are the crc32c of the first 28, started at 0 and not inverted. Nothing in the preamble may be used before it holds: the lengths tell where everything else is. A receiver closes the connection. The zero register makes 32 zero bytes formally right; they are refused for their tag and segment count and reported here.',
  spec: PREAMBLE,
  breaks: ['one bit of the checksum is wrong', () => open().message('client', { wrongPreambleCrc: true })],
  keeps: kept(),
});

export const TAG_UNKNOWN = rule('tag-unknown', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame has a tag that does not exist',
  meaning:
    'Tags are 1 to 22. A receiver that reads another one closes the connection: there is no rule for skipping unknown frames, and nothing negotiates new ones but the features.',
  spec: 'ProtocolV2.cc, handle_read_frame_dispatch',
  breaks: ['tag 40', () => open().control('client', 40, E.u32(0))],
  keeps: kept(),
});

export const SEGMENT_COUNT = rule('segment-count', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame counts no segments, or more than four',
  meaning:
    'The preamble describes one to four segments; even a frame without payload counts one, which is then empty. With another count the length of the frame is unknown and the receiver closes.',
  spec: PREAMBLE,
  breaks: ['a count of 0', () => open().control('client', TAG.ACK, E.u64(1), { count: 0 })],
  keeps: kept(),
});

export const LAST_SEGMENT_EMPTY = rule('last-segment-empty', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "the last of a frame's segments is empty",
  meaning:
    'A sender leaves trailing empty segments out of the count; empty ones in the middle are normal. Receivers refuse a frame of more than one segment whose last one is empty, so that every frame has one form only.',
  spec: PREAMBLE,
  breaks: ['two segments counted, the second one empty', () => open().message('client', { count: 2 })],
  keeps: kept('one segment counted'),
});

export const CONTROL_SEGMENT_COUNT = rule('control-segment-count', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a control frame has more than one segment',
  meaning: 'Only MESSAGE uses several segments. Every other frame has exactly one; receivers check it and close.',
  spec: 'frames_v2.h, ControlFrame; ProtocolV2.cc, handle_frame_payload',
  breaks: ['an ACK of two segments', () => open().send('client', E.frame(TAG.ACK, [E.u64(0), E.ascii('x')]))],
  keeps: ['an ACK of one segment', () => open().message('server').value('client', TAG.ACK, 1)],
});

export const UNUSED_DESCRIPTOR_LENGTH = rule('unused-descriptor-length', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the descriptor of an unused segment is not zero',
  meaning:
    'Descriptors behind the counted segments are written as zero. Receivers do not look at them, so a length there is lost data or an uninitialised buffer. An alignment alone is a habit of early Nautilus releases and is let pass.',
  spec: 'frames_v2.cc, fill_preamble',
  breaks: [
    'a length in the fourth descriptor of a one-segment frame',
    () => open().message('client', { unusedLength: 8 }),
  ],
  keeps: kept(),
});

export const PREAMBLE_RESERVED_BITS = rule('preamble-reserved-bits', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'reserved bits of the preamble are set',
  meaning:
    'Byte 26 holds flags, of which bit 0 (compressed) is the only one; byte 27 is reserved. Older receivers ignore both, newer ones may give them a meaning.',
  spec: 'frames_v2.h, preamble_block_t',
  breaks: ['the reserved byte is 1', () => open().message('client', { reserved: 1 })],
  keeps: kept(),
});

export const COMPRESSED_UNNEGOTIATED = rule('compressed-unnegotiated', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a compressed frame without an agreement to compress',
  meaning:
    'A frame may only be flagged as compressed after COMPRESSION_DONE enabled it on this connection. The receiver has no decompressor otherwise; userspace stops with a failed assertion.',
  spec: 'frames_v2.cc, disassemble_preamble',
  breaks: ['the flag on a connection that never negotiated it', () => open().message('client', { flags: 1 })],
  keeps: kept(),
});

export const SEGMENT_TOO_LARGE = rule('segment-too-large', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a segment is larger than kernel clients take',
  meaning:
    'Userspace sets no bound below 32 bits. The kernel client refuses a front or middle above 16 MiB and data above 64 MiB, and resets the connection again and again. OSD maps of very large clusters are the usual case.',
  spec: 'net/ceph/messenger_v2.c, decode_preamble',
  breaks: [
    'a front of 17 MiB is announced',
    () => open().send('client', E.message({ front: new Uint8Array(17 << 20) }).subarray(0, 200)),
  ],
  keeps: kept(),
});

export const CONTROL_TOO_LARGE = rule('control-too-large', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a control frame announces a length that no control frame has',
  meaning:
    'Control frames (everything but MESSAGE) hold a few hundred bytes, a login with tickets a few thousand. A length above 16 MiB is refused by the kernel; before the login it is an attempt to make the peer allocate gigabytes, or to overflow a signed length (CVE-2023-44466). What follows cannot be read: the frame has no end.',
  spec: 'net/ceph/messenger_v2.c, decode_preamble (CEPH_MSG_MAX_CONTROL_LEN); CVE-2023-44466',
  breaks: [
    'a HELLO of 4 GiB',
    () => script().banners().control('client', TAG.HELLO, helloPayload(), { length0: 0xffff_ffff }),
  ],
  keeps: kept(),
});

export const SEGMENT_CRC = rule('segment-crc', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "a segment's checksum does not match its bytes",
  meaning:
    "In crc mode every segment is covered by a crc32c, started at all ones and not inverted. In revision 1 that of the first segment follows it, the others stand in the epilogue; in revision 0 all four do. Receivers close on a mismatch, and check aborted frames as well. The sender may be at fault, or a memory, cable or middlebox that TCP's weak checksum did not catch.",
  spec: 'frames_v2.cc, check_segment_crc; net/ceph/messenger_v2.c, verify_*_crc',
  breaks: ["the front's checksum is off by one bit", () => open().message('client', { front: FRONT, wrongCrc: [1] })],
  keeps: kept(),
});

export const CRC_DISABLED = rule('crc-disabled', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the sender computes no checksums',
  meaning:
    'With ms_crc_data = false userspace writes 0 in place of every segment checksum and verifies none. Damage on the way then reaches the data. Kernel clients refuse such frames. Reported once for each direction.',
  spec: 'frames_v2.cc, FrameAssembler (data crc switch)',
  breaks: ['all checksums of a message are 0', () => open().message('client', { front: FRONT, crcDisabled: true })],
  keeps: kept(),
});

export const EPILOGUE_UNUSED_CRC = rule('epilogue-unused-crc', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the checksum slot of a segment without bytes has a strange value',
  meaning:
    'In revision 1 the slot of an empty segment that is counted holds the checksum of nothing, 0xffffffff, and a slot behind the count holds 0; the kernel client insists on both. In revision 0 both values are in use.',
  spec: 'frames_v2.cc, asm_crc_rev1; net/ceph/messenger_v2.c, verify_epilogue_crcs',
  breaks: ['an unused slot holds 1', () => open().message('client', { front: FRONT, unusedCrc: 1 })],
  keeps: kept(),
});

export const LATE_STATUS_INVALID = rule('late-status-invalid', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "the epilogue's status is neither complete nor aborted",
  meaning:
    'In revision 1 the low nibble of late_status is 0xe for a complete frame and 0x1 for an aborted one: far-apart code words, because no checksum covers the byte. Anything else is a protocol error. Revision 0 writes 0 for complete, so a 0 here means that the layouts are mixed up.',
  spec: 'frames_v2.cc, check_epilogue_late_status',
  breaks: ['a status of 0', () => open().message('client', { front: FRONT, late: 0 })],
  keeps: kept(),
});

export const LATE_STATUS_RESERVED = rule('late-status-reserved', {
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: "reserved bits of the epilogue's status are set",
  meaning:
    'The high nibble of late_status (revision 1) and bits 1 to 7 of late_flags (revision 0) are reserved and written as 0.',
  spec: 'frames_v2.h, epilogue blocks',
  breaks: ['a status of 0x1e', () => open().message('client', { front: FRONT, late: 0x1e })],
  keeps: kept(),
});

export const ABORTED_FRAME = rule('aborted-frame', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a frame was given up by its sender',
  meaning:
    'A sender that changes its mind after the preamble is gone fills the rest of the frame with zeros and says so in the epilogue. The receiver drops the frame without a word: the message counts as never sent, its sequence number is used up. The kernel client does this when a request is revoked. A note for a MESSAGE; a warning for a control frame, which nobody has a reason to abort.',
  spec: 'frames_v2.h, "aborted"; doc/dev/msgr2.rst, frame format',
  breaks: [
    'a control frame of revision 0 is aborted',
    () => script(0).banners({}, { supported: 0n }).control('client', TAG.HELLO, helloPayload(), { aborted: true }),
  ],
  keeps: kept(),
});

export const FRAME_TRUNCATED = rule('frame-truncated', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the connection ended inside a frame',
  meaning:
    'A FIN or reset came before the last byte that a preamble announced. A process that is killed, a fault injected for tests and a receiver that closes all leave this behind. On a lossless session the message is sent again after the reconnect.',
  spec: 'ProtocolV2.cc, _fault',
  breaks: [
    'half of a message, then FIN',
    () =>
      open()
        .send('client', E.message({ front: new Uint8Array(100) }).subarray(0, 120))
        .end('client'),
  ],
  keeps: ['the connection is closed between two frames', () => open().message('client').end('client').end('server')],
});

export const REVISION_MISMATCH = rule('revision-mismatch', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a side uses another frame layout than the banners agreed on',
  meaning:
    'Revision 1 applies to every frame of both directions if and only if both banners offer bit 0; HELLO already uses it. The checksums of this direction only fit the other layout, so the receiver would have read garbage behind the first frame.',
  spec: 'ProtocolV2.cc, _handle_peer_banner_payload (set_is_rev1)',
  breaks: [
    'the client writes revision 0 although both offer revision 1',
    () =>
      script()
        .banners()
        .control('server', TAG.HELLO, helloPayload({ type: 1 }))
        .control('client', TAG.HELLO, helloPayload(), { revision: 0 }),
  ],
  keeps: ['both use revision 1', () => script().banners().hellos()],
});

export const MODE_MISMATCH = rule('mode-mismatch', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'plain frames although AUTH_DONE chose secure mode',
  meaning:
    'The connection mode of AUTH_DONE holds for both directions from AUTH_SIGNATURE on. A side that goes on in plain would have its first frame fail to decrypt at the peer, and sends everything that was to be protected in clear.',
  spec: 'ProtocolV2.cc, handle_auth_done, finish_auth',
  breaks: [
    "the client's signature is in plain",
    () =>
      script()
        .banners()
        .hellos()
        .request({ modes: [2] })
        .challenge()
        .done({ mode: 2 })
        .control('client', TAG.AUTH_SIGNATURE, new Uint8Array(32).fill(1)),
  ],
  keeps: ['crc mode was chosen', () => script().login()],
});

export const FRAME_RULES = [
  PREAMBLE_CRC,
  TAG_UNKNOWN,
  SEGMENT_COUNT,
  LAST_SEGMENT_EMPTY,
  CONTROL_SEGMENT_COUNT,
  UNUSED_DESCRIPTOR_LENGTH,
  PREAMBLE_RESERVED_BITS,
  COMPRESSED_UNNEGOTIATED,
  SEGMENT_TOO_LARGE,
  CONTROL_TOO_LARGE,
  SEGMENT_CRC,
  CRC_DISABLED,
  EPILOGUE_UNUSED_CRC,
  LATE_STATUS_INVALID,
  LATE_STATUS_RESERVED,
  ABORTED_FRAME,
  FRAME_TRUNCATED,
  REVISION_MISMATCH,
  MODE_MISMATCH,
];
