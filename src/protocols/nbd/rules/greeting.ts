import { example, rule } from './rule.js';
import {
  ack,
  client,
  clientCloses,
  clientFlags,
  fill,
  go,
  greeting,
  hello,
  oldstyle,
  option,
  readAndLeave,
  reply,
  server,
  serverCloses,
  simpleSession,
  tlsRecord,
  u16,
  u32,
  u64,
  unseen,
} from './session-steps.js';

/** Rules for the first bytes of each side: the greeting and the client's flags. */

const NEWSTYLE = 'Newstyle negotiation';
const OLDSTYLE = 'Oldstyle negotiation';
const FLAGS = 'Handshake flags';
const CLIENT_FLAGS = 'Client flags';

export const BAD_INIT_MAGIC = rule('bad-init-magic', 'error', 'server', 'server', {
  title: 'the connection does not begin with NBDMAGIC',
  meaning:
    'The server speaks first, and its first eight bytes are the ASCII letters NBDMAGIC in every style of the handshake. A client has no other way to recognise an NBD server and has to close the connection. Usually the port belongs to another program, or the server wrote something else (a log line, a banner) to the socket.',
  spec: NEWSTYLE,
  breaks: example('the greeting has a wrong first magic', () => [
    server('NBDMAGIX', u64(0x49484156454f5054n), u16(3)),
    clientFlags(),
    option(2),
  ]),
  keeps: example('the greeting begins with NBDMAGIC', () => [...hello(), option(2), ack(2)]),
});

export const BAD_SECOND_MAGIC = rule('bad-second-magic', 'error', 'server', 'server', {
  title: 'NBDMAGIC is followed by neither IHAVEOPT nor the oldstyle magic',
  meaning:
    'The second eight bytes of the greeting tell the client which handshake follows: IHAVEOPT for newstyle, 0x0000420281861253 for oldstyle. With anything else the client cannot know how to go on. A common cause is a 64-bit value that was written in the byte order of the host.',
  spec: NEWSTYLE,
  breaks: example('the second magic is in the wrong byte order', () => [
    server('NBDMAGIC', u64(0x54504f4556414849n), u16(3)),
    clientCloses,
  ]),
  keeps: example('a newstyle greeting', () => [greeting(), clientFlags(), option(2), ack(2), clientCloses]),
});

export const TLS_FROM_START = rule('tls-from-start', 'note', 'either', 'either', {
  title: 'the connection is TLS from its first byte',
  meaning:
    'The protocol starts TLS inside the NBD handshake, with NBD_OPT_STARTTLS after a greeting in clear text. A connection that begins with a TLS record runs through a tunnel (stunnel, a TLS proxy). Its contents are not checked.',
  spec: 'TLS support',
  breaks: example('a client that sends clear text to a server behind TLS', () => [
    client(u32(3), u64(0x49484156454f5054n)),
    server(tlsRecord(22, u8s(2, 0, 0, 0), fill(12, 0))),
  ]),
  keeps: example('a greeting in clear text', () => [...hello(), option(2), ack(2)]),
});

export const CLIENT_SPOKE_FIRST = rule('client-spoke-first', 'note', 'client', 'both', {
  title: 'the client sends its flags before the greeting has arrived',
  meaning:
    'The server speaks first, and what the client may answer depends on the flags in the greeting. A client that sends its flags without having seen the greeting cannot know whether the server speaks newstyle at all. The acknowledgement numbers prove the order.',
  spec: NEWSTYLE,
  breaks: example('client flags that acknowledge nothing of the greeting', () => [
    greeting(),
    unseen(clientFlags(), 0),
    option(2),
    ack(2),
  ]),
  keeps: example('client flags after the greeting', () => [...hello(), option(2), ack(2)]),
});

export const OLDSTYLE_USED = rule('oldstyle-used', 'note', 'server', 'server', {
  title: 'the server uses the oldstyle handshake',
  meaning:
    'Oldstyle has no options, and therefore no export names, no TLS, no structured replies and no metadata contexts. The reference server dropped it in version 3.10; `nbdkit -o` and some embedded servers still use it.',
  off: true,
  spec: OLDSTYLE,
  breaks: example('an oldstyle greeting', () => readAndLeave([oldstyle()]), 2000),
  keeps: example('a newstyle greeting', () => readAndLeave(simpleSession())),
});

export const OLDSTYLE_NOT_TAKEN = rule('oldstyle-not-taken', 'note', 'either', 'session', {
  title: 'the client leaves after an oldstyle greeting',
  meaning:
    'The greeting is an oldstyle one: size and flags of the only export, followed by the transmission phase, without options. A client that supports newstyle only, as current clients do, cannot use such a server and closes the connection without a message. Either the server has to use newstyle (nbd-server since 2.9.17, with export names instead of one port for each export; nbdkit without --oldstyle), or the client has to be configured for oldstyle. A check whether the port is open looks the same.',
  spec: 'Oldstyle negotiation',
  breaks: example('the client closes without a request', () => [oldstyle(), clientCloses, serverCloses], 2000),
  keeps: example('the client reads', () => readAndLeave([oldstyle()]), 2000),
});

export const NEWSTYLE_AFTER_OLDSTYLE = rule('newstyle-after-oldstyle', 'error', 'client', 'both', {
  title: 'the client answers an oldstyle greeting in newstyle',
  meaning:
    'After an oldstyle greeting the transmission phase begins at once. The server reads everything as requests, so client flags and options are garbage to it. A client has to look at the second magic before it answers.',
  spec: OLDSTYLE,
  breaks: example(
    'flags and an option',
    () => [oldstyle(), clientFlags(), option(3), clientCloses, serverCloses],
    2000,
  ),
  keeps: example('requests', () => readAndLeave([oldstyle()]), 2000),
});

export const OLDSTYLE_ON_NEWSTYLE_PORT = rule('oldstyle-on-newstyle-port', 'warning', 'server', 'server', {
  title: 'the server uses the oldstyle handshake on port 10809',
  meaning:
    'Port 10809 is registered for newstyle with named exports. A client that connects there expects option haggling and may refuse an oldstyle server. An oldstyle export should have a port of its own.',
  spec: NEWSTYLE,
  breaks: example('oldstyle on the registered port', () => readAndLeave([oldstyle()])),
  keeps: example('oldstyle on a port of its own', () => readAndLeave([oldstyle()]), 2000),
});

export const NEWSTYLE_ON_OTHER_PORT = rule('newstyle-on-other-port', 'note', 'server', 'server', {
  title: 'the server uses newstyle on a port other than 10809',
  meaning:
    'Newstyle servers should listen on the registered port 10809, because exports are distinguished by name, not by port. Other ports are normal in tests and where several servers run on one host, so the rule is off by default.',
  off: true,
  spec: NEWSTYLE,
  breaks: example('newstyle on port 10810', () => readAndLeave(simpleSession()), 10810),
  keeps: example('newstyle on port 10809', () => readAndLeave(simpleSession())),
});

export const OLDSTYLE_RESERVED_NONZERO = rule('oldstyle-reserved-nonzero', 'warning', 'server', 'server', {
  title: 'the reserved bytes of the oldstyle greeting are not zero',
  meaning:
    'The last 124 bytes of the oldstyle greeting are reserved and must be sent as zeroes. Other values usually are uninitialised memory, whose former contents may leak that way.',
  spec: OLDSTYLE,
  breaks: example(
    'a stray byte in the reserved area',
    () => readAndLeave([oldstyle(65536, 1, 0, fill(124, 0xaa))]),
    2000,
  ),
  keeps: example('reserved bytes of zero', () => readAndLeave([oldstyle()]), 2000),
});

export const OLDSTYLE_HANDSHAKE_FLAGS = rule('oldstyle-handshake-flags', 'error', 'server', 'server', {
  title: 'the oldstyle greeting contains handshake flags',
  meaning:
    'Oldstyle has one 32-bit flags field. Its lower half holds the transmission flags; its upper half is where newstyle has its handshake flags and must be zero, because oldstyle allows no handshake flags. The usual cause is a server that writes the 16-bit transmission flags at offset 24 instead of 26.',
  spec: FLAGS,
  breaks: example('the upper half of the flags is not zero', () => readAndLeave([oldstyle(65536, 1, 1)]), 2000),
  keeps: example('the upper half of the flags is zero', () => readAndLeave([oldstyle()]), 2000),
});

export const UNKNOWN_HANDSHAKE_FLAG = rule('unknown-handshake-flag', 'error', 'server', 'server', {
  title: 'the greeting sets a handshake flag that is not defined',
  meaning:
    'Only bits 0 (FIXED_NEWSTYLE) and 1 (NO_ZEROES) are defined. Handshake flags change what follows on the wire, so a server must not set any other bit: a client cannot know what it would agree to.',
  spec: FLAGS,
  breaks: example('bit 2 is set', () => readAndLeave([greeting(7), clientFlags(3), ...go()])),
  keeps: example('only the defined bits are set', () => readAndLeave(simpleSession())),
});

export const FIXED_FLAG_MISSING = rule('fixed-flag-missing', 'error', 'server', 'server', {
  title: 'the server sends option replies without having announced fixed newstyle',
  meaning:
    'Option replies exist only in fixed newstyle. A server that can send them must set FIXED_NEWSTYLE in its greeting; without it a client may use nothing but NBD_OPT_EXPORT_NAME and does not expect replies.',
  spec: FLAGS,
  breaks: example('a reply to LIST although bit 0 of the handshake flags is 0', () => [
    ...hello(2, 2),
    option(3),
    reply(3, 0x80000001),
  ]),
  keeps: example('a reply to LIST in fixed newstyle', () => [...hello(), option(3), ack(3), option(2), ack(2)]),
  also: ['option-needs-fixed'],
});

export const CLIENT_UNKNOWN_FLAG = rule('client-unknown-flag', 'error', 'client', 'client', {
  title: 'the client sets a flag that is not defined',
  meaning:
    'The client answers the greeting with 32 bits of flags, of which only bits 0 and 1 are defined. The server must drop the connection if any other bit is set.',
  spec: CLIENT_FLAGS,
  breaks: example('bit 2 of the client flags', () => [...hello(3, 7), serverCloses]),
  keeps: example('only defined client flags', () => readAndLeave(simpleSession())),
});

export const CLIENT_FLAG_UNOFFERED = rule('client-flag-unoffered', 'error', 'client', 'both', {
  title: 'the client sets a flag that the server did not offer',
  meaning:
    'A client flag accepts what the same bit of the handshake flags offers. If the client accepts something that was not offered, the two sides disagree about the bytes that follow (the 124 zero bytes after the answer to NBD_OPT_EXPORT_NAME), so the server must drop the connection.',
  spec: CLIENT_FLAGS,
  breaks: example('NO_ZEROES accepted, but not offered', () => [...hello(1, 3), serverCloses]),
  keeps: example('NO_ZEROES offered and accepted', () => readAndLeave(simpleSession())),
});

export const SERVER_KEPT_BAD_CLIENT = rule('server-kept-bad-client', 'error', 'server', 'both', {
  title: 'the server continues with a client whose flags it must refuse',
  meaning:
    'If a client flag is unknown or was not offered, the server must drop the connection, because the client may from then on follow a protocol that the server does not know. A server that continues hides the error in the client, which then fails with a stricter server.',
  spec: CLIENT_FLAGS,
  breaks: example('an option is answered after unknown client flags', () => [...hello(3, 7), option(3), ack(3)]),
  keeps: example('the client flags are valid and the server continues', () => [
    ...hello(),
    option(3),
    ack(3),
    option(2),
    ack(2),
  ]),
  also: ['client-unknown-flag'],
});

export const CLIENT_FIXED_FLAG_MISSING = rule('client-fixed-flag-missing', 'warning', 'client', 'both', {
  title: 'the client uses fixed newstyle without accepting it',
  meaning:
    'A client should set C_FIXED_NEWSTYLE if the server offered it, and certainly if it then uses options that only fixed newstyle has. Servers may tolerate its absence, but some treat such a client as one that knows only NBD_OPT_EXPORT_NAME.',
  spec: CLIENT_FLAGS,
  breaks: example('GO without having set C_FIXED_NEWSTYLE', () => readAndLeave([...hello(3, 2), ...go()])),
  keeps: example('GO with C_FIXED_NEWSTYLE', () => readAndLeave(simpleSession())),
});

function u8s(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export const GREETING_RULES = [
  BAD_INIT_MAGIC,
  BAD_SECOND_MAGIC,
  TLS_FROM_START,
  CLIENT_SPOKE_FIRST,
  OLDSTYLE_USED,
  OLDSTYLE_NOT_TAKEN,
  NEWSTYLE_AFTER_OLDSTYLE,
  OLDSTYLE_ON_NEWSTYLE_PORT,
  NEWSTYLE_ON_OTHER_PORT,
  OLDSTYLE_RESERVED_NONZERO,
  OLDSTYLE_HANDSHAKE_FLAGS,
  UNKNOWN_HANDSHAKE_FLAG,
  FIXED_FLAG_MISSING,
  CLIENT_UNKNOWN_FLAG,
  CLIENT_FLAG_UNOFFERED,
  SERVER_KEPT_BAD_CLIENT,
  CLIENT_FIXED_FLAG_MISSING,
];
