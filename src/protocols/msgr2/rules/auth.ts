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
  title: 'the server lets clients in without authentication',
  meaning:
    'Method none was accepted: anybody who reaches the port is who he says he is, the signatures are zeros, and secure mode is impossible. It is meant for tests.',
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
  title: 'the client offers an authentication method or mode that does not exist',
  meaning: 'Methods are none (1), cephx (2) and gss (4); connection modes crc (1) and secure (2).',
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
    'AUTH_REQUEST lists the connection modes that the client would take, best first; the server chooses the first one that it allows. With an empty list there is nothing to choose and the login can only fail.',
  spec: 'ProtocolV2.cc, handle_auth_request; MonClient.cc, get_auth_request',
  breaks: ['an empty list', () => script().banners().hellos().request({ modes: [] })],
  keeps: ['crc is offered', asked],
});

export const AUTH_MODE_BYTE = rule('auth-mode-byte', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the payload of AUTH_REQUEST begins with an impossible byte',
  meaning:
    'Its first byte says what follows: 1 to 9 a ticket for a daemon, 10 to 19 a login at a monitor. An empty payload or another value is refused with EACCES.',
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
    'Inside the blob of an auth frame the method has its own structure, which differs from step to step. One that ends inside a field is refused; the other side closes or answers AUTH_BAD_METHOD.',
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
  title: 'the client logs in as another type of entity than its HELLO says',
  meaning:
    'HELLO carries the entity type, the login the whole name. Where they differ, policies are chosen for one type and rights for the other. A daemon that starts fetches the monitor map and its configuration over a connection of type client, under its own name: that is no mismatch.',
  spec: 'src/mon/Monitor.cc, handle_auth_request',
  breaks: ['a HELLO of an OSD, a login as client.admin', () => script().banners().hellos({ type: 4 }).request()],
  keeps: ['client.admin after a HELLO of a client', asked],
});

export const AUTH_BAD_METHOD_RESULT = rule('auth-bad-method-result', {
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a refusal with a result that is no error',
  meaning:
    'AUTH_BAD_METHOD carries a negative errno. Zero or a positive number tells the client nothing, and some take it for success further up.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['result 0', () => refusal(2, 0)],
  keeps: ['result -13', () => refusal()],
});

export const AUTH_BAD_METHOD_ECHO = rule('auth-bad-method-echo', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the refused method is not the one that was asked for',
  meaning: 'AUTH_BAD_METHOD repeats the method of the AUTH_REQUEST that it refuses.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['cephx was asked for, none is refused', () => refusal(1)],
  keeps: ['cephx is refused', () => refusal()],
});

export const AUTH_REFUSED = rule('auth-refused', {
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the server refused the login',
  meaning:
    '-95 EOPNOTSUPP: the method or all offered modes are not allowed there; the lists say what is. -13 EACCES: a wrong secret or ticket. -1 EPERM: an unknown entity or one without rights. The connection stays open for another AUTH_REQUEST.',
  spec: 'ProtocolV2.cc, _auth_bad_method',
  breaks: ['a wrong key', () => refusal()],
  keeps: ['a login that is accepted', login],
});

export const AUTH_RETRY_DISALLOWED = rule('auth-retry-disallowed', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client tries a method that the refusal did not allow',
  meaning:
    'AUTH_BAD_METHOD lists the methods and modes that the server takes. The next AUTH_REQUEST should use one of them; anything else is refused again.',
  spec: 'MonClient.cc, handle_auth_bad_method',
  breaks: ['only gss is allowed, cephx is tried again', () => refusal(2, -95, [4]).request()],
  keeps: ['cephx is allowed and tried again', () => refusal(2, -95, [2]).request()],
});

export const AUTH_DONE_MODE_UNOFFERED = rule('auth-done-mode-unoffered', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server chose a connection mode that was not offered',
  meaning:
    'The mode in AUTH_DONE has to be one of those in AUTH_REQUEST. A client that insists on secure mode must not be talked down to crc.',
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
  title: 'AUTH_DONE names a connection mode that does not exist',
  meaning: 'The mode is crc (1) or secure (2). After anything else the client does not know how to read on.',
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
  title: 'secure mode without authentication',
  meaning:
    'Method none yields no key, so there is nothing to encrypt with: only crc mode is possible, and both sides check it.',
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
    'After the signatures nothing binds the frames to the login any more: they are readable and can be changed by whoever sits in between. That is the default towards OSDs and a choice of the configuration (ms_client_mode and its siblings).',
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
  title: 'the server gave the client another global id than it asked to keep',
  meaning:
    "A client that logs in again names the global id that it already has, and keeps it. A new one makes everything that is keyed by the old one (watches, sessions, blocklist entries) look like somebody else's.",
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
    'CephXAuthenticate version 3 promises to present the old ticket whenever there is one, so that a global id cannot be claimed by others. Clusters that have switched off insecure reclaim refuse older clients when they come back.',
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
    'A ticket and its sealed authorizer can be recorded and shown again. The challenge round binds it to this connection; a daemon that answers AUTH_DONE at once can be fooled by a replay.',
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
    'Inside AUTH_DONE of a login the cephx header repeats the request type (0x0100) and a status, which is 0: failures are answered by AUTH_BAD_METHOD. The client treats anything else as a failed login.',
  spec: `${CEPHX}, CephXResponseHeader`,
  breaks: ['status -13', () => script().banners().hellos().request().challenge().done({ status: -13 })],
  keeps: ['status 0', login],
});

export const SIGNATURE_LENGTH = rule('signature-length', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'AUTH_SIGNATURE is not 32 bytes long',
  meaning: 'The signature is one HMAC-SHA256 value, without a length in front of it.',
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
  title: 'a zero signature with cephx, or another one without authentication',
  meaning:
    'With a session key the signature is an HMAC over all that was received so far; 32 zero bytes stand for "no key", which is right for method none only. A zero signature after cephx protects nothing that went before.',
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
