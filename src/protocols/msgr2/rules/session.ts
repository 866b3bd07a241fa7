import { IDENT_LOSSY, TAG } from '../constants.js';
import * as E from '../encode.js';
import { MSG_ADDR2 } from '../../ceph/features.js';
import { CLIENT_ADDR, FEATURES, script, type IdentParts } from '../script.js';
import { rule } from './rule.js';
import { atOsd } from './sessions.js';

const CLIENT_SPEC = 'ProtocolV2.cc, handle_client_ident';
const idents = (client: IdentParts, server: IdentParts = {}) => script().login().idents(client, server);
const open = () => script().open();

export const IDENT_ADDRS_EMPTY = rule('ident-addrs-empty', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'CLIENT_IDENT without an address',
  meaning:
    'The server registers the session under the addresses of the client. An empty list, or a first entry that is blank, is refused.',
  spec: CLIENT_SPEC,
  breaks: ['an empty list', () => idents({ addresses: E.addrvec() })],
  keeps: ['one address', open],
});

export const IDENT_TARGET = rule('ident-target', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'the client means another server than the one that answers',
  meaning:
    "The target of CLIENT_IDENT must be one of the server's own addresses, nonce and type included, and the client checks it against SERVER_IDENT. A daemon that restarted at the same port has another nonce and must not be taken for its predecessor.",
  spec: 'ProtocolV2.cc, handle_client_ident and handle_server_ident',
  breaks: ['another nonce', () => idents({ target: E.addr({ nonce: 5 }) })],
  keeps: ['the address of SERVER_IDENT', open],
});

export const IDENT_MSG_ADDR2 = rule('ident-msg-addr2', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an ident without the MSG_ADDR2 feature',
  meaning:
    'All addresses in this protocol use the encoding that feature bit 59 stands for, so every peer has to support it.',
  spec: 'frames_v2.h, msgr2_required',
  breaks: [
    'the client lacks bit 59',
    () => idents({ supported: FEATURES & ~MSG_ADDR2, required: 0n }, { required: 0n }),
  ],
  keeps: ['bit 59 is set', open],
});

export const IDENT_FEATURE_MISMATCH = rule('ident-feature-mismatch', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server takes a client that lacks features it requires',
  meaning:
    'A server that requires bits which CLIENT_IDENT does not offer answers IDENT_MISSING_FEATURES. Going on with SERVER_IDENT leads to encodings that the client cannot read.',
  spec: CLIENT_SPEC,
  breaks: ['bit 63 is required', () => idents({}, { required: 1n << 63n })],
  keeps: ['the client has all that is required', open],
});

export const MISSING_FEATURES_BOGUS = rule('missing-features-bogus', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the server misses features that the client offered',
  meaning:
    'IDENT_MISSING_FEATURES names bits that the server requires and CLIENT_IDENT lacks. A mask of 0, or with bits that were offered, turns a good client away.',
  spec: CLIENT_SPEC,
  breaks: [
    'bit 59 is said to be missing',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, clientIdent())
        .value('server', TAG.IDENT_MISSING_FEATURES, MSG_ADDR2),
  ],
  keeps: ['the client has all that is required', open],
});

export const CLIENT_LACKS_FEATURES = rule('client-lacks-features', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'the client was turned away for features that it lacks',
  meaning:
    'IDENT_MISSING_FEATURES names what the server requires and CLIENT_IDENT does not offer; the client cannot use this server at all. It is mostly an older client or kernel at a newer cluster: a daemon that requires SERVER_SQUID or SERVER_TENTACLE, or a CRUSH map, a pool or `ceph osd set-require-min-compat-client` that asks for more than the client knows. The bits are named as the incarnation of the feature words has it that the client itself uses.',
  spec: `${CLIENT_SPEC}; src/include/ceph_features.h`,
  breaks: [
    'bit 49, SERVER_SQUID, is missing',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, clientIdent())
        .value('server', TAG.IDENT_MISSING_FEATURES, 1n << 49n),
  ],
  keeps: ['the client has all that is required', open],
});

function clientIdent(): Uint8Array {
  return E.concat(
    E.addrvec(CLIENT_ADDR),
    E.addr(),
    E.u64(4100),
    E.u64(1),
    E.u64(0x3f01cfbffffdffffn),
    E.u64(MSG_ADDR2),
    E.u64(IDENT_LOSSY),
    E.u64(0),
  );
}

export const IDENT_GID = rule('ident-gid', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client names itself with another id than it logged in with',
  meaning:
    'For clients (type 8) the gid of CLIENT_IDENT is the global id of AUTH_DONE. Daemons use their rank or number. Not judged at monitors: a client logs in at several of them at once, and keeps the first id.',
  spec: 'doc/dev/msgr2.rst, CLIENT_IDENT; ProtocolV2.cc, send_client_ident',
  breaks: ['global id 4100, gid 4999', () => atOsd({ gid: 4999 })],
  keeps: ['both are 4100', atOsd],
});

export const CLIENT_COOKIE = rule('client-cookie', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: "the client's cookie does not fit its lossy flag",
  meaning:
    'A cookie names a session that can be resumed. Userspace sends 0 with the LOSSY flag and another number without it. Kernel clients leave the decision to the server: they send a cookie without LOSSY even to OSDs.',
  spec: 'ProtocolV2.cc, send_client_ident',
  breaks: ['LOSSY with a cookie', () => idents({ lossy: true, cookie: 5n })],
  keeps: ['LOSSY without a cookie', open],
});

export const SERVER_COOKIE = rule('server-cookie', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: "the server's cookie does not fit its lossy flag",
  meaning:
    'The server decides whether a session can be resumed. LOSSY comes with cookie 0; without LOSSY the cookie is the name that SESSION_RECONNECT must show. Kernel clients close when the two disagree.',
  spec: 'ProtocolV2.cc, send_server_ident; net/ceph/messenger_v2.c, process_server_ident',
  breaks: ['LOSSY with a cookie', () => idents({}, { lossy: true, cookie: 5n })],
  keeps: ['LOSSY without a cookie', open],
});

export const GLOBAL_SEQ = rule('global-seq', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: "a process's connection counter does not grow",
  meaning:
    'global_seq counts all connection attempts of a process. The server uses it to tell an old attempt that arrives late from a new one, so that 0 or a repetition for the same address and nonce can make it drop the wrong connection.',
  spec: 'ProtocolV2.cc, handle_existing_connection',
  breaks: ['a global_seq of 0', () => idents({ globalSeq: 0 })],
  keeps: ['the first connection has 1', open],
});

export const SESSION_RULES = [
  IDENT_ADDRS_EMPTY,
  IDENT_TARGET,
  IDENT_MSG_ADDR2,
  IDENT_FEATURE_MISMATCH,
  MISSING_FEATURES_BOGUS,
  CLIENT_LACKS_FEATURES,
  IDENT_GID,
  CLIENT_COOKIE,
  SERVER_COOKIE,
  GLOBAL_SEQ,
];
