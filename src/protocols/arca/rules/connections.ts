import type { Rule } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import {
  a2,
  accept,
  acceptErr,
  CLOSED,
  connect,
  connectErr,
  connectOk,
  incoming,
  listen,
  listenErr,
  listening,
  listenOk,
} from './steps-a.js';

/** Rules for listeners, connections, endpoints and error codes of family A. */
const rule = chapter('Arca control frames (family A): listeners and connections');

export const LISTENER_ID_ZERO = rule({
  id: 'listener-id-zero',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'ListenOk has listener id 0',
  meaning:
    'Listener ids start at 1; in a ready connection, 0 means that no listener was involved. The reference guest accepts the id and then sends AcceptRequests that the monitor cannot assign to a listener.',
  breaks: ['the first listener is 0', () => [listen(1), listenOk(1, 0)]],
  keeps: ['the first listener is 1', () => [listen(1), listenOk(1, 1)]],
});

export const LISTENER_ID_REUSED = rule({
  id: 'listener-id-reused',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a listener id is assigned twice',
  meaning:
    'No message closes a listener, so an id stays in use until the session ends. If two listeners have the same id, an AcceptRequest cannot say which of them it means.',
  breaks: ['listener 1 twice', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 1)]],
  keeps: ['listeners 1 and 2', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2)]],
});

export const LISTENER_ID_GAP = rule({
  id: 'listener-id-gap',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'listener ids skip numbers',
  meaning:
    'The monitor counts up by one for each successful listen, starting at 1 in each session. A missing number belongs to a listener that was not announced to this guest.',
  breaks: ['1 and then 3', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 3)]],
  keeps: ['1 and then 2', () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2)]],
});

export const ACCEPT_LISTENER_ZERO = rule({
  id: 'accept-listener-zero',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'an AcceptRequest names listener 0',
  meaning:
    'Listener id 0 means that there is no listener. A monitor of generation A3 answers AcceptErr with code 9; one of A2 ends the session without an answer.',
  breaks: ['an accept on 0', () => [...listening(), accept(2, 0), acceptErr(2, 9)]],
  keeps: ['an accept on 1', () => [...listening(), accept(2, 1), incoming(2, 1, 1)]],
});

export const ACCEPT_UNKNOWN_LISTENER = rule({
  id: 'accept-unknown-listener',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'an AcceptRequest names a listener that was never announced',
  meaning:
    'A guest learns of listeners only from ListenOk. If the monitor does not know the id, A3 answers AcceptErr with code 9 (EBADF) and continues; A2 ends its loop and sends nothing, so that the guest waits forever. Where the order of the two directions is not recorded, the rule is raised only after the AcceptErr or at the end of the recording.',
  breaks: ['an accept on 7', () => [...listening(), accept(2, 7), acceptErr(2, 9)]],
  keeps: ['an accept on 1', () => [...listening(), accept(2, 1), incoming(2, 1, 1)]],
});

export const ACCEPT_UNKNOWN_SILENT = rule({
  id: 'accept-unknown-silent',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'an AcceptRequest for an unknown listener gets no answer',
  meaning:
    'A monitor of generation A3 answers AcceptErr; if it stays silent, the guest waits forever. In a session of A2, or one that cannot be distinguished from it, the finding is only a note, because a monitor of A2 stops at such a request.',
  breaks: ['A3 does not answer', () => [...listening(), connect(2), connectOk(2, 1), accept(3, 7), ...CLOSED]],
  keeps: [
    'A3 answers the AcceptRequest',
    () => [...listening(), connect(2), connectOk(2, 1), accept(3, 1), incoming(3, 1, 2), ...CLOSED],
  ],
  also: ['accept-unknown-listener'],
});

export const MONITOR_CONTINUED = rule({
  id: 'monitor-continued',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a monitor of A2 continues after a request for an unknown listener',
  meaning:
    'In generation A2 such a request ends the loop of the monitor with an error. A monitor that answers later requests but not this one behaves like neither A2 nor A3: it lost the request.',
  breaks: [
    'a later connect is answered',
    () => [...a2(), listen(2), listenOk(2, 1), accept(3, 7), connect(4), connectErr(4, 111)],
  ],
  keeps: ['all requests are answered', () => [...a2(), listen(2), listenOk(2, 1), connect(3), connectErr(3, 111)]],
  also: ['accept-unknown-listener'],
});

export const ACCEPT_ERR_KNOWN_LISTENER = rule({
  id: 'accept-err-known-listener',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'AcceptErr says that an announced listener is unknown',
  meaning:
    'Code 9 (EBADF) in AcceptErr means that the monitor has no listener of that id. But it announced the listener in this session, and no message closes one. If the accept itself failed with EBADF in the kernel, the monitor has lost its socket.',
  breaks: ['code 9 for listener 1', () => [...listening(), accept(2, 1), acceptErr(2, 9)]],
  keeps: ['code 24 for listener 1', () => [...listening(), accept(2, 1), acceptErr(2, 24)]],
});

export const ACCEPT_ERR_CODE = rule({
  id: 'accept-err-code',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'an unknown listener is not answered with code 9',
  meaning:
    'A guest uses the code to distinguish a listener that does not exist (9, EBADF) from an accept that failed (the error number of the kernel).',
  breaks: ['code 22', () => [...listening(), accept(2, 7), acceptErr(2, 22)]],
  keeps: ['code 22 for a known listener', () => [...listening(), accept(2, 1), acceptErr(2, 22)]],
  also: ['accept-unknown-listener'],
});

export const INCOMING_LISTENER_ZERO = rule({
  id: 'incoming-listener-zero',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'IncomingConnection has listener id 0',
  meaning:
    'An inbound connection must name the listener that accepted it. Id 0 is reserved for outbound connections, so the guest would take the connection for an outbound one.',
  breaks: ['listener 0', () => [...listening(), accept(2, 1), incoming(2, 0, 1)]],
  keeps: ['listener 1', () => [...listening(), accept(2, 1), incoming(2, 1, 1)]],
});

export const INCOMING_LISTENER_MISMATCH = rule({
  id: 'incoming-listener-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the connection comes from another listener than requested',
  meaning:
    'An AcceptRequest waits on one listener, and the connection that answers it must come from that listener. Otherwise the guest gives the connection to the code that waits on the requested listener, and a client of one service reaches another one.',
  breaks: [
    '1 requested, 2 received',
    () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2), accept(3, 1), incoming(3, 2, 1)],
  ],
  keeps: [
    '2 requested, 2 received',
    () => [...listening(), listen(2, '0.0.0.0:81'), listenOk(2, 2), accept(3, 2), incoming(3, 2, 1)],
  ],
});

export const INCOMING_UNKNOWN_LISTENER = rule({
  id: 'incoming-unknown-listener',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'IncomingConnection names a listener that was never announced',
  meaning:
    'The monitor announces the id of a listener in ListenOk, on this stream. An id that never appeared there belongs to another guest or does not exist.',
  breaks: ['listener 5', () => [...listening(), accept(2, 1), incoming(2, 5, 1)]],
  keeps: ['listener 1', () => [...listening(), accept(2, 1), incoming(2, 1, 1)]],
});

export const CONNECT_OK_LISTENER = rule({
  id: 'connect-ok-listener',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'ConnectOk has a listener id',
  meaning:
    'An outbound connection has no listener, so the field must be 0. With any other value the guest treats it as an accepted connection of that listener.',
  breaks: ['listener 3', () => [connect(1), connectOk(1, 1, { listener: 3 })]],
  keeps: ['listener 0', () => [connect(1), connectOk(1, 1)]],
});

export const CONNECTION_ID_ZERO = rule({
  id: 'connection-id-zero',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a ready connection has id 0',
  meaning: 'Connection ids start at 1; 0 is reserved and never belongs to a connection.',
  breaks: ['the first connection is 0', () => [connect(1), connectOk(1, 0)]],
  keeps: ['the first connection is 1', () => [connect(1), connectOk(1, 1)]],
});

export const CONNECTION_ID_REUSED = rule({
  id: 'connection-id-reused',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a connection id is assigned twice',
  meaning:
    'Family A has no message that closes a connection, so an id must not be assigned again before the counter wraps. Two connections with the same id share everything that the guest stores by id.',
  breaks: [
    'connection 1 twice',
    () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 1, { pipe: 0x200_0000 })],
  ],
  keeps: ['connections 1 and 2', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
});

export const CONNECTION_ID_BACKWARDS = rule({
  id: 'connection-id-backwards',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a connection id is lower than the previous one',
  meaning:
    'The monitor takes the next id and writes the frame in one step, so ids appear in the order in which they were taken. A lower id that was not seen before means that there are two counters.',
  breaks: ['3 and then 2', () => [connect(1), connectOk(1, 3), connect(2), connectOk(2, 2)]],
  keeps: ['1 and then 2', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
  also: ['connection-id-gap'],
});

export const CONNECTION_ID_GAP = rule({
  id: 'connection-id-gap',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'connection ids skip numbers',
  meaning:
    'The monitor counts up by one for each successful connect or accept, starting at 1 in each session, and announces each connection to the guest. A missing number is a connection whose frame was never written: its region of shared memory is lost to the guest.',
  breaks: ['the first id is 7', () => [connect(1), connectOk(1, 7)]],
  keeps: ['the first id is 1', () => [connect(1), connectOk(1, 1)]],
});

export const LISTEN_DUPLICATE_ENDPOINT = rule({
  id: 'listen-duplicate-endpoint',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'ListenOk for an endpoint that already has a listener',
  meaning:
    'No message closes a listener, so the address and port are still in use and the host should refuse them with EADDRINUSE. A monitor that answers ListenOk did not bind, or shares the port, so that a connection may go to either listener.',
  breaks: ['0.0.0.0:8080 twice', () => [...listening(), listen(2), listenOk(2, 2)]],
  keeps: ['the second is refused', () => [...listening(), listen(2), listenErr(2, 98)]],
});

export const LISTEN_PORT_ZERO = rule({
  id: 'listen-port-zero',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'a ListenRequest has port 0',
  meaning:
    'With port 0 the host chooses a free port, but ListenOk has no field for it: the guest cannot learn on which port it listens.',
  breaks: ['port 0', () => [listen(1, '127.0.0.1:0'), listenOk(1, 1)]],
  keeps: ['port 8080', listening],
});

export const CONNECT_PORT_ZERO = rule({
  id: 'connect-port-zero',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a ConnectRequest has port 0',
  meaning:
    'No service can be reached at port 0, and the host answers with an error. Usually the port was never filled in.',
  breaks: ['10.0.0.9:0', () => [connect(1, '10.0.0.9:0'), connectErr(1, 111)]],
  keeps: ['10.0.0.9:80', () => [connect(1, '10.0.0.9:80'), connectErr(1, 111)]],
});

export const CONNECT_ANY_ADDRESS = rule({
  id: 'connect-any-address',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a ConnectRequest has an address that is not a host',
  meaning:
    'A TCP connection needs the address of one host. 0.0.0.0 is for listening (when connecting, Linux takes it for the machine itself, other systems refuse it); 224.0.0.0 to 239.255.255.255 are multicast groups, and 255.255.255.255 is the broadcast address.',
  breaks: ['0.0.0.0:80', () => [connect(1, '0.0.0.0:80'), connectErr(1, 111)]],
  keeps: ['127.0.0.1:80', () => [connect(1, '127.0.0.1:80'), connectErr(1, 111)]],
});

export const PORT_BYTE_ORDER = rule({
  id: 'port-byte-order',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'the port is a well-known one with its bytes swapped',
  meaning:
    'Ports are little-endian here, unlike in socket addresses. Port 36895, for example, is 8080 in network byte order: probably it was copied from a sockaddr without conversion. The mistake is easy to make because the address is in reading order.',
  breaks: ['port 36895', () => [listen(1, '127.0.0.1:36895'), listenOk(1, 1)]],
  keeps: ['port 8080', () => [listen(1, '127.0.0.1:8080'), listenOk(1, 1)]],
});

export const ERROR_CODE_ZERO = rule({
  id: 'error-code-zero',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'an error has code 0',
  meaning:
    'ListenErr, ConnectErr and AcceptErr carry a Linux error number, or 1 if none is known. 0 is not an error number: a guest that converts it to a result gets success without a connection.',
  breaks: ['ConnectErr 0', () => [connect(1), connectErr(1, 0)]],
  keeps: ['ConnectErr 111', () => [connect(1), connectErr(1, 111)]],
});

export const ERROR_CODE_RANGE = rule({
  id: 'error-code-range',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'an error code is not a Linux error number',
  meaning:
    'The error numbers of Linux end at 133. A larger code comes from another system, or is a negative number that was cast.',
  breaks: ['ConnectErr 10061', () => [connect(1), connectErr(1, 10061)]],
  keeps: ['ConnectErr 111', () => [connect(1), connectErr(1, 111)]],
});

export const ERROR_CODE_GENERIC = rule({
  id: 'error-code-generic',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'error code 1 does not give a reason',
  meaning:
    'A monitor sends 1 if the failure has no error number. The same value is EPERM, so a guest cannot distinguish a refusal from an unknown failure.',
  breaks: ['ConnectErr 1', () => [connect(1), connectErr(1, 1)]],
  keeps: ['ConnectErr 13', () => [connect(1), connectErr(1, 13)]],
});

export const CONNECTION_RULES: readonly Rule[] = [
  LISTENER_ID_ZERO,
  LISTENER_ID_REUSED,
  LISTENER_ID_GAP,
  ACCEPT_LISTENER_ZERO,
  ACCEPT_UNKNOWN_LISTENER,
  ACCEPT_UNKNOWN_SILENT,
  MONITOR_CONTINUED,
  ACCEPT_ERR_KNOWN_LISTENER,
  ACCEPT_ERR_CODE,
  INCOMING_LISTENER_ZERO,
  INCOMING_LISTENER_MISMATCH,
  INCOMING_UNKNOWN_LISTENER,
  CONNECT_OK_LISTENER,
  CONNECTION_ID_ZERO,
  CONNECTION_ID_REUSED,
  CONNECTION_ID_BACKWARDS,
  CONNECTION_ID_GAP,
  LISTEN_DUPLICATE_ENDPOINT,
  LISTEN_PORT_ZERO,
  CONNECT_PORT_ZERO,
  CONNECT_ANY_ADDRESS,
  PORT_BYTE_ORDER,
  ERROR_CODE_ZERO,
  ERROR_CODE_RANGE,
  ERROR_CODE_GENERIC,
];
