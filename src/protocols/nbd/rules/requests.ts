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
    'Every request begins with 0x25609513 (with extended headers 0x21e41c71). Anything else means that the client has lost count, most often because the payload of the WRITE in front was not as long as announced. The server can only hang up.',
  spec: REQUEST,
  breaks: example('a request with a wrong magic', () => [...simpleSession(), client(u32(0x25609512), fill(24, 0))]),
  keeps: example('requests with their magic', clean),
});

export const RESERVED_MAGIC_USED = rule('reserved-magic-used', 'error', 'either', 'either', {
  title: 'a magic that is reserved',
  meaning:
    'The magics 0x12560953 and 0x96744668 belonged to the protocol of 1998, 0x25609514 marks entries in the transaction log of the reference server. They must never be used on the wire. 0x25609514 where a request is due is one more than the magic of requests, and told as a wrong one: nbd/bad-request-magic.',
  spec: 'Reserved Magic values',
  breaks: example('the request magic of 1998', () => [...simpleSession(), client(u32(0x12560953), fill(24, 0))]),
  keeps: example('the magics in use', clean),
});

export const REQUEST_HEADER_MODE = rule('request-header-mode', 'error', 'client', 'both', {
  title: 'a request in the other header format than was agreed on',
  meaning:
    'Which of the two headers is used is fixed when extended headers are acknowledged, or not: 28 bytes without, 32 bytes with them, for every request of the session.',
  spec: EXTENSION,
  breaks: example('a compact request after extended headers were agreed on', () => [
    ...extendedSession(),
    request(FLUSH, 1),
  ]),
  keeps: example('extended requests', xclean),
});

export const UNKNOWN_COMMAND = rule('unknown-command', 'error', 'client', 'client', {
  title: 'a command that is not defined',
  meaning:
    'A client must not use commands that were not negotiated, and nothing beyond NBD_CMD_RESIZE can be. The server should answer EINVAL. Whether payload follows is unknown, so that the stream may be lost here.',
  spec: COMMANDS,
  breaks: example('command 42', () => refused(request(42, 1, 0, 512))),
  keeps: example('defined commands', clean),
});

export const UNKNOWN_COMMAND_FLAG = rule('unknown-command-flag', 'error', 'client', 'client', {
  title: 'a command flag that is not defined',
  meaning: 'Bits 6 to 15 of the command flags are not defined and must not be set; the server should answer EINVAL.',
  spec: FLAGS,
  breaks: example('flag 0x0040 on READ', () => refused(request(READ, 1, 0, 512, 0x40))),
  keeps: example('no flags', clean),
});

export const COMMAND_FLAG_NOT_APPLICABLE = rule('command-flag-not-applicable', 'error', 'client', 'client', {
  title: 'a command flag that does not belong to the command',
  meaning:
    'NO_HOLE and FAST_ZERO go with WRITE_ZEROES, DF with READ, REQ_ONE with BLOCK_STATUS, PAYLOAD_LEN with WRITE and BLOCK_STATUS. (FUA is allowed on every command.) The same bit may come to mean something else on other commands.',
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
  title: 'a command flag that the server did not offer',
  meaning:
    'FUA needs SEND_FUA, DF needs SEND_DF, FAST_ZERO needs SEND_FAST_ZERO in the transmission flags of the export.',
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
  title: 'a command that the server did not offer',
  meaning:
    'FLUSH, TRIM, WRITE_ZEROES and RESIZE each have a transmission flag; without it the client must not use them. A server that does not know a command answers EINVAL at best.',
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
  title: 'CACHE without SEND_CACHE',
  meaning:
    'Unlike the other commands CACHE may be tried without its flag, by clients from before the flag existed. It is a hint only; the server may refuse it.',
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
  title: 'FUA on a command that writes nothing',
  meaning:
    'FUA is allowed on all commands once it was offered, because clients are known to send it, but it means nothing on commands other than WRITE, WRITE_ZEROES and TRIM and should not be set there.',
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
  title: 'BLOCK_STATUS without a selected metadata context',
  meaning:
    'BLOCK_STATUS needs a successful NBD_OPT_SET_META_CONTEXT that selected at least one context, for the export that is used, with no NBD_OPT_STARTTLS after it. The server should answer EINVAL.',
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
  title: 'a write to a read-only export',
  meaning: 'The server must refuse it (EPERM). Clients should look at READ_ONLY first.',
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
  title: 'a request of length zero',
  meaning:
    'READ, WRITE, TRIM, WRITE_ZEROES and BLOCK_STATUS should not have a length of zero: what the server does then is not specified, and servers differ (success, EINVAL).',
  spec: COMMANDS,
  breaks: example('READ of zero bytes', () => [...simpleSession(), request(READ, 1, 0, 0), simple(1), ...disconnect()]),
  keeps: example('READ of 512 bytes', clean),
});

export const FLUSH_FIELDS_NONZERO = rule('flush-fields-nonzero', 'error', 'client', 'client', {
  title: 'FLUSH with an offset or a length',
  meaning: 'Both fields of FLUSH are reserved and must be zero: it flushes the whole export.',
  spec: COMMANDS,
  breaks: example('FLUSH with a length', () => refused(request(FLUSH, 1, 0, 4096))),
  keeps: example('FLUSH of everything', () => [...simpleSession(), request(FLUSH, 1), simple(1), ...disconnect()]),
});

export const DISC_FIELDS_NONZERO = rule('disc-fields-nonzero', 'error', 'client', 'client', {
  title: 'DISC with an offset or a length',
  meaning: 'The offset and length of DISC have no use and must be zero, so that they can get one later.',
  spec: COMMANDS,
  breaks: example('DISC with an offset', () => [...simpleSession(), request(DISC, 1, 512), clientCloses, serverCloses]),
  keeps: example('DISC with zeroes', () => [...simpleSession(), ...disconnect()]),
});

export const DATA_AFTER_DISC = rule('data-after-disc', 'error', 'client', 'client', {
  title: 'the client goes on after DISC',
  meaning:
    'DISC is the last that a client sends; the server stops reading there. Later requests are never answered, and may make the server reset the connection.',
  spec: COMMANDS,
  breaks: example('READ after DISC', () => [...simpleSession(), request(DISC, 1), request(READ, 2, 0, 512)]),
  keeps: example('nothing after DISC', clean),
});

export const DISC_WITH_IN_FLIGHT = rule('disc-with-in-flight', 'warning', 'client', 'both', {
  title: 'DISC while requests are in flight',
  meaning:
    'A client should wait for all answers before it disconnects. The server must still finish what it has begun, but whether its replies arrive is another matter.',
  spec: ENDING,
  breaks: example('DISC right behind a READ', () => [
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
  title: 'a cookie was used again while its request was in flight',
  meaning:
    'The cookie is all that ties a reply to its request. Two requests in flight with one cookie cannot be told apart; with simple replies not even the length of a payload is certain then. After the complete reply a cookie may be used again at once. Where acknowledgement numbers prove that the client could not have had the reply the finding is certain.',
  spec: ORDERING,
  breaks: example('two READ with cookie 7, sent together', () => [
    ...simpleSession(),
    request(READ, 7, 0, 512),
    request(READ, 7, 512, 512),
    simple(7, 0, 512),
    simple(7, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('cookie 7 used again after the reply', () => [
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
    'Offset plus length must not exceed the size of the export. The server answers EINVAL, or ENOSPC for writes; one that forgets to check for overflow in offset + length serves somebody else’s memory or file.',
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
    'A client that asked for the block sizes in NBD_OPT_GO must keep offset and length of its requests to multiples of the minimum. If the server merely advertised it, the finding is a warning.',
  spec: SIZES,
  breaks: example('READ of 100 bytes in blocks of 512', () => [
    ...simpleSession({ blocks: [512, 4096, 33554432] }),
    request(READ, 1, 0, 100),
    simple(1, EINVAL),
    ...disconnect(),
  ]),
  keeps: example('READ of 512 bytes in blocks of 512', () =>
    readAndLeave(simpleSession({ blocks: [512, 4096, 33554432] })),
  ),
});

export const REQUEST_UNALIGNED_PREFERRED = rule('request-unaligned-preferred', 'warning', 'client', 'session', {
  title: 'a request is not aligned to the preferred block size',
  meaning:
    'Requests should be multiples of the preferred block size where possible. It often is not (the end of a file, a small write), so the rule is off unless it is switched on.',
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
  title: 'a request moves more than the maximum payload',
  meaning:
    'WRITE, and READ that is answered by simple replies, must not be longer than the maximum payload that the server advertised. The server may hang up on it, because it will not buffer that much.',
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
  title: 'a request moves more than 32 MiB although no sizes were agreed on',
  meaning:
    'Without NBD_INFO_BLOCK_SIZE a client should stay at or below 2^25 bytes, which every server has to accept; larger requests may end the session.',
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
  title: 'a request that is no multiple of 512 although no sizes were agreed on',
  meaning:
    'Without NBD_INFO_BLOCK_SIZE a cautious client keeps to multiples of 512. Most servers take any size, so the rule is off unless it is switched on.',
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
  title: 'an extended WRITE without PAYLOAD_LEN',
  meaning:
    'With extended headers the flag PAYLOAD_LEN says that the length counts bytes that follow. WRITE must set it. qemu (seen with 10.0) leaves it out and sends the data, and its server takes them: where data follow this is a warning. A server that goes by the text reads them as requests.',
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
  title: 'PAYLOAD_LEN without extended headers',
  meaning: 'The flag has a meaning only in extended requests; in compact ones it must not be set.',
  spec: EXTENSION,
  breaks: example('PAYLOAD_LEN on a compact WRITE', () => refused(request(WRITE, 1, 0, 512, PAYLOAD_LEN))),
  keeps: example('a compact WRITE', () => [...simpleSession(), request(WRITE, 1, 0, 512), simple(1), ...disconnect()]),
});

export const PAYLOAD_LEN_ZERO = rule('payload-len-zero', 'error', 'client', 'client', {
  title: 'PAYLOAD_LEN with a length of zero',
  meaning: 'The flag announces payload, so the length must not be zero.',
  spec: EXTENSION,
  breaks: example('BLOCK_STATUS with PAYLOAD_LEN and nothing', () => [
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
    'The payload must not exceed the maximum that the server advertised (a warning where only the default of 2^25 applies). The server should hang up rather than read it all.',
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
    'It holds the length of the range in 64 bits and at least one 32-bit context id; ids must have been handed out by the server and not be repeated. The server must answer EINVAL.',
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
  title: 'BLOCK_STATUS with payload to a server that does not offer it',
  meaning: 'The client should use the payload form only if the transmission flags have BLOCK_STATUS_PAYLOAD.',
  spec: EXTENSION,
  breaks: example('the payload form without the flag', () => [
    ...extendedSession({}, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, bsPayload(1)),
    xrefused(1),
    ...xdisconnect(),
  ]),
  keeps: example('the plain form', () => [
    ...extendedSession({}, ['base:allocation']),
    xrequest(BLOCK_STATUS, 1, 0, 65536),
    xstatus(1, 0, 1, [[65536, 0]]),
    ...xdisconnect(),
  ]),
});

export const READ_OVER_32_BIT = rule('read-over-32-bit', 'warning', 'client', 'client', {
  title: 'an extended READ of 4 GiB or more',
  meaning: 'Portable clients should not read more than 2^32 - 1 bytes at once.',
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
  title: 'a request touches the area that a RESIZE in flight adds or takes away',
  meaning:
    'Between RESIZE and its reply the area between the old and the new size must be left alone: whether it exists is not settled.',
  spec: RESIZING,
  breaks: example('READ of the area that is being cut off', () => [
    ...simpleSession({ flags: RESIZABLE }),
    request(RESIZE, 1, 524288),
    request(READ, 2, 524288, 512),
    simple(2, 0, 512),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('READ of the area that stays', () => [
    ...simpleSession({ flags: RESIZABLE }),
    request(RESIZE, 1, 524288),
    request(READ, 2, 0, 512),
    simple(2, 0, 512),
    simple(1),
    ...disconnect(),
  ]),
});

export const REQUEST_AFTER_ESHUTDOWN = rule('request-after-eshutdown', 'error', 'client', 'both', {
  title: 'a request after the server said that it shuts down',
  meaning:
    'After ESHUTDOWN the client must send nothing but DISC. Acknowledgements prove only that the host of the client had the reply, not that the client had read it, so the finding is never certain. Told once a session, of the first such request.',
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
  title: 'the client goes on after a chunk that it cannot have understood',
  meaning:
    'On a chunk of an unknown type that is no error, on one whose length does not fit its type, or on a message that overruns, the client must hang up: it cannot know what it missed. Requests that were sent before the chunk can have been read are not meant; the finding is never certain.',
  spec: 'Structured reply types',
  breaks: example('two READ after a chunk of type 9', () => [
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
  title: 'the client closed without DISC',
  meaning:
    'A client ends the session with DISC, unless the server broke the protocol. A client that was killed looks the same on the wire, so the finding is never certain.',
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
  title: 'several connections write to an export that does not offer CAN_MULTI_CONN',
  meaning:
    'Without CAN_MULTI_CONN what one connection has written and flushed need not be seen by another. A client should not spread its commands over several connections then.',
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
  title: 'FLUSH while writes on a sister connection are unanswered',
  meaning:
    'With CAN_MULTI_CONN a FLUSH on one connection covers the writes on all, but only those that were answered before it was sent. A client that flushes earlier may believe data to be safe that are not. Only the timing of the capture tells, and only where one of the writes is answered later on: a connection that was given up, or whose answer the capture lost, tells nothing. The finding is never certain.',
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
