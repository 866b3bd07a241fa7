import { Readable } from 'node:stream';
import { openStream, type CaptureInput } from '../capture/source.js';

/** The bytes of a capture that the caller brings: whole, or as they come (a Readable, a web stream, a generator). */
export type CaptureBytes = Uint8Array | AsyncIterable<Uint8Array>;

/** The same under a name, which events have as `file`. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: CaptureBytes;
}

/** What the library reads: what the command line reads, and bytes. */
export type LibraryInput = CaptureInput | CaptureBytes | NamedBytes;

/** What events call bytes without a name. */
const UNNAMED = '-';
/** Bytes of one piece of a buffer: what is found in one is handed over before the next is read. */
const PIECE_BYTES = 1 << 20;

/** The caller's stream failed: no fault of ours, and no bug. */
class ReadError extends Error {
  override readonly name = 'ReadError';
  readonly syscall = 'read';
}

/** An input as the analysis takes it. Throws a TypeError for what is none. */
export function captureInput(input: LibraryInput): CaptureInput {
  if (typeof input === 'string') return input;
  if (isBytes(input)) return made(UNNAMED, input);
  if (typeof input === 'object' && input !== null) {
    if ('bytes' in input && isBytes(input.bytes)) return made(input.name, input.bytes);
    if (!('bytes' in input)) return input;
  }
  throw new TypeError('a capture is a path, the bytes of one, a stream of bytes, or { name, bytes }');
}

function isBytes(value: unknown): value is CaptureBytes {
  if (value instanceof Uint8Array) return true;
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function made(name: string, bytes: CaptureBytes): CaptureInput {
  return { name, open: (options) => openStream(name, () => Readable.from(pieces(name, bytes)), options) };
}

async function* pieces(name: string, bytes: CaptureBytes): AsyncGenerator<Buffer, void, void> {
  if (bytes instanceof Uint8Array) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      yield Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(PIECE_BYTES, bytes.length - at));
    return;
  }
  try {
    for await (const chunk of bytes) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('its chunks are no bytes');
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (error) {
    throw new ReadError(`cannot read ${name}: ${(error as Error).message}`, { cause: error });
  }
}
