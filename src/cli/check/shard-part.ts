import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { deflateSync, inflateSync } from 'node:zlib';
import type { Severity } from '../../base/rule.js';
import { systemPath } from '../../base/file-name.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { safeJson } from '../../base/text.js';
import type { FileReport } from '../../report/check-report.js';
import type { Suppression } from '../config-file.js';
import { systemWords, UsageError } from '../usage-error.js';
import { version } from '../version.js';
import type { TableName } from '../../table/schema.js';
import type { CHECK_FORMATS } from './formats.js';

/** One capture of a shard. */
export interface ShardCapture {
  /** Its index among the captures of all shards, from 0. */
  readonly place: number;
  /** The lowest severity of its findings that fails the gate. */
  readonly failOn: Severity;
  /** Paths of its files, relative to the configuration's folder. */
  readonly paths: readonly string[];
  /** How many lines of events this report has of it. */
  readonly lines: number;
  readonly report: FileReport;
  /** How many row groups it has in each table of `-f parquet`. */
  readonly groups?: Readonly<Record<TableName, number>>;
}

/** Data that a shard's report carries for `merge` besides what it shows: everything needed to make the report of the whole. */
export interface ShardPart {
  readonly version: string;
  readonly shard: number;
  readonly of: number;
  readonly format: (typeof CHECK_FORMATS)[number];
  readonly verbose: boolean;
  readonly failOn: Severity;
  readonly gate: {
    readonly require: readonly (readonly [string, number])[];
    readonly requireComplete: boolean;
    readonly maxWarnings: number | null;
    readonly allowEmpty: boolean;
  };
  readonly suppressions: readonly Suppression[];
  readonly today: string;
  /** Paths that suppressions name and that do not exist. */
  readonly gone: readonly string[];
  /** Whether all streams and protocols were examined. */
  readonly complete: boolean;
  readonly problems: readonly string[];
  readonly empty: readonly string[];
  /** Number of captures in all shards. */
  readonly total: number;
  readonly captures: readonly ShardCapture[];
}

const MARK = 'wirelint-shard:';
const MARKED = /wirelint-shard:([A-Za-z0-9+/]+=*)/;

/** The shard's data as text, which `partIn` finds again. */
export function packed(part: ShardPart): string {
  return MARK + deflateSync(JSON.stringify(part)).toString('base64');
}

/** The event that carries a shard's data in ndjson and json. */
export function shardLine(part: ShardPart): string {
  return JSON.stringify({ type: 'shard', shard: part.shard, of: part.of, part: packed(part) });
}

/** A shard's report with its data added, at a place that readers of the format ignore. */
export function withPart(text: string, part: ShardPart): string {
  switch (part.format) {
    case 'sarif':
      return document({ ...(JSON.parse(text) as object), properties: { wirelintShard: packed(part) } });
    case 'junit':
      return text.replace(/<\/testsuites>\n$/, `<!-- ${packed(part)} -->\n</testsuites>\n`);
    case 'gitlab':
      return document([...(JSON.parse(text) as object[]), gitlabEntry(part)]);
    case 'text':
    case 'table':
      return `${text}shard ${part.shard} of ${part.of}; \`wirelint merge\` puts them together\n${packed(part)}\n`;
    default:
      return text;
  }
}

function document(value: object): string {
  return `${safeJson(JSON.stringify(value, null, 2))}\n`;
}

/** A GitLab report is an array of issues, so the data has to be an issue. */
function gitlabEntry(part: ShardPart): object {
  return {
    description: `shard ${part.shard} of ${part.of}; wirelint merge puts them together (${packed(part)})`,
    check_name: 'wirelint/shard',
    fingerprint: `shard ${part.shard} of ${part.of}`,
    severity: 'info',
    location: { path: '.', lines: { begin: 1 } },
  };
}

/** Reads the data from a shard's report; unpacked it may take at most `most` bytes. Throws UsageError. */
export async function readPart(path: string, most: number = DEFAULT_LIMITS.shardBytes): Promise<ShardPart> {
  let found = '';
  for await (const line of linesOf(path)) if (MARKED.test(line)) found = line;
  return partIn(path, found, most);
}

/** The data that is found in `text`, which is part of the report at `path`. Throws UsageError. */
export function partIn(path: string, text: string, most: number = DEFAULT_LIMITS.shardBytes): ShardPart {
  const found = MARKED.exec(text)?.[1];
  if (found === undefined) throw new UsageError(`${path}: not the report of a shard (check --shard I/N)`);
  const part = unpacked(path, found, most);
  if (part.version !== version())
    throw new UsageError(`${path}: written by wirelint ${part.version}, but this is wirelint ${version()}`);
  return part;
}

function unpacked(path: string, base64: string, most: number): ShardPart {
  try {
    const text = inflateSync(Buffer.from(base64, 'base64'), { maxOutputLength: most }).toString('utf8');
    const part = JSON.parse(text) as Partial<ShardPart>;
    if (!Array.isArray(part.captures) || typeof part.version !== 'string') throw new Error('not a part');
    return part as ShardPart;
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const why = tooLarge ? `are larger than limit shardBytes: ${most}` : 'are damaged';
    throw new UsageError(`${path}: the data of its shard ${why}`);
  }
}

/** The lines of a report, one by one. Throws UsageError if it cannot be read. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(systemPath(path));
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    throw new UsageError(`${path}: ${systemWords(error)}`);
  } finally {
    input.destroy();
  }
}
