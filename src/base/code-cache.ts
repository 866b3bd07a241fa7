import {
  fstatSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as V8 from 'node:v8';
import { constants, Script } from 'node:vm';

/** At most this many files are kept: one for each command, of a few versions. */
const MAX_FILES = 40;

/**
 * Loads a CommonJS file, whose text includes the module function around it, and returns its exports. Uses the code that V8 compiled in an
 * earlier run, as compiling a megabyte takes longer than analyzing a small capture. That code is kept in a folder of the user, one file for
 * each `use`, as each use runs other functions. If that is not possible, the text is compiled as usual, without a message.
 */
export function loadCached(path: string, use: string, mayKeep = true): unknown {
  const source = readFileSync(path, 'latin1');
  const kept = keptAt(path, use);
  const cachedData = kept === null ? undefined : checked(privateFile(kept));
  const script = new Script(source, {
    filename: path,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (mayKeep && kept !== null && (cachedData === undefined || script.cachedDataRejected)) {
    const { setFlagsFromString } = createRequire(path)('node:v8') as typeof V8;
    // in a long run V8 throws away the code that only ran at the start; without it the file would lack half of what the next start needs
    setFlagsFromString('--no-flush-bytecode');
    // at the end, when all functions that were used have been compiled
    process.once('exit', (status) => {
      setFlagsFromString('--flush-bytecode');
      if (status <= 1) keep(kept, sealed(script.createCachedData()));
    });
  }
  const module = { exports: {} };
  const run = script.runInThisContext() as (...given: unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
}

/** Path of the file with the code for that use; null where none is to be kept. */
function keptAt(path: string, use: string): string | null {
  const home = folderOfCaches();
  if (home === null || !/^[a-z]{1,12}$/.test(use)) return null;
  try {
    const { mtimeMs, size } = statSync(path);
    const { node } = process.versions;
    const of = [path, mtimeMs, size, process.arch, ...process.execArgv].join('\0');
    return join(home, 'wirelint', `${node}-${shortName(of)}-${use}.code`);
  } catch {
    return null;
  }
}

/** A short name that differs between installations: a 32-bit hash (FNV-1a). Loading Node's hash functions takes longer than all the rest here. */
function shortName(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

function folderOfCaches(): string | null {
  // the switch that turns off Node's own cache of compiled code
  if (process.env['NODE_DISABLE_COMPILE_CACHE'] !== undefined || process.getuid === undefined) return null;
  const { XDG_CACHE_HOME, HOME } = process.env;
  if (XDG_CACHE_HOME?.startsWith('/')) return XDG_CACHE_HOME;
  return HOME?.startsWith('/') ? join(HOME, '.cache') : null;
}

/** The content of a file that only this user can have written, as it is code that will run; undefined where there is no such file. */
function privateFile(path: string): Buffer | undefined {
  try {
    if (!isPrivate(lstatSync(dirname(path)))) return undefined;
    const fd = openSync(path, 'r');
    try {
      const stat = fstatSync(fd);
      return stat.isFile() && isPrivate(stat) ? readFileSync(fd) : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

const SEAL_BYTES = 4;

/** The code with a checksum appended: V8 itself does not check it. */
function sealed(code: Buffer): Buffer {
  const seal = Buffer.alloc(SEAL_BYTES);
  seal.writeInt32LE(sumOf(code));
  return Buffer.concat([code, seal]);
}

/** The code without its checksum; undefined where that is wrong. */
function checked(bytes: Buffer | undefined): Buffer | undefined {
  if (bytes === undefined || bytes.length <= SEAL_BYTES) return undefined;
  const code = bytes.subarray(0, -SEAL_BYTES);
  return bytes.readInt32LE(code.length) === sumOf(code) ? code : undefined;
}

/** A checksum of the length and one word in 64: enough to notice blocks that a disk lost, and very fast. */
function sumOf(code: Buffer): number {
  let sum = code.length;
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  for (let at = 0; at + 4 <= code.length; at += 256) sum = (Math.imul(sum, 31) + view.getInt32(at, true)) | 0;
  return sum;
}

/** Whether a file or folder belongs to this user, and nobody else may write to it. */
function isPrivate(stat: { readonly uid: number; readonly mode: number }): boolean {
  return stat.uid === process.getuid!() && (stat.mode & 0o022) === 0;
}

function keep(path: string, code: Buffer): void {
  const folder = dirname(path);
  const beside = `${path}.${process.pid}.part`;
  try {
    // the folder and the one around it are made, but no home folder that does not exist
    for (const path of [dirname(folder), folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    if (!isPrivate(lstatSync(folder))) return;
    const old = readdirSync(folder).filter((name) => /\.(?:code|part)$/.test(name));
    if (old.length >= MAX_FILES) for (const name of old) rmSync(join(folder, name), { force: true });
    writeFileSync(beside, code, { flag: 'wx', mode: 0o600 });
    renameSync(beside, path);
  } catch {
    // no room, no permission, no folder: the next run compiles again
    rmSync(beside, { force: true });
  }
}
