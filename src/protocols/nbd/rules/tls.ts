import { example, rule } from './rule.js';
import {
  ack,
  ALL_FLAGS,
  client,
  clientCloses,
  exportInfo,
  fill,
  go,
  hello,
  infoData,
  infoExport,
  option,
  readAndLeave,
  reply,
  server,
  serverCloses,
  starttls,
  structured,
  tlsRecord,
  u16,
  u8,
  unseen,
} from './session-steps.js';

/** Rules for NBD_OPT_STARTTLS, and for what can be seen of TLS without its secrets. */

const CLIENT_SIDE = 'Client-side requirements';
const SERVER_SIDE = 'Server-side requirements';
const FORCED = 'FORCEDTLS mode';
const UNSUP = 0x80000001;
const POLICY = 0x80000002;
const TLS_REQD = 0x80000005;

const abort = () => [option(2), ack(2)];
const clientHello = () => client(tlsRecord(22, u8(1), u8(0), u16(60), u16(0x0303), fill(58, 0)));
/** A ServerHello that chooses a version: header, version, random, empty session id, cipher suite, no compression. */
const serverHello = (version: number) =>
  server(tlsRecord(22, u8(2), u8(0), u16(40), u16(version), fill(32, 7), u8(0), u16(0xc02f), u8(0), u16(0)));
const upgrade = () => [...hello(), ...starttls(), clientHello(), serverHello(0x0303)];

export const STARTTLS_WITHOUT_FIXED = rule('starttls-without-fixed', 'error', 'client', 'both', {
  title: 'NBD_OPT_STARTTLS is sent without fixed newstyle',
  meaning:
    'A client must not send NBD_OPT_STARTTLS unless both sides have set the fixed newstyle flag: without it the server cannot answer.',
  spec: CLIENT_SIDE,
  breaks: example('STARTTLS without C_FIXED_NEWSTYLE', () => [...hello(3, 2), option(5), reply(5, UNSUP), ...abort()]),
  keeps: example('STARTTLS in fixed newstyle', upgrade),
});

export const STARTTLS_REPLY_INVALID = rule('starttls-reply-invalid', 'error', 'server', 'server', {
  title: 'NBD_OPT_STARTTLS is answered with neither an acknowledgement nor an error',
  meaning:
    'The answer decides whether the following bytes are TLS or clear text. It must be NBD_REP_ACK, or an error after which the session continues in clear text.',
  spec: 'Option types',
  breaks: example('an INFO reply to STARTTLS', () => [
    ...hello(),
    option(5),
    infoExport(5, 65536, 1),
    reply(5, UNSUP),
    ...abort(),
  ]),
  keeps: example('an acknowledgement', upgrade),
});

export const STARTTLS_REFUSED = rule('starttls-refused', 'note', 'server', 'server', {
  title: 'the server refuses TLS',
  meaning:
    'The session continues in clear text, or the client gives up. Which of the two is right depends on the policy of the user. See nbd/tls-downgrade-suspect for a client that continues.',
  spec: 'NOTLS mode',
  breaks: example('STARTTLS refused by policy', () => [...hello(), option(5), reply(5, POLICY), ...abort()]),
  keeps: example('STARTTLS acknowledged', upgrade),
});

export const TLS_DOWNGRADE_SUSPECT = rule('tls-downgrade-suspect', 'note', 'either', 'both', {
  title: 'the client continues in clear text after TLS was refused',
  meaning:
    'The client asked for TLS, was refused, and continued without it. An attacker in the middle can cause exactly this by answering in place of the server. A client whose user asked for TLS should give up instead.',
  spec: 'Protocol downgrade attacks',
  breaks: example('STARTTLS refused, then GO and READ in clear text', () =>
    readAndLeave([...hello(), option(5), reply(5, POLICY), ...go()]),
  ),
  keeps: example('the client gives up', () => [...hello(), option(5), reply(5, POLICY), ...abort()]),
});

export const SERVER_PLAINTEXT_AFTER_STARTTLS = rule('server-plaintext-after-starttls', 'error', 'server', 'server', {
  title: 'the server continues in clear text after it acknowledged NBD_OPT_STARTTLS',
  meaning:
    'From the byte after the acknowledgement on, the stream is TLS. Clear text there means that the server did not start TLS, and that its data are not protected.',
  spec: FORCED,
  breaks: example('an option reply in clear text after the ACK', () => [...hello(), ...starttls(), reply(8, UNSUP)]),
  keeps: example('TLS after the ACK', upgrade),
});

export const CLIENT_PLAINTEXT_AFTER_STARTTLS = rule('client-plaintext-after-starttls', 'error', 'client', 'both', {
  title: 'the client continues in clear text after NBD_OPT_STARTTLS was acknowledged',
  meaning:
    'The next bytes of the client must be its ClientHello. A server that accepts clear text there also accepts commands that an attacker has injected.',
  spec: CLIENT_SIDE,
  breaks: example('LIST in clear text after the ACK', () => [...hello(), ...starttls(), option(3)]),
  keeps: example('a ClientHello after the ACK', upgrade),
});

export const STARTTLS_PIPELINED_BYTES = rule('starttls-pipelined-bytes', 'error', 'client', 'both', {
  title: 'bytes are sent between NBD_OPT_STARTTLS and its answer',
  meaning:
    'The client has to wait for the answer. Bytes that arrive earlier end up in the clear-text buffer of the server and may be read as if they had come through TLS. Commands have been injected that way, into SMTP as well as NBD servers.',
  spec: 'Fixed newstyle negotiation',
  breaks: example('the ClientHello sent together with STARTTLS', () => [
    ...hello(),
    option(5),
    unseen(clientHello(), 18),
    ack(5),
    serverHello(0x0303),
  ]),
  keeps: example('the ClientHello after the ACK', upgrade),
});

export const TLS_AFTER_REFUSAL = rule('tls-after-refusal', 'error', 'client', 'both', {
  title: 'the client starts TLS although the server refused it',
  meaning:
    'After an error in answer to NBD_OPT_STARTTLS the session continues in clear text, so that a ClientHello is garbage to the server.',
  spec: CLIENT_SIDE,
  breaks: example('a ClientHello after ERR_POLICY', () => [...hello(), option(5), reply(5, POLICY), clientHello()]),
  keeps: example('ABORT after ERR_POLICY', () => [...hello(), option(5), reply(5, POLICY), ...abort()]),
});

export const PLAINTEXT_AFTER_TLS_FAILURE = rule('plaintext-after-tls-failure', 'error', 'either', 'both', {
  title: 'NBD continues in clear text after the TLS handshake failed',
  meaning:
    'If the TLS handshake fails, the session is over. Falling back to clear text would make TLS useless against an attacker who can make the handshake fail.',
  spec: FORCED,
  breaks: example('a fatal alert, then LIST in clear text', () => [
    ...hello(),
    ...starttls(),
    clientHello(),
    server(tlsRecord(21, u8(2), u8(40))),
    option(3),
  ]),
  keeps: example('a fatal alert, then both close', () => [
    ...hello(),
    ...starttls(),
    clientHello(),
    server(tlsRecord(21, u8(2), u8(40))),
    serverCloses,
    clientCloses,
  ]),
});

export const TLS_ALERT_IN_CLEAR = rule('tls-alert', 'note', 'either', 'either', {
  title: 'a TLS alert is sent in clear text',
  meaning:
    'Alerts are not encrypted until the handshake has agreed on keys, so the reason why a handshake fails is visible: the sender of the alert did not accept what the other side sent (unknown_ca: its certificate; protocol_version: the versions that it offered; handshake_failure: its cipher suites). A fatal alert ends the connection.',
  spec: 'TLS support',
  breaks: example('the server refuses the ClientHello', () => [
    ...hello(),
    ...starttls(),
    clientHello(),
    server(tlsRecord(21, u8(2), u8(40))),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('a ServerHello', upgrade),
});

export const TLS_VERSION_OLD = rule('tls-version-old', 'warning', 'either', 'both', {
  title: 'a TLS version below 1.2 is chosen',
  meaning:
    'Servers and clients must support TLS 1.2 and should not use older versions by default, because these are considered broken.',
  spec: 'TLS versions',
  breaks: example('the server chooses TLS 1.0', () => [...hello(), ...starttls(), clientHello(), serverHello(0x0301)]),
  keeps: example('the server chooses TLS 1.2', upgrade),
});

export const TLS_REQUIRED_BUT_REFUSED = rule('tls-required-but-refused', 'error', 'server', 'server', {
  title: 'the server requires TLS but refuses to start it',
  meaning:
    'A server that answers NBD_REP_ERR_TLS_REQD must acknowledge NBD_OPT_STARTTLS; otherwise no client can use what requires TLS.',
  spec: SERVER_SIDE,
  breaks: example('ERR_TLS_REQD, then STARTTLS is unsupported', () => [
    ...hello(),
    option(3),
    reply(3, TLS_REQD),
    option(5),
    reply(5, UNSUP),
    ...abort(),
  ]),
  keeps: example('ERR_TLS_REQD, then STARTTLS is acknowledged', () => [
    ...hello(),
    option(3),
    reply(3, TLS_REQD),
    ...starttls(),
    clientHello(),
  ]),
});

export const TLS_REQD_WITHOUT_FIXED = rule('tls-reqd-without-fixed', 'error', 'server', 'both', {
  title: 'TLS is required of a client that cannot start it',
  meaning:
    'Without the fixed newstyle flags of both sides NBD_OPT_STARTTLS is impossible, and the server has to behave like one without TLS: it must not answer NBD_REP_ERR_TLS_REQD.',
  spec: SERVER_SIDE,
  breaks: example('ERR_TLS_REQD although C_FIXED_NEWSTYLE is missing', () => [
    ...hello(3, 2),
    option(3),
    reply(3, TLS_REQD),
    ...abort(),
  ]),
  keeps: example('ERR_TLS_REQD in fixed newstyle', () => [...hello(), option(3), reply(3, TLS_REQD), ...abort()]),
  also: ['client-fixed-flag-missing'],
});

export const TLS_MODE_INCONSISTENT = rule('tls-mode-inconsistent', 'error', 'server', 'server', {
  title: 'the server requires TLS for one option but serves another without it',
  meaning:
    'A server either forces TLS or requires it for single exports. If it forces TLS, it answers every option but NBD_OPT_ABORT and NBD_OPT_STARTTLS with NBD_REP_ERR_TLS_REQD, and NBD_OPT_EXPORT_NAME, which has no error replies, by closing. If it requires TLS for single exports, it may answer only NBD_OPT_INFO and NBD_OPT_GO so. A mixture discloses what TLS should protect.',
  spec: 'SELECTIVETLS mode',
  breaks: example('STRUCTURED_REPLY served, LIST requires TLS', () => [
    ...hello(),
    ...structured(),
    option(3),
    reply(3, TLS_REQD),
    ...abort(),
  ]),
  keeps: example('only GO of one export requires TLS', () => [
    ...hello(),
    ...structured(),
    option(7, infoData('')),
    reply(7, TLS_REQD),
    ...abort(),
  ]),
});

export const TLS_ONLY_EXPORT_IN_CLEAR = rule('tls-only-export-in-clear', 'error', 'server', 'both', {
  title: 'an export that requires TLS is served in clear text',
  meaning:
    'NBD_REP_ERR_TLS_REQD in answer to NBD_OPT_INFO or NBD_OPT_GO says that the export is available inside TLS only. NBD_OPT_EXPORT_NAME has no error replies, so the server has to close the connection instead; servers easily miss this case. A client whose NBD_OPT_GO was refused falls back to NBD_OPT_EXPORT_NAME, and then gets all data unprotected.',
  spec: 'SELECTIVETLS mode',
  breaks: example('GO requires TLS, EXPORT_NAME of the same export is served', () =>
    readAndLeave([
      ...hello(),
      option(7, infoData('disk')),
      reply(7, TLS_REQD),
      option(1, 'disk'),
      exportInfo(65536, 1),
    ]),
  ),
  keeps: example('another export is served in clear text', () =>
    readAndLeave([
      ...hello(),
      option(7, infoData('disk')),
      reply(7, TLS_REQD),
      option(1, 'scratch'),
      exportInfo(65536, 1),
    ]),
  ),
});

export const TLS_REQD_FOR_ABORT_OR_STARTTLS = rule('tls-reqd-for-abort-or-starttls', 'error', 'server', 'server', {
  title: 'TLS is required for NBD_OPT_ABORT or NBD_OPT_STARTTLS',
  meaning: 'A client needs these two options before TLS: NBD_OPT_ABORT to leave, and NBD_OPT_STARTTLS to start TLS.',
  spec: SERVER_SIDE,
  breaks: example('STARTTLS requires TLS', () => [...hello(), option(5), reply(5, TLS_REQD), ...abort()]),
  keeps: example('LIST requires TLS', () => [...hello(), option(3), reply(3, TLS_REQD), ...abort()]),
});

export const TLS_REQD_WITH_INFO = rule('tls-reqd-with-info', 'error', 'server', 'server', {
  title: 'a server that forces TLS sends export information without TLS',
  meaning:
    'Where TLS is forced, nothing about exports may be sent in clear text: no NBD_REP_INFO may precede NBD_REP_ERR_TLS_REQD.',
  spec: 'Option types',
  breaks: example('EXPORT, then ERR_TLS_REQD, on a server that forces TLS', () => [
    ...hello(),
    option(3),
    reply(3, TLS_REQD),
    option(6, infoData('')),
    infoExport(6, 1048576, ALL_FLAGS),
    reply(6, TLS_REQD),
    ...abort(),
  ]),
  keeps: example('ERR_TLS_REQD alone', () => [
    ...hello(),
    option(3),
    reply(3, TLS_REQD),
    option(6, infoData('')),
    reply(6, TLS_REQD),
    ...abort(),
  ]),
});

export const TLS_RULES = [
  STARTTLS_WITHOUT_FIXED,
  STARTTLS_REPLY_INVALID,
  STARTTLS_REFUSED,
  TLS_DOWNGRADE_SUSPECT,
  SERVER_PLAINTEXT_AFTER_STARTTLS,
  CLIENT_PLAINTEXT_AFTER_STARTTLS,
  STARTTLS_PIPELINED_BYTES,
  TLS_AFTER_REFUSAL,
  PLAINTEXT_AFTER_TLS_FAILURE,
  TLS_ALERT_IN_CLEAR,
  TLS_VERSION_OLD,
  TLS_REQUIRED_BUT_REFUSED,
  TLS_REQD_WITHOUT_FIXED,
  TLS_MODE_INCONSISTENT,
  TLS_ONLY_EXPORT_IN_CLEAR,
  TLS_REQD_FOR_ABORT_OR_STARTTLS,
  TLS_REQD_WITH_INFO,
];
