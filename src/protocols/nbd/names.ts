import { hexNumber } from '../../base/hex.js';
import { REP_ERROR_BIT } from './constants.js';

/** The protocol's names for its numbers. A number without a name is shown after its prefix: `NBD_OPT_42`. */

const OPTIONS: readonly string[] = [
  'NBD_OPT_0',
  'NBD_OPT_EXPORT_NAME',
  'NBD_OPT_ABORT',
  'NBD_OPT_LIST',
  'NBD_OPT_PEEK_EXPORT',
  'NBD_OPT_STARTTLS',
  'NBD_OPT_INFO',
  'NBD_OPT_GO',
  'NBD_OPT_STRUCTURED_REPLY',
  'NBD_OPT_LIST_META_CONTEXT',
  'NBD_OPT_SET_META_CONTEXT',
  'NBD_OPT_EXTENDED_HEADERS',
];

const REPLIES: readonly string[] = [
  'NBD_REP_0',
  'NBD_REP_ACK',
  'NBD_REP_SERVER',
  'NBD_REP_INFO',
  'NBD_REP_META_CONTEXT',
];

const REPLY_ERRORS: readonly string[] = [
  'NBD_REP_ERR_0',
  'NBD_REP_ERR_UNSUP',
  'NBD_REP_ERR_POLICY',
  'NBD_REP_ERR_INVALID',
  'NBD_REP_ERR_PLATFORM',
  'NBD_REP_ERR_TLS_REQD',
  'NBD_REP_ERR_UNKNOWN',
  'NBD_REP_ERR_SHUTDOWN',
  'NBD_REP_ERR_BLOCK_SIZE_REQD',
  'NBD_REP_ERR_TOO_BIG',
  'NBD_REP_ERR_EXT_HEADER_REQD',
];

const INFOS: readonly string[] = ['NBD_INFO_EXPORT', 'NBD_INFO_NAME', 'NBD_INFO_DESCRIPTION', 'NBD_INFO_BLOCK_SIZE'];

const COMMANDS: readonly string[] = [
  'NBD_CMD_READ',
  'NBD_CMD_WRITE',
  'NBD_CMD_DISC',
  'NBD_CMD_FLUSH',
  'NBD_CMD_TRIM',
  'NBD_CMD_CACHE',
  'NBD_CMD_WRITE_ZEROES',
  'NBD_CMD_BLOCK_STATUS',
  'NBD_CMD_RESIZE',
];

const CHUNKS = new Map<number, string>([
  [0, 'NBD_REPLY_TYPE_NONE'],
  [1, 'NBD_REPLY_TYPE_OFFSET_DATA'],
  [2, 'NBD_REPLY_TYPE_OFFSET_HOLE'],
  [5, 'NBD_REPLY_TYPE_BLOCK_STATUS'],
  [6, 'NBD_REPLY_TYPE_BLOCK_STATUS_EXT'],
  [0x8001, 'NBD_REPLY_TYPE_ERROR'],
  [0x8002, 'NBD_REPLY_TYPE_ERROR_OFFSET'],
]);

const ERRORS = new Map<number, string>([
  [0, 'NBD_SUCCESS'],
  [1, 'NBD_EPERM'],
  [5, 'NBD_EIO'],
  [12, 'NBD_ENOMEM'],
  [22, 'NBD_EINVAL'],
  [28, 'NBD_ENOSPC'],
  [75, 'NBD_EOVERFLOW'],
  [95, 'NBD_ENOTSUP'],
  [108, 'NBD_ESHUTDOWN'],
]);

export const CLIENT_FLAG_NAMES: readonly string[] = ['FIXED_NEWSTYLE', 'NO_ZEROES'];
export const TRANSMISSION_FLAG_NAMES: readonly string[] = [
  'HAS_FLAGS',
  'READ_ONLY',
  'SEND_FLUSH',
  'SEND_FUA',
  'ROTATIONAL',
  'SEND_TRIM',
  'SEND_WRITE_ZEROES',
  'SEND_DF',
  'CAN_MULTI_CONN',
  'SEND_RESIZE',
  'SEND_CACHE',
  'SEND_FAST_ZERO',
  'BLOCK_STATUS_PAYLOAD',
];
export const COMMAND_FLAG_NAMES: readonly string[] = ['FUA', 'NO_HOLE', 'DF', 'REQ_ONE', 'FAST_ZERO', 'PAYLOAD_LEN'];
export const REPLY_FLAG_NAMES: readonly string[] = ['DONE'];

/** Every name that a message can have. */
export function messageNames(): string[] {
  const single = ['NBDMAGIC', 'CLIENT_FLAGS', 'EXPORT_INFO', 'NBD_SIMPLE_REPLY'];
  const numbered = ['NBD_OPT_#', 'NBD_REP_#', 'NBD_REP_ERR_#', 'NBD_CMD_#', 'NBD_REPLY_TYPE_#'];
  return [...single, ...OPTIONS, ...REPLIES, ...REPLY_ERRORS, ...COMMANDS, ...CHUNKS.values(), ...numbered];
}

export function optionName(option: number): string {
  return OPTIONS[option] ?? `NBD_OPT_${option}`;
}

export function replyName(type: number): string {
  if (type >= REP_ERROR_BIT) return REPLY_ERRORS[type - REP_ERROR_BIT] ?? `NBD_REP_ERR_${type - REP_ERROR_BIT}`;
  return REPLIES[type] ?? `NBD_REP_${type}`;
}

export function infoName(type: number): string {
  return INFOS[type] ?? `NBD_INFO_${type}`;
}

export function commandName(type: number): string {
  return COMMANDS[type] ?? `NBD_CMD_${type}`;
}

const SHORT_COMMANDS = COMMANDS.map((name) => name.slice('NBD_CMD_'.length));

/** The command without its prefix: `READ`; one that is not defined is `command 42`. */
export function shortCommand(type: number): string {
  return SHORT_COMMANDS[type] ?? `command ${type}`;
}

export function chunkName(type: number): string {
  return CHUNKS.get(type) ?? `NBD_REPLY_TYPE_${type}`;
}

/** The chunk type without its prefix: `OFFSET_DATA`. */
export function shortChunk(type: number): string {
  return chunkName(type).slice('NBD_REPLY_TYPE_'.length);
}

export function isKnownChunk(type: number): boolean {
  return CHUNKS.has(type);
}

export function errorName(error: number): string {
  return ERRORS.get(error) ?? `error ${error}`;
}

export function isKnownError(error: number): boolean {
  return ERRORS.has(error);
}

/** Names of the bits that are set, lowest first; a bit without a name as its mask in hex. */
function flagNames(flags: number, names: readonly string[], digits: number): string[] {
  const out: string[] = [];
  // visits only the bits that are set, with integer operations: powers of two as doubles cost as much as the rest of the line
  for (let rest = flags | 0; rest !== 0; rest &= rest - 1) {
    const bit = 31 - Math.clz32(rest & -rest);
    out.push(names[bit] ?? hexNumber(2 ** bit, digits));
  }
  return out;
}

export function handshakeFlags(flags: number): string[] {
  return flagNames(flags, CLIENT_FLAG_NAMES, 4);
}

export function clientFlags(flags: number): string[] {
  return flagNames(flags, CLIENT_FLAG_NAMES, 8);
}

export function transmissionFlags(flags: number): string[] {
  return flagNames(flags, TRANSMISSION_FLAG_NAMES, 4);
}

export function commandFlags(flags: number): string[] {
  return flagNames(flags, COMMAND_FLAG_NAMES, 4);
}

export function replyFlags(flags: number): string[] {
  return flagNames(flags, REPLY_FLAG_NAMES, 4);
}

/** Names of a block status word of a metadata context, or the number itself where its namespace does not define bits. */
export function statusText(context: string | null, hi: number, lo: number): string {
  if (context === 'base:allocation' && hi === 0 && lo < 4) return ['data', 'HOLE', 'ZERO', 'HOLE ZERO'][lo]!;
  if (context !== null && context.startsWith('qemu:dirty-bitmap:') && hi === 0 && lo < 2)
    return lo === 1 ? 'DIRTY' : 'clean';
  if (context === 'qemu:allocation-depth' && hi === 0) return lo === 0 ? 'unallocated' : `depth ${lo}`;
  return hi === 0 ? hexNumber(lo) : hexNumber((BigInt(hi) << 32n) | BigInt(lo));
}
