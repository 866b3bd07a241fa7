import { createHash, randomBytes, type Hash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { systemPath } from '../../base/file-name.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { inputParts } from '../../engine/analysis.js';
import type { FileReport } from '../../report/check-report.js';
import { packageRoot } from '../package-root.js';
import { systemWords, UsageError } from '../usage-error.js';
import { version } from '../version.js';
import type { Job } from './job.js';
import { transcriptPath } from './transcript-path.js';

/** Entries that no run has used for this long are removed. */
const KEPT_DAYS = 30;
const DAY = 86_400_000;
/**
 * Milliseconds. A file that was modified so shortly before its digest is taken might be modified again within the resolution of its time
 * stamps.
 */
const SETTLED = 2000;
const CHUNK = 1 << 20;

/**
 * A folder with the results of captures that were judged before. The key covers the bytes of the capture, of the transcript beside it and
 * of the key files, all options, and the version. An entry that cannot be read is ignored. Several runs may share the folder: an entry is
 * written to a temporary file, which is then renamed.
 */
export class ResultCache {
  private readonly folder: string;
  /** Identifies the program: its version, Node's, and the size and time of the built file, which a new build replaces. */
  private readonly program: readonly unknown[];
  /** Digests of files by path. Many jobs share the same key files. */
  private readonly digests = new Map<string, string | null>();

  /** Throws a UsageError if the folder cannot be created or read. */
  constructor(folder: string) {
    this.folder = resolve(folder);
    const { size, mtimeMs } = statSync(new URL('dist/main.js', packageRoot()));
    this.program = [version(), process.version, size, mtimeMs];
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      readdirSync(this.folder);
    } catch (error) {
      throw new UsageError(`--cache ${folder}: ${systemWords(error)}`);
    }
  }

  /**
   * The key under which the result of a job is kept; null if it must not be kept (the input is no regular file, or the run writes a file).
   */
  keyOf(job: Job): string | null {
    const { input, golden, page, events } = job;
    if (golden === 'update' || page !== null || events !== null) return null;
    if (input === '-' || (typeof input !== 'string' && !('parts' in input))) return null;
    const parts = inputParts(input);
    const contents = parts.map((path) => this.digestOf(path));
    if (contents.includes(null)) return null;
    const beside = [transcriptPath(parts[0]!), ...job.plan.keyrings, ...job.plan.tlsKeylogs];
    const others = beside.map((path) => this.digestOf(path));
    const asked = JSON.stringify([this.program, parts, contents, others, { ...job, input: null }]);
    return createHash('sha256').update(asked).digest('hex');
  }

  find(key: string): FileReport | null {
    const path = this.pathOf(key);
    try {
      const text = inflateRawSync(readFileSync(path), { maxOutputLength: DEFAULT_LIMITS.shardBytes }).toString('utf8');
      const entry = JSON.parse(text) as { readonly key?: string; readonly report?: FileReport };
      if (entry.key !== key || entry.report === undefined) return null;
      touch(path);
      return entry.report;
    } catch {
      return null;
    }
  }

  keep(key: string, report: FileReport): void {
    // a bug may be fixed and a file may become readable, so neither result is kept
    if (report.internalErrors > 0 || report.state === 'failed') return;
    this.write(this.pathOf(key), deflateRawSync(JSON.stringify({ key, report }), { level: 1 }));
  }

  /** Removes entries that were not used for KEPT_DAYS. */
  tidy(): void {
    const oldest = Date.now() - KEPT_DAYS * DAY;
    for (const name of quietly(() => readdirSync(this.folder)) ?? []) {
      const path = join(this.folder, name);
      if (!/\.(?:result|digest|part)$/.test(name)) continue;
      if ((quietly(() => statSync(path).mtimeMs) ?? Infinity) < oldest) quietly(() => rmSync(path));
    }
  }

  private pathOf(key: string): string {
    return join(this.folder, `${key}.result`);
  }

  /**
   * The SHA-256 of a file; a stored one is used if the file's size and times show no change. Null if it cannot be read or is no regular
   * file.
   */
  private digestOf(path: string): string | null {
    const known = this.digests.get(path);
    if (known !== undefined) return known;
    const digest = quietly(() => this.digest(path)) ?? null;
    this.digests.set(path, digest);
    return digest;
  }

  private digest(path: string): string | null {
    const stat = statSync(systemPath(path), { bigint: true });
    if (!stat.isFile()) return null;
    const facts = [resolve(path), stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].map(String);
    const place = join(this.folder, `${createHash('sha256').update(JSON.stringify(facts)).digest('hex')}.digest`);
    const kept = quietly(() => readFileSync(place, 'latin1'));
    if (kept !== undefined && /^[0-9a-f]{64}$/.test(kept)) {
      touch(place);
      return kept;
    }
    const digest = contentOf(path, createHash('sha256'));
    if (Date.now() - Number(stat.ctimeMs) > SETTLED) this.write(place, Buffer.from(digest, 'latin1'));
    return digest;
  }

  /** Ignores errors: a cache that cannot be written must not make the run fail. */
  private write(path: string, bytes: Uint8Array): void {
    const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
    quietly(() => {
      writeFileSync(aside, bytes, { mode: 0o600 });
      renameSync(aside, path);
    });
  }
}

/** Updates the times of an entry, which tell `tidy` that it is in use. */
function touch(path: string): void {
  const now = new Date();
  quietly(() => utimesSync(path, now, now));
}

function contentOf(path: string, hash: Hash): string {
  const fd = openSync(systemPath(path), 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) hash.update(chunk.subarray(0, n));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
