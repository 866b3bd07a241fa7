import { flags, i32, i64, u16, u64, u8, type Field } from '../../../base/field.js';
import { hexNumber } from '../../../base/hex.js';
import { inner, layout, type AnyLayout } from '../../../base/layout.js';
import { errnoName } from '../family-a/errno.js';
import type { Role } from '../generations.js';

/**
 * Frames of family B (arca.md 1.3): a length, then the payload; little-endian. What the payload is depends on the direction, on the kind of
 * pipe, and on the payload's length or first byte.
 */
export const FRAME = layout('little', { length: u16({ description: 'bytes of the payload' }) });

// ---- new pipes

const ringSize = u64({ description: 'bytes of each of the two rings', example: '4096' });
export const NEW_PIPE_REQUEST = layout('little', { ringSize });

/** A doorbell: the guest writes the number `datamatch` to the address, and the host notices. */
export const BELL = layout('little', { address: u64({ text: (a) => hexNumber(a) }), datamatch: u64() });

const bell = (name: string) =>
  inner(name, BELL, ({ address, datamatch }) => [
    { address: String(address), datamatch: String(datamatch) },
    `address ${hexNumber(address)}  datamatch ${datamatch}`,
  ]);

const where = { shmOffset: u64({ text: (n) => hexNumber(n), description: 'offset in shared memory' }), ringSize };
const pipeId = u64({ description: 'the host counts its pipes' });
/** Generation B2; B1 had no pipe id. */
export const REPLY_B2 = layout('little', {
  ...where,
  pipeId,
  readBell: bell('readBell'),
  writeBell: bell('writeBell'),
});
export const REPLY_B1 = REPLY_B2.without('pipeId');

/** In the unit tests of the program itself, a bell is one number. */
const testBell = u64({ text: (n) => `${n} (unit test)` });
const TEST_REPLY_B2 = layout('little', { ...where, pipeId, readBell: testBell, writeBell: testBell });
const TEST_REPLY_B1 = TEST_REPLY_B2.without('pipeId');

/** All layouts of replies; their lengths differ. */
const REPLIES = [REPLY_B2, REPLY_B1, TEST_REPLY_B2, TEST_REPLY_B1] as const;
export type ReplyLayout = (typeof REPLIES)[number];

/** The layout of a reply of that length; null: none. */
export function replyLayout(length: number): ReplyLayout | null {
  return REPLIES.find((r) => r.size === length) ?? null;
}

export function isReplyLength(n: number): boolean {
  return replyLayout(n) !== null;
}

/** Whether a reply of that length has real bells, and not those of the unit tests. */
export function hasBells(length: number): boolean {
  return length >= REPLY_B1.size;
}

// ---- files

export const OPEN_FLAGS = ['READ', 'WRITE', 'CREATE', 'APPEND', 'TRUNCATE'] as const;
export const KNOWN_FLAGS = (1 << OPEN_FLAGS.length) - 1;
export const PIPE_TYPE_FILE = 1;

/** The first frame of a file pipe; the path follows. */
export const PIPE_HEADER = layout('little', {
  pipeType: u8({ text: () => '1 File', description: 'what the pipe is for', example: PIPE_TYPE_FILE }),
  flags: flags('u8', OPEN_FLAGS, { unnamed: 'together', description: 'how the file is opened', example: ['READ'] }),
  pathLength: u64({ description: 'bytes of the path' }),
});

export const WHENCE = ['Start', 'Current', 'End'] as const;

const whence: Field<number, 'given'> = {
  ...u8({ description: 'where the offset counts from' }),
  json: 'string',
  names: WHENCE,
  value: (raw) => WHENCE[raw] ?? raw,
  text: (raw) => WHENCE[raw] ?? `unknown ${raw}`,
};

/** A file request or reply. */
export interface FileMessage {
  readonly name: string;
  /** The tag, and fields of fixed size. */
  readonly layout: AnyLayout;
  /** Whether data of any length follows. */
  readonly data: boolean;
}

/** Tags of file requests, and of the replies to them. Any request can also be answered by an Error. */
export const READ = 0;
export const WRITE = 1;
export const SEEK = 2;
export const CLOSE = 3;
export const ERROR = 4;
const REQUEST_NAMES = ['Read', 'Write', 'Seek', 'Close'] as const;
const REPLY_NAMES = ['Read', 'Wrote', 'Seeked', 'Closed', 'Error'] as const;
const requestTag = u8({ text: (tag) => `${tag} ${REQUEST_NAMES[tag] ?? `type ${tag}`}` });
const replyTag = u8({ text: (tag) => `${tag} ${REPLY_NAMES[tag] ?? `type ${tag}`}` });
const length = u64({ description: 'bytes to read, or written' });

export const READ_REQUEST = layout('little', { type: requestTag, length });
export const SEEK_REQUEST = layout('little', { type: requestTag, offset: i64(), whence });
export const WROTE_REPLY = layout('little', { type: replyTag, length });
export const SEEKED_REPLY = layout('little', { type: replyTag, position: u64() });
export const ERROR_REPLY = layout('little', {
  type: replyTag,
  errno: i32({ text: (n) => `${n} ${errnoName(Math.abs(n))}`.trimEnd(), description: 'negative Linux error number' }),
});
/** The layout of messages with only a tag, or with a tag and data. */
export const REQUEST_TAG = layout('little', { type: requestTag });
export const REPLY_TAG = layout('little', { type: replyTag });

const REQUESTS: readonly FileMessage[] = [
  { name: REQUEST_NAMES[READ], layout: READ_REQUEST, data: false },
  { name: REQUEST_NAMES[WRITE], layout: REQUEST_TAG, data: true },
  { name: REQUEST_NAMES[SEEK], layout: SEEK_REQUEST, data: false },
  { name: REQUEST_NAMES[CLOSE], layout: REQUEST_TAG, data: false },
];
const FILE_REPLIES: readonly FileMessage[] = [
  { name: REPLY_NAMES[READ], layout: REPLY_TAG, data: true },
  { name: REPLY_NAMES[WRITE], layout: WROTE_REPLY, data: false },
  { name: REPLY_NAMES[SEEK], layout: SEEKED_REPLY, data: false },
  { name: REPLY_NAMES[CLOSE], layout: REPLY_TAG, data: false },
  { name: REPLY_NAMES[ERROR], layout: ERROR_REPLY, data: false },
];

/** The file message with that tag from that sender; null: not defined. */
export function fileMessage(role: Role, tag: number): FileMessage | null {
  return (role === 'guest' ? REQUESTS : FILE_REPLIES)[tag] ?? null;
}

/** Whether a payload's length and first byte are those of a file message. `data`: a message with data, which any length fits. */
export function fitsFile(role: Role, tag: number, payloadLength: number): 'exact' | 'data' | null {
  const message = fileMessage(role, tag);
  if (message === null) return null;
  if (message.data) return 'data';
  return message.layout.size === payloadLength ? 'exact' : null;
}

/** Every name that a frame can have, except for file messages with an unknown tag. */
export const PIPE_NAMES: readonly string[] = [
  'EmptyFrame',
  'Frame',
  'NewPipeRequest',
  'NewPipeReply',
  'FilePipeHeader',
  ...REQUEST_NAMES,
  ...REPLY_NAMES,
];
