import { example, rule } from './rule.js';
import {
  ack,
  client,
  data,
  disconnect,
  exportInfo,
  fill,
  go,
  hello,
  infoBlocks,
  infoData,
  infoExport,
  join,
  metaData,
  option,
  READ,
  readAndLeave,
  reply,
  request,
  simpleSession,
  starttls,
  structured,
  structuredReadAndLeave,
  structuredSession,
  tlsRecord,
  u16,
  u32,
  unseen,
  ALL_FLAGS,
  extended,
} from './session-steps.js';

/** Rules for what the client asks for while haggling. */

const FIXED = 'Fixed newstyle negotiation';
const TYPES = 'Option types';
const STRINGS = 'Conventions';
const META = 'Metadata querying';
const EXTENSION = 'EXTENDED_HEADERS extension';
const UNSUP = 0x80000001;
const INVALID = 0x80000003;

const abort = () => [option(2), ack(2)];
const clean = () => structuredReadAndLeave(structuredSession({}, ['base:allocation']));

export const BAD_OPTION_MAGIC = rule('bad-option-magic', 'error', 'client', 'client', {
  title: 'an option does not begin with IHAVEOPT',
  meaning:
    'Every option begins with the eight bytes IHAVEOPT. Where they are missing, the server has lost its position in the stream and can only close the connection. The usual cause is a wrong length of the option before: it announced fewer or more bytes of data than were sent.',
  spec: 'Newstyle negotiation',
  breaks: example('an option with a wrong magic', () => [...hello(), client('IHAVEOPX', u32(3), u32(0))]),
  keeps: example('options with their magic', clean),
});

export const OPTION_NEEDS_FIXED = rule('option-needs-fixed', 'error', 'client', 'both', {
  title: 'an option other than NBD_OPT_EXPORT_NAME is sent to a server without fixed newstyle',
  meaning:
    'A server that does not announce FIXED_NEWSTYLE knows NBD_OPT_EXPORT_NAME only. On any other option it may close the connection, or be unable to answer.',
  spec: TYPES,
  breaks: example('LIST to a server without FIXED_NEWSTYLE', () => [...hello(2, 2), option(3)]),
  keeps: example('EXPORT_NAME to such a server', () =>
    readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
});

export const UNKNOWN_OPTION = rule('unknown-option', 'note', 'client', 'client', {
  title: 'the client sends an option that is not defined',
  meaning:
    'A client may try options that the server perhaps does not know; such a server must answer NBD_REP_ERR_UNSUP and continue. The rule is off by default. It helps to notice experiments and wrong option numbers.',
  off: true,
  spec: TYPES,
  breaks: example('option 99', () => readAndLeave([...hello(), option(99, 'hello'), reply(99, UNSUP), ...go()])),
  keeps: example('defined options only', clean),
});

export const OPTION_BYTE_SWAPPED = rule('option-byte-swapped', 'warning', 'client', 'client', {
  title: 'the number of an option is byte-swapped',
  meaning:
    'All integers of NBD are big-endian. An undefined option number that becomes a defined one when its bytes are reversed comes from a client that did not convert it to network byte order. The server sees an option that it does not know.',
  spec: TYPES,
  breaks: example('option 0x08000000, which is NBD_OPT_STRUCTURED_REPLY in little-endian', () =>
    readAndLeave([...hello(), option(0x08000000), reply(0x08000000, UNSUP), ...go()]),
  ),
  keeps: example('the number in big-endian', clean),
});

export const WITHDRAWN_OPTION = rule('withdrawn-option', 'note', 'client', 'client', {
  title: 'the client sends the withdrawn option NBD_OPT_PEEK_EXPORT',
  meaning:
    'Option 4 was reserved for NBD_OPT_PEEK_EXPORT, which was never defined; NBD_OPT_INFO replaces it. A server answers NBD_REP_ERR_UNSUP.',
  spec: TYPES,
  breaks: example('option 4', () => readAndLeave([...hello(), option(4), reply(4, UNSUP), ...go()])),
  keeps: example('NBD_OPT_INFO instead', () =>
    readAndLeave([
      ...hello(),
      option(6, infoData('')),
      infoBlocks(6),
      infoExport(6, 1048576, ALL_FLAGS),
      ack(6),
      ...go(),
    ]),
  ),
});

export const OPTION_PIPELINED = rule('option-pipelined', 'error', 'client', 'both', {
  title: 'an option is sent before the previous one is answered',
  meaning:
    'The client must not send an option before it has received the final reply to the previous one: replies carry no identity beyond the repeated option number, and after NBD_OPT_STARTTLS or NBD_OPT_GO the meaning of the following bytes depends on the answer. The finding is certain where acknowledgement numbers prove that the client could not have received the reply. Otherwise it relies on the order of the packets in the capture.',
  spec: FIXED,
  breaks: example('LIST and ABORT sent together', () => [...hello(), option(3), unseen(option(2), 18), ack(3), ack(2)]),
  keeps: example('one option after the other', () => [...hello(), option(3), ack(3), ...abort()]),
});

export const OPTION_AFTER_EXPORT_NAME = rule('option-after-export-name', 'error', 'client', 'client', {
  title: 'an option is sent after NBD_OPT_EXPORT_NAME',
  meaning:
    'NBD_OPT_EXPORT_NAME ends haggling: the server answers with the size and flags of the export, or closes the connection. It reads everything that follows as requests, so that an option makes it lose its position in the stream.',
  spec: TYPES,
  breaks: example('LIST after EXPORT_NAME', () => [...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1), option(3)]),
  keeps: example('requests after EXPORT_NAME', () =>
    readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
});

export const OPTION_AFTER_GO = rule('option-after-go', 'error', 'client', 'both', {
  title: 'an option is sent after NBD_OPT_GO was acknowledged',
  meaning:
    'When NBD_OPT_GO is acknowledged, both sides enter the transmission phase at once. From then on the server reads requests, and an option is garbage to it.',
  spec: TYPES,
  breaks: example('LIST after the ACK of GO', () => [...simpleSession(), option(3)]),
  keeps: example('requests after the ACK of GO', () => readAndLeave(simpleSession())),
});

export const DATA_AFTER_ABORT = rule('data-after-abort', 'error', 'client', 'client', {
  title: 'the client sends something after NBD_OPT_ABORT',
  meaning:
    'NBD_OPT_ABORT ends the session. The client may wait for the acknowledgement or close the connection, but must not send anything else. The server may have closed already.',
  spec: 'Termination of the session during option haggling',
  breaks: example('LIST after ABORT', () => [...hello(), ...abort(), option(3)]),
  keeps: example('nothing after ABORT', () => [...hello(), ...abort()]),
});

export const ABORT_WITH_DATA = rule('abort-with-data', 'warning', 'client', 'client', {
  title: 'NBD_OPT_ABORT carries data',
  meaning: 'NBD_OPT_ABORT has no data. A server should ignore such data, but the client should not rely on that.',
  spec: TYPES,
  breaks: example('ABORT with four bytes of data', () => [...hello(), option(2, 'stop'), ack(2)]),
  keeps: example('ABORT without data', () => [...hello(), ...abort()]),
});

export const OPTION_DATA_FORBIDDEN = rule('option-data-forbidden', 'error', 'client', 'client', {
  title: 'an option that must not have data carries some',
  meaning:
    'NBD_OPT_LIST, NBD_OPT_STARTTLS, NBD_OPT_STRUCTURED_REPLY and NBD_OPT_EXTENDED_HEADERS must have a length of zero. A careful server answers NBD_REP_ERR_INVALID, and the client does not get what it asked for.',
  spec: TYPES,
  breaks: example('LIST with one byte of data', () => [...hello(), option(3, 'x'), reply(3, INVALID), ...abort()]),
  keeps: example('LIST without data', () => [...hello(), option(3), ack(3), ...abort()]),
});

export const STRING_CONTAINS_NUL = rule('string-contains-nul', 'error', 'either', 'either', {
  title: 'a string contains a NUL byte',
  meaning:
    'Strings have a length and no terminator, and must not contain a NUL byte. The usual cause is a C program that sends `strlen() + 1` bytes: the peer then looks for an export whose name ends with a NUL byte and does not find it.',
  spec: STRINGS,
  breaks: example('an export name with its C terminator', () => [
    ...hello(),
    option(7, infoData('disk\0')),
    reply(7, 0x80000006),
    ...abort(),
  ]),
  keeps: example('an export name without terminator', () => readAndLeave(simpleSession({ name: 'disk' }))),
});

export const STRING_TOO_LONG = rule('string-too-long', 'error', 'either', 'either', {
  title: 'a string is longer than 4096 bytes',
  meaning:
    'Names, descriptions, queries and messages must not be longer than 4096 bytes, so that peers can use buffers of a fixed size. A peer may refuse a longer string or close the connection.',
  spec: STRINGS,
  breaks: example('an export name of 5000 bytes', () => [
    ...hello(),
    option(7, infoData('x'.repeat(5000))),
    reply(7, 0x80000009),
    ...abort(),
  ]),
  keeps: example('an export name of 256 bytes', () => readAndLeave(simpleSession({ name: 'x'.repeat(256) }))),
});

export const STRING_OVER_256 = rule('string-over-256', 'warning', 'either', 'either', {
  title: 'a string is longer than 256 bytes',
  meaning:
    'Strings should not be longer than 256 bytes. Up to 4096 bytes are legal, but some implementations accept less.',
  spec: STRINGS,
  breaks: example('an export name of 300 bytes', () => readAndLeave(simpleSession({ name: 'x'.repeat(300) }))),
  keeps: example('an export name of 256 bytes', () => readAndLeave(simpleSession({ name: 'x'.repeat(256) }))),
});

export const STRING_NOT_UTF8 = rule('string-not-utf8', 'error', 'either', 'either', {
  title: 'a string is not well-formed UTF-8',
  meaning:
    'All strings are UTF-8. Bytes in another encoding (often file names in Latin-1) are compared unchanged by some peers and refused or replaced by others, so that a name may not be found again.',
  spec: STRINGS,
  breaks: example('a Latin-1 letter in an export name', () => [
    ...hello(),
    option(7, join(u32(4), fill(1, 0x64), fill(1, 0xef), 'sk', u16(0))),
    reply(7, 0x80000006),
    ...abort(),
  ]),
  keeps: example('the same letter in UTF-8', () => readAndLeave(simpleSession({ name: 'dïsk' }))),
});

export const GO_NAME_OVERRUNS = rule('go-name-overruns', 'error', 'client', 'client', {
  title: 'the export name runs past the data of NBD_OPT_INFO or NBD_OPT_GO',
  meaning:
    'The data begin with the length of the export name, and the two counts take six bytes. A name length that leaves no room for them makes a careless server read past the end of its buffer; a careful one answers NBD_REP_ERR_INVALID.',
  spec: TYPES,
  breaks: example('name length 3 in 8 bytes of data', () => [
    ...hello(),
    option(7, u32(3), 'a', fill(3, 0)),
    reply(7, INVALID),
    ...abort(),
  ]),
  keeps: example('lengths that agree', () => readAndLeave(simpleSession({ name: 'a' }))),
});

export const GO_LENGTH_MISMATCH = rule('go-length-mismatch', 'error', 'client', 'client', {
  title: 'the length of NBD_OPT_INFO or NBD_OPT_GO does not fit its counts',
  meaning:
    'The data must be exactly 6 + name length + 2 x number of information requests bytes long. Servers compare this and answer NBD_REP_ERR_INVALID; one that does not would take other bytes for information requests.',
  spec: TYPES,
  breaks: example('two information requests announced, one sent', () => [
    ...hello(),
    option(7, u32(0), u16(2), u16(3)),
    reply(7, INVALID),
    ...abort(),
  ]),
  keeps: example('one announced, one sent', () => readAndLeave(simpleSession())),
});

export const GO_DUPLICATE_INFO_REQUEST = rule('go-duplicate-info-request', 'error', 'client', 'client', {
  title: 'an information type is requested twice',
  meaning: 'A client must not list an information type more than once in one NBD_OPT_INFO or NBD_OPT_GO.',
  spec: TYPES,
  breaks: example('BLOCK_SIZE requested twice', () => readAndLeave(simpleSession({ infos: [3, 3] }))),
  keeps: example('each type once', () => readAndLeave(simpleSession({ infos: [1, 3] }))),
});

export const GO_UNKNOWN_INFO_REQUEST = rule('go-unknown-info-request', 'note', 'client', 'client', {
  title: 'an undefined information type is requested',
  meaning: 'Types above 3 are not defined; a server ignores them.',
  spec: TYPES,
  breaks: example('type 9 requested', () => readAndLeave(simpleSession({ infos: [3, 9] }))),
  keeps: example('defined types only', () => readAndLeave(simpleSession({ infos: [1, 2, 3] }))),
});

export const BLOCK_SIZE_NOT_REQUESTED = rule('block-size-not-requested', 'note', 'client', 'client', {
  title: 'the client enters the transmission phase without having asked for block sizes',
  meaning:
    'Only a client that asks for NBD_INFO_BLOCK_SIZE in its NBD_OPT_GO commits itself to the block sizes of the server. A server has to assume cautious defaults for other clients, and may refuse them with NBD_REP_ERR_BLOCK_SIZE_REQD if it has stricter requirements. The rule is off by default.',
  off: true,
  spec: 'Size constraints',
  breaks: example('GO without information requests', () => readAndLeave(simpleSession({ infos: [], blocks: null }))),
  keeps: example('GO asks for BLOCK_SIZE', () => readAndLeave(simpleSession())),
});

export const EXPORT_NAME_WITHOUT_GO = rule('export-name-without-go', 'warning', 'client', 'client', {
  title: 'NBD_OPT_EXPORT_NAME is used without trying NBD_OPT_GO',
  meaning:
    'NBD_OPT_EXPORT_NAME cannot report an error (the server can only close the connection) and cannot carry block sizes. In fixed newstyle a client should try NBD_OPT_GO first, and use NBD_OPT_EXPORT_NAME only if the server does not know NBD_OPT_GO.',
  spec: TYPES,
  breaks: example('EXPORT_NAME at once, in fixed newstyle', () =>
    readAndLeave([...hello(), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
  keeps: example('EXPORT_NAME where there is no fixed newstyle', () =>
    readAndLeave([...hello(2, 2), option(1, 'disk'), exportInfo(65536, 1)]),
  ),
});

export const EXPORT_NAME_AFTER_EXTENDED = rule('export-name-after-extended', 'error', 'client', 'both', {
  title: 'NBD_OPT_EXPORT_NAME is sent after extended headers were agreed on',
  meaning:
    'A client that negotiated extended headers must enter the transmission phase with NBD_OPT_GO, which can carry the block sizes that extended requests depend on.',
  spec: EXTENSION,
  breaks: example('EXPORT_NAME after EXTENDED_HEADERS', () => [
    ...hello(),
    ...extended(),
    option(1, 'disk'),
    exportInfo(65536, 1),
  ]),
  keeps: example('GO after EXTENDED_HEADERS', () => [...hello(), ...extended(), ...go({ flags: 0x0ded })]),
});

export const META_REQUEST_MALFORMED = rule('meta-request-malformed', 'error', 'client', 'client', {
  title: 'the data of a metadata context option are malformed',
  meaning:
    'The data hold an export name, a count and that many queries, each with its length, and nothing else. A name or query that runs past the end and bytes after the last query are syntax errors; the server must answer NBD_REP_ERR_INVALID.',
  spec: TYPES,
  breaks: example('two queries announced, one sent', () => [
    ...hello(),
    ...structured(),
    option(10, u32(0), u32(2), u32(15), 'base:allocation'),
    reply(10, INVALID),
    ...abort(),
  ]),
  keeps: example('one announced, one sent', clean),
});

export const META_QUERY_NO_NAMESPACE = rule('meta-query-no-namespace', 'error', 'client', 'client', {
  title: 'a metadata context query has no valid namespace',
  meaning:
    'Every query begins with a namespace and a colon; the namespace is not empty and consists of printable characters without white space. Without it a server cannot tell for which namespace the query is meant.',
  spec: META,
  breaks: example('a query without colon', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['allocation'])),
    ack(10),
    ...abort(),
  ]),
  keeps: example('a query with namespace', clean),
});

export const META_NAMESPACE_UNREGISTERED = rule('meta-namespace-unregistered', 'warning', 'either', 'either', {
  title: 'a metadata namespace that is not registered',
  meaning:
    'Namespaces are base, those that third parties registered in the protocol document (qemu, nbd-server), and x-* for experiments. Any other name may collide with one that somebody else uses. The list of registered namespaces grows: switch the rule off if yours was added since.',
  spec: META,
  breaks: example('a query in the namespace acme', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['acme:map'])),
    ack(10),
    ...abort(),
  ]),
  keeps: example('a query in the namespace qemu', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['qemu:allocation-depth'])),
    ack(10),
    ...abort(),
  ]),
});

export const META_NAMESPACE_EXPERIMENTAL = rule('meta-namespace-experimental', 'note', 'either', 'either', {
  again: 'habit',
  title: 'an experimental metadata namespace is used',
  meaning: 'Namespaces that begin with x- are for local experiments and should not be used more widely.',
  spec: META,
  breaks: example('a query in the namespace x-acme', () => [
    ...hello(),
    ...structured(),
    option(10, metaData('', ['x-acme:map'])),
    ack(10),
    ...abort(),
  ]),
  keeps: example('a query in the namespace base', clean),
});

export const LIST_META_BEFORE_STRUCTURED = rule('list-meta-before-structured', 'warning', 'client', 'both', {
  title: 'NBD_OPT_LIST_META_CONTEXT is sent before structured replies were agreed on',
  meaning:
    'Metadata contexts are of use only with structured replies or extended headers. A client should negotiate one of them before it lists contexts; otherwise a server may refuse.',
  spec: TYPES,
  breaks: example('LIST_META_CONTEXT as the first option', () => [
    ...hello(),
    option(9, metaData('', [])),
    reply(9, 4, u32(0), 'base:allocation'),
    ack(9),
    ...abort(),
  ]),
  keeps: example('LIST_META_CONTEXT after STRUCTURED_REPLY', () => [
    ...hello(),
    ...structured(),
    option(9, metaData('', [])),
    reply(9, 4, u32(0), 'base:allocation'),
    ack(9),
    ...abort(),
  ]),
});

export const SET_META_BEFORE_STRUCTURED = rule('set-meta-before-structured', 'error', 'client', 'both', {
  title: 'NBD_OPT_SET_META_CONTEXT is sent before structured replies were agreed on',
  meaning:
    'A client must not select metadata contexts unless structured replies or extended headers were negotiated before (and not reset by NBD_OPT_STARTTLS since), because only chunks can carry block status. Servers answer NBD_REP_ERR_INVALID.',
  spec: TYPES,
  breaks: example('SET_META_CONTEXT as the first option', () => [
    ...hello(),
    option(10, metaData('', ['base:allocation'])),
    reply(10, INVALID),
    ...abort(),
  ]),
  keeps: example('SET_META_CONTEXT after STRUCTURED_REPLY', clean),
});

export const REPEATED_STATEFUL_OPTION = rule('repeated-stateful-option', 'warning', 'client', 'both', {
  title: 'an option is sent again after it was acknowledged',
  meaning:
    'NBD_OPT_STRUCTURED_REPLY and NBD_OPT_EXTENDED_HEADERS take effect once. A client should not repeat them: some servers acknowledge them again, others answer NBD_REP_ERR_INVALID.',
  spec: FIXED,
  breaks: example('STRUCTURED_REPLY twice', () => [
    ...hello(),
    ...structured(),
    ...structured(),
    ...go({ flags: 0x0ded }),
    request(READ, 1, 0, 512),
    data(1, 0, 512),
    ...disconnect(),
  ]),
  keeps: example('STRUCTURED_REPLY once', clean),
});

export const STRUCTURED_AFTER_EXTENDED = rule('structured-after-extended', 'note', 'client', 'both', {
  title: 'NBD_OPT_STRUCTURED_REPLY is sent after extended headers were agreed on',
  meaning:
    'Extended headers include everything that structured replies offer, so there is no reason to ask for structured replies afterwards. The server may answer NBD_REP_ERR_EXT_HEADER_REQD.',
  spec: EXTENSION,
  breaks: example('STRUCTURED_REPLY after EXTENDED_HEADERS', () => [
    ...hello(),
    ...extended(),
    option(8),
    reply(8, 0x8000000a),
    ...abort(),
  ]),
  keeps: example('STRUCTURED_REPLY only where extended headers were refused', () => [
    ...hello(),
    option(11),
    reply(11, UNSUP),
    ...structured(),
    ...abort(),
  ]),
});

export const STATEFUL_BEFORE_STARTTLS = rule('stateful-before-starttls', 'warning', 'client', 'client', {
  title: 'state is negotiated before NBD_OPT_STARTTLS',
  meaning:
    'A successful NBD_OPT_STARTTLS resets what was negotiated before it: structured replies, extended headers and metadata contexts have to be negotiated again inside TLS. A client that wants TLS should ask for it first. A client that relies on the earlier answers misreads the replies of the server.',
  spec: TYPES,
  breaks: example('STRUCTURED_REPLY, then STARTTLS', () => [
    ...hello(),
    ...structured(),
    ...starttls(),
    client(tlsRecord(22, fill(40, 1))),
  ]),
  keeps: example('STARTTLS first', () => [...hello(), ...starttls(), client(tlsRecord(22, fill(40, 1)))]),
});

export const INFO_THEN_DIFFERENT_GO = rule('info-then-different-go', 'note', 'client', 'client', {
  title: 'NBD_OPT_INFO asks about another export than the one that is used',
  meaning:
    'This is legal, and normal for a client that looks at several exports. If it was not intended, the answers to NBD_OPT_INFO do not apply to the export that is used.',
  spec: TYPES,
  breaks: example('INFO for one export, GO for another', () =>
    readAndLeave([
      ...hello(),
      option(6, infoData('a')),
      infoBlocks(6),
      infoExport(6, 1048576, ALL_FLAGS),
      ack(6),
      ...go({ name: 'b' }),
    ]),
  ),
  keeps: example('INFO and GO for the same export', () =>
    readAndLeave([
      ...hello(),
      option(6, infoData('a')),
      infoBlocks(6),
      infoExport(6, 1048576, ALL_FLAGS),
      ack(6),
      ...go({ name: 'a' }),
    ]),
  ),
});

export const OPTION_RULES = [
  BAD_OPTION_MAGIC,
  OPTION_NEEDS_FIXED,
  UNKNOWN_OPTION,
  OPTION_BYTE_SWAPPED,
  WITHDRAWN_OPTION,
  OPTION_PIPELINED,
  OPTION_AFTER_EXPORT_NAME,
  OPTION_AFTER_GO,
  DATA_AFTER_ABORT,
  ABORT_WITH_DATA,
  OPTION_DATA_FORBIDDEN,
  STRING_CONTAINS_NUL,
  STRING_TOO_LONG,
  STRING_OVER_256,
  STRING_NOT_UTF8,
  GO_NAME_OVERRUNS,
  GO_LENGTH_MISMATCH,
  GO_DUPLICATE_INFO_REQUEST,
  GO_UNKNOWN_INFO_REQUEST,
  BLOCK_SIZE_NOT_REQUESTED,
  EXPORT_NAME_WITHOUT_GO,
  EXPORT_NAME_AFTER_EXTENDED,
  META_REQUEST_MALFORMED,
  META_QUERY_NO_NAMESPACE,
  META_NAMESPACE_UNREGISTERED,
  META_NAMESPACE_EXPERIMENTAL,
  LIST_META_BEFORE_STRUCTURED,
  SET_META_BEFORE_STRUCTURED,
  REPEATED_STATEFUL_OPTION,
  STRUCTURED_AFTER_EXTENDED,
  STATEFUL_BEFORE_STARTTLS,
  INFO_THEN_DIFFERENT_GO,
];
