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
    'Every generation says in front how long a frame is. A stream that ends before the frame does was left by a sender that died or gave up in the middle of a write: header and payload are written in two calls, so that this happens easily. A reader must not act on the part that arrived. Only a seen end of the stream counts; a recording that stops is no fault of the sender, and after a reset the rest may have been thrown away on the way.',
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
    'Types 1 to 9 are defined (1 to 8 before generation A3, see accept-err-undefined). A monitor that reads another one ends the session; a guest fails with an unexpected message. Since the length stands beside the type, a reader could skip the frame, and this analysis does.',
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
    'Both readers refuse a payload length above 256 before they read any of it, since they keep the payload in a buffer of that size. The length cannot be believed then, so that the frames behind it are lost and nothing more of this direction is decoded.',
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
    'Each type has a payload of one size: 6 bytes for an endpoint, 4 for an id or a code, 24 for a ready connection. Generation A2 asserts the length and panics; A3 fails with ShortPayload. A ready connection of 20 bytes is the documented layout of A1 and accepted where it makes sense as such (a pipe id and a plausible ring size); a body of A3 that was cut to 20 bytes does not.',
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
    'Generation A3 reads the fields that it knows and ignores what follows, so that a longer payload is a warning there: the sender means something that the receiver does not see. A1 and A2 assert the exact length and panic, which makes it an error once a session is known to be one of them.',
  breaks: [
    'a connect with two bytes more, in a session of A2',
    () => [...a2(), frame('client', 3, 2, [...endpoint('10.0.0.9:81'), 0, 0])],
  ],
  keeps: ['a connect of 6 bytes', () => [...a2(), connect(2, '10.0.0.9:81')]],
});

export const WRONG_DIRECTION = rule({
  id: 'wrong-direction',
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a request type from the monitor, or a reply type from the guest',
  meaning:
    'Types 1, 3 and 8 are requests and come from Arca; all others are replies and come from the monitor. A monitor ends the session when it reads a reply type. Who is who is taken from the connection (it is Arca that connects) and from what each side has sent so far.',
  breaks: ['the guest sends ListenOk', () => [...listening(), frame('client', 2, 2, le(1, 4))]],
  keeps: ['the guest sends ListenRequest', () => [...listening(), listen(2, '127.0.0.1:8081'), listenOk(2, 2)]],
});

export const MIXED_READY_SIZE = rule({
  id: 'mixed-ready-size',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'ready connections of 20 and of 24 bytes in one session',
  meaning:
    'The body of ConnectOk and IncomingConnection had 20 bytes in generation A1 and has 24 since. A monitor speaks one generation; a guest that asserts the length panics at the first body of the other size.',
  breaks: ['24 bytes and then 20', () => [connect(1), connectOk(1, 1), connect(2), frame('server', 4, 2, oldReady(2))]],
  keeps: ['24 bytes twice', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
});

export const ACCEPT_ERR_UNDEFINED = rule({
  id: 'accept-err-undefined',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'AcceptErr in a generation that does not have it',
  meaning:
    'AcceptErr (type 9) came with generation A3. A guest of A0 or A2 takes it for an unknown type. The rule is raised in sessions whose ready connections prove A2 (their pipe field repeats the connection id) or that push connections as A0 does.',
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
  title: 'a frame of length 0',
  meaning:
    'The reader of family B takes an empty payload for a peer that has closed, and stops. What follows is never read, although the stream goes on.',
  breaks: ['an empty frame between requests', () => [...onePipe(), lengthFrame('client', []), newPipe(), pipeReply(2)]],
  keeps: ['no empty frame', () => [...onePipe(), newPipe(), pipeReply(2)]],
});

export const FRAME_TOO_LARGE = rule({
  id: 'frame-too-large',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a NewPipe frame is larger than its reader takes',
  meaning:
    'The reader of family B is given the largest payload that it may meet: 8 bytes for requests at the host, 56 for replies at the guest. It refuses anything longer, and the task that reads ends.',
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
    'Family C puts a 64-bit length in front of each value. The reader allocates as many bytes as it says without any limit, and no value is empty: 0 makes the decoding fail, a huge number makes the host abort for lack of memory. Nothing that real programs send comes near 16 MiB. The frames behind such a word cannot be found.',
  breaks: ['a length of 2^32', () => [...started(), { from: 'client', bytes: Uint8Array.from(le(2 ** 32, 8)) }]],
  keeps: ['a length of 13', () => [...started(), listenOn(), pipe(1)]],
});

export const BODY_TRAILING = rule({
  id: 'body-trailing',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'bytes are left behind the value',
  meaning:
    'The original reader decodes one value and ignores what is left of the body, so that nothing fails; but a writer that follows the format never leaves anything. It is what a message of another generation looks like: enums were extended in the middle, so that numbers shifted. File messages of generation B3 must fit exactly; there the receiver fails.',
  breaks: ['Mkdir with two bytes more', () => [...started(), body('client', [3, 3, 0x61, 0x2f, 0x62, 0, 0]), ack()]],
  keeps: ['Mkdir alone', () => [...started(), mkdir('a/b'), ack()]],
});

export const BODY_SHORT = rule({
  id: 'body-short',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the value needs more bytes than the body has',
  meaning:
    'A field, or the text or data that a length announces, does not fit into the body any more. The reader fails, and both programs treat that as a reason to panic.',
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
    'Requests, responses, seek origins and error kinds are numbered in the order of their declaration, as are the tags of file messages in generation B3. A number beyond the last one makes the reader fail. Numbers were shifted between generations (Listen is 3 in C3 and 4 in C4), so that this may also be a peer of another generation.',
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
    'Numbers take 7 bits a byte, the lowest first, with the top bit set on all but the last: at most 3 bytes for 16 bits, 5 for 32 and 10 for 64, and the last byte must not exceed the type either. The reader fails on anything longer.',
  breaks: [
    'a port of four bytes',
    () => [...started(), mkdir('a/b'), ack(), body('client', [4, 0, 0, 0, 0, 0x91, 0xbf, 0x80, 0])],
  ],
  keeps: ['a port of two bytes', () => [...started(), mkdir('a/b'), ack(), listenOn(), pipe(1)]],
});

export const VARINT_PADDED = rule({
  id: 'varint-padded',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a variable-length number has needless bytes',
  meaning:
    'Readers accept zero groups at the end of a number as long as its type allows the length, but no writer of the format produces them. The sender is another implementation, or the bytes are no number at all.',
  breaks: ['the path length in two bytes', () => [...started(), body('client', [3, 0x83, 0, 0x61, 0x2f, 0x62]), ack()]],
  keeps: ['the path length in one byte', () => [...started(), mkdir('a/b'), ack()]],
});

export const BOOL_INVALID = rule({
  id: 'bool-invalid',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a bool is neither 0 nor 1',
  meaning: 'The open mode of a file is five bools of one byte each. The reader fails on any byte but 0 and 1.',
  breaks: ['read is 2', () => [...started(), open('a.fix', { ...READ_ONLY, read: 2 })]],
  keeps: ['read is 1', () => [...started(), open('a.fix'), pipe(1)]],
});

export const UTF8_INVALID = rule({
  id: 'utf8-invalid',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'text is not UTF-8',
  meaning:
    'Paths, host names and arguments are strings of the implementation language, which are UTF-8 by definition; the reader checks and fails. File names of Linux need not be UTF-8, so that some files cannot be opened by this protocol at all.',
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
    'Nothing on the wire names the generation or what a pipe is for; it follows from which reading uses up every byte. Short messages fit several (an Accept has the bytes of GetArgs, a Mkdir of four characters those of an older Listen). The other direction usually decides; where it cannot, the more likely reading is shown and this note says so.',
  breaks: [
    'a Mkdir or Listen that nobody answers',
    () => [...started(), body('client', [3, 4, 0x2e, 0x66, 0x69, 0x78])],
  ],
  keeps: ['the answer tells', () => [...started(), body('client', [3, 4, 0x2e, 0x66, 0x69, 0x78]), ack()]],
});

export const PUSH_MODEL = rule({
  id: 'push-model',
  severity: 'note',
  off: true,
  party: 'either',
  needs: 'server',
  title: 'the session pushes connections, as generation A0 does',
  meaning:
    'IncomingConnection arrives with request id 0, and the guest never sends AcceptRequest: this is the first design, known from its description only. It was dropped because a guest that reads one frame per request cannot tell a push from a reply. A guest of any later generation does not understand such a monitor.',
  breaks: ['a connection is pushed', () => [...listening(), incoming(0, 1, 1, { pipe: 1 })]],
  keeps: ['a connection is asked for', () => [...listening(), accept(2, 1), incoming(2, 1, 1, { pipe: 1 })]],
});

export const LEGACY_RPC = rule({
  id: 'legacy-rpc',
  severity: 'note',
  off: true,
  party: 'either',
  needs: 'either',
  title: 'the stream is the data-model RPC of 2025',
  meaning:
    'Before network control existed, Arca spoke an RPC of one-byte opcodes about blobs, trees and thunks. It is recognised so that it is not taken for something else; its contents are shown and not checked.',
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
