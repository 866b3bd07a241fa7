import type { Content } from '../../contract/content.js';
import {
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  INFO_EXPORT,
  REP_INFO,
} from './constants.js';
import { INFO_DATA } from './layout.js';
import { Chunk, ExportInfo, OptionReply, Request, SimpleReply, type NbdMessage } from './messages.js';
import { exportInfoIn } from './option-data.js';
import { wide } from '../../base/u64.js';

const DISK = { target: '' } as const;

/** What a message writes to the export, or shows of its content or size. `request`: the request that it answers, or null. */
export function contents(message: NbdMessage, _bytes: Uint8Array, request: NbdMessage | null): Content[] {
  if (message instanceof Request) {
    const offset = wide(message.offsetHi, message.offsetLo);
    const length = wide(message.lengthHi, message.lengthLo);
    if (message.type === CMD_WRITE) {
      const payload = message.length - message.headerLength;
      return [{ kind: 'write', ...DISK, offset, at: message.headerLength, length: payload }];
    }
    if (message.type === CMD_WRITE_ZEROES) return [{ kind: 'zero', ...DISK, offset, length }];
    if (message.type === CMD_TRIM) return [{ kind: 'discard', ...DISK, offset, length }];
    return [];
  }
  if (message instanceof Chunk) {
    const offset = wide(message.dataOffsetHi, message.dataOffsetLo);
    const length = message.dataLength;
    if (length <= 0) return [];
    if (message.type === CHUNK_OFFSET_DATA)
      return [{ kind: 'read', ...DISK, offset, at: message.headerLength, length }];
    if (message.type === CHUNK_OFFSET_HOLE) return [{ kind: 'hole', ...DISK, offset, length }];
    return [];
  }
  if (message instanceof ExportInfo) return [{ kind: 'size', ...DISK, length: wide(message.sizeHi, message.sizeLo) }];
  if (message instanceof OptionReply && message.type === REP_INFO) {
    const info = exportInfoIn(message.data);
    if (info !== null && message.data.u16(INFO_DATA.at.info) === INFO_EXPORT)
      return [{ kind: 'size', ...DISK, length: wide(info.sizeHi, info.sizeLo) }];
  }
  if (message instanceof SimpleReply && request instanceof Request && request.type === CMD_READ && message.payload > 0)
    return [
      {
        ...{ kind: 'read' as const, ...DISK, offset: wide(request.offsetHi, request.offsetLo) },
        ...{ at: message.headerLength, length: message.payload },
      },
    ];
  return [];
}
