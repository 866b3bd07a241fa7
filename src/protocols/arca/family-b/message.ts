import type { Input, Side } from '../../../base/input.js';
import { wide, wideAt } from '../../../base/u64.js';
import { Message } from '../../../contract/message.js';
import type { Role } from '../generations.js';
import {
  BELL,
  ERROR_REPLY,
  PIPE_HEADER,
  fileMessage,
  FRAME,
  hasBells,
  NEW_PIPE_REQUEST,
  READ_REQUEST,
  replyLayout,
  REPLY_B1,
  SEEK_REQUEST,
  SEEKED_REPLY,
  WROTE_REPLY,
} from './layout.js';

export type PipeKind =
  'empty' | 'NewPipeRequest' | 'NewPipeReply' | 'FilePipeHeader' | 'file-request' | 'file-reply' | 'unknown';

/** One frame of family B. Its kind and tag decide which of the fields it has; they are valid only if it is `whole`. */
export class PipeFrame extends Message {
  readonly family = 'B' as const;
  readonly role: Role;
  kind: PipeKind = 'unknown';
  readonly payloadLength: number;
  /** Only in NewPipeRequest and NewPipeReply. */
  ringSize = 0;
  /** NewPipeReply: the offset in shared memory, and the pipe's id (-1 in generation B1, which has none). */
  shmOffset = 0;
  pipeId = -1;
  /** NewPipeReply: address and number of the read and of the write bell; -1: the reply has the bells of the unit tests. */
  readAddress = -1;
  readMatch = -1;
  writeAddress = -1;
  writeMatch = -1;
  /** Only in FilePipeHeader. */
  openFlags = 0;
  pathLength = 0;
  /** File messages: the tag; else -1. */
  tag = -1;
  /** Read request, Wrote: how many bytes are asked for, or were written. */
  count = 0;
  /** Seek request: the offset and what it counts from. Seeked: the new position. */
  offsetBy = 0;
  whence = 0;
  position = 0;
  /** Error: the error number. */
  errno = 0;
  /** Whether the payload is long enough for its fields, and not longer if its length is fixed. */
  whole = false;

  constructor(side: Side, input: Input, role: Role) {
    super(side, input);
    this.role = role;
    this.payloadLength = input.view.getUint16(input.pos + FRAME.at.length, true);
    this.length = FRAME.size + this.payloadLength;
  }

  get name(): string {
    switch (this.kind) {
      case 'empty':
        return 'EmptyFrame';
      case 'unknown':
        return 'Frame';
      case 'file-request':
      case 'file-reply':
        return fileMessage(this.role, this.tag)?.name ?? `type ${this.tag}`;
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
      if (there < NEW_PIPE_REQUEST.size) return;
      this.ringSize = wideAt(view, at + NEW_PIPE_REQUEST.at.ringSize);
      this.whole = this.payloadLength === NEW_PIPE_REQUEST.size;
      return;
    }
    this.kind = 'NewPipeReply';
    if (there < REPLY_B1.at.readBell) return;
    this.shmOffset = wideAt(view, at + REPLY_B1.at.shmOffset);
    this.ringSize = wideAt(view, at + REPLY_B1.at.ringSize);
    const reply = replyLayout(this.payloadLength);
    if (reply === null || there < this.payloadLength) return;
    if (reply.at.pipeId >= 0) this.pipeId = wideAt(view, at + reply.at.pipeId);
    if (hasBells(this.payloadLength)) {
      const [read, write] = [at + reply.at.readBell, at + reply.at.writeBell];
      this.readAddress = wideAt(view, read + BELL.at.address);
      this.readMatch = wideAt(view, read + BELL.at.datamatch);
      this.writeAddress = wideAt(view, write + BELL.at.address);
      this.writeMatch = wideAt(view, write + BELL.at.datamatch);
    }
    this.whole = true;
  }

  /** Reads a file pipe's header, of which `there` bytes are at `view[at]`. */
  readHeader(view: DataView, at: number, there: number): void {
    this.kind = 'FilePipeHeader';
    if (there < PIPE_HEADER.size) return;
    this.openFlags = view.getUint8(at + PIPE_HEADER.at.flags);
    this.pathLength = wideAt(view, at + PIPE_HEADER.at.pathLength);
    this.whole = this.pathLength === this.payloadLength - PIPE_HEADER.size;
  }

  /** Reads a file message, of which `there` bytes are at `view[at]`. */
  readFile(view: DataView, at: number, there: number): void {
    this.kind = this.role === 'guest' ? 'file-request' : 'file-reply';
    if (there < 1) return;
    this.tag = view.getUint8(at);
    const message = fileMessage(this.role, this.tag);
    if (message === null) return;
    const { size } = message.layout;
    this.whole = message.data || (this.payloadLength === size && there >= size);
    if (!this.whole) return;
    switch (message.layout) {
      case READ_REQUEST:
        this.count = wideAt(view, at + READ_REQUEST.at.length);
        break;
      case WROTE_REPLY:
        this.count = wideAt(view, at + WROTE_REPLY.at.length);
        break;
      case SEEKED_REPLY:
        this.position = wideAt(view, at + SEEKED_REPLY.at.position);
        break;
      case SEEK_REQUEST: {
        const offset = at + SEEK_REQUEST.at.offset;
        this.offsetBy = wide(view.getInt32(offset + 4, true), view.getUint32(offset, true));
        this.whence = view.getUint8(at + SEEK_REQUEST.at.whence);
        break;
      }
      case ERROR_REPLY:
        this.errno = view.getInt32(at + ERROR_REPLY.at.errno, true);
    }
  }
}
