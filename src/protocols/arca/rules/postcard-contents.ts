import type { Rule } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import { CLOSED } from './steps-a.js';
import {
  ack,
  args,
  bytes,
  c2Accept,
  c2Ack,
  c2Bytes,
  c2Close,
  c2Err,
  c2Listen,
  c2Listener,
  c2Read,
  c2Receive,
  c2Started,
  c2StopListening,
  connectTo,
  editing,
  exit,
  getArgs,
  mkdir,
  offset,
  open,
  pipe,
  read,
  READ_ONLY,
  receive,
  received,
  seekStart,
  send,
  sent,
  started,
  talking,
  WRITE_NEW,
} from './steps-c.js';

/** Rules for the contents of requests and answers of family C. */
const rule = chapter('Arca postcard frames (family C): contents');

export const EXIT_CODE_NONZERO = rule({
  id: 'exit-code-nonzero',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'the guest exits with a code other than 0',
  meaning:
    'Exit carries the code with which the host process ends. A code other than 0 tells the caller that the run failed.',
  breaks: ['Exit -1', () => [...started(), exit(-1)]],
  keeps: ['Exit 0', () => [...started(), exit(0)]],
});

export const BYTES_EXCESS = rule({
  id: 'bytes-excess',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'an answer has more bytes than requested',
  meaning: 'The guest copies the answer into a buffer of the requested length; with more bytes the copy panics.',
  breaks: ['12 bytes for a Read of 4', () => [...editing(), read(4), bytes('hello, world')]],
  keeps: ['4 bytes for a Read of 4', () => [...editing(), read(4), bytes('hell')]],
});

export const LENGTH_EXCESS = rule({
  id: 'length-excess',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'Length reports more bytes than were sent',
  meaning:
    'Length says how many of the bytes were written. The guest continues after them; if it is more than were sent, it continues past the end of its buffer.',
  breaks: ['6 of 5 bytes', () => [...talking(), send('hello'), sent(6)]],
  keeps: ['5 of 5 bytes', () => [...talking(), send('hello'), sent(5)]],
});

export const SHORT_WRITE = rule({
  id: 'short-write',
  severity: 'note',
  party: 'server',
  needs: 'both',
  title: 'fewer bytes are written than were sent',
  meaning:
    'A socket may accept only a part of the data. The guest has to send the rest with its next request; not all callers do (short-write-dropped).',
  breaks: ['3 of 5 bytes', () => [...talking(), send('hello'), sent(3), send('lo'), sent(2)]],
  keeps: ['5 of 5 bytes', () => [...talking(), send('hello'), sent(5)]],
});

export const SHORT_WRITE_DROPPED = rule({
  id: 'short-write-dropped',
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the rest of a short write is not sent again',
  meaning:
    'The host wrote only a part of the data, and the next Write or Send on the same pipe does not begin with the rest. These bytes are missing from the file or the connection. Up to 4096 bytes of each write are remembered for this comparison.',
  breaks: ['"lo" is lost', () => [...talking(), send('hello'), sent(3), send('again'), sent(5)]],
  keeps: ['"lo" comes next', () => [...talking(), send('hello'), sent(3), send('lo again'), sent(8)]],
});

export const ZERO_LENGTH_RECEIVE = rule({
  id: 'zero-length-receive',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'a Read or Receive requests 0 bytes',
  meaning:
    'The answer is always empty. An empty answer also means the end of the file or connection, so the caller cannot distinguish the two.',
  breaks: ['Receive 0', () => [...talking(), receive(0), received('')]],
  keeps: ['Receive 1', () => [...talking(), receive(1), received('x')]],
});

export const RECEIVE_AFTER_EOF = rule({
  id: 'receive-after-eof',
  severity: 'note',
  party: 'client',
  needs: 'both',
  title: 'a Receive is sent after the end of the connection',
  meaning:
    'The previous answer was empty, which means that the peer has closed. Another Receive gets another empty answer at best; a loop that does not check the length never ends.',
  breaks: ['Receive after an empty answer', () => [...talking(), receive(64), received(''), receive(64), received('')]],
  keeps: ['Receive after bytes', () => [...talking(), receive(64), received('x'), receive(64), received('')]],
});

export const RECEIVE_HUGE = rule({
  id: 'receive-huge',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a Read or Receive requests more than 64 MiB',
  meaning:
    'The host allocates the whole length before it reads a byte, so a guest can exhaust its memory with one message.',
  breaks: ['Receive of 1 GiB', () => [...talking(), receive(2 ** 30), received('x')]],
  keeps: ['Receive of 64 KiB', () => [...talking(), receive(65536), received('x')]],
});

export const OPEN_MODE = rule({
  id: 'open-mode',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'an open mode is not valid',
  meaning:
    'The host passes the five bools to the file system unchanged. These combinations are refused with InvalidInput: none of read, write and append; create or truncate without write or append; truncate together with append. In generation C3 the host panics then.',
  breaks: ['create without write', () => [...started(), open('a.fix', { ...READ_ONLY, create: 1 }), pipe(1)]],
  keeps: ['create with write', () => [...started(), open('a.fix', WRITE_NEW), pipe(1)]],
});

export const OPEN_PATH_EMPTY = rule({
  id: 'open-path-empty',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a path is empty',
  meaning: 'No file has an empty name: the host answers NotFound, or panics in generation C3.',
  breaks: ['Open of ""', () => [...started(), mkdir('a/b'), ack(), open('')]],
  keeps: ['Open of "a.fix"', () => [...started(), mkdir('a/b'), ack(), open('a.fix'), pipe(1)]],
});

export const PATH_NUL = rule({
  id: 'path-nul',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a path or host name contains a NUL byte',
  meaning:
    'Linux names cannot contain a NUL byte; the host refuses them with InvalidInput before it looks for the file. The usual cause is a guest that sends a buffer of fixed size with its padding.',
  breaks: ['"a.fix" with a NUL byte at the end', () => [...started(), mkdir('a/b'), ack(), open('a.fix\0')]],
  keeps: ['"a.fix"', () => [...started(), mkdir('a/b'), ack(), open('a.fix'), pipe(1)]],
});

export const CONNECT_HOST_EMPTY = rule({
  id: 'connect-host-empty',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a host name is empty',
  meaning: 'An empty name cannot be resolved, and the host panics, because Connect has no error answer.',
  breaks: ['Connect to ""', () => [...started(), mkdir('a/b'), ack(), connectTo('')]],
  keeps: ['Connect to "example.org"', () => [...started(), mkdir('a/b'), ack(), connectTo('example.org'), pipe(1)]],
});

export const SEEK_OFFSET_MISMATCH = rule({
  id: 'seek-offset-mismatch',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a seek from the start ends at another position',
  meaning:
    'Seeking to a position relative to the start of a file always succeeds there, even past its end. Another position means that the answer belongs to another seek, or that the file does not support seeking.',
  breaks: ['100 requested, 0 reached', () => [...editing(), seekStart(100), offset(0)]],
  keeps: ['100 requested, 100 reached', () => [...editing(), seekStart(100), offset(100)]],
});

export const GETARGS_REPEATED = rule({
  id: 'getargs-repeated',
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'the arguments are requested again',
  meaning:
    'The arguments of a run do not change, and the original guest requests them once at its start. A second request comes from another program, or from one that was restarted on the same pipe.',
  breaks: ['GetArgs twice', () => [...started(), mkdir('a/b'), ack(), getArgs(), args('fix', 'eval')]],
  keeps: ['GetArgs once', () => [...started(), mkdir('a/b'), ack()]],
});

export const RESULT_ERR_ANSWER = rule({
  id: 'result-err',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'server',
  title: 'an answer of generation C2 is an error',
  meaning:
    'Every answer of C2 is a Result that could hold an error, but the published host never sends one: it panics instead. This host is another implementation.',
  breaks: ['a Read fails', () => [...c2Started(), c2Read(64), c2Err(1)]],
  keeps: ['a Read succeeds', () => [...c2Started(), c2Read(64), c2Bytes('hi')]],
});

export const DESCRIPTOR_UNKNOWN = rule({
  id: 'descriptor-unknown',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a descriptor was never handed out',
  meaning:
    'The descriptors of generation C2 are addresses of objects in the host process, and the host uses any number that it is given as such an address: a wrong one makes it read and write memory that belongs to something else.',
  breaks: ['Read of descriptor 3', () => [...c2Started(), c2Read(64, 3)]],
  keeps: ['Read of the open file', () => [...c2Started(), c2Read(64), c2Bytes('hi')]],
});

export const DESCRIPTOR_KIND = rule({
  id: 'descriptor-kind',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a descriptor is of another kind than the request needs',
  meaning:
    'Files, listeners and streams are different objects in the host. Without a check, the host treats the address as an object of the kind that the request needs.',
  breaks: ['Receive from a file', () => [...c2Started(), c2Receive(64)]],
  keeps: ['Read from a file', () => [...c2Started(), c2Read(64), c2Bytes('hi')]],
});

export const DESCRIPTOR_AFTER_CLOSE = rule({
  id: 'descriptor-after-close',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a descriptor is used after it was closed',
  meaning:
    'The host frees the object on Close, Disconnect or StopListening. Its address may since belong to another object.',
  breaks: ['Read after Close', () => [...c2Started(), c2Close(), c2Ack(), c2Read(64), c2Bytes('hi')]],
  keeps: ['Read before Close', () => [...c2Started(), c2Read(64), c2Bytes('hi'), c2Close(), c2Ack()]],
});

export const DESCRIPTOR_LEAK = rule({
  id: 'descriptor-leak',
  severity: 'note',
  party: 'client',
  needs: 'session',
  title: 'a descriptor is still open at the end of the session',
  meaning:
    'The object stays in the host until its process ends. Guests close the descriptors that they drop, so this one was still in use, or was forgotten.',
  breaks: ['the file is not closed', () => [...c2Started(), c2Read(64), c2Bytes('hi'), ...CLOSED]],
  keeps: ['the file is closed', () => [...c2Started(), c2Close(), c2Ack(), ...CLOSED]],
});

export const LISTENER_DROP_ACCEPT = rule({
  id: 'listener-drop-accept',
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'a listener ends with an Accept instead of StopListening',
  meaning:
    'The guest of generation C2 sends Accept when a listener is dropped, where it should send StopListening (a fault of that version). The host waits for a connection that nobody needs, and the listener is never closed.',
  breaks: ['Accept is the last use', () => [...c2Listening(), c2Accept(), ...CLOSED]],
  keeps: ['StopListening is the last use', () => [...c2Listening(), c2StopListening(), c2Ack(), ...CLOSED]],
});

/** Arguments, then a listener on 127.0.0.1:80 with descriptor `FD`. */
function c2Listening(): ReturnType<typeof c2Started> {
  return [...c2Started().slice(0, 2), c2Listen(), c2Listener()];
}

export const POINTER_DISCLOSURE = rule({
  id: 'pointer-disclosure',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'server',
  title: 'a descriptor is an address of the host process',
  meaning:
    'The number lies in the range where Linux puts programs and their heaps. It discloses to the guest where the memory of the host process is, which address randomisation should hide. Reported once a session. The rule is off by default.',
  breaks: ['0x5612...', () => c2Started(0x5612_3456_7890)],
  keeps: ['a small number', () => c2Started(7)],
});

export const POSTCARD_CONTENT_RULES: readonly Rule[] = [
  EXIT_CODE_NONZERO,
  BYTES_EXCESS,
  LENGTH_EXCESS,
  SHORT_WRITE,
  SHORT_WRITE_DROPPED,
  ZERO_LENGTH_RECEIVE,
  RECEIVE_AFTER_EOF,
  RECEIVE_HUGE,
  OPEN_MODE,
  OPEN_PATH_EMPTY,
  PATH_NUL,
  CONNECT_HOST_EMPTY,
  SEEK_OFFSET_MISMATCH,
  GETARGS_REPEATED,
  RESULT_ERR_ANSWER,
  DESCRIPTOR_UNKNOWN,
  DESCRIPTOR_KIND,
  DESCRIPTOR_AFTER_CLOSE,
  DESCRIPTOR_LEAK,
  LISTENER_DROP_ACCEPT,
  POINTER_DISCLOSURE,
];
