import { example, rule } from './rule.js';
import {
  ALL_FLAGS,
  BLOCK_STATUS,
  CACHE,
  chunk,
  client,
  clientCloses,
  data,
  DISC,
  disconnect,
  EINVAL,
  error,
  ESHUTDOWN,
  extendedSession,
  fill,
  FLUSH,
  FUA,
  join,
  PAYLOAD_LEN,
  READ,
  readAndLeave,
  request,
  RESIZE,
  serverCloses,
  simple,
  simpleSession,
  status,
  structuredReadAndLeave,
  structuredSession,
  TRIM,
  u32,
  u64,
  WRITE,
  WRITE_ZEROES,
  xchunk,
  xdisconnect,
  xrequest,
  xstatus,
  xwrite,
} from './session-steps.js';

/** Rules for what the client requests in the transmission phase. */

const REQUEST = 'Request message';
const FLAGS = 'Command flags';
const COMMANDS = 'Request types';
const SIZES = 'Size constraints';
const ENDING = 'Terminating the transmission phase';
const EXTENSION = 'EXTENDED_HEADERS extension';
const RESIZING = 'RESIZE extension';
const ORDERING = 'Transmission';

const READ_ONLY = 0x0003;
const RESIZABLE = ALL_FLAGS | 0x0200;
const BS_PAYLOAD = ALL_FLAGS | 0x1080;
const clean = () => readAndLeave(simpleSession());
const xclean = () => [
  ...extendedSession(),
  xwrite(1, 0, 512),
  xchunk(0, 1, 0, true),
  xrequest(READ, 2, 0, 512),
  xchunk(1, 2, 0, true, u64(0), fill(512)),
  ...xdisconnect(),
];
const refused = (step: ReturnType<typeof request>, code = EINVAL) => [
  ...simpleSession(),
  step,
  simple(1, code),
  ...disconnect(),
];
const xdone = (cookie: number, offset = 0) => xchunk(0, cookie, offset, true);
const xrefused = (cookie: number, offset = 0) => xchunk(0x8001, cookie, offset, true, u32(EINVAL), fill(2, 0));
const bsPayload = (...ids: number[]) => join(u64(65536), ...ids.map(u32));

export const BAD_REQUEST_MAGIC = rule('bad-request-magic', 'error', 'client', 'client', {
  title: 'a request does not begin with its magic',
  meaning:
    'Every request begins with 0x25609513, or with extended headers 0x21e41c71. Anything else means that the client has lost its position in its own stream, most often because the payload of the preceding WRITE was not as long as announced. The server can only close the connection.',
  spec: REQUEST,
  breaks: example('a request with a wrong magic', () => [...simpleSession(), client(u32(0x25609512), fill(24, 0))]),
  keeps: example('requests with their magic', clean),
});

export const RESERVED_MAGIC_USED = rule('reserved-magic-used', 'error', 'either', 'either', {
  title: 'a reserved magic is used',
  meaning:
    'The magics 0x12560953 and 0x96744668 belong to the protocol of 1998, and 0x25609514 marks entries in the transaction log of the reference server. They must never be used on the wire. Where a request is expected, 0x25609514 is reported as nbd/bad-request-magic, because it differs from the magic of requests only by one.',
  spec: 'Reserved Magic values',
  breaks: example('the request magic of 1998', () => [...simpleSession(), client(u32(0x12560953), fill(24, 0))]),
  keeps: example('the magics in use', clean),
});

export const REQUEST_HEADER_MODE = rule('request-header-mode', 'error', 'client', 'both', {
  title: 'a request has a header of the format that was not agreed on',
  meaning:
    'The format of the headers is fixed for the whole session: 32 bytes if extended headers were acknowledged, otherwise 28 bytes. A server that reads the other length loses its position in the stream.',
  spec: EXTENSION,
  breaks: example('a compact request after extended headers were agreed on', () => [
    ...extendedSession(),
    request(FLUSH, 1),
  ]),
  keeps: example('extended requests', xclean),
});

export const UNKNOWN_COMMAND = rule('unknown-command', 'error', 'client', 'client', {
  title: 'the client sends an undefined command',
  meaning:
    'A client must not use commands that were not negotiated, and no command after NBD_CMD_RESIZE (8) is defined. The server should answer EINVAL. It is unknown whether the command has a payload, so decoding may fail from here on.',
  spec: COMMANDS,
  breaks: example('command 42', () => refused(request(42, 1, 0, 512))),
  keeps: example('defined commands', clean),
});

export const UNKNOWN_COMMAND_FLAG = rule('unknown-command-flag', 'error', 'client', 'client', {
  title: 'a request has an undefined command flag',
  meaning: 'Bits 6 to 15 of the command flags are not defined and must not be set; the server should answer EINVAL.',
  spec: FLAGS,
  breaks: example('flag 0x0040 on READ', () => refused(request(READ, 1, 0, 512, 0x40))),
  keeps: example('no flags', clean),
});

export const COMMAND_FLAG_NOT_APPLICABLE = rule('command-flag-not-applicable', 'error', 'client', 'client', {
  title: 'a command flag does not belong to the command',
  meaning:
    'NO_HOLE and FAST_ZERO belong to WRITE_ZEROES, DF to READ, REQ_ONE to BLOCK_STATUS, PAYLOAD_LEN to WRITE and BLOCK_STATUS. FUA is allowed on every command. The server should answer EINVAL; the same bit may get another meaning on other commands later.',
  spec: FLAGS,
  breaks: example('NO_HOLE on TRIM', () => refused(request(TRIM, 1, 0, 4096, 2))),
  keeps: example('NO_HOLE on WRITE_ZEROES', () => [
    ...simpleSession(),
    request(WRITE_ZEROES, 1, 0, 4096, 2),
    simple(1),
    ...disconnect(),
  ]),
});

export const COMMAND_FLAG_NOT_NEGOTIATED = rule('command-flag-not-negotiated', 'error', 'client', 'session', {
  title: 'the client uses a command flag that the server does not offer',
  meaning:
    'FUA requires SEND_FUA, DF requires SEND_DF, and FAST_ZERO requires SEND_FAST_ZERO in the transmission flags of the export. A server that does not offer the flag may refuse the request or ignore the flag.',
  spec: FLAGS,
  breaks: example('FUA without SEND_FUA', () => [
    ...simpleSession({ flags: 0x0001 }),
    request(WRITE, 1, 0, 512, FUA),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('FUA with SEND_FUA', () => [
    ...simpleSession({ flags: 0x0009 }),
    request(WRITE, 1, 0, 512, FUA),
    simple(1),
    ...disconnect(),
  ]),
});

export const COMMAND_NOT_NEGOTIATED = rule('command-not-negotiated', 'error', 'client', 'session', {
  title: 'the client uses a command that the server does not offer',
  meaning:
    'FLUSH, TRIM, WRITE_ZEROES and RESIZE each have a transmission flag. If the server does not set it, the client must not use the command. A server that does not know the command answers EINVAL at best.',
  spec: COMMANDS,
  breaks: example('TRIM without SEND_TRIM', () => [
    ...simpleSession({ flags: 0x0001 }),
    request(TRIM, 1, 0, 4096),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('TRIM with SEND_TRIM', () => [
    ...simpleSession({ flags: 0x0021 }),
    request(TRIM, 1, 0, 4096),
    simple(1),
    ...disconnect(),
  ]),
});

export const CACHE_NOT_ADVERTISED = rule('cache-not-advertised', 'note', 'client', 'session', {
  again: 'habit',
  title: 'CACHE is used without SEND_CACHE',
  meaning:
    'Unlike other commands, CACHE may be used without its transmission flag, as clients from before that flag do. It is only a hint, and the server may refuse it.',
  spec: COMMANDS,
  breaks: example('CACHE without SEND_CACHE', () => [
    ...simpleSession({ flags: 0x0001 }),
    request(CACHE, 1, 0, 4096),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('CACHE with SEND_CACHE', () => [
    ...simpleSession({ flags: 0x0401 }),
    request(CACHE, 1, 0, 4096),
    simple(1),
    ...disconnect(),
  ]),
});

export const FUA_ON_NON_WRITE = rule('fua-on-non-write', 'warning', 'client', 'client', {
  again: 'habit',
  title: 'FUA is set on a command that writes nothing',
  meaning:
    'A server that offers FUA accepts it on all commands, because clients are known to send it everywhere. But it has no effect on commands other than WRITE, WRITE_ZEROES and TRIM, and should not be set there.',
  spec: FLAGS,
  breaks: example('FUA on READ', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512, FUA),
    simple(1, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('FUA on WRITE', () => [
    ...simpleSession(),
    request(WRITE, 1, 0, 512, FUA),
    simple(1),
    ...disconnect(),
  ]),
});

export const BLOCK_STATUS_NOT_NEGOTIATED = rule('block-status-not-negotiated', 'error', 'client', 'session', {
  title: 'BLOCK_STATUS is used without a selected metadata context',
  meaning:
    'BLOCK_STATUS requires that the last NBD_OPT_SET_META_CONTEXT succeeded and selected at least one context, for the export that is used, and that no NBD_OPT_STARTTLS came after it. The server should answer EINVAL. If the contexts were selected for another name of what may be the same export, the finding is a note.',
  spec: COMMANDS,
  breaks: example('BLOCK_STATUS without any context', () => [
    ...structuredSession(),
    request(BLOCK_STATUS, 1, 0, 65536),
    error(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('BLOCK_STATUS with base:allocation', () => [
    ...structuredSession({}, ['base:allocation']),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 0]]),
    ...disconnect(),
  ]),
});

export const WRITE_ON_READ_ONLY = rule('write-on-read-only', 'note', 'client', 'session', {
  again: 'habit',
  title: 'the client writes to a read-only export',
  meaning:
    'The server must refuse WRITE, WRITE_ZEROES, TRIM and RESIZE on a read-only export and should answer EPERM. Clients should check the READ_ONLY flag first.',
  spec: 'Transmission flags',
  breaks: example('WRITE to a read-only export', () => [
    ...simpleSession({ flags: READ_ONLY }),
    request(WRITE, 1, 0, 512),
    simple(1, 1),
    ...disconnect(),
  ]),
  keeps: example('READ from a read-only export', () => readAndLeave(simpleSession({ flags: READ_ONLY }))),
});

export const ZERO_LENGTH_REQUEST = rule('zero-length-request', 'warning', 'client', 'client', {
  again: 'habit',
  title: 'a request has a length of zero',
  meaning:
    'READ, WRITE, TRIM, WRITE_ZEROES and BLOCK_STATUS should not have a length of zero: the result is not specified, and some servers report success, others EINVAL.',
  spec: COMMANDS,
  breaks: example('READ of zero bytes', () => [...simpleSession(), request(READ, 1, 0, 0), simple(1), ...disconnect()]),
  keeps: example('READ of 512 bytes', clean),
});

export const FLUSH_FIELDS_NONZERO = rule('flush-fields-nonzero', 'error', 'client', 'client', {
  title: 'FLUSH has an offset or a length',
  meaning: 'FLUSH always applies to the whole export. Its offset and length are reserved and must be zero.',
  spec: COMMANDS,
  breaks: example('FLUSH with a length', () => refused(request(FLUSH, 1, 0, 4096))),
  keeps: example('FLUSH of everything', () => [...simpleSession(), request(FLUSH, 1), simple(1), ...disconnect()]),
});

export const DISC_FIELDS_NONZERO = rule('disc-fields-nonzero', 'error', 'client', 'client', {
  title: 'DISC has an offset or a length',
  meaning: 'The offset and length of DISC are unused and must be zero, so that they can be given a meaning later.',
  spec: COMMANDS,
  breaks: example('DISC with an offset', () => [...simpleSession(), request(DISC, 1, 512), clientCloses, serverCloses]),
  keeps: example('DISC with zeroes', () => [...simpleSession(), ...disconnect()]),
});

export const DATA_AFTER_DISC = rule('data-after-disc', 'error', 'client', 'client', {
  title: 'the client sends something after DISC',
  meaning:
    'DISC is the last message of a client; the server stops reading after it. Later requests are never answered, and may make the server reset the connection.',
  spec: COMMANDS,
  breaks: example('READ after DISC', () => [...simpleSession(), request(DISC, 1), request(READ, 2, 0, 512)]),
  keeps: example('nothing after DISC', clean),
});

export const DISC_WITH_IN_FLIGHT = rule('disc-with-in-flight', 'warning', 'client', 'both', {
  title: 'DISC is sent while requests are in flight',
  meaning:
    'A client should wait for all replies before it disconnects. The server must still finish the requests that it has received, but the client cannot rely on getting the replies.',
  spec: ENDING,
  breaks: example('DISC immediately after a READ', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    request(DISC, 2),
    simple(1, 0, 512),
    clientCloses,
    serverCloses,
  ]),
  keeps: example('DISC after the reply', clean),
});

export const COOKIE_REUSED_IN_FLIGHT = rule('cookie-reused-in-flight', 'warning', 'client', 'both', {
  title: 'a cookie is reused while its request is in flight',
  meaning:
    'The cookie is the only link between a reply and its request. Two requests in flight with the same cookie cannot be told apart, and with simple replies not even the length of the data is certain. After the complete reply a cookie may be reused at once. The finding is certain where acknowledgement numbers prove that the client could not have received the reply.',
  spec: ORDERING,
  breaks: example('two READ with cookie 7, sent together', () => [
    ...simpleSession(),
    request(READ, 7, 0, 512),
    request(READ, 7, 512, 512),
    simple(7, 0, 512),
    simple(7, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('cookie 7 is reused after the reply', () => [
    ...simpleSession(),
    request(READ, 7, 0, 512),
    simple(7, 0, 512),
    request(READ, 7, 512, 512),
    simple(7, 0, 512),
    ...disconnect(),
  ]),
});

export const REQUEST_BEYOND_EXPORT = rule('request-beyond-export', 'error', 'client', 'session', {
  title: 'a request reaches past the end of the export',
  meaning:
    'Offset plus length must not exceed the size of the export. The server answers EINVAL, or ENOSPC for writes. A server that does not check whether offset + length overflows may read or write outside of the export.',
  spec: SIZES,
  breaks: example('READ across the end', () => refused(request(READ, 1, 1048064, 1024))),
  keeps: example('READ up to the end', () => [
    ...simpleSession(),
    request(READ, 1, 1048064, 512),
    simple(1, 0, 512),
    ...disconnect(),
  ]),
});

export const REQUEST_MISALIGNED = rule('request-misaligned', 'error', 'client', 'session', {
  title: 'a request is not aligned to the minimum block size',
  meaning:
    'A client that asked for the block sizes in NBD_OPT_GO must use multiples of the minimum block size for the offset and length of its requests. If it did not ask for them and the server only advertised the minimum, the finding is a warning. The server should answer EINVAL.',
  spec: SIZES,
  breaks: example('READ of 100 bytes, minimum block size 512', () => [
    ...simpleSession({ blocks: [512, 4096, 33554432] }),
    request(READ, 1, 0, 100),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('READ of 512 bytes, minimum block size 512', () =>
    readAndLeave(simpleSession({ blocks: [512, 4096, 33554432] })),
  ),
});

export const REQUEST_UNALIGNED_PREFERRED = rule('request-unaligned-preferred', 'warning', 'client', 'session', {
  title: 'a request is not aligned to the preferred block size',
  meaning:
    'Requests should be multiples of the preferred block size where possible. Often it is not possible (the end of a file, a small write), so the rule is off by default.',
  spec: SIZES,
  off: true,
  breaks: example('READ of 512 bytes, preferred 4096', clean),
  keeps: example('READ of 4096 bytes, preferred 4096', () => [
    ...simpleSession(),
    request(READ, 1, 0, 4096),
    simple(1, 0, 4096),
    ...disconnect(),
  ]),
});

export const REQUEST_OVER_MAX_PAYLOAD = rule('request-over-max-payload', 'error', 'client', 'session', {
  title: 'a request is longer than the maximum payload',
  meaning:
    'WRITE, and READ with simple replies, must not be longer than the maximum payload that the server advertised. The server may close the connection, because it does not provide larger buffers. If the client did not ask for the block sizes, the finding is a warning.',
  spec: SIZES,
  breaks: example('READ of 2 MiB, maximum 1 MiB', () => [
    ...simpleSession({ size: 4194304, blocks: [1, 4096, 1048576] }),
    request(READ, 1, 0, 2097152),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('READ of 512 bytes, maximum 1 MiB', () =>
    readAndLeave(simpleSession({ size: 4194304, blocks: [1, 4096, 1048576] })),
  ),
});

export const REQUEST_OVER_DEFAULT_PAYLOAD = rule('request-over-default-payload', 'warning', 'client', 'session', {
  title: 'a request is longer than 32 MiB although no block sizes were agreed on',
  meaning:
    'Without NBD_INFO_BLOCK_SIZE a READ or WRITE should not be longer than 2^25 bytes, which every server should accept. A server may close the connection on a longer one.',
  spec: SIZES,
  breaks: example('READ of 64 MiB without size information', () => [
    ...simpleSession({ size: 134217728, infos: [], blocks: null }),
    request(READ, 1, 0, 67108864),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('READ of 512 bytes without size information', () =>
    readAndLeave(simpleSession({ infos: [], blocks: null })),
  ),
});

export const REQUEST_UNDER_512 = rule('request-under-512', 'warning', 'client', 'session', {
  title: 'a request is not a multiple of 512 although no block sizes were agreed on',
  meaning:
    'Without NBD_INFO_BLOCK_SIZE a cautious client uses multiples of 512 only. Most servers accept any size, so the rule is off by default.',
  spec: SIZES,
  off: true,
  breaks: example('READ of 100 bytes without size information', () => [
    ...simpleSession({ infos: [], blocks: null }),
    request(READ, 1, 0, 100),
    simple(1, 0, 100),
    ...disconnect(),
  ]),
  keeps: example('READ of 512 bytes without size information', () =>
    readAndLeave(simpleSession({ infos: [], blocks: null })),
  ),
});

export const WRITE_WITHOUT_PAYLOAD_LEN = rule('write-without-payload-len', 'error', 'client', 'client', {
  again: 'habit',
  title: 'an extended WRITE does not set PAYLOAD_LEN',
  meaning:
    'With extended headers the flag PAYLOAD_LEN says that the length is that of a payload that follows. WRITE must set it. A server that follows the specification reads the data of a WRITE without the flag as requests. qemu (seen with 10.0) omits the flag but sends the data, and its server accepts that; where data follow, the finding is a warning.',
  spec: EXTENSION,
  breaks: example('WRITE without the flag', () => [
    ...extendedSession(),
    xwrite(1, 0, 512, 0),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('WRITE with the flag', xclean),
});

export const PAYLOAD_LEN_IN_COMPACT = rule('payload-len-in-compact', 'error', 'client', 'client', {
  title: 'PAYLOAD_LEN is set without extended headers',
  meaning: 'The flag is defined for extended requests only and must not be set in compact ones.',
  spec: EXTENSION,
  breaks: example('PAYLOAD_LEN on a compact WRITE', () => refused(request(WRITE, 1, 0, 512, PAYLOAD_LEN))),
  keeps: example('a compact WRITE', () => [...simpleSession(), request(WRITE, 1, 0, 512), simple(1), ...disconnect()]),
});

export const PAYLOAD_LEN_ZERO = rule('payload-len-zero', 'error', 'client', 'client', {
  title: 'PAYLOAD_LEN is set with a length of zero',
  meaning: 'The flag announces a payload, so the length must not be zero.',
  spec: EXTENSION,
  breaks: example('BLOCK_STATUS with PAYLOAD_LEN and no payload', () => [
    ...extendedSession({ flags: BS_PAYLOAD }, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 0, PAYLOAD_LEN),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('BLOCK_STATUS with a list of contexts', () => [
    ...extendedSession({ flags: BS_PAYLOAD }, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, bsPayload(1)),
    xstatus(1, 0, 1, [[65536, 0]]),
    ...xdisconnect(),
  ]),
});

export const PAYLOAD_OVER_MAX = rule('payload-over-max', 'error', 'client', 'session', {
  title: 'the payload of an extended request is larger than the maximum',
  meaning:
    'The payload must not exceed the maximum that the server advertised. If the server advertised none, a payload over the default of 2^25 bytes is a warning. The server should close the connection instead of reading such a payload.',
  spec: EXTENSION,
  breaks: example('WRITE of 8192 bytes, maximum 4096', () => [
    ...extendedSession({ size: 524288, blocks: [1, 4096, 4096] }),
    xwrite(1, 0, 8192),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('WRITE of 4096 bytes, maximum 4096', () => [
    ...extendedSession({ size: 524288, blocks: [1, 4096, 4096] }),
    xwrite(1, 0, 4096),
    xdone(1),
    ...xdisconnect(),
  ]),
});

export const BS_PAYLOAD_MALFORMED = rule('bs-payload-malformed', 'error', 'client', 'client', {
  title: 'the payload of BLOCK_STATUS is malformed',
  meaning:
    'The payload holds the length of the range (64 bits) and at least one context id (32 bits). Every id must have been assigned by the server and must not be repeated. The server must answer EINVAL.',
  spec: EXTENSION,
  breaks: example('a context id twice', () => [
    ...extendedSession({ flags: BS_PAYLOAD }, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 16, PAYLOAD_LEN, bsPayload(1, 1)),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('one context id', () => [
    ...extendedSession({ flags: BS_PAYLOAD }, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, bsPayload(1)),
    xstatus(1, 0, 1, [[65536, 0]]),
    ...xdisconnect(),
  ]),
});

export const BS_PAYLOAD_NOT_ADVERTISED = rule('bs-payload-not-advertised', 'warning', 'client', 'session', {
  title: 'BLOCK_STATUS has a payload although the server does not offer it',
  meaning:
    'The client should send a payload with BLOCK_STATUS only if the server sets BLOCK_STATUS_PAYLOAD in the transmission flags.',
  spec: EXTENSION,
  breaks: example('BLOCK_STATUS with a payload without the flag', () => [
    ...extendedSession({}, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, bsPayload(1)),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('BLOCK_STATUS without a payload', () => [
    ...extendedSession({}, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 65536),
    xstatus(1, 0, 1, [[65536, 0]]),
    ...xdisconnect(),
  ]),
});

export const READ_OVER_32_BIT = rule('read-over-32-bit', 'warning', 'client', 'client', {
  title: 'an extended READ is 4 GiB or longer',
  meaning: 'Clients should not read more than 2^32 - 1 bytes at once, because not every server supports it.',
  spec: EXTENSION,
  breaks: example('READ of 4 GiB', () => [
    ...extendedSession({ size: 0x10000000000n }),
    xrequest(READ, 1, 0, 0x100000000n),
    xchunk(0x8001, 1, 0, true, u32(75), fill(2, 0)),
    ...xdisconnect(),
  ]),
  keeps: example('READ of 512 bytes', xclean),
});

export const RESIZE_OVERLAP = rule('resize-overlap', 'error', 'client', 'both', {
  title: 'a request touches the area that a RESIZE in flight adds or removes',
  meaning:
    'Between RESIZE and its reply the client must not access the area between the old and the new size, because it is not yet certain whether that area exists.',
  spec: RESIZING,
  breaks: example('READ of the area that is being removed', () => [
    ...simpleSession({ flags: RESIZABLE }),
    request(RESIZE, 1, 524288),
    request(READ, 2, 524288, 512),
    simple(2, 0, 512),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('READ of the area that remains', () => [
    ...simpleSession({ flags: RESIZABLE }),
    request(RESIZE, 1, 524288),
    request(READ, 2, 0, 512),
    simple(2, 0, 512),
    simple(1),
    ...disconnect(),
  ]),
});

export const REQUEST_AFTER_ESHUTDOWN = rule('request-after-eshutdown', 'error', 'client', 'both', {
  title: 'the client sends a request after the server reported ESHUTDOWN',
  meaning:
    'After ESHUTDOWN the client must send nothing but DISC. Acknowledgements prove only that the host of the client had received the reply, not that the client had read it, so the finding is never certain. Only the first such request of a session is reported.',
  spec: ENDING,
  breaks: example('READ after ESHUTDOWN', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, ESHUTDOWN),
    request(READ, 2, 0, 512),
    simple(2, ESHUTDOWN),
    ...disconnect(),
  ]),
  keeps: example('DISC after ESHUTDOWN', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, ESHUTDOWN),
    ...disconnect(),
  ]),
});

export const CLIENT_TOLERATED_BAD_CHUNK = rule('client-tolerated-bad-chunk', 'error', 'client', 'both', {
  title: 'the client continues after a chunk that it cannot have understood',
  meaning:
    'The client must close the connection after a chunk of an unknown type (unless the type is an error), a chunk whose length does not fit its type, or an error chunk whose message runs past its end, because it cannot know what it missed. Requests that were sent before the client can have read the chunk are not reported. The finding is never certain.',
  spec: 'Structured reply types',
  breaks: example('a READ after a chunk of type 9', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    chunk(9, 1, false),
    data(1, 0, 512),
    request(READ, 2, 0, 512),
    data(2, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('chunks of defined types', () => structuredReadAndLeave(structuredSession())),
  also: ['unknown-chunk-type'],
});

export const CLIENT_HARD_DISCONNECT = rule('client-hard-disconnect', 'error', 'client', 'session', {
  title: 'the client closes the connection without DISC',
  meaning:
    'A client must end the session with DISC, unless the server broke the protocol. A client that was killed looks the same on the wire, so the finding is never certain.',
  spec: ENDING,
  breaks: example('the client closes after a READ', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
    clientCloses,
    serverCloses,
  ]),
  keeps: example('the client sends DISC, then closes', clean),
});

export const MULTI_CONN_UNADVERTISED = rule('multi-conn-unadvertised', 'warning', 'client', 'session', {
  title: 'several connections use an export that does not offer CAN_MULTI_CONN',
  meaning:
    'If the server does not offer CAN_MULTI_CONN, data that one connection has written and flushed may be invisible to another. A client should then not spread its commands over several connections. Raised for connections of one client that read or write the same export at the same time, unless the export is read-only. The finding is never certain.',
  spec: 'Transmission flags',
  breaks: example('two connections to one export at the same time', () => [
    ...simpleSession({ name: 'disk', flags: 0x000d }),
    request(WRITE, 1, 0, 512),
    simple(1),
    { then: 'new connection', meanwhile: true },
    ...simpleSession({ name: 'disk', flags: 0x000d }),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
    { then: 'earlier connection' },
    request(WRITE, 2, 0, 512),
    simple(2),
  ]),
  keeps: example('two connections to an export with CAN_MULTI_CONN', () => [
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(WRITE, 1, 0, 512),
    simple(1),
    { then: 'new connection', meanwhile: true },
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
  ]),
});

export const FLUSH_BEFORE_WRITE_REPLIES = rule('flush-before-write-replies', 'error', 'client', 'session', {
  title: 'FLUSH is sent while writes on another connection are unanswered',
  meaning:
    'With CAN_MULTI_CONN a FLUSH on one connection covers the writes on all connections, but only those that were answered before it was sent. A client that flushes earlier may assume that data are safe which are not. The rule relies on the order of packets in the capture, and is raised only if one of the writes is answered later: on a connection that was abandoned, or whose replies the capture lost, nothing can be concluded. The finding is never certain.',
  spec: 'Ordering of messages and writes',
  breaks: example('FLUSH while the other connection still writes', () => [
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(WRITE, 1, 0, 512),
    { then: 'new connection', meanwhile: true },
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(FLUSH, 1),
    simple(1),
    { then: 'earlier connection' },
    simple(1),
  ]),
  keeps: example('FLUSH after the other connection has its reply', () => [
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(WRITE, 1, 0, 512),
    simple(1),
    { then: 'new connection', meanwhile: true },
    ...simpleSession({ name: 'disk', flags: 0x010d }),
    request(FLUSH, 1),
    simple(1),
  ]),
});

export const REQUEST_RULES = [
  BAD_REQUEST_MAGIC,
  RESERVED_MAGIC_USED,
  REQUEST_HEADER_MODE,
  UNKNOWN_COMMAND,
  UNKNOWN_COMMAND_FLAG,
  COMMAND_FLAG_NOT_APPLICABLE,
  COMMAND_FLAG_NOT_NEGOTIATED,
  COMMAND_NOT_NEGOTIATED,
  CACHE_NOT_ADVERTISED,
  FUA_ON_NON_WRITE,
  BLOCK_STATUS_NOT_NEGOTIATED,
  WRITE_ON_READ_ONLY,
  ZERO_LENGTH_REQUEST,
  FLUSH_FIELDS_NONZERO,
  DISC_FIELDS_NONZERO,
  DATA_AFTER_DISC,
  DISC_WITH_IN_FLIGHT,
  COOKIE_REUSED_IN_FLIGHT,
  REQUEST_BEYOND_EXPORT,
  REQUEST_MISALIGNED,
  REQUEST_UNALIGNED_PREFERRED,
  REQUEST_OVER_MAX_PAYLOAD,
  REQUEST_OVER_DEFAULT_PAYLOAD,
  REQUEST_UNDER_512,
  WRITE_WITHOUT_PAYLOAD_LEN,
  PAYLOAD_LEN_IN_COMPACT,
  PAYLOAD_LEN_ZERO,
  PAYLOAD_OVER_MAX,
  BS_PAYLOAD_MALFORMED,
  BS_PAYLOAD_NOT_ADVERTISED,
  READ_OVER_32_BIT,
  RESIZE_OVERLAP,
  REQUEST_AFTER_ESHUTDOWN,
  CLIENT_TOLERATED_BAD_CHUNK,
  CLIENT_HARD_DISCONNECT,
  MULTI_CONN_UNADVERTISED,
  FLUSH_BEFORE_WRITE_REPLIES,
];
