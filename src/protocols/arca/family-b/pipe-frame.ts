import type { Input, Side } from '../../../base/input.js';
import { Message } from '../../../contract/message.js';
import type { Role } from '../generations.js';
import { join64 } from '../family-a/control-frame.js';

/**
 * Frames of family B (arca.md 1.3): length u16, then the payload; little-endian. What the payload is follows from the direction,
 * from what the pipe is for, and from the payload's length or first byte.
 */
export const LENGTH_BYTES = 2;

/** NewPipeRequest: ring size u64. */
export const REQUEST_BYTES = 8;
/** NewPipeReply: offset u64, ring size u64, from B2 on pipe id u64, then two bells. */
export const RING_SIZE_AT = 8;
export const PIPE_ID_AT = 16;
/** A bell: address u64 and data to match u64; in the program's own unit tests only one u64. */
export const BELL_BYTES = 16;
export const TEST_BELL_BYTES = 8;
export const REPLY_BYTES_B1 = 48;
export const REPLY_BYTES_B2 = 56;
const TEST_REPLY_BYTES_B1 = 32;
export const TEST_REPLY_BYTES_B2 = 40;

export function isReplyLength(n: number): boolean {
  return n === REPLY_BYTES_B1 || n === REPLY_BYTES_B2 || n === TEST_REPLY_BYTES_B1 || n === TEST_REPLY_BYTES_B2;
}

/** File pipe: the first frame. Pipe type u8, open flags u8, path length u64, path. */
export const PIPE_TYPE_FILE = 1;
export const FLAGS_AT = 1;
export const PATH_LENGTH_AT = 2;
export const PATH_AT = 10;
export const OPEN_FLAGS = ['READ', 'WRITE', 'CREATE', 'APPEND', 'TRUNCATE'] as const;
export const KNOWN_FLAGS = 0x1f;

/** Tags of file requests and replies. */
export const READ = 0;
export const WRITE = 1;
export const SEEK = 2;
export const CLOSE = 3;
export const ERROR = 4;
const FILE_REQUESTS = ['Read', 'Write', 'Seek', 'Close'] as const;
const FILE_REPLIES = ['Read', 'Wrote', 'Seeked', 'Closed', 'Error'] as const;
/** Every name that a frame can have but for a file message with an unknown tag. */
export const PIPE_NAMES: readonly string[] = [
  'EmptyFrame',
  'Frame',
  'NewPipeRequest',
  'NewPipeReply',
  'FilePipeHeader',
  ...FILE_REQUESTS,
  ...FILE_REPLIES,
];
/** Payload bytes by tag, the tag included; 0: data of any length. */
const FILE_REQUEST_BYTES = [9, 0, 10, 1] as const;
const FILE_REPLY_BYTES = [0, 9, 9, 1, 5] as const;
export const WHENCE = ['Start', 'Current', 'End'] as const;

export type PipeKind =
  'empty' | 'NewPipeRequest' | 'NewPipeReply' | 'FilePipeHeader' | 'file-request' | 'file-reply' | 'unknown';

/** One frame of family B. */
export class PipeFrame extends Message {
  readonly family = 'B' as const;
  readonly role: Role;
  kind: PipeKind = 'unknown';
  readonly payloadLength: number;
  /** File messages: the tag; else -1. */
  tag = -1;
  /** NewPipe: the ring size. File messages: length, position, offset or errno. FilePipeHeader: the path's length. */
  value = 0;
  /** NewPipeReply: offset in shared memory. FilePipeHeader: open flags. Seek: whence. */
  extra = 0;
  /** NewPipeReply from B2 on: the pipe's id; else -1. */
  pipeId = -1;
  /** NewPipeReply: address and data of the read and the write bell; -1 where the bells are of the unit tests' kind. */
  readAddress = -1;
  readMatch = -1;
  writeAddress = -1;
  writeMatch = -1;
  /** Whether the payload is long enough for its fields, and not too long where its length is fixed. */
  whole = false;

  constructor(side: Side, input: Input, role: Role) {
    super(side, input);
    this.role = role;
    this.payloadLength = input.view.getUint16(input.pos, true);
    this.length = LENGTH_BYTES + this.payloadLength;
  }

  get name(): string {
    switch (this.kind) {
      case 'empty':
        return 'EmptyFrame';
      case 'unknown':
        return 'Frame';
      case 'file-request':
        return FILE_REQUESTS[this.tag] ?? `type ${this.tag}`;
      case 'file-reply':
        return FILE_REPLIES[this.tag] ?? `type ${this.tag}`;
      default:
        return this.kind;
    }
  }

  get isFile(): boolean {
    return this.kind === 'FilePipeHeader' || this.kind === 'file-request' || this.kind === 'file-reply';
  }

  /** Bytes of data that a Write or a Read reply carries. */
  get dataLength(): number {
    return Math.max(0, this.payloadLength - 1);
  }

  /** Reads a control payload, of which `there` bytes are at `view[at]`. */
  readControl(view: DataView, at: number, there: number): void {
    if (this.role === 'guest') {
      this.kind = 'NewPipeRequest';
      if (there < REQUEST_BYTES) return;
      this.value = u64(view, at);
      this.whole = this.payloadLength === REQUEST_BYTES;
      return;
    }
    this.kind = 'NewPipeReply';
    if (there < RING_SIZE_AT + 8) return;
    this.extra = u64(view, at);
    this.value = u64(view, at + RING_SIZE_AT);
    if (!isReplyLength(this.payloadLength) || there < this.payloadLength) return;
    const withId = this.payloadLength === REPLY_BYTES_B2 || this.payloadLength === TEST_REPLY_BYTES_B2;
    if (withId) this.pipeId = u64(view, at + PIPE_ID_AT);
    if (this.payloadLength >= REPLY_BYTES_B1) {
      const bell = at + (withId ? PIPE_ID_AT + 8 : PIPE_ID_AT);
      this.readAddress = u64(view, bell);
      this.readMatch = u64(view, bell + 8);
      this.writeAddress = u64(view, bell + BELL_BYTES);
      this.writeMatch = u64(view, bell + BELL_BYTES + 8);
    }
    this.whole = true;
  }

  /** Reads a file pipe's header, of which `there` bytes are at `view[at]`. */
  readHeader(view: DataView, at: number, there: number): void {
    this.kind = 'FilePipeHeader';
    if (there < PATH_AT) return;
    this.extra = view.getUint8(at + FLAGS_AT);
    this.value = u64(view, at + PATH_LENGTH_AT);
    this.whole = this.value === this.payloadLength - PATH_AT;
  }

  /** Reads a file message, of which `there` bytes are at `view[at]`. */
  readFile(view: DataView, at: number, there: number): void {
    this.kind = this.role === 'guest' ? 'file-request' : 'file-reply';
    if (there < 1) return;
    this.tag = view.getUint8(at);
    const size = (this.role === 'guest' ? FILE_REQUEST_BYTES : FILE_REPLY_BYTES)[this.tag];
    if (size === undefined) return;
    this.whole = size === 0 || (this.payloadLength === size && there >= size);
    if (!this.whole) return;
    if (size === 9) this.value = u64(view, at + 1);
    else if (size === 5) this.value = view.getInt32(at + 1, true);
    else if (size === 10) {
      this.value = view.getInt32(at + 5, true) * 0x1_0000_0000 + view.getUint32(at + 1, true);
      this.extra = view.getUint8(at + 9);
    }
  }
}

function u64(view: DataView, at: number): number {
  return join64(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Whether a payload's length and first byte are those of a file message; data of any length fit weakly. */
export function fitsFile(role: Role, tag: number, length: number): 'exact' | 'data' | null {
  const size = (role === 'guest' ? FILE_REQUEST_BYTES : FILE_REPLY_BYTES)[tag];
  if (size === undefined) return null;
  if (size === 0) return 'data';
  return size === length ? 'exact' : null;
}
