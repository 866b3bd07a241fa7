import { example, rule } from './rule.js';
import {
  clientCloses,
  data,
  disconnect,
  error,
  EINVAL,
  READ,
  request,
  serverCloses,
  simple,
  simpleSession,
  structuredSession,
} from './session-steps.js';

/** Rules for the end of sessions. */

export const REPLY_UNFINISHED = rule('reply-unfinished', 'error', 'server', 'session', {
  title: 'the server leaves a reply unfinished until the client gives up',
  meaning:
    'A reply has begun, everything that the server sent of it was received, and nothing more followed until the client closed the connection. The length of the reply is known from its header or its request, so the client had to wait for the rest: the server sent too little, or hangs. A server that cannot continue inside the data of a simple reply should close the connection. The client may also have stopped reading, so the finding is never certain.',
  spec: 'Terminating the transmission phase',
  breaks: example('512 of 1024 bytes of data, then the client closes', () => [
    ...simpleSession(),
    request(READ, 1, 0, 1024),
    simple(1, 0, 512),
    { pause: 5 },
    clientCloses,
    serverCloses,
  ]),
  keeps: example('all 1024 bytes', () => [
    ...simpleSession(),
    request(READ, 1, 0, 1024),
    simple(1, 0, 1024),
    ...disconnect(),
  ]),
});

export const DISCONNECT_ON_ZERO_LENGTH = rule('disconnect-on-zero-length', 'warning', 'server', 'session', {
  title: 'the server closes the connection on a request of length zero',
  meaning:
    'A client should not send a request of length zero, and the result of one is not specified: success, or an error. But the server should not close the connection, because other requests may be in flight on it.',
  spec: 'Request types',
  breaks: example('the server closes on a READ of 0 bytes', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    data(1, 0, 512),
    request(READ, 2, 0, 0),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('the server refuses a request of 512 bytes', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    data(1, 0, 512),
    request(READ, 2, 0, 512),
    error(2, EINVAL),
    ...disconnect(),
  ]),
  also: ['zero-length-request'],
});

export const ENDING_RULES = [REPLY_UNFINISHED, DISCONNECT_ON_ZERO_LENGTH];
