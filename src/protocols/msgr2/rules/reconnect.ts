import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { clientIdentPayload, script, serverIdentPayload, type ReconnectParts, type Script } from '../script.js';
import { rule } from './rule.js';

const RECONNECT = 'ProtocolV2.cc, handle_reconnect';

/** A lossless session whose connection breaks, and the login of the next connection. */
const broken = (talk: (s: Script) => Script = (s) => s.message('client').message('server')) =>
  talk(script().openLossless()).end('client', 'reset').reconnected().login();
const resumed = (parts: ReconnectParts = {}) => broken().reconnect({ msgSeq: 1, ...parts });
const taken = (parts: ReconnectParts = {}) => resumed(parts).value('server', TAG.SESSION_RECONNECT_OK, 1);
const reset = (full: number) => resumed().control('server', TAG.SESSION_RESET, E.u8(full));
const ident = (cookie: bigint) => clientIdentPayload({ lossy: false, cookie, globalSeq: 3 });

export const RECONNECT_FIELDS = rule('reconnect-fields', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'SESSION_RECONNECT carries a cookie or connect_seq of 0',
  meaning:
    "SESSION_RECONNECT names the session by both cookies, and its connect_seq counts the session's connections; none of the three is 0. A client without a server cookie has no session to resume and must send CLIENT_IDENT.",
  spec: 'ProtocolV2.cc, finish_client_auth; net/ceph/messenger_v2.c',
  breaks: ['a connect_seq of 0', () => resumed({ connectSeq: 0 })],
  keeps: ['a connect_seq of 1', () => taken()],
  also: ['reconnect-connect-seq'],
});

export const RECONNECT_LOSSY = rule('reconnect-lossy', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the client resumes a lossy session',
  meaning:
    'If SERVER_IDENT says LOSSY, neither side keeps anything to resume: after a fault the client has to begin a new session. The server answers SESSION_RECONNECT with a reset.',
  spec: 'ProtocolV2.cc, _fault',
  breaks: [
    'SESSION_RECONNECT after a lossy session',
    () =>
      script()
        .login()
        .idents({ lossy: false }, { lossy: true, cookie: 0n })
        .message('client')
        .end('client', 'reset')
        .reconnected()
        .login()
        .reconnect({ msgSeq: 0 }),
  ],
  keeps: ['the session was lossless', () => taken()],
});

export const RECONNECT_COOKIE = rule('reconnect-cookie', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the client resumes a session with wrong cookies',
  meaning:
    'SESSION_RECONNECT repeats the cookies of the two idents, unless a reset came in between. With others the server cannot find the session, and resets it.',
  spec: RECONNECT,
  breaks: ['another client cookie', () => resumed({ clientCookie: 0x1234n })],
  keeps: ['the cookies of the idents', () => taken()],
});

export const RECONNECT_CONNECT_SEQ = rule('reconnect-connect-seq', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the connect_seq of a session does not increase',
  meaning:
    'The client increases connect_seq with every attempt to resume. The server compares it to tell the newest attempt from older ones that arrive late.',
  spec: RECONNECT,
  breaks: [
    'the second resumption has connect_seq 1 again',
    () => taken().end('client', 'reset').reconnected().login().reconnect({ msgSeq: 1, globalSeq: 3, connectSeq: 1 }),
  ],
  keeps: [
    'it has 2',
    () =>
      taken()
        .end('client', 'reset')
        .reconnected()
        .login()
        .reconnect({ msgSeq: 1, globalSeq: 3, connectSeq: 2 })
        .value('server', TAG.SESSION_RECONNECT_OK, 1),
  ],
});

export const RECONNECT_MSG_SEQ = rule('reconnect-msg-seq', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the client claims to have received messages that were never sent',
  meaning:
    'msg_seq in SESSION_RECONNECT is the last sequence number that the client received. The server removes all messages up to it from its queue, so messages are lost if the number is too high.',
  spec: 'ProtocolV2.cc, send_reconnect',
  breaks: ['1 was sent, 9 is claimed', () => resumed({ msgSeq: 9 })],
  keeps: ['1 was sent and is claimed', () => taken()],
});

export const RECONNECT_OK_SEQ = rule('reconnect-ok-seq', {
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'the server claims to have received messages that were never sent',
  meaning:
    'msg_seq in SESSION_RECONNECT_OK is the last sequence number that the server received. The client removes all messages up to it from its queue, so messages are lost if the number is too high.',
  spec: 'ProtocolV2.cc, send_reconnect_ok',
  breaks: ['1 was sent, 9 is claimed', () => resumed().value('server', TAG.SESSION_RECONNECT_OK, 9)],
  keeps: ['1 was sent and is claimed', () => taken()],
});

export const RETRY_NOT_HIGHER = rule('retry-not-higher', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'SESSION_RETRY returns a connect_seq that is not above the offered one',
  meaning:
    'By SESSION_RETRY the server says that it has seen a higher connect_seq than the one offered, and which. With a lower or equal number the client keeps trying without end.',
  spec: RECONNECT,
  breaks: ['1 is offered, 1 is returned', () => resumed().value('server', TAG.SESSION_RETRY, 1)],
  keeps: ['1 is offered, 4 is returned', () => resumed().value('server', TAG.SESSION_RETRY, 4)],
});

export const RETRY_GLOBAL_NOT_HIGHER = rule('retry-global-not-higher', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'SESSION_RETRY_GLOBAL returns a global_seq that is not above the offered one',
  meaning:
    'SESSION_RETRY_GLOBAL names the highest global_seq that the server knows of this peer. A number that is not above the offered one is right only while the session is being replaced.',
  spec: RECONNECT,
  breaks: ['2 is offered, 2 is returned', () => resumed().value('server', TAG.SESSION_RETRY_GLOBAL, 2)],
  keeps: ['2 is offered, 7 is returned', () => resumed().value('server', TAG.SESSION_RETRY_GLOBAL, 7)],
});

export const RETRY_IGNORED = rule('retry-ignored', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'the client does not follow a retry',
  meaning:
    'After SESSION_RETRY(x) the client sends SESSION_RECONNECT with connect_seq x+1; after SESSION_RETRY_GLOBAL(x) it sends one with a global_seq above x. Otherwise the server refuses it again.',
  spec: 'ProtocolV2.cc, handle_session_retry, handle_session_retry_global',
  breaks: [
    'RETRY 4 is followed by connect_seq 2',
    () => resumed().value('server', TAG.SESSION_RETRY, 4).reconnect({ msgSeq: 1, connectSeq: 2 }),
  ],
  keeps: [
    'RETRY 4 is followed by connect_seq 5',
    () =>
      resumed()
        .value('server', TAG.SESSION_RETRY, 4)
        .reconnect({ msgSeq: 1, connectSeq: 5 })
        .value('server', TAG.SESSION_RECONNECT_OK, 1),
  ],
});

export const RESET_IGNORED = rule('reset-ignored', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'the client does not begin a new session after a reset',
  meaning:
    "SESSION_RESET says that the server does not know the session. The client's next frame must be CLIENT_IDENT, on the same connection.",
  spec: 'ProtocolV2.cc, handle_session_reset',
  breaks: ['SESSION_RECONNECT again', () => reset(1).reconnect({ msgSeq: 1, connectSeq: 2 })],
  keeps: ['CLIENT_IDENT with a new cookie', () => reset(1).control('client', TAG.CLIENT_IDENT, ident(0xbeefn))],
});

export const RESET_RECEIVED = rule('reset-received', {
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the server resets the session',
  meaning:
    "A full reset: the server has lost the session, usually by a restart; the client drops its queued messages, cookies and sequence numbers begin anew, and the application is notified. A partial reset: only the server's half is lost; the client keeps its queue and cookie. Kernel clients treat a partial reset as an error.",
  spec: 'ProtocolV2.cc, handle_session_reset; net/ceph/messenger_v2.c, process_session_reset',
  breaks: ['a full reset', () => reset(1)],
  keeps: ['the session is resumed', () => taken()],
});

export const RESET_FULL_COOKIE = rule('reset-full-cookie', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client keeps its cookie after a full reset',
  meaning:
    'A full reset ends the session on both sides. A new session needs a new cookie, so that remnants of the old one cannot be taken for it.',
  spec: 'ProtocolV2.cc, reset_session',
  breaks: ['the old cookie again', () => reset(1).control('client', TAG.CLIENT_IDENT, ident(0xc11e47n))],
  keeps: [
    'a new cookie',
    () =>
      reset(1)
        .control('client', TAG.CLIENT_IDENT, ident(0xbeefn))
        .control('server', TAG.SERVER_IDENT, serverIdentPayload({ lossy: false, cookie: 0xfeedn, globalSeq: 2 })),
  ],
});

export const CONNECTION_RACE = rule('connection-race', {
  off: true,
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'two daemons connect to each other at the same time',
  meaning:
    'Daemons that open connections to each other resolve the race by their addresses: the side with the lower one keeps its own attempt and answers WAIT to the other. Neither side is at fault for the connection that ends this way.',
  spec: 'ProtocolV2.cc, handle_existing_connection',
  breaks: [
    'the answer to the ident is WAIT',
    () =>
      script().login().control('client', TAG.CLIENT_IDENT, ident(7n)).control('server', TAG.WAIT, new Uint8Array(0)),
  ],
  keeps: ['the answer is SERVER_IDENT', () => script().openLossless()],
});

export const RECONNECT_RULES = [
  RECONNECT_FIELDS,
  RECONNECT_LOSSY,
  RECONNECT_COOKIE,
  RECONNECT_CONNECT_SEQ,
  RECONNECT_MSG_SEQ,
  RECONNECT_OK_SEQ,
  RETRY_NOT_HIGHER,
  RETRY_GLOBAL_NOT_HIGHER,
  RETRY_IGNORED,
  RESET_IGNORED,
  RESET_RECEIVED,
  RESET_FULL_COOKIE,
  CONNECTION_RACE,
];
