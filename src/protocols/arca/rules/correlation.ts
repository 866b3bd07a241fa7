import type { Rule, Step } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import { accept, CLOSED, connect, connectErr, connectOk, incoming, listen, listening, listenOk } from './steps-a.js';

/** Rules for requests and replies of family A. */
const rule = chapter('Arca control frames (family A): request ids and replies');

export const REQUEST_ID_ZERO = rule({
  id: 'request-id-zero',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a request has id 0',
  meaning:
    'Request ids start at 1. Id 0 marked the connections that a monitor of generation A0 sent without a request, so a reply to request 0 cannot be distinguished from such a connection. According to the document the counter wraps from 0xffffffff to 1; the program of generation A3 lets it wrap to 0, so a session can also get here after about four billion requests.',
  breaks: ['the guest starts at 0', () => [listen(0), listenOk(0, 1), connect(1), connectOk(1, 1)]],
  keeps: ['the guest starts at 1', () => [listen(1), listenOk(1, 1), connect(2), connectOk(2, 1)]],
});

export const REQUEST_ID_FIRST = rule({
  id: 'request-id-first',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'the first request of a session does not have id 1',
  meaning:
    'The counter of the reference guest starts at 1 in each session. Another first id is allowed, since ids only have to be unique among open requests. It indicates another implementation, a session that was resumed, or a recording that began later than it claims.',
  breaks: ['the first id is 42', () => [listen(42), listenOk(42, 1)]],
  keeps: ['the first id is 1', listening],
});

export const REQUEST_ID_GAP = rule({
  id: 'request-id-gap',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'request ids skip numbers',
  meaning:
    'The reference guest counts up by one for every request of any kind. A larger step does no harm, since a reply carries the id that it answers, but it often means that a request was prepared and never written.',
  breaks: ['from 1 to 5', () => [...listening(), connect(5), connectOk(5, 1)]],
  keeps: ['from 1 to 2', () => [...listening(), connect(2), connectOk(2, 1)]],
});

export const REQUEST_ID_BACKWARDS = rule({
  id: 'request-id-backwards',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a request id is lower than the previous one',
  meaning:
    'Ids increase with each request and start again only at the end of the 32-bit range (a step from 0xffff0000 or above to 0xffff or below counts as that). An id that is lower, although it was not used before, comes from several counters on one stream: two threads of a guest that count separately will sooner or later use the same id at the same time.',
  breaks: ['7 and then 3', () => [listen(7), listenOk(7, 1), connect(3), connectOk(3, 1)]],
  keeps: ['the counter wraps', () => [listen(0xffff_ffff), listenOk(0xffff_ffff, 1), connect(1), connectOk(1, 1)]],
});

export const REQUEST_ID_REUSED_IN_FLIGHT = rule({
  id: 'request-id-reused-in-flight',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a request uses the id of a request that is not answered yet',
  meaning:
    'The id is the only link between a reply and its request. If two open requests have the same id, neither side can say to which of them a reply belongs, and a guest that waits for one takes the reply to the other. The usual cause is an AcceptRequest, which may stay open until somebody connects.',
  breaks: [
    'a connect uses the id of a waiting accept',
    () => [...listening(), accept(2, 1), connect(2), connectOk(2, 1)],
  ],
  keeps: ['the connect has an id of its own', () => [...listening(), accept(2, 1), connect(3), connectOk(3, 1)]],
});

export const REQUEST_ID_REUSED = rule({
  id: 'request-id-reused',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a request uses the id of an answered request',
  meaning:
    'Once a request is answered its id is free, so nothing goes wrong at once. But ids should be reused only after the whole 32-bit range: a late or duplicate reply to the old request would be taken for the answer to the new one.',
  breaks: ['request 1 twice', () => [...listening(), connect(1), connectOk(1, 1)]],
  keeps: ['requests 1 and 2', () => [...listening(), connect(2), connectOk(2, 1)]],
});

export const REPLY_UNKNOWN_REQUEST = rule({
  id: 'reply-unknown-request',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply names a request that was never sent',
  meaning:
    'Every frame of the monitor answers a request and repeats its id. The reference guest compares the id with that of the request that it waits for, and fails on any other. The rule is raised only in a session that was captured without gaps, from its start or with its first request, because otherwise the request may just not have been recorded.',
  breaks: ['the monitor answers request 9', () => [...listening(), connect(2), connectErr(900, 111)]],
  keeps: ['the monitor answers request 2', () => [...listening(), connect(2), connectErr(2, 111)]],
});

export const REPLY_DUPLICATE = rule({
  id: 'reply-duplicate',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a request is answered twice',
  meaning:
    'A request gets exactly one reply. The guest takes the second one for its next reply and fails because of the wrong request id; what the second reply hands out (a listener, a region of shared memory) is lost.',
  breaks: ['ConnectErr twice', () => [...listening(), connect(2), connectErr(2, 111), connectErr(2, 111)]],
  keeps: ['ConnectErr once', () => [...listening(), connect(2), connectErr(2, 111)]],
});

export const REPLY_TYPE_MISMATCH = rule({
  id: 'reply-type-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the type of a reply does not belong to its request',
  meaning:
    'ListenRequest is answered by ListenOk or ListenErr, ConnectRequest by ConnectOk or ConnectErr, AcceptRequest by IncomingConnection or (since generation A3) AcceptErr. Any other reply is an unexpected message for the guest, which gives up the session.',
  breaks: ['ListenOk for a connect', () => [connect(1), listenOk(1, 1), listen(2), listenOk(2, 2)]],
  keeps: ['ConnectOk for a connect', () => [connect(1), connectOk(1, 1), listen(2), listenOk(2, 1)]],
});

export const REPLY_BEFORE_REQUEST = rule({
  id: 'reply-before-request',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply is sent before its request has arrived',
  meaning:
    'The reply left the monitor before the request had arrived there, so the monitor guessed the id. Since a recording may show the two directions in the wrong order, the rule is raised only where acknowledgements prove it, or where the recorder is known to keep the order.',
  breaks: ['ListenOk for request 2 comes early', () => [...listening(), listenOk(2, 2), listen(2, '0.0.0.0:81')]],
  keeps: ['ListenOk comes after the request', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2)]],
});

export const UNSOLICITED_INCOMING = rule({
  id: 'unsolicited-incoming',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'an incoming connection was not requested',
  meaning:
    'In generations A1 to A3 an IncomingConnection answers an AcceptRequest and carries its id. Generation A0 sent connections without a request, with id 0; this was abandoned because a guest that reads one frame per request takes such a connection for the reply to something else. The rule is raised for id 0 in sessions that have AcceptRequests, and for ids that no AcceptRequest had. A session without any AcceptRequest is assumed to be A0 and only noted (push-model).',
  breaks: [
    'a connection is sent without a request although accepts are used',
    () => [...listening(), accept(2, 1), incoming(2, 1, 1), incoming(0, 1, 2)],
  ],
  keeps: [
    'each connection answers an accept',
    () => [...listening(), accept(2, 1), incoming(2, 1, 1), accept(3, 1), incoming(3, 1, 2)],
  ],
});

export const SYNC_REPLY_ORDER = rule({
  id: 'sync-reply-order',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'replies to Listen and Connect are out of order',
  meaning:
    'A monitor completes a ListenRequest or ConnectRequest before it reads the next frame, so their replies come in the order of the requests, and a guest with several threads may rely on that. AcceptRequests are excluded: they wait until somebody connects.',
  breaks: [
    'the second connect is answered first',
    () => [connect(1), connect(2, '10.0.0.9:81'), connectErr(2, 111), connectOk(1, 1)],
  ],
  keeps: ['in order', () => [connect(1), connect(2, '10.0.0.9:81'), connectOk(1, 1), connectErr(2, 111)]],
});

export const ACCEPT_ORDER = rule({
  id: 'accept-order',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the accepts of a listener are answered out of order',
  meaning:
    'A monitor keeps one queue of waiting AcceptRequests for each listener. Every connection goes to the request that has waited longest, and so does an AcceptErr for a failed accept. Only AcceptErr with code 9 (unknown listener) is sent at once. There is no order between different listeners.',
  breaks: [
    'the second accept gets the connection',
    () => [...listening(), accept(2, 1), accept(3, 1), incoming(3, 1, 1), incoming(2, 1, 2)],
  ],
  keeps: [
    'the first accept gets the connection',
    () => [...listening(), accept(2, 1), accept(3, 1), incoming(2, 1, 1), incoming(3, 1, 2)],
  ],
});

export const PIPELINED = rule({
  id: 'pipelined',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'both',
  title: 'a request is sent while another one is open',
  meaning:
    'The protocol allows it and monitors support it. The reference guest sends one request and reads exactly one frame, so a guest that pipelines requests needs its own reader that assigns replies by id. Reported once a session. The rule is off by default.',
  breaks: ['a connect while an accept waits', () => [...listening(), accept(2, 1), connect(3), connectOk(3, 1)]],
  keeps: ['one after the other', () => [...listening(), accept(2, 1), incoming(2, 1, 1), connect(3), connectOk(3, 2)]],
});

export const INTERLEAVED_REPLIES = rule({
  id: 'interleaved-replies',
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a reply overtakes the reply to an older Listen or Connect',
  meaning:
    'With several requests open, a reply arrived for another request than the oldest Listen or Connect. The reference guest reads one frame and expects it to answer its latest request, so it fails here. Replies to accepts that were already waiting are not counted, because they may come at any time.',
  breaks: [
    'an accept that was sent later is answered before a connect',
    () => [...listening(), connect(2), accept(3, 1), incoming(3, 1, 1), connectOk(2, 2)],
  ],
  keeps: [
    'the connect is answered first',
    () => [...listening(), connect(2), accept(3, 1), connectOk(2, 1), incoming(3, 1, 2)],
  ],
});

export const REQUEST_UNANSWERED = rule({
  id: 'request-unanswered',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'a Listen or Connect is never answered',
  meaning:
    'The session ended without a reply to the request, although a monitor serves Listen and Connect at once. The usual cause is a monitor that died during a connect. Requests after a frame that makes a monitor give up are not reported, nor are requests in a recording that simply stops.',
  breaks: ['a connect without a reply', () => [...listening(), connect(2), ...CLOSED]],
  keeps: ['the connect fails with an answer', () => [...listening(), connect(2), connectErr(2, 110), ...CLOSED]],
});

export const ACCEPT_PENDING_AT_END = rule({
  id: 'accept-pending-at-end',
  severity: 'note',
  party: 'either',
  needs: 'session',
  title: 'an AcceptRequest is still waiting at the end of the session',
  meaning:
    'Nobody connected to the listener after this request. This is not a fault of either side: no message cancels an AcceptRequest, so most sessions of a server end like this.',
  breaks: ['nobody connects', () => [...listening(), accept(2, 1), ...CLOSED]],
  keeps: ['somebody connects', () => [...listening(), accept(2, 1), incoming(2, 1, 1), ...CLOSED]],
});

export const CONNECT_SLOW = rule({
  id: 'connect-slow',
  severity: 'note',
  party: 'either',
  needs: 'both',
  title: 'a Connect takes longer than three seconds',
  meaning:
    'A monitor waits for the TCP handshake before it reads the next frame. Until then no other request is served and no accepted connection is announced: one unreachable address blocks the whole guest.',
  breaks: ['the answer takes four seconds', () => [connect(1), ...pause(4000), connectErr(1, 110)]],
  keeps: ['the answer comes at once', () => [connect(1), connectErr(1, 111), connect(2), connectOk(2, 1)]],
});

/** Lets time pass, one millisecond a step, after the guest has ended its stream. */
function pause(millis: number): Step[] {
  return Array.from({ length: millis }, () => ({ from: 'client', end: 'fin' }));
}

export const CORRELATION_RULES: readonly Rule[] = [
  REQUEST_ID_ZERO,
  REQUEST_ID_FIRST,
  REQUEST_ID_GAP,
  REQUEST_ID_BACKWARDS,
  REQUEST_ID_REUSED_IN_FLIGHT,
  REQUEST_ID_REUSED,
  REPLY_UNKNOWN_REQUEST,
  REPLY_DUPLICATE,
  REPLY_TYPE_MISMATCH,
  REPLY_BEFORE_REQUEST,
  UNSOLICITED_INCOMING,
  SYNC_REPLY_ORDER,
  ACCEPT_ORDER,
  PIPELINED,
  INTERLEAVED_REPLIES,
  REQUEST_UNANSWERED,
  ACCEPT_PENDING_AT_END,
  CONNECT_SLOW,
];
