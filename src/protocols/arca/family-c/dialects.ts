import type { Role } from '../generations.js';
import {
  bool,
  choice,
  data,
  descriptor,
  i32,
  ipNumber,
  ipv4,
  ringAt,
  ringLength,
  seekFrom,
  text,
  texts,
  u16,
  u64,
  variant,
  varint,
  fieldBytes,
  type FieldsOf,
  type ValueOf,
  type Variant,
} from './postcard.js';

/**
 * The dialects of family C (arca.md 1.4), as data: for each generation and kind of pipe, the requests and responses with their fields. They
 * are in declaration order, by which postcard numbers them.
 */
export type PipePurpose = 'control' | 'file' | 'listener' | 'stream';

export interface Dialect {
  readonly bit: number;
  readonly label: string;
  readonly generation: string;
  readonly purpose: PipePurpose;
  readonly requests: readonly Variant[];
  readonly responses: readonly Variant[];
  /** Whether every response is wrapped in a Result: 00 and the response, or 01 and an error number. */
  readonly wrapped: boolean;
}

export const IO_ERROR_KINDS = [
  'NotFound',
  'PermissionDenied',
  'AlreadyExists',
  'InvalidInput',
  'InvalidData',
  'Unsupported',
  'OutOfMemory',
  'Interrupted',
  'Other',
] as const;
export const C2_ERRORS = ['FileDoesNotExist', 'InvalidArgument', 'InsufficientPermissions', 'Unknown'] as const;

/** A number of bytes, 64 bits. */
const length = u64;
const mode = { read: bool, write: bool, create: bool, append: bool, truncate: bool };

// control pipes of C3 and C4; C2 and C2a have most of them, too
export const GET_ARGS = variant('GetArgs', {});
export const EXIT = variant('Exit', { code: i32 });
export const OPEN = variant('Open', { path: text, ...mode });
export const MKDIR = variant('Mkdir', { path: text });
export const LISTEN = variant('Listen', { ip: ipv4, port: u16 });
export const CONNECT = variant('Connect', { host: text, port: u16 });
export const ARGS = variant('Args', { args: texts });
export const PIPE = variant('Pipe', {
  ...{ rxPtr: ringAt('rx'), rxLen: ringLength },
  ...{ txPtr: ringAt('tx'), txLen: ringLength },
});
export const ACK = variant('Ack', {});
export const ERR = variant('Err', { kind: choice(IO_ERROR_KINDS) });

// pipes of one stream, file or listener
export const SEND = variant('Send', { data });
export const RECEIVE = variant('Receive', { length });
export const READ = variant('Read', { length });
export const WRITE = variant('Write', { data });
export const SEEK = variant('Seek', { offset: seekFrom });
export const ACCEPT = variant('Accept', {});
export const CLOSE = variant('Close', {});
export const LENGTH = variant('Length', { length });
export const BYTES = variant('Bytes', { data });
export const OFFSET = variant('Offset', { offset: u64 });

// C2 and C2a, where one pipe serves all of them
export const FD_CLOSE = variant('Close', { descriptor });
export const FD_READ = variant('Read', { descriptor, length });
export const FD_WRITE = variant('Write', { descriptor, data });
export const FD_SEEK = variant('Seek', { descriptor, offset: seekFrom });
export const FD_ACCEPT = variant('Accept', { descriptor });
export const STOP_LISTENING = variant('StopListening', { descriptor });
export const DISCONNECT = variant('Disconnect', { descriptor });
export const FD_SEND = variant('Send', { descriptor, data });
export const FD_RECEIVE = variant('Receive', { descriptor, length });
export const FILE = variant('File', { descriptor });
export const STREAM = variant('Stream', { descriptor });
export const LISTENER = variant('Listener', { descriptor });
/** The error of a wrapped response, which is not among the dialect's responses. */
export const RESULT_ERR = variant('Err', { kind: choice(C2_ERRORS) });
// C2a only
const IP_CONNECT = variant('Connect', { ip: ipNumber, port: u16 });
const FD_RECV = variant('Recv', { descriptor, data });

const FILES = [GET_ARGS, EXIT, OPEN, FD_CLOSE, FD_READ, FD_WRITE, FD_SEEK] as const;
const ALL = [
  ...FILES,
  ...[MKDIR, LISTEN, CONNECT, ARGS, PIPE, ACK, ERR, SEND, RECEIVE, READ, WRITE, SEEK, ACCEPT, CLOSE, LENGTH, BYTES],
  ...[OFFSET, FD_ACCEPT, STOP_LISTENING, DISCONNECT, FD_SEND, FD_RECEIVE, FILE, STREAM, LISTENER, RESULT_ERR],
  ...[IP_CONNECT, FD_RECV],
] as const;

/** The values that a message can have. */
export type PostcardValue = ValueOf<(typeof ALL)[number]>;

/** In order of precedence, for bytes that fit several of them. */
export const DIALECTS: readonly Dialect[] = [
  {
    bit: 1,
    label: 'C4 control',
    generation: 'C4',
    purpose: 'control',
    requests: [GET_ARGS, EXIT, OPEN, MKDIR, LISTEN, CONNECT],
    responses: [ARGS, PIPE, ACK, ERR],
    wrapped: false,
  },
  {
    bit: 2,
    label: 'C3 control',
    generation: 'C3',
    purpose: 'control',
    requests: [GET_ARGS, EXIT, OPEN, LISTEN, CONNECT],
    responses: [ARGS, PIPE],
    wrapped: false,
  },
  {
    bit: 4,
    label: 'C3/C4 stream',
    generation: 'C3/C4',
    purpose: 'stream',
    requests: [SEND, RECEIVE, CLOSE],
    responses: [LENGTH, BYTES, ACK],
    wrapped: false,
  },
  {
    bit: 8,
    label: 'C3/C4 file',
    generation: 'C3/C4',
    purpose: 'file',
    requests: [READ, WRITE, SEEK, CLOSE],
    responses: [BYTES, LENGTH, OFFSET, ACK],
    wrapped: false,
  },
  {
    bit: 16,
    label: 'C3/C4 listener',
    generation: 'C3/C4',
    purpose: 'listener',
    requests: [ACCEPT, CLOSE],
    responses: [PIPE, ACK],
    wrapped: false,
  },
  {
    bit: 32,
    label: 'C2',
    generation: 'C2',
    purpose: 'control',
    requests: [...FILES, LISTEN, FD_ACCEPT, STOP_LISTENING, CONNECT, DISCONNECT, FD_SEND, FD_RECEIVE],
    responses: [ACK, ARGS, FILE, LISTENER, STREAM, OFFSET, BYTES, LENGTH],
    wrapped: true,
  },
  {
    bit: 64,
    label: 'C2a',
    generation: 'C2a',
    purpose: 'control',
    requests: [...FILES, IP_CONNECT, DISCONNECT, FD_SEND, FD_RECV],
    responses: [ACK, ARGS, FILE, STREAM, OFFSET, BYTES, LENGTH],
    wrapped: true,
  },
  {
    bit: 128,
    label: 'C1',
    generation: 'C1',
    purpose: 'control',
    requests: [GET_ARGS],
    responses: [ARGS],
    wrapped: false,
  },
];

export const ALL_DIALECTS = 255;

/** Requests that open a further pipe, in generations with a control pipe; and the purpose of that pipe. */
export const OPENS: Readonly<Record<string, PipePurpose>> = {
  Open: 'file',
  Listen: 'listener',
  Connect: 'stream',
  Accept: 'stream',
};

/** What a sender may send in a dialect. */
export function variantsOf(dialect: Dialect, role: Role): readonly Variant[] {
  return role === 'guest' ? dialect.requests : dialect.responses;
}

/** The first dialect, in order of precedence, of a set of bits. */
export function foremost(bits: number): Dialect {
  return DIALECTS.find((d) => (d.bit & bits) !== 0) ?? DIALECTS[0]!;
}

/** Every name that a message can have. */
export function variantNames(): string[] {
  return ALL.map((v) => v.name);
}

/** Encodes a variant as its sender would in a dialect that has it. */
export function encode<V extends Variant>(dialect: Dialect, role: Role, of: V, fields: FieldsOf<V>): number[] {
  const result = dialect.wrapped && role === 'monitor' ? [of.name === RESULT_ERR.name ? 1 : 0] : [];
  const index = variantsOf(dialect, role).indexOf(of);
  return [...result, ...(index < 0 ? [] : varint(index)), ...fieldBytes(of, fields)];
}

/** The dialect with that label. */
export function dialectOf(label: string): Dialect {
  const dialect = DIALECTS.find((d) => d.label === label);
  if (dialect === undefined) throw new Error(`no dialect ${label}`);
  return dialect;
}
