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
/** A file that was changed so shortly before it was looked at may change again without showing it in its times (milliseconds). */
const SETTLED = 2000;
const CHUNK = 1 << 20;

/**
 * Results of captures that were judged before, in a folder: by the bytes of the capture, of the transcript beside it and of the key files,
 * by everything that was asked for, and by the version. An entry that cannot be read counts as none. Runs may share the folder: entries
 * are written aside and renamed.
 */
export class ResultCache {
  private readonly folder: string;
  /** Of the program: its version, and the file that holds it, which a new build replaces. */
  private readonly program: readonly unknown[];
  /** Digests of key files, which many jobs share. */
  private readonly digests = new Map<string, string | null>();

  /** Throws UsageError where the folder cannot be had. */
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

  /** Under what the result of a job is kept; null: it is not kept (no regular file, or one that a run writes). */
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
    // a bug that is mended, or a file that becomes readable, is no longer what was kept
    if (report.internalErrors > 0 || report.state === 'failed') return;
    this.write(this.pathOf(key), deflateRawSync(JSON.stringify({ key, report }), { level: 1 }));
  }

  /** Removes what was not used for a month. */
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

  /** The SHA-256 of a file, from its times where these tell that it has not changed; null where it cannot be read or is no regular file. */
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

  /** A cache that cannot be written to is no reason to fail. */
  private write(path: string, bytes: Uint8Array): void {
    const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
    quietly(() => {
      writeFileSync(aside, bytes, { mode: 0o600 });
      renameSync(aside, path);
    });
  }
}

/** Says that an entry is in use. */
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
