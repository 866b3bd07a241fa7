import { example, rule } from './rule.js';
import {
  ALL_FLAGS,
  BLOCK_STATUS,
  CACHE,
  clientCloses,
  data,
  DF,
  DISC,
  disconnect,
  EINVAL,
  ENOSPC,
  ENOTSUP,
  EOVERFLOW,
  error,
  ESHUTDOWN,
  extendedSession,
  FAST_ZERO,
  fill,
  READ,
  readAndLeave,
  request,
  server,
  serverCloses,
  simple,
  simpleSession,
  status,
  structuredReadAndLeave,
  structuredSession,
  TRIM,
  u16,
  u32,
  u64,
  unseen,
  WRITE,
  WRITE_ZEROES,
  xchunk,
  xdisconnect,
  xrequest,
  EIO,
  FLUSH,
} from './session-steps.js';

/** Rules for the headers of replies: their form, which request they answer, and with which error; and for how the session ends. */

const SIMPLE = 'Simple reply message';
const CHUNKS = 'Structured reply chunk message';
const ORDER = 'Transmission';
const ERRORS = 'Error values';
const COMMANDS = 'Request types';
const EXTENSION = 'EXTENDED_HEADERS extension';
const ENDING = 'Terminating the transmission phase';

const clean = () => readAndLeave(simpleSession());
const sclean = () => structuredReadAndLeave(structuredSession());
const xclean = () => [
  ...extendedSession(),
  xrequest(READ, 1, 4096, 512),
  xchunk(1, 1, 4096, true, u64(4096), fill(512)),
  ...xdisconnect(),
];
const answered = (step: ReturnType<typeof request>, code: number, flags = ALL_FLAGS) => [
  ...simpleSession({ flags }),
  step,
  simple(1, code),
  ...disconnect(),
];

export const BAD_REPLY_MAGIC = rule('bad-reply-magic', 'error', 'server', 'server', {
  title: 'a reply does not begin with its magic',
  meaning:
    'Simple replies begin with 0x67446698, structured reply chunks with 0x668e33ef, extended reply chunks with 0x6e8a278c. Anything else means that the server has lost its position in its own stream, most often because the preceding reply carried more or fewer bytes than its request asked for.',
  spec: SIMPLE,
  breaks: example('a reply with a wrong magic', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    server(u32(0x67446699), fill(12, 0)),
  ]),
  keeps: example('replies with their magic', clean),
});

export const REPLY_UNKNOWN_COOKIE = rule('reply-unknown-cookie', 'error', 'server', 'both', {
  title: 'a reply has a cookie that no request had',
  meaning:
    'The cookie of a reply must be that of a request in flight. The client cannot use the reply, and the request that it was meant for remains unanswered. The usual cause is a server that changes the byte order of the cookie or truncates it.',
  spec: ORDER,
  breaks: example('a reply with another cookie', () => [
    ...simpleSession(),
    request(FLUSH, 1),
    simple(9),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('the cookie of the request', clean),
});

export const REPLY_AFTER_DONE = rule('reply-after-done', 'error', 'server', 'both', {
  title: 'a reply arrives for a request that was already answered',
  meaning:
    'A simple reply, or a chunk with DONE, completes the answer, and the client may reuse the cookie at once. It takes a further reply for the answer to a later request, or cannot assign it at all.',
  spec: CHUNKS,
  breaks: example('a second reply to one request', () => [
    ...simpleSession(),
    request(FLUSH, 1),
    simple(1),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('one reply to each request', clean),
});

export const REPLY_BEFORE_REQUEST = rule('reply-before-request', 'error', 'server', 'both', {
  title: 'a reply is sent before its request has arrived',
  meaning:
    'The acknowledgement number of the reply shows that the server had not received the request yet, so it cannot have processed it. If the capture only shows the reply first, without such proof, nothing is reported.',
  spec: ORDER,
  breaks: example('a reply that does not acknowledge its request', () => [
    ...simpleSession(),
    simple(1),
    unseen(request(FLUSH, 1), 112),
    ...disconnect(),
  ]),
  keeps: example('a reply that acknowledges its request', clean),
});

export const REPLY_TO_DISC = rule('reply-to-disc', 'error', 'server', 'both', {
  title: 'DISC is answered',
  meaning: 'DISC has no reply. The server finishes the requests in flight and closes the connection.',
  spec: COMMANDS,
  breaks: example('DISC is answered', () => [
    ...simpleSession(),
    request(DISC, 5),
    simple(5),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('the server closes after DISC without a reply', clean),
});

export const STRUCTURED_NOT_NEGOTIATED = rule('structured-not-negotiated', 'error', 'server', 'server', {
  title: 'the server sends a structured reply that was not agreed on',
  meaning:
    'Structured replies may be sent only after NBD_OPT_STRUCTURED_REPLY was acknowledged. A client that did not ask for them knows simple replies only.',
  spec: CHUNKS,
  breaks: example('a chunk in a session with simple replies', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    data(1, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('a chunk after STRUCTURED_REPLY', sclean),
});

export const SIMPLE_REPLY_TO_READ = rule('simple-reply-to-read', 'error', 'server', 'both', {
  title: 'READ gets a simple reply although structured replies were agreed on',
  meaning:
    'Once structured replies are agreed on, READ must be answered with chunks, even if it fails. A client cannot know whether data follow a simple reply.',
  spec: CHUNKS,
  breaks: example('READ refused with a simple reply', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    simple(1, EIO),
    ...disconnect(),
  ]),
  keeps: example('READ answered with a chunk', sclean),
});

export const EXTENDED_NOT_NEGOTIATED = rule('extended-not-negotiated', 'error', 'server', 'server', {
  title: 'the server sends an extended reply that was not agreed on',
  meaning:
    'Extended replies may be sent only after NBD_OPT_EXTENDED_HEADERS was acknowledged. Other clients do not know their header.',
  spec: EXTENSION,
  breaks: example('an extended chunk in a structured session', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    xchunk(1, 1, 0, true, u64(0), fill(512)),
    ...disconnect(),
  ]),
  keeps: example('an extended chunk after EXTENDED_HEADERS', xclean),
});

export const REPLY_HEADER_MODE = rule('reply-header-mode', 'error', 'server', 'server', {
  title: 'the server sends a compact reply although extended headers were agreed on',
  meaning:
    'After NBD_OPT_EXTENDED_HEADERS was acknowledged, every reply, errors included, must be an extended chunk: a header of 32 bytes, and a payload.',
  spec: EXTENSION,
  breaks: example('a simple reply in an extended session', () => [
    ...extendedSession(),
    xrequest(FLUSH, 1),
    simple(1),
    ...xdisconnect(),
  ]),
  keeps: example('extended chunks', xclean),
});

export const EXTENDED_OFFSET_MISMATCH = rule('extended-offset-mismatch', 'error', 'server', 'both', {
  title: 'an extended reply does not repeat the offset of its request',
  meaning:
    'In every chunk, the offset in the header of an extended reply is that of the request. The position of the content of a chunk is part of its payload.',
  spec: EXTENSION,
  breaks: example('the header has the offset of the content', () => [
    ...extendedSession(),
    xrequest(READ, 1, 4096, 1024),
    xchunk(1, 1, 4096, false, u64(4096), fill(512)),
    xchunk(1, 1, 4608, true, u64(4608), fill(512)),
    ...xdisconnect(),
  ]),
  keeps: example('the header has the offset of the request', xclean),
});

export const EXTENDED_LENGTH_HUGE = rule('extended-length-huge', 'note', 'server', 'server', {
  title: 'an extended reply is 4 GiB or longer',
  meaning: 'The length has 64 bits, but payloads of 4 GiB and more are not expected. Often such a length is wrong.',
  spec: EXTENSION,
  breaks: example('a chunk that announces 4 GiB', () => [
    ...extendedSession({ size: 0x10000000000n, blocks: null, infos: [] }),
    xrequest(READ, 1, 0, 0xffffffff),
    server(u32(0x6e8a278c), u32(0x00018001), u64(1), u64(0), u64(0x100000008n), u32(EIO), u16(0), fill(10)),
  ]),
  keeps: example('a chunk of 520 bytes', xclean),
  also: ['request-over-default-payload'],
});

export const REPLY_WITH_PAYLOAD = rule('reply-with-payload', 'error', 'server', 'both', {
  title: 'data follow a simple reply that must not have any',
  meaning:
    'Only the reply to a successful READ carries data. The client reads data after any other reply as the next reply and loses its position in the stream. Usual causes are a server that returns the data of a WRITE, or one that sends a buffer for every request with a length.',
  spec: SIMPLE,
  breaks: example('the server returns the data of a WRITE', () => [
    ...simpleSession(),
    request(WRITE, 1, 0, 512),
    simple(1, 0, 512),
    request(READ, 2, 0, 512),
    simple(2, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('a reply of 16 bytes', () => [
    ...simpleSession(),
    request(WRITE, 1, 0, 512),
    simple(1),
    ...disconnect(),
  ]),
});

export const READ_DATA_SHORT = rule('read-data-short', 'error', 'server', 'both', {
  title: 'a READ is answered with less data than it asked for',
  meaning:
    'A simple reply does not say how much data it carries: the length is that of the request. If the server sends less (usually because it did not notice a short read of its file), the client takes the next reply for data and waits for the rest. If an error occurs after the header was sent, the server has to close the connection.',
  spec: COMMANDS,
  breaks: example('half of the data, then the next reply', () => [
    ...simpleSession(),
    request(READ, 1, 0, 1024),
    request(READ, 2, 4096, 512),
    simple(1, 0, 512),
    simple(2, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('all of the data', () => [
    ...simpleSession(),
    request(READ, 1, 0, 1024),
    request(READ, 2, 4096, 512),
    simple(1, 0, 1024),
    simple(2, 0, 512),
    ...disconnect(),
  ]),
});

export const READ_ERROR_WITH_PAYLOAD = rule('read-error-with-payload', 'error', 'server', 'both', {
  title: 'data follow a simple reply that reports an error',
  meaning:
    'A simple reply with an error carries no data. Servers from before 2016 sent as many bytes as were asked for nevertheless; a client reads these bytes as replies.',
  spec: COMMANDS,
  breaks: example('512 bytes after EIO', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, EIO, 512),
    request(FLUSH, 2),
    simple(2),
    ...disconnect(),
  ]),
  keeps: example('nothing after EIO', () => answered(request(READ, 1, 0, 512), EIO)),
});

export const READ_PAYLOAD_CUT = rule('read-payload-cut', 'note', 'server', 'session', {
  title: 'the connection ends inside the data of a READ',
  meaning:
    'A server that has sent a simple reply to READ and then fails to read can report this only by closing the connection in the middle of the data. With structured replies it can report the error.',
  spec: COMMANDS,
  breaks: example('the server closes after 100 of 512 bytes', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, 0, 100),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('all 512 bytes', clean),
});

export const UNKNOWN_ERROR_VALUE = rule('unknown-error-value', 'error', 'server', 'server', {
  title: 'the server reports an undefined error',
  meaning:
    "Only the error values 1, 5, 12, 22, 28, 75, 95 and 108 are defined, whatever the operating system of the server uses. A client should treat others as EINVAL. The usual cause is an errno of the server's system that was sent without translation.",
  spec: ERRORS,
  breaks: example('error 2', () => answered(request(READ, 1, 0, 512), 2)),
  keeps: example('error 5', () => answered(request(READ, 1, 0, 512), EIO)),
});

export const ENOMEM_USED = rule('enomem-used', 'warning', 'server', 'server', {
  again: 'habit',
  title: 'the server reports ENOMEM',
  meaning: 'Servers should avoid ENOMEM, because clients take it for a lack of memory on their own side.',
  spec: ERRORS,
  breaks: example('READ fails with ENOMEM', () => answered(request(READ, 1, 0, 512), 12)),
  keeps: example('READ fails with EIO', () => answered(request(READ, 1, 0, 512), EIO)),
});

export const EOVERFLOW_MISUSED = rule('eoverflow-misused', 'warning', 'server', 'session', {
  title: 'EOVERFLOW is reported where it does not apply',
  meaning:
    'EOVERFLOW should be used only for a READ that is too long to be sent unfragmented (DF) or, with structured replies, to be served at all, and for commands without payload that are longer than the maximum payload.',
  spec: ERRORS,
  breaks: example('EOVERFLOW for a TRIM of 4096 bytes', () => answered(request(TRIM, 1, 0, 4096), EOVERFLOW)),
  keeps: example('EOVERFLOW for a long READ with DF', () => [
    ...structuredSession(),
    request(READ, 1, 0, 131072, DF),
    error(1, EOVERFLOW),
    ...disconnect(),
  ]),
});

export const ENOTSUP_MISUSED = rule('enotsup-misused', 'warning', 'server', 'session', {
  title: 'ENOTSUP is reported where it does not apply',
  meaning:
    'ENOTSUP should be used only for WRITE_ZEROES with FAST_ZERO, if the server offers FAST_ZERO and zeroing would not be fast.',
  spec: ERRORS,
  breaks: example('ENOTSUP for READ', () => answered(request(READ, 1, 0, 512), ENOTSUP)),
  keeps: example('ENOTSUP for FAST_ZERO', () => answered(request(WRITE_ZEROES, 1, 0, 4096, FAST_ZERO), ENOTSUP)),
});

export const ENOTSUP_WITHOUT_FAST_ZERO = rule('enotsup-without-fast-zero', 'error', 'server', 'session', {
  title: 'WRITE_ZEROES without FAST_ZERO fails with ENOTSUP',
  meaning:
    'A server that offers fast zeroing must not answer ENOTSUP to a WRITE_ZEROES without FAST_ZERO, because it can always write zeroes.',
  spec: COMMANDS,
  breaks: example('ENOTSUP for a plain WRITE_ZEROES', () => answered(request(WRITE_ZEROES, 1, 0, 4096), ENOTSUP)),
  keeps: example('ENOTSUP for FAST_ZERO', () => answered(request(WRITE_ZEROES, 1, 0, 4096, FAST_ZERO), ENOTSUP)),
});

export const FAST_ZERO_EOVERFLOW = rule('fast-zero-eoverflow', 'warning', 'server', 'both', {
  title: 'WRITE_ZEROES with FAST_ZERO fails with EOVERFLOW',
  meaning:
    'If WRITE_ZEROES with FAST_ZERO fails because zeroing would not be fast, the error should be ENOTSUP, not EOVERFLOW.',
  spec: COMMANDS,
  breaks: example('EOVERFLOW for FAST_ZERO', () => answered(request(WRITE_ZEROES, 1, 0, 4096, FAST_ZERO), EOVERFLOW)),
  keeps: example('ENOTSUP for FAST_ZERO', () => answered(request(WRITE_ZEROES, 1, 0, 4096, FAST_ZERO), ENOTSUP)),
});

export const WRONG_ERROR_CODE = rule('wrong-error-code', 'warning', 'server', 'session', {
  title: 'a request is refused with another error than the specified one',
  meaning:
    'The protocol specifies the errors for many invalid requests: EINVAL for READ, TRIM and BLOCK_STATUS past the end of the export, ENOSPC (or EINVAL) for writes there, EPERM for writes to a read-only export, EINVAL for unknown commands and flags, for FAST_ZERO that was not offered, for misaligned requests and for BLOCK_STATUS without contexts. Another error hides the cause from the user of the client. ESHUTDOWN is always allowed. After a RESIZE any request past the end may also fail with ENOSPC.',
  spec: ERRORS,
  breaks: example('READ past the end fails with EIO', () => answered(request(READ, 1, 1048576, 512), EIO)),
  keeps: example('a READ within the export fails with EIO', () => answered(request(READ, 1, 0, 512), EIO)),
  also: ['request-beyond-export'],
});

export const BAD_REQUEST_ACCEPTED = rule('bad-request-accepted', 'warning', 'server', 'session', {
  title: 'a request that should be refused succeeds',
  meaning:
    'Unknown commands, unknown or inapplicable flags, ranges outside of the export, misaligned requests, BLOCK_STATUS without contexts and FAST_ZERO that was not offered should be refused, so that the error in the client is noticed. BLOCK_STATUS past the end of the export may succeed and is not reported.',
  spec: ERRORS,
  breaks: example('FLUSH with an unknown flag succeeds', () => answered(request(FLUSH, 1, 0, 0, 0x40), 0)),
  keeps: example('FLUSH succeeds', () => answered(request(FLUSH, 1), 0)),
  also: ['unknown-command-flag'],
});

export const READ_ONLY_WRITE_SUCCEEDED = rule('read-only-write-succeeded', 'error', 'server', 'session', {
  title: 'a write to a read-only export succeeds',
  meaning: 'If READ_ONLY is set in the transmission flags the server must refuse WRITE, WRITE_ZEROES and TRIM.',
  spec: 'Transmission flags',
  breaks: example('WRITE succeeds', () => answered(request(WRITE, 1, 0, 512), 0, 0x0003)),
  keeps: example('WRITE fails with EPERM', () => answered(request(WRITE, 1, 0, 512), 1, 0x0003)),
});

export const CACHE_FLAG_ACCEPTED = rule('cache-flag-accepted', 'error', 'server', 'session', {
  title: 'CACHE with an unknown flag succeeds',
  meaning:
    'A server that offers CACHE must refuse flags that it does not know, so that a client can rely on the effect of a new flag.',
  spec: COMMANDS,
  breaks: example('CACHE with flag 0x0040 succeeds', () => answered(request(CACHE, 1, 0, 4096, 0x40), 0)),
  keeps: example('CACHE without flags succeeds', () => answered(request(CACHE, 1, 0, 4096), 0)),
  also: ['unknown-command-flag'],
});

export const ERROR_NOT_STRUCTURED = rule('error-not-structured', 'warning', 'server', 'server', {
  again: 'habit',
  title: 'an error is sent in a simple reply although structured replies were agreed on',
  meaning:
    'With structured replies errors should be sent as chunks, which can carry a message and an offset. Several servers send simple replies for commands other than READ and BLOCK_STATUS; this does no harm.',
  spec: CHUNKS,
  breaks: example('WRITE refused with a simple reply', () => [
    ...structuredSession(),
    request(WRITE, 1, 0, 512),
    simple(1, EIO),
    ...disconnect(),
  ]),
  keeps: example('WRITE refused with a chunk', () => [
    ...structuredSession(),
    request(WRITE, 1, 0, 512),
    error(1, EIO),
    ...disconnect(),
  ]),
});

export const BLOCK_STATUS_SIMPLE_SUCCESS = rule('block-status-simple-success', 'error', 'server', 'both', {
  title: 'a successful BLOCK_STATUS gets a simple reply',
  meaning:
    'A successful answer to BLOCK_STATUS must consist of chunks, because a simple reply cannot carry the extents.',
  spec: 'Metadata querying',
  breaks: example('a simple reply to BLOCK_STATUS', () => [
    ...structuredSession({}, ['base:allocation']),
    request(BLOCK_STATUS, 1, 0, 65536),
    simple(1),
    ...disconnect(),
  ]),
  keeps: example('a chunk with extents', () => [
    ...structuredSession({}, ['base:allocation']),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 0]]),
    ...disconnect(),
  ]),
});

export const SERVER_HARD_DISCONNECT = rule('server-hard-disconnect', 'error', 'server', 'session', {
  title: 'the server closes the connection in the middle of the session',
  meaning:
    'A server may close the connection after DISC, after a protocol violation by the client, when it shuts down (after ESHUTDOWN), or inside the data of a READ that fails after its header was sent. Otherwise it reports errors and continues. A server that was killed looks the same on the wire, so the finding is never certain.',
  spec: ENDING,
  breaks: example('the server closes after a reply', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('the server closes after DISC', clean),
});

export const DISCONNECT_ON_OVERSIZE_EFFECT = rule('disconnect-on-oversize-effect', 'warning', 'server', 'session', {
  title: 'the server closes the connection on a long request that has no payload',
  meaning:
    'TRIM, WRITE_ZEROES, CACHE and BLOCK_STATUS may be longer than the maximum payload, because they carry none. A server that does not support such a length should answer with an error, not close the connection.',
  spec: 'Size constraints',
  breaks: example('the server closes on a TRIM of 64 MiB', () => [
    ...simpleSession({ size: 134217728 }),
    request(TRIM, 1, 0, 67108864),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('the server serves it', () => [
    ...simpleSession({ size: 134217728 }),
    request(TRIM, 1, 0, 67108864),
    simple(1),
    ...disconnect(),
  ]),
});

export const OPEN_AFTER_DISC = rule('open-after-disc', 'error', 'server', 'session', {
  title: 'the server does not close the connection after DISC',
  meaning:
    'After DISC, when all requests are answered, the server must close the connection. Reported if it has not done so within ten seconds and the client closes first. Slow storage looks the same, so the finding is never certain.',
  spec: COMMANDS,
  breaks: example('the client closes half a minute after DISC', () => [
    ...simpleSession(),
    request(DISC, 1),
    { pause: 30 },
    clientCloses,
  ]),
  keeps: example('the server closes', clean),
});

export const UNANSWERED_REQUEST = rule('unanswered-request', 'warning', 'server', 'session', {
  title: 'the session ends after DISC with requests unanswered',
  meaning:
    'After DISC the server must finish the requests in flight before it closes the connection. These requests were never answered.',
  spec: COMMANDS,
  breaks: example('a READ before DISC stays unanswered', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    request(DISC, 2),
    clientCloses,
    serverCloses,
  ]),
  keeps: example('every request is answered', clean),
  also: ['disc-with-in-flight'],
});

export const NO_DISC_AFTER_ESHUTDOWN = rule('no-disc-after-eshutdown', 'error', 'client', 'session', {
  title: 'the client closes the connection after ESHUTDOWN without DISC',
  meaning:
    'A client that receives ESHUTDOWN must end the session with DISC. A crash looks the same on the wire, so the finding is never certain.',
  spec: ENDING,
  breaks: example('the client closes after ESHUTDOWN', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, ESHUTDOWN),
    clientCloses,
    serverCloses,
  ]),
  keeps: example('the client sends DISC', () => [
    ...simpleSession(),
    request(READ, 1, 0, 512),
    simple(1, ESHUTDOWN),
    ...disconnect(),
  ]),
});

export const ALLOCATED_ENOSPC = rule('allocated-enospc', 'error', 'server', 'session', {
  title: 'a write to an allocated area fails with ENOSPC',
  meaning:
    'Where base:allocation reported no hole, a write should not fail with ENOSPC unless the area was trimmed or zeroed since. Other clients may have changed the area, so the finding is never certain.',
  spec: 'base:allocation metadata context',
  breaks: example('ENOSPC where base:allocation says data', () => [
    ...structuredSession({}, ['base:allocation']),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 0]]),
    request(WRITE, 2, 0, 512),
    error(2, ENOSPC),
    ...disconnect(),
  ]),
  keeps: example('ENOSPC where base:allocation says hole', () => [
    ...structuredSession({}, ['base:allocation']),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 3]]),
    request(WRITE, 2, 0, 512),
    error(2, ENOSPC),
    ...disconnect(),
  ]),
});

export const OFFERED_COMMAND_REFUSED = rule('offered-command-refused', 'warning', 'server', 'session', {
  again: 'habit',
  title: 'a command that the server offers is refused as invalid',
  meaning:
    'The transmission flags offer the command (or FUA), the capture shows nothing wrong with the request, and yet the answer is EINVAL. Clients that rely on the flags fail. The server offers more than it supports, as nbdkit does to clients that it serves in oldstyle. For a request with a range and without FUA the finding is only a note, because the range may be wrong in a way that the capture does not show. Reported once a session.',
  spec: 'Transmission flags',
  breaks: example('FLUSH is offered and refused', () => answered(request(FLUSH, 1), EINVAL)),
  keeps: example('FLUSH is offered and served', () => answered(request(FLUSH, 1), 0)),
});

export const HEADER_RULES = [
  BAD_REPLY_MAGIC,
  REPLY_UNKNOWN_COOKIE,
  REPLY_AFTER_DONE,
  REPLY_BEFORE_REQUEST,
  REPLY_TO_DISC,
  STRUCTURED_NOT_NEGOTIATED,
  SIMPLE_REPLY_TO_READ,
  EXTENDED_NOT_NEGOTIATED,
  REPLY_HEADER_MODE,
  EXTENDED_OFFSET_MISMATCH,
  EXTENDED_LENGTH_HUGE,
  REPLY_WITH_PAYLOAD,
  READ_DATA_SHORT,
  READ_ERROR_WITH_PAYLOAD,
  READ_PAYLOAD_CUT,
  UNKNOWN_ERROR_VALUE,
  ENOMEM_USED,
  EOVERFLOW_MISUSED,
  ENOTSUP_MISUSED,
  ENOTSUP_WITHOUT_FAST_ZERO,
  FAST_ZERO_EOVERFLOW,
  WRONG_ERROR_CODE,
  BAD_REQUEST_ACCEPTED,
  READ_ONLY_WRITE_SUCCEEDED,
  CACHE_FLAG_ACCEPTED,
  ERROR_NOT_STRUCTURED,
  BLOCK_STATUS_SIMPLE_SUCCESS,
  SERVER_HARD_DISCONNECT,
  DISCONNECT_ON_OVERSIZE_EFFECT,
  OPEN_AFTER_DISC,
  UNANSWERED_REQUEST,
  NO_DISC_AFTER_ESHUTDOWN,
  ALLOCATED_ENOSPC,
  OFFERED_COMMAND_REFUSED,
];
