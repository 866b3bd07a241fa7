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
    'The last four bytes of the 32-byte preamble are the crc32c of the first 28, started at 0 and not inverted. A receiver must check it before it uses anything in the preamble, since the lengths tell where all that follows begins; on a mismatch it closes the connection. The checksum of 32 zero bytes is formally right, as the crc32c starts at 0; receivers refuse such a preamble for its tag and segment count, and it is reported here.',
  spec: PREAMBLE,
  breaks: ['one bit of the checksum is wrong', () => open().message('client', { wrongPreambleCrc: true })],
  keeps: kept(),
});

export const TAG_UNKNOWN = rule('tag-unknown', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame has an undefined tag',
  meaning:
    'Tags are 1 to 22. A receiver that reads another one closes the connection: the protocol has no rule for skipping unknown frames, and new tags are introduced by feature bits only.',
  spec: 'ProtocolV2.cc, handle_read_frame_dispatch',
  breaks: ['tag 40', () => open().control('client', 40, E.u32(0))],
  keeps: kept(),
});

export const SEGMENT_COUNT = rule('segment-count', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame has no segments, or more than four',
  meaning:
    'The preamble describes one to four segments; a frame without payload has one, which is empty. With any other count the receiver cannot know the length of the frame, and closes the connection.',
  spec: PREAMBLE,
  breaks: ['a count of 0', () => open().control('client', TAG.ACK, E.u64(1), { count: 0 })],
  keeps: kept(),
});

export const LAST_SEGMENT_EMPTY = rule('last-segment-empty', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the last segment of a frame is empty',
  meaning:
    'A sender leaves trailing empty segments out of the count, so that each frame has exactly one encoding; empty segments in the middle are normal. A receiver refuses a frame that has more than one segment and whose last one is empty.',
  spec: PREAMBLE,
  breaks: ['two segments counted, the second one empty', () => open().message('client', { count: 2 })],
  keeps: kept('one segment counted'),
});

export const CONTROL_SEGMENT_COUNT = rule('control-segment-count', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a control frame has more than one segment',
  meaning:
    'Only MESSAGE uses several segments. Every other frame has exactly one; a receiver checks this and closes the connection otherwise.',
  spec: 'frames_v2.h, ControlFrame; ProtocolV2.cc, handle_frame_payload',
  breaks: ['an ACK of two segments', () => open().send('client', E.frame(TAG.ACK, [E.u64(0), E.ascii('x')]))],
  keeps: ['an ACK of one segment', () => open().message('server').value('client', TAG.ACK, 1)],
});

export const UNUSED_DESCRIPTOR_LENGTH = rule('unused-descriptor-length', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the descriptor of an unused segment has a length',
  meaning:
    'A sender writes zeros in the descriptors beyond the segment count. Receivers do not look at them, so a length there means that a segment is lost or that the buffer was not initialised. Descriptors in which only the alignment is set, as early Nautilus releases write them, are not reported.',
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
    'Byte 26 holds flags, of which only bit 0 (compressed) is defined; byte 27 is reserved. Senders write the rest as 0. Released receivers ignore it; a later version may give it a meaning.',
  spec: 'frames_v2.h, preamble_block_t',
  breaks: ['the reserved byte is 1', () => open().message('client', { reserved: 1 })],
  keeps: kept(),
});

export const COMPRESSED_UNNEGOTIATED = rule('compressed-unnegotiated', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a frame is compressed although compression is not enabled',
  meaning:
    'A frame may be flagged as compressed only after COMPRESSION_DONE has enabled compression on this connection. Otherwise the receiver has no decompressor; userspace aborts with a failed assertion.',
  spec: 'frames_v2.cc, disassemble_preamble',
  breaks: ['the flag on a connection that never negotiated it', () => open().message('client', { flags: 1 })],
  keeps: kept(),
});

export const SEGMENT_TOO_LARGE = rule('segment-too-large', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a segment is larger than kernel clients accept',
  meaning:
    'Userspace has no limit below 32 bits. The kernel client refuses a front or middle above 16 MiB and data above 64 MiB: it resets the connection, and does so again after each reconnect. The usual case is the OSD map of a very large cluster.',
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
  title: 'a control frame announces an impossible length',
  meaning:
    'Control frames (all but MESSAGE) hold a few hundred bytes, or a few thousand in a login with tickets. The kernel refuses more than 16 MiB. Before the login, such a length can be an attempt to make the peer allocate gigabytes, or to overflow a signed length (CVE-2023-44466). What follows the preamble cannot be decoded, since the end of the frame is not known.',
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
    "In crc mode every segment is covered by a crc32c, started at all ones and not inverted. In revision 1 the checksum of the first segment follows it and the others are in the epilogue; in revision 0 all four are in the epilogue. A receiver closes the connection on a mismatch, also if the frame is marked as aborted. The cause may be the sender, or memory, a cable or a middlebox whose damage TCP's weak checksum did not detect.",
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
    'With ms_crc_data = false userspace writes 0 in place of every segment checksum and verifies none. Damage on the way then goes undetected into the stored data, and kernel clients refuse such frames. Reported once for each direction.',
  spec: 'frames_v2.cc, FrameAssembler (data crc switch)',
  breaks: ['all checksums of a message are 0', () => open().message('client', { front: FRONT, crcDisabled: true })],
  keeps: kept(),
});

export const EPILOGUE_UNUSED_CRC = rule('epilogue-unused-crc', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'the checksum of a segment without bytes is wrong',
  meaning:
    'In revision 1 the epilogue holds 0xffffffff, the checksum of no bytes, for an empty segment within the count, and 0 for each segment beyond the count; the kernel client insists on both. In revision 0 either value is accepted.',
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
    'In revision 1 the low four bits of late_status are 0xe for a complete frame and 0x1 for an aborted one; the two codes differ in all four bits because no checksum covers the byte. A receiver treats any other value as a protocol error. Revision 0 writes 0 for complete, so a 0 here means that the sender mixes up the two layouts.',
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
    'The high four bits of late_status (revision 1) and bits 1 to 7 of late_flags (revision 0) are reserved and written as 0.',
  spec: 'frames_v2.h, epilogue blocks',
  breaks: ['a status of 0x1e', () => open().message('client', { front: FRONT, late: 0x1e })],
  keeps: kept(),
});

export const ABORTED_FRAME = rule('aborted-frame', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a sender aborts a frame',
  meaning:
    'A sender that can no longer send the contents after the preamble is out fills the rest of the frame with zeros and marks it as aborted in the epilogue. The receiver drops the frame silently: the message counts as never sent, but its sequence number is used up. The kernel client does this when a request is revoked. The finding is a note for a MESSAGE, and a warning for a control frame, which there is no reason to abort.',
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
  title: 'the connection ends inside a frame',
  meaning:
    'A FIN or reset arrives before the last byte that a preamble announced. Typical causes are a process that is killed, a fault that is injected for tests, and a peer that closes because of an error that it has found. On a lossless session the message is sent again after the reconnect.',
  spec: 'ProtocolV2.cc, _fault',
  breaks: [
    'half of a message, followed by FIN',
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
  title: 'a side uses another frame layout than the banners agree on',
  meaning:
    'Revision 1 applies to every frame of both directions if and only if both banners offer bit 0, and already to HELLO. The rule is raised where the checksums of a direction fit only the other layout: the receiver loses the frame boundaries after the first frame.',
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
  title: 'frames are in plain text although AUTH_DONE chose secure mode',
  meaning:
    'The connection mode in AUTH_DONE applies to both directions from AUTH_SIGNATURE on. The peer cannot decrypt a plain frame and closes the connection, and everything that was to be protected is readable on the wire.',
  spec: 'ProtocolV2.cc, handle_auth_done, finish_auth',
  breaks: [
    "the client's signature is in plain text",
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
