import { example, rule } from './rule.js';
import {
  ack,
  ALL_FLAGS,
  clientCloses,
  exportInfo,
  fill,
  go,
  hello,
  infoBlocks,
  infoData,
  infoExport,
  metaData,
  option,
  READ,
  readAndLeave,
  reply,
  request,
  server,
  serverCloses,
  setMeta,
  simple,
  simpleSession,
  structured,
  structuredReadAndLeave,
  structuredSession,
  u16,
  u32,
  u64,
} from './session-steps.js';

/** Rules for what the server answers while haggling, and for how haggling ends. */

const FIXED = 'Fixed newstyle negotiation';
const TYPES = 'Option types';
const REPLIES = 'Option reply types';
const META = 'Metadata querying';
const BASE = 'The base: metadata namespace';
const ENDING = 'Termination of the session during option haggling';
const UNSUP = 0x80000001;
const INVALID = 0x80000003;
const UNKNOWN = 0x80000006;
const SHUTDOWN = 0x80000007;
const BLOCK_SIZE_REQD = 0x80000008;
const TOO_BIG = 0x80000009;

const abort = () => [option(2), ack(2)];
const list = () => [...hello(), option(3), reply(3, 2, u32(4), 'disk'), ack(3), ...abort()];
const clean = () => structuredReadAndLeave(structuredSession({}, ['base:allocation']));
const info = (name = '') => [option(6, infoData(name)), infoBlocks(6), infoExport(6, 1048576, ALL_FLAGS), ack(6)];
const meta = (number: number, queries: readonly string[], contexts: readonly string[], id = 1) => [
  option(number, metaData('', queries)),
  ...contexts.map((c, i) => reply(number, 4, u32(number === 9 ? 0 : id + i), c)),
  ack(number),
];

export const BAD_OPTION_REPLY_MAGIC = rule('bad-option-reply-magic', 'error', 'server', 'server', {
  title: 'an option reply does not begin with its magic',
  meaning:
    'Every option reply begins with 0x0003e889045565a9; only the answer to NBD_OPT_EXPORT_NAME has no magic. If other bytes are found, the client has lost its position in the stream. The usual cause is a wrong length in the reply before.',
  spec: FIXED,
  breaks: example('a reply with a wrong magic', () => [
    ...hello(),
    option(3),
    server(u64(0x0003e889045565aan), u32(3), u32(1), u32(0)),
  ]),
  keeps: example('replies with their magic', list),
});

export const OPTION_REPLY_MISMATCH = rule('option-reply-mismatch', 'error', 'server', 'both', {
  title: 'an option reply has the number of another option than the one that was sent',
  meaning:
    'A reply repeats the number of the option that it answers. Only one option is outstanding at a time, so another number means that server and client disagree about the state of the negotiation.',
  spec: FIXED,
  breaks: example('STRUCTURED_REPLY answered with the number of LIST', () => [
    ...hello(),
    option(8),
    ack(3),
    ...abort(),
  ]),
  keeps: example('the number is repeated', clean),
});

export const OPTION_REPLY_UNSOLICITED = rule('option-reply-unsolicited', 'error', 'server', 'both', {
  title: 'the server sends an option reply although no option is unanswered',
  meaning:
    'A server sends option replies only as answers. A client takes a reply that it did not ask for (often a second final reply to the same option) for the answer to its next option, and misattributes all later replies.',
  spec: FIXED,
  breaks: example('two acknowledgements of one option', () => [...hello(), option(8), ack(8), ack(8)]),
  keeps: example('one acknowledgement for each option', clean),
});

export const REPLY_TO_EXPORT_NAME = rule('reply-to-export-name', 'error', 'server', 'server', {
  title: 'NBD_OPT_EXPORT_NAME is answered with an option reply',
  meaning:
    'NBD_OPT_EXPORT_NAME is not answered with an option reply: the server sends size and flags of the export without a header, or closes the connection. A client reads the magic of an option reply as the size of the export.',
  spec: TYPES,
  breaks: example('ERR_UNKNOWN to EXPORT_NAME', () => [...hello(2, 2), option(1, 'disk'), reply(1, UNKNOWN)]),
  keeps: example('size and flags without a header', () =>
    readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
});

export const UNKNOWN_REPLY_TYPE = rule('unknown-reply-type', 'error', 'server', 'server', {
  title: 'the type of an option reply is not defined',
  meaning:
    'The defined types are NBD_REP_ACK, NBD_REP_SERVER, NBD_REP_INFO, NBD_REP_META_CONTEXT and the errors. A client cannot tell whether a reply of another type is the final one.',
  spec: REPLIES,
  breaks: example('type 9', () => [...hello(), option(3), reply(3, 9), ack(3)]),
  keeps: example('defined types', list),
});

export const UNKNOWN_REPLY_ERROR = rule('unknown-reply-error', 'note', 'server', 'server', {
  title: 'an option is refused with an undefined error',
  meaning: 'Reply types with bit 31 set are errors. Clients treat an error that they do not know as a refusal.',
  spec: REPLIES,
  breaks: example('error number 99', () => [...hello(), option(3), reply(3, 0x80000063), ...abort()]),
  keeps: example('a defined error', () => [...hello(), option(3), reply(3, 0x80000002), ...abort()]),
});

export const ACK_WITH_DATA = rule('ack-with-data', 'error', 'server', 'server', {
  title: 'an acknowledgement carries data',
  meaning:
    'NBD_REP_ACK has no data. Some clients skip such data, others take them for the beginning of the next message.',
  spec: REPLIES,
  breaks: example('ACK with two bytes', () => [...hello(), option(8), reply(8, 1, u16(0)), ...abort()]),
  keeps: example('ACK without data', clean),
});

export const REPLY_TYPE_FOR_OPTION = rule('reply-type-for-option', 'error', 'server', 'server', {
  title: 'the type of an option reply does not belong to the option',
  meaning:
    'NBD_REP_SERVER answers NBD_OPT_LIST only, NBD_REP_INFO answers NBD_OPT_INFO and NBD_OPT_GO only, and NBD_REP_META_CONTEXT answers the metadata context options only.',
  spec: TYPES,
  breaks: example('SERVER in answer to STRUCTURED_REPLY', () => [
    ...hello(),
    option(8),
    reply(8, 2, u32(4), 'disk'),
    ack(8),
    ...abort(),
  ]),
  keeps: example('SERVER in answer to LIST', list),
});

export const OPTION_REPLY_TOO_SHORT = rule('option-reply-too-short', 'error', 'server', 'server', {
  title: 'an option reply is too short for its type',
  meaning:
    'NBD_REP_SERVER and NBD_REP_META_CONTEXT hold at least four bytes, NBD_REP_INFO at least the two bytes of its information type.',
  spec: REPLIES,
  breaks: example('SERVER with two bytes', () => [...hello(), option(3), reply(3, 2, u16(0)), ack(3), ...abort()]),
  keeps: example('SERVER with a name', list),
});

export const SERVER_NAME_OVERRUNS = rule('server-name-overruns', 'error', 'server', 'server', {
  title: 'the name in NBD_REP_SERVER runs past the reply',
  meaning:
    'The length of the name takes four bytes of the data itself, so it must not exceed the length of the reply minus four. A careless client reads past the end of its buffer.',
  spec: REPLIES,
  breaks: example('name length 200 in 8 bytes', () => [
    ...hello(),
    option(3),
    reply(3, 2, u32(200), 'disk'),
    ack(3),
    ...abort(),
  ]),
  keeps: example('lengths that agree', list),
});

export const LIST_DUPLICATE_EXPORT = rule('list-duplicate-export', 'note', 'server', 'server', {
  title: 'the list of exports contains a name twice',
  meaning: 'A client can reach only one of several exports with the same name, and nothing specifies which one.',
  spec: TYPES,
  breaks: example('disk is listed twice', () => [
    ...hello(),
    option(3),
    reply(3, 2, u32(4), 'disk'),
    reply(3, 2, u32(4), 'disk'),
    ack(3),
    ...abort(),
  ]),
  keeps: example('each name once', list),
});

export const INFO_EXPORT_BAD_LENGTH = rule('info-export-bad-length', 'error', 'server', 'server', {
  title: 'NBD_INFO_EXPORT is not 12 bytes long',
  meaning:
    'NBD_INFO_EXPORT holds the information type, the size of the export (64 bits) and the transmission flags (16 bits). With another length a client cannot read size and flags.',
  spec: REPLIES,
  breaks: example('a size of 32 bits', () => [
    ...hello(),
    option(6, infoData('')),
    reply(6, 3, u16(0), u32(65536), u16(1)),
    reply(6, INVALID),
    ...abort(),
  ]),
  keeps: example('12 bytes', () => readAndLeave(simpleSession())),
});

export const INFO_BLOCK_SIZE_BAD_LENGTH = rule('info-block-size-bad-length', 'error', 'server', 'server', {
  title: 'NBD_INFO_BLOCK_SIZE is not 14 bytes long',
  meaning: 'NBD_INFO_BLOCK_SIZE holds the information type and three 32-bit sizes: minimum, preferred and maximum.',
  spec: REPLIES,
  breaks: example('only two sizes', () => [
    ...hello(),
    option(6, infoData('')),
    reply(6, 3, u16(3), u32(1), u32(4096)),
    infoExport(6, 1048576, ALL_FLAGS),
    ack(6),
    ...abort(),
  ]),
  keeps: example('three sizes', () => readAndLeave(simpleSession())),
});

export const INFO_UNKNOWN_TYPE = rule('info-unknown-type', 'note', 'server', 'server', {
  title: 'the server sends information of an undefined type',
  meaning:
    'The server may send more information than the client asked for. Clients ignore information types that they do not know.',
  spec: REPLIES,
  breaks: example('information type 9', () => [
    ...hello(),
    option(6, infoData('')),
    reply(6, 3, u16(9), u32(7)),
    infoExport(6, 1048576, ALL_FLAGS),
    ack(6),
    ...abort(),
  ]),
  keeps: example('defined types', () => readAndLeave(simpleSession())),
});

export const INFO_REPEATED = rule('info-repeated', 'warning', 'server', 'server', {
  title: 'an answer contains the same information twice',
  meaning:
    'Each information type should occur once in an answer. If the values differ, it is undefined which one a client uses.',
  spec: REPLIES,
  breaks: example('two sizes of the export', () => [
    ...hello(),
    option(6, infoData('')),
    infoExport(6, 1048576, ALL_FLAGS),
    infoExport(6, 2097152, ALL_FLAGS),
    ack(6),
    ...abort(),
  ]),
  keeps: example('each type once', () => readAndLeave(simpleSession())),
});

export const INFO_EXPORT_MISSING = rule('info-export-missing', 'error', 'server', 'server', {
  title: 'NBD_OPT_INFO or NBD_OPT_GO is acknowledged without NBD_INFO_EXPORT',
  meaning:
    'Whatever the client asked for, the server must send NBD_INFO_EXPORT before it acknowledges NBD_OPT_INFO or NBD_OPT_GO: without size and flags the client cannot use the export.',
  spec: TYPES,
  breaks: example('GO acknowledged at once', () => [...hello(), option(7, infoData('')), infoBlocks(7), ack(7)]),
  keeps: example('GO with NBD_INFO_EXPORT', () => readAndLeave(simpleSession())),
});

export const INFO_BEFORE_UNKNOWN = rule('info-before-unknown', 'warning', 'server', 'server', {
  title: 'the server sends information about an export and then calls it unknown',
  meaning: 'A server that answers NBD_REP_ERR_UNKNOWN should not send information about the export before.',
  spec: TYPES,
  breaks: example('EXPORT, then ERR_UNKNOWN', () => [
    ...hello(),
    option(7, infoData('disk')),
    infoExport(7, 1048576, ALL_FLAGS),
    reply(7, UNKNOWN),
    ...abort(),
  ]),
  keeps: example('ERR_UNKNOWN alone', () => [...hello(), option(7, infoData('disk')), reply(7, UNKNOWN), ...abort()]),
});

export const BLOCK_SIZE_REQD_THOUGH_REQUESTED = rule('block-size-reqd-though-requested', 'error', 'server', 'both', {
  title: 'NBD_REP_ERR_BLOCK_SIZE_REQD is sent to a client that asked for block sizes',
  meaning:
    'The error requires the client to ask for NBD_INFO_BLOCK_SIZE and thereby to commit itself to the block sizes. This client has done so, and cannot do more.',
  spec: TYPES,
  breaks: example('refused although type 3 was listed', () => [
    ...hello(),
    option(7, infoData('')),
    infoBlocks(7),
    reply(7, BLOCK_SIZE_REQD),
    ...abort(),
  ]),
  keeps: example('refused because type 3 was not listed', () => [
    ...hello(),
    option(7, infoData('', [])),
    infoBlocks(7),
    reply(7, BLOCK_SIZE_REQD),
    ...abort(),
  ]),
});

export const BLOCK_SIZE_REQD_WITHOUT_INFO = rule('block-size-reqd-without-info', 'warning', 'server', 'server', {
  title: 'NBD_REP_ERR_BLOCK_SIZE_REQD is sent without the block sizes',
  meaning:
    'The server should send NBD_INFO_BLOCK_SIZE before this error, so that the client learns the sizes that it has to respect.',
  spec: TYPES,
  breaks: example('the error alone', () => [
    ...hello(),
    option(7, infoData('', [])),
    reply(7, BLOCK_SIZE_REQD),
    ...abort(),
  ]),
  keeps: example('the sizes, then the error', () => [
    ...hello(),
    option(7, infoData('', [])),
    infoBlocks(7),
    reply(7, BLOCK_SIZE_REQD),
    ...abort(),
  ]),
});

export const BLOCK_SIZE_REQD_MISPLACED = rule('block-size-reqd-misplaced', 'warning', 'server', 'server', {
  title: 'NBD_REP_ERR_BLOCK_SIZE_REQD answers an option that cannot ask for block sizes',
  meaning:
    'Only NBD_OPT_INFO and NBD_OPT_GO can ask for block sizes; a client cannot act on the error after any other option.',
  spec: REPLIES,
  breaks: example('in answer to LIST', () => [...hello(), option(3), reply(3, BLOCK_SIZE_REQD), ...abort()]),
  keeps: example('in answer to GO', () => [
    ...hello(),
    option(7, infoData('', [])),
    infoBlocks(7),
    reply(7, BLOCK_SIZE_REQD),
    ...abort(),
  ]),
});

export const INFO_GO_INCONSISTENT = rule('info-go-inconsistent', 'error', 'server', 'both', {
  title: 'NBD_OPT_GO is answered differently from the NBD_OPT_INFO just before',
  meaning:
    'A client that sends NBD_OPT_INFO and, with nothing in between, NBD_OPT_GO with identical data must get the same information. It may already have made decisions based on the first answer.',
  spec: TYPES,
  breaks: example('another size in the answer to GO', () =>
    readAndLeave([...hello(), ...info(), ...go({ size: 2097152 })]),
  ),
  keeps: example('the same answer', () => readAndLeave([...hello(), ...info(), ...go()])),
});

export const GO_PADDING = rule('go-padding', 'error', 'server', 'server', {
  title: 'zero bytes follow the acknowledgement of NBD_OPT_GO',
  meaning:
    'Only the answer to NBD_OPT_EXPORT_NAME may be padded with 124 zero bytes. After the acknowledgement of NBD_OPT_GO the transmission phase begins at once, and a client reads the padding as a reply with a wrong magic.',
  spec: TYPES,
  breaks: example('124 zero bytes after ACK', () => [
    ...simpleSession(),
    server(fill(124, 0)),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
  ]),
  keeps: example('a reply after ACK', () => readAndLeave(simpleSession())),
});

export const EXPORT_NAME_PADDING_MISMATCH = rule('export-name-padding-mismatch', 'error', 'server', 'both', {
  title: 'the padding of the answer to NBD_OPT_EXPORT_NAME does not follow the agreement',
  meaning:
    'The 124 zero bytes are omitted if, and only if, the server offered NO_ZEROES and the client accepted it. Otherwise the client reads the padding as replies, or the first replies as padding.',
  spec: 'Handshake flags',
  breaks: example('padding although NO_ZEROES was agreed on', () => [
    ...hello(2, 2),
    option(1, 'disk'),
    exportInfo(65536, 1, 124),
    request(READ, 1, 0, 512),
    simple(1, 0, 512),
  ]),
  keeps: example('no padding', () => readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)])),
});

export const EXPORT_NAME_PADDING_NONZERO = rule('export-name-padding-nonzero', 'warning', 'server', 'server', {
  title: 'the padding after the answer to NBD_OPT_EXPORT_NAME is not zero',
  meaning: 'The 124 bytes are reserved and must be zero. Other values usually are uninitialised memory.',
  spec: 'Newstyle negotiation',
  breaks: example('a stray byte in the padding', () =>
    readAndLeave([...hello(0), option(1, 'disk'), server(u64(65536), u16(1), fill(123, 0), fill(1, 1))]),
  ),
  keeps: example('padding of zeroes', () => readAndLeave([...hello(0), option(1, 'disk'), exportInfo(65536, 1, 124)])),
});

export const EXPORT_REFUSED = rule('export-refused', 'note', 'server', 'both', {
  title: 'the server closes the connection instead of answering NBD_OPT_EXPORT_NAME',
  meaning:
    'This is how a server refuses an export in answer to NBD_OPT_EXPORT_NAME, because that option has no error replies. The export may be unknown, or require TLS. NBD_OPT_GO would give the reason.',
  spec: 'Newstyle negotiation',
  breaks: example('EXPORT_NAME, and the server closes', () => [...hello(2, 2), option(1, 'disk'), serverCloses]),
  keeps: example('EXPORT_NAME is answered', () =>
    readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
});

export const ABORT_NOT_ACKED = rule('abort-not-acked', 'error', 'server', 'both', {
  title: 'NBD_OPT_ABORT is not answered with NBD_REP_ACK',
  meaning:
    'The server must acknowledge NBD_OPT_ABORT, even if it carries data, and close the connection. NBD_OPT_ABORT cannot be refused.',
  spec: TYPES,
  breaks: example('ABORT refused', () => [...hello(), option(2), reply(2, INVALID)]),
  keeps: example('ABORT acknowledged', () => [...hello(), ...abort()]),
});

export const ABORT_UNANSWERED = rule('abort-unanswered', 'note', 'server', 'both', {
  title: 'the server closes the connection without acknowledging NBD_OPT_ABORT',
  meaning:
    'The server should acknowledge before it closes, but earlier versions of the protocol could be read as allowing it to close at once, so clients have to accept that. The reference server does it. The rule is off by default.',
  off: true,
  spec: TYPES,
  breaks: example('ABORT, and the server closes', () => [...hello(), option(2), serverCloses, clientCloses]),
  keeps: example('ABORT acknowledged', () => [...hello(), ...abort(), serverCloses, clientCloses]),
});

export const ACCEPTED_INVALID_DATA = rule('accepted-invalid-data', 'warning', 'server', 'both', {
  title: 'data of an option that must not have any are not refused',
  meaning:
    'NBD_OPT_LIST, NBD_OPT_STRUCTURED_REPLY and NBD_OPT_EXTENDED_HEADERS have no data. A server should answer NBD_REP_ERR_INVALID if they carry some, so that the error in the client is noticed.',
  spec: TYPES,
  breaks: example('LIST with data is served', () => [...hello(), option(3, 'x'), ack(3), ...abort()]),
  keeps: example('LIST without data is served', list),
  also: ['option-data-forbidden'],
});

export const META_MALFORMED_ACCEPTED = rule('meta-malformed-accepted', 'error', 'server', 'both', {
  title: 'a malformed metadata context option is not refused',
  meaning:
    'The server must answer NBD_REP_ERR_INVALID if the lengths in the data contradict each other. A server that serves such an option has read past the end of the data or ignored a part of them.',
  spec: TYPES,
  breaks: example('a query that runs past the data is acknowledged', () => [
    ...hello(),
    ...structured(),
    option(10, u32(0), u32(2), u32(15), 'base:allocation'),
    ack(10),
    ...abort(),
  ]),
  keeps: example('well-formed data are acknowledged', clean),
  also: ['meta-request-malformed'],
});

export const SET_META_WITHOUT_STRUCTURED_ACCEPTED = rule(
  'set-meta-without-structured-accepted',
  'warning',
  'server',
  'both',
  {
    title: 'NBD_OPT_SET_META_CONTEXT is accepted without structured replies',
    meaning:
      'Block status cannot be sent without structured replies or extended headers, so the server should refuse to select contexts before one of them was agreed on.',
    spec: TYPES,
    breaks: example('SET_META_CONTEXT as the first option is acknowledged', () => [
      ...hello(),
      ...setMeta(),
      ...abort(),
    ]),
    keeps: example('SET_META_CONTEXT after STRUCTURED_REPLY', clean),
    also: ['set-meta-before-structured'],
  },
);

export const META_ID_DUPLICATE = rule('meta-id-duplicate', 'error', 'server', 'server', {
  title: 'two metadata contexts share an id',
  meaning:
    'A client uses the ids in the answer to NBD_OPT_SET_META_CONTEXT to find out to which context a block status chunk belongs, so they must be unique.',
  spec: TYPES,
  breaks: example('two contexts with id 1', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['base:allocation', 'qemu:allocation-depth'])),
    reply(10, 4, u32(1), 'base:allocation'),
    reply(10, 4, u32(1), 'qemu:allocation-depth'),
    ack(10),
    ...abort(),
  ]),
  keeps: example('two contexts, two ids', () =>
    structuredReadAndLeave(structuredSession({}, ['base:allocation', 'qemu:allocation-depth'])),
  ),
});

export const LIST_META_ID_NONZERO = rule('list-meta-id-nonzero', 'warning', 'server', 'server', {
  title: 'an answer to NBD_OPT_LIST_META_CONTEXT contains an id',
  meaning: 'A listing selects nothing, so ids have no meaning in its answer; the server should send zero.',
  spec: TYPES,
  breaks: example('id 5 in a listing', () => [
    ...hello(),
    ...structured(),
    option(9, metaData('', [])),
    reply(9, 4, u32(5), 'base:allocation'),
    ack(9),
    ...abort(),
  ]),
  keeps: example('id 0 in a listing', () => [
    ...hello(),
    ...structured(),
    ...meta(9, [], ['base:allocation']),
    ...abort(),
  ]),
});

export const META_CONTEXT_BAD_NAME = rule('meta-context-bad-name', 'error', 'server', 'server', {
  title: 'the server sends a metadata context name without a valid namespace',
  meaning:
    'The name of a context is a namespace, a colon and a leaf; the namespace is not empty and consists of printable characters without white space.',
  spec: META,
  breaks: example('a context without colon', () => [
    ...hello(),
    ...structured(),
    option(9, metaData('', [])),
    reply(9, 4, u32(0), 'allocation'),
    ack(9),
    ...abort(),
  ]),
  keeps: example('a context with its namespace', clean),
});

export const META_CONTEXT_UNASKED = rule('meta-context-unasked', 'error', 'server', 'both', {
  title: 'the server selects a metadata context that was not asked for',
  meaning:
    'NBD_OPT_SET_META_CONTEXT with zero queries selects nothing. With queries, every selected context should belong to a namespace that was queried; if it does not, the finding is a warning. Within a namespace the names may differ from the query.',
  spec: TYPES,
  breaks: example('zero queries, one context', () => [
    ...hello(),
    ...structured(),
    ...meta(10, [], ['base:allocation']),
    ...abort(),
  ]),
  keeps: example('one query, one context', clean),
});

export const SET_META_WILDCARD_SELECTED = rule('set-meta-wildcard-selected', 'error', 'server', 'both', {
  title: 'a query for a whole namespace selects a context',
  meaning:
    'The query `base:` is a wildcard for listings and must be ignored in NBD_OPT_SET_META_CONTEXT. In other namespaces a query with an empty leaf should not select anything either (a warning).',
  spec: BASE,
  breaks: example('base: selects base:allocation', () => [
    ...hello(),
    ...structured(),
    ...meta(10, ['base:'], ['base:allocation']),
    ...abort(),
  ]),
  keeps: example('base: selects nothing', () => [...hello(), ...structured(), ...meta(10, ['base:'], []), ...abort()]),
});

export const BASE_UNKNOWN_LEAF_REJECTED = rule('base-unknown-leaf-rejected', 'error', 'server', 'both', {
  title: 'a query for an unknown context is refused as invalid',
  meaning:
    'A server must ignore queries for contexts and namespaces that it does not know, so that clients can ask for several contexts and use those that are available. NBD_REP_ERR_INVALID is for malformed data only.',
  spec: BASE,
  breaks: example('base:unknown is refused', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['base:unknown'])),
    reply(10, INVALID),
    ...abort(),
  ]),
  keeps: example('base:unknown is ignored', () => [
    ...hello(),
    ...structured(),
    ...meta(10, ['base:unknown'], []),
    ...abort(),
  ]),
});

export const LIST_META_BASE_WILDCARD_UNSUPPORTED = rule(
  'list-meta-base-wildcard-unsupported',
  'error',
  'server',
  'session',
  {
    title: 'the query base: lists nothing although base:allocation is available',
    meaning:
      'The query `base:` in NBD_OPT_LIST_META_CONTEXT must list all contexts of the namespace. The rule is raised when the same session selects or lists base:allocation for the same export.',
    spec: BASE,
    breaks: example('an empty listing, then base:allocation is selected', () => [
      ...hello(),
      ...structured(),
      ...meta(9, ['base:'], []),
      ...meta(10, ['base:allocation'], ['base:allocation']),
      ...abort(),
    ]),
    keeps: example('base:allocation is listed and selected', () => [
      ...hello(),
      ...structured(),
      ...meta(9, ['base:'], ['base:allocation']),
      ...meta(10, ['base:allocation'], ['base:allocation']),
      ...abort(),
    ]),
  },
);

export const LIST_META_TOO_BIG = rule('list-meta-too-big', 'warning', 'server', 'both', {
  title: 'a listing without queries is refused as too big',
  meaning:
    'A listing with zero queries is the smallest possible request; NBD_REP_ERR_TOO_BIG should not be used for it.',
  spec: TYPES,
  breaks: example('zero queries are too big', () => [
    ...hello(),
    ...structured(),
    option(9, metaData('', [])),
    reply(9, TOO_BIG),
    ...abort(),
  ]),
  keeps: example('zero queries list everything', () => [
    ...hello(),
    ...structured(),
    ...meta(9, [], ['base:allocation']),
    ...abort(),
  ]),
});

export const BASELINE_OPTION_UNSUP = rule('baseline-option-unsup', 'error', 'server', 'both', {
  title: 'an option that every server must know is refused as unsupported',
  meaning:
    'NBD_OPT_ABORT, NBD_OPT_LIST, NBD_OPT_INFO and NBD_OPT_GO belong to the baseline of fixed newstyle, so every server must know them. NBD_REP_ERR_UNSUP means that it does not (NBD_REP_ERR_POLICY is for a listing that is disabled). For NBD_OPT_INFO and NBD_OPT_GO the finding is a warning: servers from before 2017 do not have them, and clients fall back to NBD_OPT_EXPORT_NAME.',
  spec: 'Baseline',
  breaks: example('LIST is unsupported', () => [...hello(), option(3), reply(3, UNSUP), ...abort()]),
  keeps: example('LIST is refused by policy', () => [...hello(), option(3), reply(3, 0x80000002), ...abort()]),
});

export const UNKNOWN_OPTION_NOT_UNSUP = rule('unknown-option-not-unsup', 'error', 'server', 'both', {
  title: 'an undefined option is not answered with NBD_REP_ERR_UNSUP',
  meaning:
    'A server must answer options that it does not know with NBD_REP_ERR_UNSUP and continue; a server that requires TLS may answer NBD_REP_ERR_TLS_REQD before TLS has begun, and one that shuts down NBD_REP_ERR_SHUTDOWN. After an acknowledgement the client believes that something was agreed on.',
  spec: 'Baseline',
  breaks: example('option 99 is acknowledged', () => [...hello(), option(99), ack(99), ...abort()]),
  keeps: example('option 99 is unsupported', () => [...hello(), option(99), reply(99, UNSUP), ...abort()]),
});

export const CONTINUED_AFTER_SHUTDOWN_REPLY = rule('continued-after-shutdown-reply', 'error', 'client', 'both', {
  title: 'the client continues after NBD_REP_ERR_SHUTDOWN',
  meaning:
    'NBD_REP_ERR_SHUTDOWN means that the server is shutting down. The client must end the session with NBD_OPT_ABORT; the server will refuse any other option with the same error.',
  spec: ENDING,
  breaks: example('GO after ERR_SHUTDOWN', () => [
    ...hello(),
    option(8),
    reply(8, SHUTDOWN),
    option(7, infoData('')),
    reply(7, SHUTDOWN),
    ...abort(),
  ]),
  keeps: example('ABORT after ERR_SHUTDOWN', () => [...hello(), option(8), reply(8, SHUTDOWN), ...abort()]),
});

export const CLIENT_HARD_DISCONNECT_HAGGLING = rule('client-hard-disconnect-haggling', 'error', 'client', 'session', {
  title: 'the client closes the connection during haggling without NBD_OPT_ABORT',
  meaning:
    'A client ends haggling with NBD_OPT_ABORT. It may close without it only after a protocol violation by the server, after a failed TLS handshake, when NBD_OPT_EXPORT_NAME gets no answer, or without fixed newstyle, which NBD_OPT_ABORT requires. A crash looks the same on the wire, so the finding is never certain.',
  spec: ENDING,
  breaks: example('the client closes after LIST', () => [...hello(), option(3), ack(3), clientCloses, serverCloses]),
  keeps: example('the client aborts, then closes', () => [...hello(), ...abort(), clientCloses, serverCloses]),
});

export const SERVER_HARD_DISCONNECT_HAGGLING = rule('server-hard-disconnect-haggling', 'error', 'server', 'session', {
  title: 'the server closes the connection during haggling',
  meaning:
    'A server that does not accept an option answers with an error. It may close the connection only after a protocol violation by the client, after NBD_OPT_ABORT, when it cannot serve NBD_OPT_EXPORT_NAME, or to protect itself against a flood of options. A crash looks the same on the wire, so the finding is never certain.',
  spec: ENDING,
  breaks: example('the server closes on LIST', () => [...hello(), option(3), serverCloses, clientCloses]),
  keeps: example('the server closes after ABORT', () => [...hello(), ...abort(), serverCloses, clientCloses]),
});

export const OPTION_UNANSWERED = rule('option-unanswered', 'note', 'server', 'session', {
  title: 'the session ends with an option unanswered',
  meaning:
    'The last option got no final reply before the connection ended. Not reported where closing the connection is itself reported; that finding then names the option.',
  spec: FIXED,
  breaks: example('a server that has to close because of unknown client flags', () => [
    ...hello(3, 7),
    option(3),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('every option is answered', () => [...hello(), ...abort(), serverCloses, clientCloses]),
  also: ['client-unknown-flag'],
});

export const REPLY_RULES = [
  BAD_OPTION_REPLY_MAGIC,
  OPTION_REPLY_MISMATCH,
  OPTION_REPLY_UNSOLICITED,
  REPLY_TO_EXPORT_NAME,
  UNKNOWN_REPLY_TYPE,
  UNKNOWN_REPLY_ERROR,
  ACK_WITH_DATA,
  REPLY_TYPE_FOR_OPTION,
  OPTION_REPLY_TOO_SHORT,
  SERVER_NAME_OVERRUNS,
  LIST_DUPLICATE_EXPORT,
  INFO_EXPORT_BAD_LENGTH,
  INFO_BLOCK_SIZE_BAD_LENGTH,
  INFO_UNKNOWN_TYPE,
  INFO_REPEATED,
  INFO_EXPORT_MISSING,
  INFO_BEFORE_UNKNOWN,
  BLOCK_SIZE_REQD_THOUGH_REQUESTED,
  BLOCK_SIZE_REQD_WITHOUT_INFO,
  BLOCK_SIZE_REQD_MISPLACED,
  INFO_GO_INCONSISTENT,
  GO_PADDING,
  EXPORT_NAME_PADDING_MISMATCH,
  EXPORT_NAME_PADDING_NONZERO,
  EXPORT_REFUSED,
  ABORT_NOT_ACKED,
  ABORT_UNANSWERED,
  ACCEPTED_INVALID_DATA,
  META_MALFORMED_ACCEPTED,
  SET_META_WITHOUT_STRUCTURED_ACCEPTED,
  META_ID_DUPLICATE,
  LIST_META_ID_NONZERO,
  META_CONTEXT_BAD_NAME,
  META_CONTEXT_UNASKED,
  SET_META_WILDCARD_SELECTED,
  BASE_UNKNOWN_LEAF_REJECTED,
  LIST_META_BASE_WILDCARD_UNSUPPORTED,
  LIST_META_TOO_BIG,
  BASELINE_OPTION_UNSUP,
  UNKNOWN_OPTION_NOT_UNSUP,
  CONTINUED_AFTER_SHUTDOWN_REPLY,
  CLIENT_HARD_DISCONNECT_HAGGLING,
  SERVER_HARD_DISCONNECT_HAGGLING,
  OPTION_UNANSWERED,
];
