import type { Rule } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import { CLOSED } from './steps-a.js';
import {
  ack,
  args,
  closeFile,
  closeStream,
  editing,
  exit,
  listenOn,
  mkdir,
  NEW_CONNECTION,
  open,
  pipe,
  read,
  bytes,
  started,
  streamAck,
  talking,
} from './steps-c.js';

/** Rules for the order of messages on the pipes of family C. */
const rule = chapter('Arca postcard frames (family C): turns and pipes');

export const REQUEST_OVERLAP = rule({
  id: 'request-overlap',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a request before the answer to the one in front of it',
  meaning:
    'Messages carry no ids: the answer to a request is the next message of the host. The guest therefore holds a lock on the pipe from its request to the answer. A second request in between means that two threads use the pipe without the lock, and each may get the answer of the other.',
  breaks: ['two Mkdirs at once', () => [...started(), mkdir('a/b'), mkdir('c/d'), ack(), ack()]],
  keeps: ['one after the other', () => [...started(), mkdir('a/b'), ack(), mkdir('c/d'), ack()]],
});

export const RESPONSE_UNSOLICITED = rule({
  id: 'response-unsolicited',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'an answer with no open request',
  meaning:
    'The guest reads exactly one message for each request. One too many stays in the ring and will be taken for the answer to the next request.',
  breaks: ['two answers to one Mkdir', () => [...started(), mkdir('a/b'), ack(), ack()]],
  keeps: ['one answer to one Mkdir', () => [...started(), mkdir('a/b'), ack()]],
});

export const RESPONSE_MISMATCH = rule({
  id: 'response-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the answer does not belong to the kind of request',
  meaning:
    'Each request has its kind of answer (GetArgs: Args; Open, Listen, Connect: Pipe; Mkdir: Ack; in generation C4 Open and Mkdir may fail with Err). The guest panics on any other.',
  breaks: ['Args for a Mkdir', () => [...started(), mkdir('a/b'), args('fix')]],
  keeps: ['Ack for a Mkdir', () => [...started(), mkdir('a/b'), ack()]],
});

export const RESPONSE_MISSING = rule({
  id: 'response-missing',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'a request was never answered',
  meaning:
    'The session ended with the request open, although the host answers it at once. A host that cannot listen or connect panics instead of answering (in generation C3 also where a file cannot be opened), and this is what that looks like. Exit is never answered; Close, Accept, Read and Receive may wait.',
  breaks: ['a Listen without an answer', () => [...started(), listenOn(), ...CLOSED]],
  keeps: ['a Listen with an answer', () => [...started(), listenOn(), pipe(1), ...CLOSED]],
});

export const CLOSE_UNANSWERED = rule({
  id: 'close-unanswered',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'session',
  title: 'Close was not acknowledged',
  meaning:
    'The guest waits for an Ack after Close, but the hosts that were published end their thread when they read Close and send nothing. The guest then polls the ring for ever. Nearly every recording of a child pipe ends like this.',
  breaks: ['Close is last', () => [...talking(), closeStream()]],
  keeps: ['a repaired host acknowledges', () => [...talking(), closeStream(), streamAck()]],
});

export const CLOSE_ANSWERED = rule({
  id: 'close-answered',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'both',
  title: 'Close was acknowledged',
  meaning: 'The protocol defines an Ack for Close, but no published host sends it: this host is a repaired one.',
  breaks: ['an Ack follows', () => [...talking(), closeStream(), streamAck()]],
  keeps: ['nothing follows', () => [...talking(), closeStream()]],
});

export const REQUEST_AFTER_CLOSE = rule({
  id: 'request-after-close',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a request after Close on the same pipe',
  meaning:
    'Close ends the pipe: the thread of the host that served it is gone, and the ring may be handed out again. The request will never be read, or by somebody else.',
  breaks: ['Read after Close', () => [...editing(), closeFile(), read(16)]],
  keeps: ['Close is last', () => [...editing(), read(16), bytes(''), closeFile()]],
});

export const DATA_AFTER_EXIT = rule({
  id: 'data-after-exit',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'something is sent after Exit',
  meaning:
    'Exit ends the host process at once and has no answer. A guest that sends more did not know that it had ended; a host that sends more did not end.',
  breaks: ['a Mkdir after Exit', () => [...started(), exit(0), mkdir('a/b')]],
  keeps: ['Exit is last', () => [...started(), mkdir('a/b'), ack(), exit(0)]],
});

export const CHILD_PIPE_UNLINKED = rule({
  id: 'child-pipe-unlinked',
  severity: 'note',
  off: true,
  party: 'either',
  needs: 'both',
  title: 'no answer announced this pipe',
  meaning:
    'Pipes of files, listeners and streams are announced by a Pipe answer on the control pipe or on a listener pipe. The recording holds a control pipe, but no answer that could be this pipe: the announcement was before the recording began, or is on a pipe that was not recorded.',
  breaks: ['a stream without a Connect', () => [...started(), NEW_CONNECTION, ...talking()]],
  keeps: ['a file behind its Open', () => [...started(), open('a.fix'), pipe(1), NEW_CONNECTION, ...editing()]],
});

export const CHILD_PIPE_UNUSED = rule({
  id: 'child-pipe-unused',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'both',
  title: 'an announced pipe is not in the recording',
  meaning:
    'The host made a pipe, and no stream of the recording is it: the guest never used the file or connection, or the pipe was not recorded. Only said where other announced pipes are in the recording.',
  breaks: [
    'of two files one is used',
    () => [
      ...started(),
      open('a.fix'),
      pipe(1),
      NEW_CONNECTION,
      ...editing(),
      closeFile(),
      NEW_CONNECTION,
      ...started(),
      open('b.fix'),
      pipe(2),
      ...CLOSED,
    ],
  ],
  keeps: [
    'the file is used',
    () => [...started(), open('a.fix'), pipe(1), ...CLOSED, NEW_CONNECTION, ...editing(), closeFile()],
  ],
});

export const POSTCARD_TURN_RULES: readonly Rule[] = [
  REQUEST_OVERLAP,
  RESPONSE_UNSOLICITED,
  RESPONSE_MISMATCH,
  RESPONSE_MISSING,
  CLOSE_UNANSWERED,
  CLOSE_ANSWERED,
  REQUEST_AFTER_CLOSE,
  DATA_AFTER_EXIT,
  CHILD_PIPE_UNLINKED,
  CHILD_PIPE_UNUSED,
];
