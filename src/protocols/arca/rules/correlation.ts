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
    'Request ids count from 1. Id 0 was the mark of connections that a monitor of generation A0 pushed without being asked, so that a reply to request 0 cannot be told from a push. The document lets the counter go from 0xffffffff to 1; the program of generation A3 lets it go to 0, which is how a real session gets here after four thousand million requests.',
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
    'The counter of the reference guest starts at 1 with each session. Another first id is allowed, since ids only have to be unique among open requests, but it shows another implementation, or a session that was resumed, or that the recording began later than it says.',
  breaks: ['the first id is 42', () => [listen(42), listenOk(42, 1)]],
  keeps: ['the first id is 1', listening],
});

export const REQUEST_ID_GAP = rule({
  id: 'request-id-gap',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'request ids leave numbers out',
  meaning:
    'The reference guest counts up by one for every request of any kind. A step of more than one breaks nothing, since a reply carries whatever id it answers, but it often means that a request was prepared and never written.',
  breaks: ['from 1 to 5', () => [...listening(), connect(5), connectOk(5, 1)]],
  keeps: ['from 1 to 2', () => [...listening(), connect(2), connectOk(2, 1)]],
});

export const REQUEST_ID_BACKWARDS = rule({
  id: 'request-id-backwards',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a request id is lower than the one before',
  meaning:
    'Ids grow with each request; only at the end of the 32-bit range do they start again (a step from 0xffff0000 or above to 0xffff or below counts as that). An id that goes back, although it was not used before, comes from several counters on one stream: two threads of a guest that each count for themselves will sooner or later use the same id at once.',
  breaks: ['7 and then 3', () => [listen(7), listenOk(7, 1), connect(3), connectOk(3, 1)]],
  keeps: ['the counter wraps', () => [listen(0xffff_ffff), listenOk(0xffff_ffff, 1), connect(1), connectOk(1, 1)]],
});

export const REQUEST_ID_REUSED_IN_FLIGHT = rule({
  id: 'request-id-reused-in-flight',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a request uses the id of one that is not answered yet',
  meaning:
    'A reply names its request by the id and by nothing else. With two open requests of one id neither side can say which of them a reply is for; a guest that waits for the first will take the answer to the second. Accepts make this easy to get wrong, because they may stay open for as long as nobody connects.',
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
    'Once a request is answered its id is free, so that nothing goes wrong at once. But ids are meant to come round only after the whole 32-bit range: a late or duplicated reply to the old request would be taken for the answer to the new one.',
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
    'Every frame of the monitor answers a request and copies its id. The reference guest compares the id with that of the request it waits for and fails on any other. Ids of requests that the recording may have missed are not counted: the rule needs a session that was captured from its start, or whose first request is in the recording, and no gap.',
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
    'A request gets exactly one reply. The second one will be read by whoever waits for the next reply, which fails with a wrong request id; what the second reply hands out (a listener, a region of shared memory) belongs to nobody.',
  breaks: ['ConnectErr twice', () => [...listening(), connect(2), connectErr(2, 111), connectErr(2, 111)]],
  keeps: ['ConnectErr once', () => [...listening(), connect(2), connectErr(2, 111)]],
});

export const REPLY_TYPE_MISMATCH = rule({
  id: 'reply-type-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the reply does not belong to the kind of request',
  meaning:
    'ListenRequest is answered by ListenOk or ListenErr, ConnectRequest by ConnectOk or ConnectErr, AcceptRequest by IncomingConnection or (from generation A3 on) AcceptErr. The guest takes anything else for an unexpected message and gives the session up.',
  breaks: ['ListenOk for a connect', () => [connect(1), listenOk(1, 1), listen(2), listenOk(2, 2)]],
  keeps: ['ConnectOk for a connect', () => [connect(1), connectOk(1, 1), listen(2), listenOk(2, 1)]],
});

export const REPLY_BEFORE_REQUEST = rule({
  id: 'reply-before-request',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply was sent before its request',
  meaning:
    'The reply to a request left the monitor before the request itself had arrived there: the monitor guessed the id. Since the order in which a recording shows the two directions can be wrong, the rule is only raised where acknowledgements prove it, or where the recorder is known to keep the order.',
  breaks: ['ListenOk for request 2 comes early', () => [...listening(), listenOk(2, 2), listen(2, '0.0.0.0:81')]],
  keeps: ['ListenOk comes after the request', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2)]],
});

export const UNSOLICITED_INCOMING = rule({
  id: 'unsolicited-incoming',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'an incoming connection was not asked for',
  meaning:
    'In generations A1 to A3 an IncomingConnection is the answer to an AcceptRequest and carries its id. Pushing connections with id 0, as A0 did, was given up: a guest that reads one frame per request takes the push for the answer to something else. The rule is raised for id 0 in sessions that show AcceptRequests, and for ids that no AcceptRequest had. A session without any AcceptRequest is taken for A0 and only noted (push-model).',
  breaks: [
    'a connection is pushed although accepts are used',
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
    'A monitor serves ListenRequest and ConnectRequest to completion before it reads the next frame, so that their replies come in the order of the requests; a guest with several threads may rely on it. AcceptRequests are excluded: they wait until somebody connects.',
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
  title: 'accepts of one listener are answered out of order',
  meaning:
    'A monitor keeps one queue of waiting AcceptRequests for each listener, first come, first served: also an AcceptErr for a failed accept goes to the one that waits longest. Only AcceptErr with code 9 (unknown listener) is answered at once. Between listeners there is no order.',
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
    'The protocol allows it and monitors handle it. The reference guest does not do it: its session sends one request and reads exactly one frame, so that a guest that pipelines needs a reader of its own that hands replies out by id. Reported once for a session.',
  breaks: ['a connect while an accept waits', () => [...listening(), accept(2, 1), connect(3), connectOk(3, 1)]],
  keeps: ['one after the other', () => [...listening(), accept(2, 1), incoming(2, 1, 1), connect(3), connectOk(3, 2)]],
});

export const INTERLEAVED_REPLIES = rule({
  id: 'interleaved-replies',
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a reply overtakes that to an older Listen or Connect',
  meaning:
    'With several requests open, a reply arrived for another one than the oldest Listen or Connect. The reference guest, which reads one frame and expects it to answer what it just asked, fails here. Accepts that were waiting before are not counted: being overtaken is their nature, and so is being answered at any time.',
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
  title: 'a Listen or Connect was never answered',
  meaning:
    'The session ended and the request got no reply, although a monitor serves Listen and Connect at once. A monitor that died in the middle of a connect looks like this. Requests after a frame that makes a monitor give up are not counted, nor is anything in a recording that simply stops.',
  breaks: ['a connect without a reply', () => [...listening(), connect(2), ...CLOSED]],
  keeps: ['the connect fails with an answer', () => [...listening(), connect(2), connectErr(2, 110), ...CLOSED]],
});

export const ACCEPT_PENDING_AT_END = rule({
  id: 'accept-pending-at-end',
  severity: 'note',
  party: 'either',
  needs: 'session',
  title: 'an AcceptRequest still waits at the end',
  meaning:
    'Nobody connected to the listener after this request. That is no fault of either side: there is no message that takes an AcceptRequest back, so that most sessions of a server end like this.',
  breaks: ['nobody connects', () => [...listening(), accept(2, 1), ...CLOSED]],
  keeps: ['somebody connects', () => [...listening(), accept(2, 1), incoming(2, 1, 1), ...CLOSED]],
});

export const CONNECT_SLOW = rule({
  id: 'connect-slow',
  severity: 'note',
  party: 'either',
  needs: 'both',
  title: 'a Connect took longer than three seconds',
  meaning:
    'A monitor waits for the TCP handshake before it reads the next frame. While it does, no other request is served and no accepted connection is announced: one unreachable address stops the whole guest.',
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
