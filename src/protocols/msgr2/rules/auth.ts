import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { authorizerPayload, script } from '../script.js';
import { rule } from './rule.js';

const METHODS = 'doc/dev/msgr2.rst, authentication; AuthRegistry.cc';
const REQUEST = 'MonClient.cc and Monitor.cc, handle_auth_request';
const CEPHX = 'src/auth/cephx/CephxProtocol.h';
const login = () => script().login();
const asked = () => script().banners().hellos().request();
const badMethod = (method: number, result: number, methods: readonly number[]) =>
  E.concat(E.u32(method), E.u32(result), E.vec(methods.map(E.u32)), E.vec([E.u32(1)]));
const refusal = (method = 2, result = -13, methods: readonly number[] = [2]) =>
  asked().control('server', TAG.AUTH_BAD_METHOD, badMethod(method, result, methods));
const atOsd = () => script().banners().hellos({}, { type: 4 });
const sealedReply = () => E.blob(new Uint8Array(80).fill(0x77));

export const AUTH_NONE = rule('auth-none', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'the server accepts clients without authentication',
  meaning:
    'The server accepted method none: anybody who can reach the port can claim any identity, the signatures are zeros, and secure mode is impossible. The method is meant for tests. Reported once for each file.',
  spec: METHODS,
  breaks: [
    'a login with method none',
    () =>
      script()
        .banners()
        .hellos()
        .request({ method: 1 })
        .done({ payload: new Uint8Array(0) })
        .signatures(0, 0),
  ],
  keeps: ['a login with cephx', login],
});

export const AUTH_VALUE_UNKNOWN = rule('auth-value-unknown', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'the client offers an undefined authentication method or connection mode',
  meaning:
    'The methods are none (1), cephx (2) and gss (4); the connection modes are crc (1) and secure (2). A server ignores or refuses anything else.',
  spec: METHODS,
  breaks: [
    'mode 7 is offered as well',
    () =>
      script()
        .banners()
        .hellos()
        .request({ modes: [1, 7] }),
  ],
  keeps: ['mode crc', asked],
});

export const AUTH_NO_MODES = rule('auth-no-modes', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the client offers no connection mode',
  meaning:
    'AUTH_REQUEST lists the connection modes that the client accepts, in order of preference; the server chooses the first one that it allows. With an empty list there is nothing to choose from, and the login fails.',
  spec: 'ProtocolV2.cc, handle_auth_request; MonClient.cc, get_auth_request',
  breaks: ['an empty list', () => script().banners().hellos().request({ modes: [] })],
  keeps: ['crc is offered', asked],
});

export const AUTH_MODE_BYTE = rule('auth-mode-byte', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the payload of AUTH_REQUEST begins with an undefined byte',
  meaning:
    'The first byte says what follows: 1 to 9 stand for a ticket shown to a daemon, 10 to 19 for a login at a monitor. The server refuses an empty payload or another value with EACCES.',
  spec: REQUEST,
  breaks: [
    'byte 99',
    () =>
      script()
        .banners()
        .hellos()
        .request({ payload: Uint8Array.of(99) }),
  ],
  keeps: ['byte 10', asked],
});

export const AUTH_PAYLOAD = rule('auth-payload', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the cephx payload of an auth frame does not decode',
  meaning:
    'Each step of an authentication method has its own structure inside the blob of an auth frame. If the structure ends inside a field, the receiver refuses it: it closes the connection or answers AUTH_BAD_METHOD.',
  spec: CEPHX,
  breaks: [
    'an entity name that is longer than the payload',
    () =>
      script()
        .banners()
        .hellos()
        .request({ payload: E.concat(E.u8(10), E.u32(8), E.u32(1000)) }),
  ],
  keeps: ['a whole login', asked],
});

export const AUTH_ENTITY_MISMATCH = rule('auth-entity-mismatch', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'the login names another entity type than HELLO',
  meaning:
    'HELLO carries the entity type, the login the whole entity name. Where the two differ, the server chooses the policy for one type and the capabilities for the other. Not raised where HELLO says client: a daemon that starts fetches the monitor map and its configuration over a connection of type client, under its own name.',
  spec: 'src/mon/Monitor.cc, handle_auth_request',
  breaks: ['a HELLO of an OSD, a login as client.admin', () => script().banners().hellos({ type: 4 }).request()],
  keeps: ['client.admin after a HELLO of a client', asked],
});

export const AUTH_BAD_METHOD_RESULT = rule('auth-bad-method-result', {
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a refusal carries a result that is no error',
  meaning:
    'The result in AUTH_BAD_METHOD is a negative errno. Zero or a positive number does not tell the client why it was refused, and callers may take it for success.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['result 0', () => refusal(2, 0)],
  keeps: ['result -13', () => refusal()],
});

export const AUTH_BAD_METHOD_ECHO = rule('auth-bad-method-echo', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'AUTH_BAD_METHOD names another method than the one requested',
  meaning:
    'AUTH_BAD_METHOD repeats the method of the AUTH_REQUEST that it refuses. With another one the client cannot tell which of its methods the server does not accept.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['cephx was asked for, none is refused', () => refusal(1)],
  keeps: ['cephx is refused', () => refusal()],
});

export const AUTH_REFUSED = rule('auth-refused', {
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the server refuses the login',
  meaning:
    'The result tells why. -95 EOPNOTSUPP: the server does not allow the method, or none of the offered connection modes; the lists in the frame say what it allows. -13 EACCES: a wrong key or ticket. -1 EPERM: an unknown entity, or one without capabilities. The connection stays open for another AUTH_REQUEST.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['a wrong key', () => refusal()],
  keeps: ['a login that is accepted', login],
});

export const AUTH_RETRY_DISALLOWED = rule('auth-retry-disallowed', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client tries a method that the refusal does not allow',
  meaning:
    'AUTH_BAD_METHOD lists the methods and modes that the server allows. The next AUTH_REQUEST has to use one of the listed methods; any other is refused again.',
  spec: 'MonClient.cc, handle_auth_bad_method',
  breaks: ['only gss is allowed, cephx is tried again', () => refusal(2, -95, [4]).request()],
  keeps: ['cephx is allowed and tried again', () => refusal(2, -95, [2]).request()],
});

export const AUTH_DONE_MODE_UNOFFERED = rule('auth-done-mode-unoffered', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server chooses a connection mode that was not offered',
  meaning:
    'The mode in AUTH_DONE must be one of those in AUTH_REQUEST. Otherwise a client that insists on secure mode could be talked down to crc mode.',
  spec: 'AuthRegistry.cc, pick_mode',
  breaks: [
    'secure is offered, crc is chosen',
    () =>
      script()
        .banners()
        .hellos()
        .request({ modes: [2] })
        .challenge()
        .done({ mode: 1 }),
  ],
  keeps: ['crc is offered and chosen', login],
});

export const AUTH_DONE_MODE_UNKNOWN = rule('auth-done-mode-unknown', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'AUTH_DONE names an undefined connection mode',
  meaning:
    'The mode is crc (1) or secure (2). With any other value the client does not know the form of the frames that follow.',
  spec: 'net/ceph/messenger_v2.c, setup_crypto',
  breaks: [
    'mode 5',
    () =>
      script()
        .banners()
        .hellos()
        .request({ modes: [1, 5] })
        .challenge()
        .done({ mode: 5 }),
  ],
  keeps: ['mode crc', login],
  also: ['auth-value-unknown'],
});

export const AUTH_NONE_SECURE = rule('auth-none-secure', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server chooses secure mode without authentication',
  meaning:
    'Method none yields no key, so nothing can be encrypted: only crc mode is possible. Both sides check this and close the connection otherwise.',
  spec: 'AuthRegistry.cc, get_supported_modes; net/ceph/messenger_v2.c, setup_crypto',
  breaks: [
    'method none, mode secure',
    () =>
      script()
        .banners()
        .hellos()
        .request({ method: 1, modes: [2, 1] })
        .done({ mode: 2, payload: new Uint8Array(0) }),
  ],
  keeps: ['cephx', login],
  also: ['auth-none'],
});

export const AUTH_CRC_MODE = rule('auth-crc-mode', {
  off: true,
  severity: 'note',
  party: 'server',
  needs: 'both',
  title: 'an authenticated connection runs in crc mode',
  meaning:
    'In crc mode nothing ties the frames after the signatures to the login: anybody on the path can read and change them. Crc mode is the default for connections to OSDs, and can be changed in the configuration (ms_client_mode and its siblings).',
  spec: METHODS,
  breaks: ['cephx in crc mode', login],
  keeps: [
    'cephx in secure mode',
    () =>
      script()
        .banners()
        .hellos()
        .request({ modes: [2] })
        .challenge()
        .done({ mode: 2 }),
  ],
});

export const AUTH_GLOBAL_ID_CHANGED = rule('auth-global-id-changed', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'the server gives the client another global id than the one it asks to keep',
  meaning:
    'A client that logs in again names the global id that it already has, and keeps it. With a new one, everything that is registered under the old id (watches, sessions, blocklist entries) appears to belong to another client.',
  spec: 'src/mon/AuthMonitor.cc; CVE-2021-20288',
  breaks: ['4100 is asked for, 4200 is given', () => script().login({ globalId: 4100 }, { globalId: 4200 })],
  keeps: ['4100 is asked for and given', () => script().login({ globalId: 4100 })],
});

export const CEPHX_OLD_VERSION = rule('cephx-old-version', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'the client uses an old version of the cephx login',
  meaning:
    'A client that sends CephXAuthenticate version 3 always presents its old ticket if it has one, so that nobody else can claim its global id. Clusters that do not allow insecure reclaim refuse older clients when they reconnect.',
  spec: `${CEPHX}, CephXAuthenticate; CVE-2021-20288`,
  breaks: ['version 2', () => script().banners().hellos().request().challenge(2).done().signatures()],
  keeps: ['version 3', login],
});

export const CEPHX_NO_CHALLENGE = rule('cephx-no-challenge', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a daemon accepts a ticket without a challenge',
  meaning:
    'A ticket and its sealed authorizer can be recorded and replayed. The challenge round ties them to this connection; a daemon that answers AUTH_DONE without a challenge can be deceived by a replay. The usual cause is a daemon that lacks the fix for CVE-2018-1128.',
  spec: 'CephxProtocol.cc, cephx_verify_authorizer; CVE-2018-1128',
  breaks: [
    'AUTH_DONE right after the ticket',
    () =>
      atOsd()
        .request({ payload: authorizerPayload(4) })
        .done({ payload: sealedReply() })
        .signatures(),
  ],
  keeps: [
    'a challenge lies between',
    () =>
      atOsd()
        .request({ payload: authorizerPayload(4) })
        .control('server', TAG.AUTH_REPLY_MORE, E.blob(new Uint8Array(32).fill(0x31)))
        .control('client', TAG.AUTH_REQUEST_MORE, E.blob(authorizerPayload(4)))
        .done({ payload: sealedReply() })
        .signatures(),
  ],
});

export const CEPHX_STATUS = rule('cephx-status', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'AUTH_DONE carries a cephx reply that reports a failure',
  meaning:
    'In the AUTH_DONE of a login, the cephx header repeats the request type (0x0100) and has status 0; failures are answered by AUTH_BAD_METHOD instead. The client treats anything else as a failed login.',
  spec: `${CEPHX}, CephXResponseHeader`,
  breaks: ['status -13', () => script().banners().hellos().request().challenge().done({ status: -13 })],
  keeps: ['status 0', login],
});

export const SIGNATURE_LENGTH = rule('signature-length', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'AUTH_SIGNATURE is not 32 bytes long',
  meaning:
    'The signature is one HMAC-SHA256 value of 32 bytes, without a length in front of it. The receiver cannot verify any other and closes the connection.',
  spec: 'frames_v2.h, AuthSignatureFrame',
  breaks: [
    '16 bytes',
    () =>
      script()
        .banners()
        .hellos()
        .request()
        .challenge()
        .done()
        .control('server', TAG.AUTH_SIGNATURE, new Uint8Array(16).fill(1)),
  ],
  keeps: ['32 bytes', login],
});

export const SIGNATURE_ZERO = rule('signature-zero', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a signature is zero with cephx, or not zero without authentication',
  meaning:
    'With a session key, the signature is an HMAC over all bytes received so far; 32 zero bytes mean that there is no key, which is right for method none only. A zero signature after cephx does not protect the frames before it.',
  spec: 'ProtocolV2.cc, finish_auth; net/ceph/messenger_v2.c, con_hmac_sha256',
  breaks: [
    "the client's signature is zero after cephx",
    () => script().banners().hellos().request().challenge().done().signatures(0),
  ],
  keeps: ['both are not zero', login],
});

export const AUTH_RULES = [
  AUTH_NONE,
  AUTH_VALUE_UNKNOWN,
  AUTH_NO_MODES,
  AUTH_MODE_BYTE,
  AUTH_PAYLOAD,
  AUTH_ENTITY_MISMATCH,
  AUTH_BAD_METHOD_RESULT,
  AUTH_BAD_METHOD_ECHO,
  AUTH_REFUSED,
  AUTH_RETRY_DISALLOWED,
  AUTH_DONE_MODE_UNOFFERED,
  AUTH_DONE_MODE_UNKNOWN,
  AUTH_NONE_SECURE,
  AUTH_CRC_MODE,
  AUTH_GLOBAL_ID_CHANGED,
  CEPHX_OLD_VERSION,
  CEPHX_NO_CHALLENGE,
  CEPHX_STATUS,
  SIGNATURE_LENGTH,
  SIGNATURE_ZERO,
];
