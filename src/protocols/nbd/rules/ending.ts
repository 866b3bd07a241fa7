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
  title: 'the server left a reply unfinished, and the client gave up',
  meaning:
    'A reply has begun, all that came of it was received, and nothing more followed until the client closed. Its length was announced (in the header, or by the request that it answers), so the client had to wait for the rest: the server sent too little, or hangs. A server that cannot go on inside the data of a simple reply closes the connection. That the client itself had stopped reading is possible, so the finding is never certain.',
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
  title: 'the server closed on a request of length zero',
  meaning:
    'A client should not ask for nothing, and what a server does about it is its own affair: success, or an error. But it should not close the connection, on which other requests may be waiting for their answers.',
  spec: 'Request types',
  breaks: example('the server closes on a READ of 0 bytes', () => [
    ...structuredSession(),
    request(READ, 1, 0, 512),
    data(1, 0, 512),
    request(READ, 2, 0, 0),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('a request of 512 bytes, which it refuses', () => [
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
