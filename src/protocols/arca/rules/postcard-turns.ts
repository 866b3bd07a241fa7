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
  title: 'a request is sent before the previous one is answered',
  meaning:
    'Messages carry no ids: the answer to a request is the next message of the host. The guest therefore holds a lock on the pipe from its request to the answer. A second request in between means that two threads use the pipe without the lock, and each may get the answer for the other.',
  breaks: ['two Mkdirs at once', () => [...started(), mkdir('a/b'), mkdir('c/d'), ack(), ack()]],
  keeps: ['one after the other', () => [...started(), mkdir('a/b'), ack(), mkdir('c/d'), ack()]],
});

export const RESPONSE_UNSOLICITED = rule({
  id: 'response-unsolicited',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'an answer is sent without an open request',
  meaning:
    'The guest reads exactly one message for each request. A surplus answer stays in the ring and is taken for the answer to the next request.',
  breaks: ['two answers to one Mkdir', () => [...started(), mkdir('a/b'), ack(), ack()]],
  keeps: ['one answer to one Mkdir', () => [...started(), mkdir('a/b'), ack()]],
});

export const RESPONSE_MISMATCH = rule({
  id: 'response-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the type of an answer does not belong to its request',
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
  title: 'a request is never answered',
  meaning:
    'The session ended without an answer, although the host answers this kind of request at once. The usual cause is a host that cannot listen or connect, or in generation C3 cannot open a file: it panics instead of answering. Exit is never answered; Close, Accept, Read and Receive may wait.',
  breaks: ['a Listen without an answer', () => [...started(), listenOn(), ...CLOSED]],
  keeps: ['a Listen with an answer', () => [...started(), listenOn(), pipe(1), ...CLOSED]],
});

export const CLOSE_UNANSWERED = rule({
  id: 'close-unanswered',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'session',
  title: 'Close is not acknowledged',
  meaning:
    'The guest waits for an Ack after Close, but the published hosts end their thread when they read Close and send nothing. The guest then polls the ring forever. Nearly every recording of a child pipe ends like this, so the rule is off by default.',
  breaks: ['Close is last', () => [...talking(), closeStream()]],
  keeps: ['a repaired host acknowledges', () => [...talking(), closeStream(), streamAck()]],
});

export const CLOSE_ANSWERED = rule({
  id: 'close-answered',
  severity: 'note',
  off: true,
  party: 'server',
  needs: 'both',
  title: 'Close is acknowledged',
  meaning: 'The protocol defines an Ack for Close, but no published host sends it: this host is a corrected one.',
  breaks: ['an Ack follows', () => [...talking(), closeStream(), streamAck()]],
  keeps: ['nothing follows', () => [...talking(), closeStream()]],
});

export const REQUEST_AFTER_CLOSE = rule({
  id: 'request-after-close',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a request is sent after Close on the same pipe',
  meaning:
    'Close ends the pipe: the thread of the host that served it is gone, and the ring may be handed out again. The request is never read, or is read by the next user of the ring.',
  breaks: ['Read after Close', () => [...editing(), closeFile(), read(16)]],
  keeps: ['Close is last', () => [...editing(), read(16), bytes(''), closeFile()]],
});

export const DATA_AFTER_EXIT = rule({
  id: 'data-after-exit',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a message is sent after Exit',
  meaning:
    'Exit ends the host process at once and has no answer. If the guest sends more, it does not know that the host has ended; if the host sends more, it did not end.',
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
    'Pipes of files, listeners and streams are announced by a Pipe answer on the control pipe or on a listener pipe. The recording contains a control pipe, but no answer that could announce this pipe: the announcement came before the recording began, or is on a pipe that was not recorded. The rule is off by default.',
  breaks: ['a stream without a Connect', () => [...started(), NEW_CONNECTION, ...talking()]],
  keeps: ['a file after its Open', () => [...started(), open('a.fix'), pipe(1), NEW_CONNECTION, ...editing()]],
});

export const CHILD_PIPE_UNUSED = rule({
  id: 'child-pipe-unused',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'both',
  title: 'an announced pipe is missing in the recording',
  meaning:
    'The host made a pipe, but no stream of the recording is that pipe: the guest never used the file or connection, or the pipe was not recorded. Raised only where other announced pipes are in the recording. The rule is off by default.',
  breaks: [
    'one of two files is used',
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
