import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { clientIdentPayload, script } from '../script.js';
import { rule } from './rule.js';

const STATES = 'ProtocolV2.cc, the "not in ... state" checks; doc/dev/msgr2.rst, message flow';

export const WRONG_DIRECTION = rule('wrong-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame that only the other side may send',
  meaning:
    'The side that opened the connection asks, the other one answers: AUTH_REQUEST(_MORE), CLIENT_IDENT, SESSION_RECONNECT and COMPRESSION_REQUEST come from the connecting side, their answers from the accepting one. A receiver is never in a state that accepts them the other way round.',
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
  title: 'a frame that is not allowed in this state',
  meaning:
    'Handshake frames follow a fixed order on each side: banner, HELLO, authentication, signature, compression where both banners offer it, ident or reconnect, then traffic. Receivers check the state for every frame and close when it is wrong. The finding names the state and what it allows. An AUTH_REQUEST after a refusal in the "more" stage is only noted: released versions differ there.',
  spec: STATES,
  breaks: ['a MESSAGE before the session was named', () => script().login().message('client')],
  keeps: ['the MESSAGE follows the idents', () => script().open().message('client')],
});

export const HELLO_MISSING = rule('hello-missing', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the first frame is not HELLO',
  meaning:
    'Behind the banner each side says what it is, in a HELLO. Any other frame in that place is refused: the receiver needs the entity type to choose its authentication.',
  spec: 'ProtocolV2.cc, handle_hello',
  breaks: ['the client begins with AUTH_REQUEST', () => script().banners().request()],
  keeps: ['HELLO comes first', () => script().banners().hellos().request()],
});

export const HELLO_ENTITY_TYPE = rule('hello-entity-type', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'HELLO names an entity type that does not exist',
  meaning: 'A peer is a mon (1), mds (2), osd (4), client (8) or mgr (16). Policies and keys are chosen by this byte.',
  spec: 'src/include/msgr.h, CEPH_ENTITY_TYPE_*',
  breaks: ['type 3', () => script().banners().hellos({ type: 3 })],
  keeps: ['type 8, a client', () => script().banners().hellos()],
});

export const HELLO_WRONG_PEER = rule('hello-wrong-peer', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'the server greets as something else than what the client asks for',
  meaning:
    'A login (mode 10) is for monitors only, and a ticket names the service that it opens. The HELLO of the server says what it is. Either that is wrong (a server that greets as a client), or the client dialled the wrong address, typically one that another daemon has taken over, and did not compare the HELLO with what it meant to reach.',
  spec: 'ProtocolV2.cc, handle_hello; MonClient.cc, handle_auth_request',
  breaks: ['a login at an OSD', () => script().banners().hellos({}, { type: 4 }).request()],
  keeps: ['a login at a monitor', () => script().banners().hellos().request()],
});

export const HELLO_ADDRESS = rule('hello-address', {
  off: true,
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: "HELLO shows another address than the peer's own",
  meaning:
    'Each side tells the other what socket address it sees it under. A difference to the address in the capture is network address translation or a proxy between the capture and the sender.',
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
  title: 'the client goes on after it was turned away',
  meaning:
    "IDENT_MISSING_FEATURES and WAIT end a connection: the client lacks a feature, or the server's own connection attempt wins. It has to close. Frames after that will never be read.",
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
  title: 'the connection ended before the session was open',
  meaning:
    'There is no frame for giving up: a side that cannot go on closes. The text says how far the handshake came and who closed first. Typical causes: a wrong key, no common method, the wrong daemon at this address, a monitor without quorum, a fault injected for tests. A client that leaves without having been refused is a note, once a file: a program that is done closes what it had begun, and a client asks several monitors at once.',
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
