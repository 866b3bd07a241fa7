import type { Role } from '../generations.js';

/**
 * What family C says on its pipes (arca.md 1.4), as data: for each generation and kind of pipe the requests and responses with
 * their fields, in declaration order, which is what postcard numbers them by.
 */
export type FieldType =
  'usize' | 'u64' | 'u32' | 'u16' | 'i32' | 'i64' | 'bool' | 'ipv4' | 'text' | 'texts' | 'bytes' | 'whence' | 'kind';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export interface Variant {
  readonly name: string;
  readonly fields: readonly Field[];
}

export type PipePurpose = 'control' | 'file' | 'listener' | 'stream';

export interface Dialect {
  readonly bit: number;
  readonly label: string;
  readonly generation: string;
  readonly purpose: PipePurpose;
  readonly requests: readonly Variant[];
  readonly responses: readonly Variant[];
  /** Whether every response is a Result: 00 and the response, or 01 and an error number. */
  readonly wrapped: boolean;
}

export const WHENCE = ['Start', 'Current', 'End'] as const;
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
/** The error of a wrapped response, which is no variant of the responses. */
export const RESULT_ERR: Variant = { name: 'Err', fields: [{ name: 'kind', type: 'kind' }] };

function v(name: string, ...fields: string[]): Variant {
  return {
    name,
    fields: fields.map((f) => {
      const [field, type] = f.split(' ') as [string, FieldType];
      return { name: field, type };
    }),
  };
}

const MODE = ['read bool', 'write bool', 'create bool', 'append bool', 'truncate bool'];
const PIPE = v('Pipe', 'rxPtr usize', 'rxLen usize', 'txPtr usize', 'txLen usize');
const GET_ARGS = v('GetArgs');
const EXIT = v('Exit', 'code i32');
const OPEN = v('Open', 'path text', ...MODE);
const MKDIR = v('Mkdir', 'path text');
const LISTEN = v('Listen', 'ip ipv4', 'port u16');
const CONNECT = v('Connect', 'host text', 'port u16');
const ARGS = v('Args', 'args texts');
const ACK = v('Ack');
const CLOSE = v('Close');
const BYTES = v('Bytes', 'data bytes');
const LENGTH = v('Length', 'length usize');
const OFFSET = v('Offset', 'offset u64');
const FILES = [
  GET_ARGS,
  EXIT,
  OPEN,
  v('Close', 'descriptor usize'),
  v('Read', 'descriptor usize', 'length usize'),
  v('Write', 'descriptor usize', 'data bytes'),
  v('Seek', 'descriptor usize', 'offset whence'),
];
const FILE = v('File', 'descriptor usize');
const STREAM = v('Stream', 'descriptor usize');
const LISTENER = v('Listener', 'descriptor usize');

/** In the order in which they are believed where the bytes allow several. */
export const DIALECTS: readonly Dialect[] = [
  {
    bit: 1,
    label: 'C4 control',
    generation: 'C4',
    purpose: 'control',
    requests: [GET_ARGS, EXIT, OPEN, MKDIR, LISTEN, CONNECT],
    responses: [ARGS, PIPE, ACK, v('Err', 'kind kind')],
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
    requests: [v('Send', 'data bytes'), v('Receive', 'length usize'), CLOSE],
    responses: [LENGTH, BYTES, ACK],
    wrapped: false,
  },
  {
    bit: 8,
    label: 'C3/C4 file',
    generation: 'C3/C4',
    purpose: 'file',
    requests: [v('Read', 'length usize'), v('Write', 'data bytes'), v('Seek', 'offset whence'), CLOSE],
    responses: [BYTES, LENGTH, OFFSET, ACK],
    wrapped: false,
  },
  {
    bit: 16,
    label: 'C3/C4 listener',
    generation: 'C3/C4',
    purpose: 'listener',
    requests: [v('Accept'), CLOSE],
    responses: [PIPE, ACK],
    wrapped: false,
  },
  {
    bit: 32,
    label: 'C2',
    generation: 'C2',
    purpose: 'control',
    requests: [
      ...FILES,
      LISTEN,
      v('Accept', 'descriptor usize'),
      v('StopListening', 'descriptor usize'),
      CONNECT,
      v('Disconnect', 'descriptor usize'),
      v('Send', 'descriptor usize', 'data bytes'),
      v('Receive', 'descriptor usize', 'length usize'),
    ],
    responses: [ACK, ARGS, FILE, LISTENER, STREAM, OFFSET, BYTES, LENGTH],
    wrapped: true,
  },
  {
    bit: 64,
    label: 'C2a',
    generation: 'C2a',
    purpose: 'control',
    requests: [
      ...FILES,
      v('Connect', 'ip u32', 'port u16'),
      v('Disconnect', 'descriptor usize'),
      v('Send', 'descriptor usize', 'data bytes'),
      v('Recv', 'descriptor usize', 'data bytes'),
    ],
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

/** Requests of generations with a control pipe that hand out a further pipe, and what that one is for. */
export const OPENS: Readonly<Record<string, PipePurpose>> = {
  Open: 'file',
  Listen: 'listener',
  Connect: 'stream',
  Accept: 'stream',
};

/** What a sender may say in a dialect. */
export function variantsOf(dialect: Dialect, role: Role): readonly Variant[] {
  return role === 'guest' ? dialect.requests : dialect.responses;
}

/** The most believed dialect of a set of bits. */
export function foremost(bits: number): Dialect {
  return DIALECTS.find((d) => (d.bit & bits) !== 0) ?? DIALECTS[0]!;
}
