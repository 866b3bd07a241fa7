import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { clientIdentPayload, script } from '../script.js';
import { rule } from './rule.js';

const STATES = 'ProtocolV2.cc, the "not in ... state" checks; doc/dev/msgr2.rst, message flow';

export const WRONG_DIRECTION = rule('wrong-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a side sends a frame that only its peer may send',
  meaning:
    'The side that opened the connection asks, and the other answers: AUTH_REQUEST(_MORE), CLIENT_IDENT, SESSION_RECONNECT and COMPRESSION_REQUEST come from the connecting side, their answers from the accepting side. A receiver never accepts them from the wrong side and closes the connection.',
  spec: STATES,
  breaks: [
    'the server sends a CLIENT_IDENT',
    () => script().open().control('server', TAG.CLIENT_IDENT, clientIdentPayload()),
  ],
  keeps: ['each side sends its own ident', () => script().open()],
});

export const UNEXPECTED_TAG = rule('unexpected-tag', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a frame is not allowed in this state',
  meaning:
    'Each side sends its handshake frames in a fixed order: banner, HELLO, authentication, signature, compression if both banners offer it, ident or reconnect, then traffic. A receiver checks the state for every frame and closes the connection if it is wrong. The finding names the state and what it allows. An AUTH_REQUEST after a refusal in the "more" stage is only a note, since released versions differ there.',
  spec: STATES,
  breaks: ['a MESSAGE before the idents', () => script().login().message('client')],
  keeps: ['the MESSAGE follows the idents', () => script().open().message('client')],
});

export const HELLO_MISSING = rule('hello-missing', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the first frame is not HELLO',
  meaning:
    'After the banner each side sends HELLO, which carries its entity type. A receiver refuses any other frame in its place: it needs the type to choose the authentication.',
  spec: 'ProtocolV2.cc, handle_hello',
  breaks: ['the client begins with AUTH_REQUEST', () => script().banners().request()],
  keeps: ['HELLO comes first', () => script().banners().hellos().request()],
});

export const HELLO_ENTITY_TYPE = rule('hello-entity-type', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'HELLO names an undefined entity type',
  meaning:
    'The entity types are mon (1), mds (2), osd (4), client (8) and mgr (16). The receiver chooses policies and keys by this byte.',
  spec: 'src/include/msgr.h, CEPH_ENTITY_TYPE_*',
  breaks: ['type 3', () => script().banners().hellos({ type: 3 })],
  keeps: ['type 8, a client', () => script().banners().hellos()],
});

export const HELLO_WRONG_PEER = rule('hello-wrong-peer', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'the server is not of the entity type that the client asks for',
  meaning:
    "A login (mode 10) is for monitors only, and a ticket is for one type of service; the server's HELLO says what it is. Either the HELLO is wrong (a server that greets as a client), or the client connected to the wrong address, typically one that another daemon has taken over, and did not compare the HELLO with the service that it wants.",
  spec: 'ProtocolV2.cc, handle_hello; MonClient.cc, handle_auth_request',
  breaks: ['a login at an OSD', () => script().banners().hellos({}, { type: 4 }).request()],
  keeps: ['a login at a monitor', () => script().banners().hellos().request()],
});

export const HELLO_ADDRESS = rule('hello-address', {
  off: true,
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: "HELLO carries another address than the peer's own",
  meaning:
    'Each side tells the other the socket address under which it sees it. If this differs from the address in the capture, there is network address translation or a proxy between the capture and the sender.',
  spec: 'doc/dev/msgr2.rst, HELLO',
  breaks: ['the server is seen at 10.0.0.1', () => script().banners().hellos()],
  keeps: [
    'the server is seen at its own address',
    () =>
      script()
        .banners()
        .hellos({ peer: E.addr({ ip: [192, 0, 2, 2] }) }, { peer: E.addr({ ip: [192, 0, 2, 1], port: 40001 }) }),
  ],
});

export const TRAFFIC_AFTER_REJECT = rule('traffic-after-reject', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client continues after it was refused',
  meaning:
    "IDENT_MISSING_FEATURES and WAIT end a connection: the client lacks a feature, or the server's own connection attempt wins. The client has to close it. The server does not read any frame that follows.",
  spec: 'ProtocolV2.cc, handle_ident_missing_features, handle_wait',
  breaks: [
    'an ident after WAIT',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ lossy: false }))
        .control('server', TAG.WAIT, new Uint8Array(0))
        .control('client', TAG.KEEPALIVE2, E.u64(1)),
  ],
  keeps: [
    'the client closes',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ lossy: false }))
        .control('server', TAG.WAIT, new Uint8Array(0)),
  ],
});

export const CLOSE_MID_HANDSHAKE = rule('close-mid-handshake', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'the connection ends before the session is open',
  meaning:
    'There is no frame for giving up: a side that cannot continue closes the connection. The finding says how far the handshake came and who closed first. Typical causes are a wrong key, no common method, the wrong daemon at this address, a monitor without quorum, or a fault injected for tests. Where a client closes without having been refused, the finding is a note, reported once for each file: a client that ends closes the connections it has begun, and a client that starts asks several monitors at once and keeps one.',
  spec: 'ProtocolV2.cc, _fault',
  breaks: ['the server closes after the hellos', () => script().banners().hellos().end('server').end('client')],
  keeps: ['the client closes an open session', () => script().open().end('client').end('server')],
});

export const ORDER_RULES = [
  WRONG_DIRECTION,
  UNEXPECTED_TAG,
  HELLO_MISSING,
  HELLO_ENTITY_TYPE,
  HELLO_WRONG_PEER,
  HELLO_ADDRESS,
  TRAFFIC_AFTER_REJECT,
  CLOSE_MID_HANDSHAKE,
];
