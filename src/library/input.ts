import { Readable } from 'node:stream';
import { openStream, type CaptureInput } from '../capture/source.js';

/** The bytes of a capture that the caller supplies: all at once, or as they arrive (a Readable, a web stream, a generator). */
export type CaptureBytes = Uint8Array | AsyncIterable<Uint8Array>;

/** Capture bytes with a name, which events carry as `file`. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: CaptureBytes;
}

/** What the library can read: everything that the command line reads, and bytes. */
export type LibraryInput = CaptureInput | CaptureBytes | NamedBytes;

/** The `file` of events for bytes without a name. */
const UNNAMED = '-';
/** A buffer is read in pieces of this many bytes: the events of one piece are delivered before the next piece is read. */
const PIECE_BYTES = 1 << 20;

/** The caller's stream failed: reported as a read error, not as a bug in wirelint. */
class ReadError extends Error {
  override readonly name = 'ReadError';
  readonly syscall = 'read';
}

/** Converts an input into the form that the analysis reads. Throws a TypeError if it is not an input. */
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
