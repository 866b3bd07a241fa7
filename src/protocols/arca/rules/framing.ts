import type { Rule } from '../../../base/rule.js';
import { APPLY, ONE_HANDLE, REGION } from '../family-l/layout.js';
import { chapter } from './chapter.js';
import {
  a2,
  accept,
  acceptErr,
  CLOSED,
  connect,
  connectOk,
  endpoint,
  frame,
  incoming,
  le,
  listen,
  listening,
  listenOk,
  oldReady,
} from './steps-a.js';
import { lengthFrame, newPipe, onePipe, pipeReply } from './steps-b.js';
import { ack, body, listenOn, mkdir, open, pipe, READ_ONLY, started } from './steps-c.js';

/** Rules for framing and encoding in all families, and for what distinguishes the generations. */
const rule = chapter('Arca control traffic: framing and generations');

export const FRAME_TRUNCATED = rule({
  id: 'frame-truncated',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the stream ends inside a frame',
  meaning:
    'In every generation a frame is preceded by its length. If a stream ends inside a frame, its sender died or gave up during a write: header and payload are written in two calls, so this happens easily. A reader must not act on the part that arrived. The rule is raised only where the end of the stream was recorded. If the recording simply stops, or after a reset, the rest may have been sent and lost.',
  breaks: [
    'ConnectOk ends after 15 of 31 bytes',
    () => [
      ...listening(),
      connect(2),
      { from: 'server', bytes: (connectOk(2, 1) as { bytes: Uint8Array }).bytes.subarray(0, 15) },
      ...CLOSED,
    ],
  ],
  keeps: ['the whole ConnectOk arrives', () => [...listening(), connect(2), connectOk(2, 1), ...CLOSED]],
});

export const UNKNOWN_TYPE = rule({
  id: 'unknown-type',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the message type is not defined',
  meaning:
    'Types 1 to 9 are defined (1 to 8 before generation A3, see accept-err-undefined). A monitor ends the session at another type; a guest fails with an unexpected message. Since the header contains the length, a reader could skip the frame, as this analysis does.',
  breaks: ['the guest sends type 10', () => [...listening(), frame('client', 10, 2, le(1, 4))]],
  keeps: ['the guest sends type 8', () => [...listening(), accept(2, 1)]],
});

export const PAYLOAD_TOO_LARGE = rule({
  id: 'payload-too-large',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the payload length is above 256',
  meaning:
    'Both readers refuse a payload length above 256 before they read any of it, because their buffer has that size. Such a length is probably wrong, so the following frames cannot be found, and nothing more of this direction is decoded.',
  breaks: ['a length of 257', () => [...listening(), frame('client', 1, 2, endpoint('127.0.0.1:8081'), 257)]],
  keeps: ['a length of 6', () => [...listening(), listen(2, '127.0.0.1:8081')]],
});

export const PAYLOAD_LENGTH = rule({
  id: 'payload-length',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the payload is shorter than its type needs',
  meaning:
    'Each type has a payload of a fixed size: 6 bytes for an endpoint, 4 for an id or a code, 24 for a ready connection. Generation A2 asserts the length and panics; A3 fails with ShortPayload. A ready connection of 20 bytes has the documented layout of A1 and is accepted if its contents fit that layout (a pipe id and a plausible ring size); a body of A3 that was cut to 20 bytes is not.',
  breaks: [
    'an endpoint of 5 bytes',
    () => [...listening(), frame('client', 1, 2, endpoint('127.0.0.1:8081').slice(0, 5))],
  ],
  keeps: ['an endpoint of 6 bytes', () => [...listening(), listen(2, '127.0.0.1:8081')]],
});

export const PAYLOAD_SURPLUS = rule({
  id: 'payload-surplus',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the payload is longer than its type needs',
  meaning:
    'Generation A3 reads the fields that it knows and ignores the rest, so a longer payload is a warning there: the receiver does not see what the sender added. A1 and A2 assert the exact length and panic, so the finding is an error if the session is known to be one of them.',
  breaks: [
    'a connect with two extra bytes, in a session of A2',
    () => [...a2(), frame('client', 3, 2, [...endpoint('10.0.0.9:81'), 0, 0])],
  ],
  keeps: ['a connect of 6 bytes', () => [...a2(), connect(2, '10.0.0.9:81')]],
});

export const WRONG_DIRECTION = rule({
  id: 'wrong-direction',
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a monitor sends a request type, or a guest a reply type',
  meaning:
    'Types 1, 3 and 8 are requests, which Arca sends; all others are replies, which the monitor sends. A monitor ends the session when it reads a reply type. The roles are derived from the connection (Arca connects) and from what each side has sent so far.',
  breaks: ['the guest sends ListenOk', () => [...listening(), frame('client', 2, 2, le(1, 4))]],
  keeps: ['the guest sends ListenRequest', () => [...listening(), listen(2, '127.0.0.1:8081'), listenOk(2, 2)]],
});

export const MIXED_READY_SIZE = rule({
  id: 'mixed-ready-size',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'ready connections have 20 and 24 bytes in one session',
  meaning:
    'The body of ConnectOk and IncomingConnection has 20 bytes in generation A1 and 24 bytes since A2. A monitor uses one generation; a guest that asserts the length panics at the first body of the other size.',
  breaks: ['24 bytes and then 20', () => [connect(1), connectOk(1, 1), connect(2), frame('server', 4, 2, oldReady(2))]],
  keeps: ['24 bytes twice', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
});

export const ACCEPT_ERR_UNDEFINED = rule({
  id: 'accept-err-undefined',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'AcceptErr is sent in a generation that does not define it',
  meaning:
    'AcceptErr (type 9) exists since generation A3; to a guest of A0 or A2 it is an unknown type. The rule is raised in sessions whose ready connections prove A2 (their pipe field repeats the connection id), and in sessions that send connections without a request, as A0 does.',
  breaks: [
    'a monitor of A2 sends AcceptErr',
    () => [...a2(), listen(2), listenOk(2, 1), accept(3, 1), acceptErr(3, 24)],
  ],
  keeps: [
    'a monitor of A3 sends it',
    () => [connect(1), connectOk(1, 1), listen(2), listenOk(2, 1), accept(3, 1), acceptErr(3, 24)],
  ],
});

export const EMPTY_FRAME = rule({
  id: 'empty-frame',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a frame has length 0',
  meaning:
    'The reader of family B takes an empty payload for the end of the stream and stops. It never reads what follows, although the stream continues.',
  breaks: ['an empty frame between requests', () => [...onePipe(), lengthFrame('client', []), newPipe(), pipeReply(2)]],
  keeps: ['no empty frame', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const FRAME_TOO_LARGE = rule({
  id: 'frame-too-large',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a NewPipe frame is longer than its reader accepts',
  meaning:
    'The reader of family B is given the largest payload that it may receive: 8 bytes for requests at the host, 56 bytes for replies at the guest. It refuses anything longer, and its task ends.',
  breaks: ['a request of 16 bytes', () => [...onePipe(), lengthFrame('client', [...le(4096, 8), ...le(0, 8)])]],
  keeps: ['a request of 8 bytes', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const LENGTH_PREFIX = rule({
  id: 'length-prefix',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a length word is 0 or above 16 MiB',
  meaning:
    'Family C puts a 64-bit length before each value. The reader allocates that many bytes without any limit, and no value is empty: a length of 0 makes the decoding fail, and a huge one makes the host abort for lack of memory. Real programs send nothing close to 16 MiB. The frames after such a length cannot be found.',
  breaks: ['a length of 2^32', () => [...started(), { from: 'client', bytes: Uint8Array.from(le(2 ** 32, 8)) }]],
  keeps: ['a length of 13', () => [...started(), listenOn(), pipe(1)]],
});

export const BODY_TRAILING = rule({
  id: 'body-trailing',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a body has bytes after its value',
  meaning:
    'The original reader decodes one value and ignores the rest of the body, so nothing fails. But a writer that follows the format never leaves a rest. The usual cause is a message of another generation: some enums were extended in the middle, so that the numbers of their variants changed. File messages of generation B3 must fit exactly; their receiver fails.',
  breaks: ['Mkdir with two extra bytes', () => [...started(), body('client', [3, 3, 0x61, 0x2f, 0x62, 0, 0]), ack()]],
  keeps: ['Mkdir alone', () => [...started(), mkdir('a/b'), ack()]],
});

export const BODY_SHORT = rule({
  id: 'body-short',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a value needs more bytes than its body has',
  meaning:
    'A field, or the text or data that a length announces, reaches past the end of the body. The reader fails, and both programs panic then.',
  breaks: ['a path of 9 bytes, 3 are there', () => [...started(), body('client', [3, 9, 0x61, 0x2f, 0x62])]],
  keeps: ['a path of 3 bytes', () => [...started(), mkdir('a/b'), ack()]],
});

export const DISCRIMINANT_UNKNOWN = rule({
  id: 'discriminant-unknown',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the number of a variant is not defined',
  meaning:
    'Requests, responses, seek origins and error kinds are numbered in the order of their declaration, as are the tags of file messages in generation B3. The reader fails on a number beyond the last one. Numbers changed between generations (Listen is 3 in C3 and 4 in C4), so the peer may also be of another generation.',
  breaks: ['request 9', () => [...started(), body('client', [9])]],
  keeps: ['request 3', () => [...started(), mkdir('a/b'), ack()]],
});

export const VARINT_OVERLONG = rule({
  id: 'varint-overlong',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a variable-length number is longer than its type allows',
  meaning:
    'A number is sent in groups of 7 bits, the lowest first, one group in each byte, with the top bit set in all bytes but the last: at most 3 bytes for 16 bits, 5 for 32 and 10 for 64. The last byte must not exceed the range of the type. The reader fails on anything longer.',
  breaks: [
    'a port in four bytes',
    () => [...started(), mkdir('a/b'), ack(), body('client', [4, 0, 0, 0, 0, 0x91, 0xbf, 0x80, 0])],
  ],
  keeps: ['a port in two bytes', () => [...started(), mkdir('a/b'), ack(), listenOn(), pipe(1)]],
});

export const VARINT_PADDED = rule({
  id: 'varint-padded',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a variable-length number has unnecessary bytes',
  meaning:
    'Readers accept groups of zero bits at the end of a number as long as its type allows the length, but writers of the format do not produce them. The sender is another implementation, or the bytes are not a number at all.',
  breaks: ['the path length in two bytes', () => [...started(), body('client', [3, 0x83, 0, 0x61, 0x2f, 0x62]), ack()]],
  keeps: ['the path length in one byte', () => [...started(), mkdir('a/b'), ack()]],
});

export const BOOL_INVALID = rule({
  id: 'bool-invalid',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a bool is neither 0 nor 1',
  meaning: 'The open mode of a file consists of five bools of one byte each. The reader fails on any byte but 0 and 1.',
  breaks: ['read is 2', () => [...started(), open('a.fix', { ...READ_ONLY, read: 2 })]],
  keeps: ['read is 1', () => [...started(), open('a.fix'), pipe(1)]],
});

export const UTF8_INVALID = rule({
  id: 'utf8-invalid',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a text is not UTF-8',
  meaning:
    'Paths, host names and arguments are strings of the implementation language, which are UTF-8 by definition; the reader checks this and fails. File names of Linux need not be UTF-8, so some files cannot be opened with this protocol at all.',
  breaks: ['a path with a lone continuation byte', () => [...started(), body('client', [3, 3, 0x61, 0x80, 0x62])]],
  keeps: ['a path of UTF-8', () => [...started(), mkdir('café'), ack()]],
});

export const GENERATION_AMBIGUOUS = rule({
  id: 'generation-ambiguous',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'the bytes fit more than one generation or kind of pipe',
  meaning:
    'Nothing on the wire names the generation or the purpose of a pipe; both are derived from the interpretation that uses up every byte. Short messages fit several interpretations (an Accept has the bytes of GetArgs, a Mkdir of four characters those of an older Listen). Usually the other direction decides; where it cannot, the more likely interpretation is shown and this note is raised.',
  breaks: [
    'a Mkdir or Listen that nobody answers',
    () => [...started(), body('client', [3, 4, 0x2e, 0x66, 0x69, 0x78])],
  ],
  keeps: ['the answer decides', () => [...started(), body('client', [3, 4, 0x2e, 0x66, 0x69, 0x78]), ack()]],
});

export const PUSH_MODEL = rule({
  id: 'push-model',
  severity: 'note',
  off: true,
  party: 'either',
  needs: 'server',
  title: 'the session sends connections without requests, as generation A0 does',
  meaning:
    'IncomingConnection arrives with request id 0, and the guest never sends AcceptRequest. This is the first design, known only from its description. It was abandoned because a guest that reads one frame per request cannot distinguish such a connection from a reply. A guest of a later generation does not understand such a monitor. The rule is off by default.',
  breaks: ['a connection is sent without a request', () => [...listening(), incoming(0, 1, 1, { pipe: 1 })]],
  keeps: ['a connection is requested', () => [...listening(), accept(2, 1), incoming(2, 1, 1, { pipe: 1 })]],
});

export const LEGACY_RPC = rule({
  id: 'legacy-rpc',
  severity: 'note',
  off: true,
  party: 'either',
  needs: 'either',
  title: 'the stream is the data-model RPC of 2025',
  meaning:
    'Before network control existed, Arca used an RPC of one-byte opcodes for blobs, trees and thunks. It is recognised so that it is not taken for something else; its contents are shown but not checked.',
  breaks: ['blobs are created and applied', () => legacy()],
  keeps: ['network control', () => [...listening(), ...CLOSED]],
});

function legacy(): readonly ReturnType<typeof frame>[] {
  const blob = REGION.build({ type: 0, ptr: 0x2000n, size: 16n });
  const [lambda, argument] = [
    { type: 3, value: 0x3000n },
    { type: 0, value: 0x4000n },
  ];
  const apply = APPLY.build({ type: 4, lambda, argument });
  const drop = ONE_HANDLE.build({ type: 6, handle: argument });
  return [{ from: 'client', bytes: Uint8Array.from([...blob, ...apply, ...drop, ...drop]) }, ...CLOSED];
}

export const FRAMING_RULES: readonly Rule[] = [
  FRAME_TRUNCATED,
  UNKNOWN_TYPE,
  PAYLOAD_TOO_LARGE,
  PAYLOAD_LENGTH,
  PAYLOAD_SURPLUS,
  WRONG_DIRECTION,
  MIXED_READY_SIZE,
  ACCEPT_ERR_UNDEFINED,
  EMPTY_FRAME,
  FRAME_TOO_LARGE,
  LENGTH_PREFIX,
  BODY_TRAILING,
  BODY_SHORT,
  DISCRIMINANT_UNKNOWN,
  VARINT_OVERLONG,
  VARINT_PADDED,
  BOOL_INVALID,
  UTF8_INVALID,
  GENERATION_AMBIGUOUS,
  PUSH_MODEL,
  LEGACY_RPC,
];
