import type { Rule } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import { CLOSED, le } from './steps-a.js';
import {
  fileClose,
  fileClosed,
  fileData,
  fileError,
  fileHeader,
  fileRead,
  fileWrite,
  fileWrote,
  lengthFrame,
  newPipe,
  oldPipeReply,
  onePipe,
  pipeReply,
} from './steps-b.js';

/** Rules for new pipes and file pipes of family B. */
const rule = chapter('Arca length-prefixed frames (family B): new pipes and file pipes');

export const NEW_PIPE_LENGTH = rule({
  id: 'new-pipe-length',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a NewPipe frame has the wrong length',
  meaning:
    'A request has 8 bytes; a reply has 48 bytes (generation B1) or 56 bytes (B2, with the pipe id). The receiver decodes a fixed layout and panics on any other length. Replies of 32 and 40 bytes, whose bells are single numbers, exist in unit tests; for them the finding is only a note.',
  breaks: ['a request of 4 bytes', () => [...onePipe(), lengthFrame('client', le(4096, 4))]],
  keeps: ['a request of 8 bytes', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const NEW_PIPE_REPLY_SIZE_MIXED = rule({
  id: 'new-pipe-reply-size-mixed',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'NewPipe replies have different sizes in one session',
  meaning:
    'The size of a reply is given by the generation for which both sides were built. A guest expects one size and fails on the other.',
  breaks: ['56 bytes and then 48', () => [...onePipe(), newPipe(), oldPipeReply(2)]],
  keeps: ['56 bytes twice', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const RING_SIZE_ECHO = rule({
  id: 'ring-size-echo',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the reply has another ring size than requested',
  meaning:
    'The host makes the requested pipe and repeats its ring size. If the sizes differ, guest and host disagree about where the second ring begins.',
  breaks: ['4096 requested, 8192 received', () => [...onePipe(), newPipe(4096), pipeReply(2, { ring: 8192 })]],
  keeps: ['8192 requested, 8192 received', () => [...onePipe(), newPipe(8192), pipeReply(2, { ring: 8192 })]],
});

export const NEW_PIPE_UNSOLICITED = rule({
  id: 'new-pipe-unsolicited',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'there are more NewPipe replies than requests',
  meaning:
    'Replies carry no request id: the n-th reply answers the n-th request. The guest takes a surplus reply for the answer to its next request.',
  breaks: ['two replies to one request', () => [...onePipe(), pipeReply(2)]],
  keeps: ['two replies to two requests', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const NEW_PIPE_UNANSWERED = rule({
  id: 'new-pipe-unanswered',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'a NewPipeRequest is never answered',
  meaning:
    'This family has no error message: a host that cannot make the pipe panics or ends its task, and the stream simply ends.',
  breaks: ['the second request gets no reply', () => [...onePipe(), newPipe(), ...CLOSED]],
  keeps: ['both requests get a reply', () => [...onePipe(), newPipe(), pipeReply(2), ...CLOSED]],
});

export const NEW_PIPE_PIPELINED = rule({
  id: 'new-pipe-pipelined',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'both',
  title: 'a NewPipeRequest is sent before the previous one is answered',
  meaning:
    'The host answers requests in order, so this works. The guest of the original program requests one pipe at a time. Reported once a session. The rule is off by default.',
  breaks: ['two requests, two replies', () => [newPipe(), newPipe(), pipeReply(1), pipeReply(2)]],
  keeps: ['one after the other', () => [newPipe(), pipeReply(1), newPipe(), pipeReply(2)]],
});

export const PIPE_ID_SEQUENCE = rule({
  id: 'pipe-id-sequence',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'pipe ids do not count up by one',
  meaning:
    'The host numbers pipes in the order in which it makes them. A missing number is a pipe that was not announced to the guest; a repeated number gives two pipes the same bells.',
  breaks: ['1 and then 5', () => [...onePipe(), newPipe(), pipeReply(5)]],
  keeps: ['1 and then 2', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const DOORBELL_PAIR = rule({
  id: 'doorbell-pair',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the bells of a pipe do not belong together',
  meaning:
    'A guest rings a bell by writing its number to an address that the host watches. Pipe p has the numbers 2p for reading and 2p + 1 for writing; without pipe ids (B1) it has an even number and the next one. Other numbers wake up another pipe.',
  breaks: ['bells 8 and 9 for pipe 2', () => [...onePipe(), newPipe(), pipeReply(2, { bells: [8, 9] })]],
  keeps: ['bells 4 and 5 for pipe 2', () => [...onePipe(), newPipe(), pipeReply(2, { bells: [4, 5] })]],
});

export const DOORBELL_ADDRESS = rule({
  id: 'doorbell-address',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the two bells of a pipe have different addresses',
  meaning:
    'The host watches one address and distinguishes bells by the number that is written there. A second address requires a second watch, which the original host does not have.',
  breaks: ['0x3000 and 0x4000', () => [...onePipe(), newPipe(), pipeReply(2, { writeAddress: 0x4000 })]],
  keeps: ['0x3000 twice', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const DOORBELL_REUSED = rule({
  id: 'doorbell-reused',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a bell is handed out twice',
  meaning:
    'A bell is identified by its address and number. If a bell is handed out twice, it wakes up both pipes, or only the one that was registered last.',
  breaks: [
    'the second pipe gets the bells of the first',
    () => [newPipe(), oldPipeReply(1), newPipe(), oldPipeReply(2, { bells: [2, 3] })],
  ],
  keeps: ['each pipe has its own bells', () => [newPipe(), oldPipeReply(1), newPipe(), oldPipeReply(2)]],
});

export const FILE_HEADER = rule({
  id: 'file-header',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the path length of a file pipe does not fit its frame',
  meaning:
    'The first frame of a file pipe contains the pipe type, the open flags, a 64-bit path length and the path, which must end the frame. The decoder fails if the path is shorter or longer than its length says.',
  breaks: [
    'a path length of 9 for 10 bytes',
    () => [fileHeader('/tmp/a.txt', 1, 9), fileRead(16), fileData('hello'), fileClose(), fileClosed()],
  ],
  keeps: [
    'a path length of 10',
    () => [fileHeader('/tmp/a.txt', 1, 10), fileRead(16), fileData('hello'), fileClose(), fileClosed()],
  ],
});

export const FILE_FLAGS = rule({
  id: 'file-flags',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'a file pipe has undefined open flags',
  meaning:
    'READ, WRITE, CREATE, APPEND and TRUNCATE are bits 0 to 4. The host silently ignores other bits, so what the guest intended with them does not happen.',
  breaks: [
    'flags 0x21',
    () => [fileHeader('/tmp/a.txt', 0x21), fileRead(16), fileData('hello'), fileClose(), fileClosed()],
  ],
  keeps: [
    'flags 0x01',
    () => [fileHeader('/tmp/a.txt', 0x01), fileRead(16), fileData('hello'), fileClose(), fileClosed()],
  ],
});

export const FILE_REPLY_MISMATCH = rule({
  id: 'file-reply-mismatch',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'the type of a file reply does not belong to its request',
  meaning:
    'Read is answered by Read, Write by Wrote, Seek by Seeked and Close by Closed; Error answers any of them. Replies carry no id, so after a wrong one all later replies are assigned to the wrong request.',
  breaks: ['Wrote for a Read', () => [fileHeader(), fileRead(16), fileWrote(5)]],
  keeps: ['Read for a Read', () => [fileHeader(), fileRead(16), fileData('hello')]],
});

export const FILE_REPLY_UNSOLICITED = rule({
  id: 'file-reply-unsolicited',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a file reply is sent without an open request',
  meaning:
    'Each request gets one reply, in order. The guest takes a surplus reply for the answer to its next request. The header of a pipe gets no reply.',
  breaks: ['two replies to one Read', () => [fileHeader(), fileRead(16), fileData('hello'), fileData('again')]],
  keeps: ['one reply to one Read', () => [fileHeader(), fileRead(16), fileData('hello')]],
});

export const FILE_READ_EXCESS = rule({
  id: 'file-read-excess',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a Read returns more bytes than requested',
  meaning: 'The guest copies the data into a buffer of the requested size, and more than that does not fit.',
  breaks: ['5 bytes for a Read of 4', () => [fileHeader(), fileRead(4), fileData('hello')]],
  keeps: ['4 bytes for a Read of 4', () => [fileHeader(), fileRead(4), fileData('hell')]],
});

export const FILE_WROTE_EXCESS = rule({
  id: 'file-wrote-excess',
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'Wrote reports more bytes than were sent',
  meaning:
    'Wrote says how many bytes of the data were written. If it is more than were sent, the guest continues past the end of its buffer.',
  breaks: ['6 of 5 bytes', () => [fileHeader('/tmp/a.txt', 2), fileWrite('hello'), fileWrote(6)]],
  keeps: ['5 of 5 bytes', () => [fileHeader('/tmp/a.txt', 2), fileWrite('hello'), fileWrote(5)]],
});

export const FILE_AFTER_CLOSE = rule({
  id: 'file-after-close',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a file request is sent after Close',
  meaning: 'Close ends the pipe. The host has released the file and no longer reads the ring.',
  breaks: [
    'Read after Close',
    () => [fileHeader(), fileRead(16), fileData('hello'), fileClose(), fileClosed(), fileRead(16)],
  ],
  keeps: ['Close is last', () => [fileHeader(), fileRead(16), fileData('hello'), fileClose(), fileClosed()]],
});

export const FILE_ERROR_SIGN = rule({
  id: 'file-error-sign',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'an error number is not negative',
  meaning:
    'The program defines the field as a signed number and uses -2 for ENOENT in its own tests; the sign is not specified anywhere else. A guest that tests for negative numbers takes 2 for success.',
  breaks: ['Error 2', () => [fileHeader(), fileRead(16), fileError(2)]],
  keeps: ['Error -2', () => [fileHeader(), fileRead(16), fileError(-2)]],
});

export const PIPE_RULES: readonly Rule[] = [
  NEW_PIPE_LENGTH,
  NEW_PIPE_REPLY_SIZE_MIXED,
  RING_SIZE_ECHO,
  NEW_PIPE_UNSOLICITED,
  NEW_PIPE_UNANSWERED,
  NEW_PIPE_PIPELINED,
  PIPE_ID_SEQUENCE,
  DOORBELL_PAIR,
  DOORBELL_ADDRESS,
  DOORBELL_REUSED,
  FILE_HEADER,
  FILE_FLAGS,
  FILE_REPLY_MISMATCH,
  FILE_REPLY_UNSOLICITED,
  FILE_READ_EXCESS,
  FILE_WROTE_EXCESS,
  FILE_AFTER_CLOSE,
  FILE_ERROR_SIGN,
];
