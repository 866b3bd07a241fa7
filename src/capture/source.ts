import { closeSync, constants, createReadStream, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { shownPath, systemPath } from '../base/file-name.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { readJoined, type JoinedFiles } from './joined.js';
import { NotACapture } from './packet.js';
import { readRawPair, type RawPair } from './raw-pair.js';
import type { CaptureOptions, CaptureSource } from './reading.js';
import { readRegularFile } from './regular-file.js';
import { readSmallCapture } from './small-capture.js';
import { readStream } from './streamed.js';

/** A capture that is read by code of the caller, under a name for events. */
export interface MadeInput {
  readonly name: string;
  open(options: CaptureOptions): CaptureSource;
}

/** What is read: a path, `-` for standard input, a pair of raw stream files, several files that are one recording, or a MadeInput. */
export type CaptureInput = string | RawPair | JoinedFiles | MadeInput;

/** The name of an input in events; for a joined recording, that of its first file. */
export function inputName(input: CaptureInput): string {
  if (typeof input === 'string') return shownPath(input);
  if ('open' in input) return input.name;
  return shownPath('parts' in input ? input.parts[0]! : `${input.client},${input.server}`);
}

/** All names of an input: for a joined recording, those of all its files. */
export function inputParts(input: CaptureInput): readonly string[] {
  return typeof input !== 'string' && 'parts' in input ? input.parts.map(shownPath) : [inputName(input)];
}

/** The files that an input is read from. */
export function inputPaths(input: CaptureInput): readonly string[] {
  if (typeof input === 'string') return [input];
  if ('open' in input) return [];
  return 'parts' in input ? input.parts : [input.client, input.server];
}

/** Opens an input. No file is opened before `read` is called. */
export function openCapture(input: CaptureInput, options: CaptureOptions = {}): CaptureSource {
  if (typeof input !== 'string' && 'open' in input) return input.open(options);
  if (typeof input !== 'string') return 'parts' in input ? openJoined(input, options) : openRawPair(input, options);
  const path = input;
  if (path === '-') return openStream(path, () => process.stdin, options);
  const complete = { ...options, limits: options.limits ?? DEFAULT_LIMITS };
  return {
    name: path,
    read: async (sink, hooks = {}) => {
      const { content } = complete;
      if (content) {
        await readSmallCapture(path, (into) => copyTo(into, content), complete, sink, hooks);
        return;
      }
      const stat = statSync(systemPath(path));
      if (stat.isDirectory()) throw new NotACapture('a directory');
      if (stat.isFIFO()) return readStream(openFifo(path), complete, sink, hooks);
      if (!stat.isFile()) return readStream(createReadStream(systemPath(path)), complete, sink, hooks);
      const fd = openSync(systemPath(path), 'r');
      try {
        await readRegularFile({ fd, path, size: stat.size }, complete, sink, hooks);
      } finally {
        closeSync(fd);
      }
    },
  };
}

function copyTo(into: Uint8Array, content: Uint8Array): number {
  into.set(content);
  return content.length;
}

function openJoined(joined: JoinedFiles, options: CaptureOptions): CaptureSource {
  return {
    name: inputName(joined),
    read: (sink, hooks = {}) => readJoined(joined, (path) => openCapture(path, options), options, sink, hooks),
  };
}

function openRawPair(pair: RawPair, options: CaptureOptions): CaptureSource {
  return {
    name: inputName(pair),
    read: (sink, hooks = {}) => readRawPair(pair, options, sink, hooks),
  };
}

/** A capture from a stream of bytes, which is opened when it is read. */
export function openStream(name: string, open: () => Readable, options: CaptureOptions = {}): CaptureSource {
  const complete = { ...options, limits: options.limits ?? DEFAULT_LIMITS };
  return { name, read: (sink, hooks = {}) => readStream(open(), complete, sink, hooks) };
}

/**
 * Opens a FIFO without waiting for its writer, and reads it without blocking: a thread that waits in open or read could not be stopped, and
 * would keep the process from ending.
 */
function openFifo(path: string): Readable {
  const fd = openSync(systemPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    throw new Error(`${path}: replaced while it was opened`);
  }
  return new Socket({ fd, readable: true, writable: false });
}
