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
  title: 'CLIENT_IDENT carries no address',
  meaning:
    "The server registers the session under the client's addresses. It refuses an empty list, or one whose first entry is blank.",
  spec: CLIENT_SPEC,
  breaks: ['an empty list', () => idents({ addresses: E.addrvec() })],
  keeps: ['one address', open],
});

export const IDENT_TARGET = rule('ident-target', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'CLIENT_IDENT names another server than the one that answers',
  meaning:
    "The target in CLIENT_IDENT must be one of the server's own addresses, including nonce and type, and the client compares it with SERVER_IDENT. The usual cause is a daemon that restarted at the same port: it has another nonce, and must not be taken for its predecessor.",
  spec: 'ProtocolV2.cc, handle_client_ident and handle_server_ident',
  breaks: ['another nonce', () => idents({ target: E.addr({ nonce: 5 }) })],
  keeps: ['the address of SERVER_IDENT', open],
});

export const IDENT_MSG_ADDR2 = rule('ident-msg-addr2', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an ident lacks the MSG_ADDR2 feature',
  meaning:
    'All addresses of this protocol use the encoding that feature bit 59 stands for, so every peer has to support it. The receiver refuses an ident without it.',
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
  title: 'the server accepts a client that lacks required features',
  meaning:
    'A server that requires features that CLIENT_IDENT does not offer answers IDENT_MISSING_FEATURES. If it answers SERVER_IDENT instead, it will use encodings that the client cannot read.',
  spec: CLIENT_SPEC,
  breaks: ['bit 63 is required', () => idents({}, { required: 1n << 63n })],
  keeps: ['the client has all that is required', open],
});

export const MISSING_FEATURES_BOGUS = rule('missing-features-bogus', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'IDENT_MISSING_FEATURES names features that the client offers',
  meaning:
    'IDENT_MISSING_FEATURES names the features that the server requires and CLIENT_IDENT lacks. A mask that is 0 or has bits that the client offers turns away a client that fulfils the requirements.',
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
  title: 'the server refuses the client for missing features',
  meaning:
    'IDENT_MISSING_FEATURES names the features that the server requires and CLIENT_IDENT does not offer; the client cannot use this server at all. The usual cause is an older client or kernel and a newer cluster: a daemon that requires SERVER_SQUID or SERVER_TENTACLE, or a CRUSH map, a pool or `ceph osd set-require-min-compat-client` that requires more than the client supports. Since feature bits are reused, they are named by the incarnation that the client itself uses.',
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
  title: 'the gid of a client differs from the global id of its login',
  meaning:
    'For clients (type 8), the gid of CLIENT_IDENT is the global id that AUTH_DONE assigned; daemons use their rank or number. With another gid, the server registers the session under an identity that did not log in. Not raised at monitors: a client logs in at several of them at once and keeps the first id.',
  spec: 'doc/dev/msgr2.rst, CLIENT_IDENT; ProtocolV2.cc, send_client_ident',
  breaks: ['global id 4100, gid 4999', () => atOsd({ gid: 4999 })],
  keeps: ['both are 4100', atOsd],
});

export const CLIENT_COOKIE = rule('client-cookie', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: "the client's cookie contradicts its LOSSY flag",
  meaning:
    'A cookie names a session that can be resumed. Userspace sends 0 with the LOSSY flag, and another number without it. Kernel clients leave the decision to the server: they send a cookie without LOSSY even to OSDs.',
  spec: 'ProtocolV2.cc, send_client_ident',
  breaks: ['LOSSY with a cookie', () => idents({ lossy: true, cookie: 5n })],
  keeps: ['LOSSY without a cookie', open],
});

export const SERVER_COOKIE = rule('server-cookie', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: "the server's cookie contradicts its LOSSY flag",
  meaning:
    'The server decides whether a session can be resumed. With LOSSY the cookie is 0; without LOSSY it is the name that SESSION_RECONNECT has to present. Kernel clients close the connection if the two disagree.',
  spec: 'ProtocolV2.cc, send_server_ident; net/ceph/messenger_v2.c, process_server_ident',
  breaks: ['LOSSY with a cookie', () => idents({}, { lossy: true, cookie: 5n })],
  keeps: ['LOSSY without a cookie', open],
});

export const GLOBAL_SEQ = rule('global-seq', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: 'the global_seq of a client does not increase',
  meaning:
    'global_seq counts all connection attempts of a process. By it the server tells a late attempt from a new one, so 0, or a number that is not higher than that of an earlier attempt from the same address and nonce to the same server, can make it drop the wrong connection. The usual cause is a client that restarted under its old address and nonce.',
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
