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
  /** Its place among the captures of all shards, from 0. */
  readonly place: number;
  /** From which severity on its findings fail the gate. */
  readonly failOn: Severity;
  /** Its files as the configuration sees them. */
  readonly paths: readonly string[];
  /** Lines of events that it has in this report. */
  readonly lines: number;
  readonly report: FileReport;
  /** Row groups that it has in the tables of `-f parquet`. */
  readonly groups?: Readonly<Record<TableName, number>>;
}

/** What a shard's report carries for `merge`, beside what it shows: all that the report of the whole is made of. */
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
  /** Paths of suppressions that do not exist. */
  readonly gone: readonly string[];
  /** Whether all streams and protocols were looked at. */
  readonly complete: boolean;
  readonly problems: readonly string[];
  readonly empty: readonly string[];
  /** Captures of all shards. */
  readonly total: number;
  readonly captures: readonly ShardCapture[];
}

const MARK = 'wirelint-shard:';
const MARKED = /wirelint-shard:([A-Za-z0-9+/]+=*)/;

/** The part as text; `partIn` finds it. */
export function packed(part: ShardPart): string {
  return MARK + deflateSync(JSON.stringify(part)).toString('base64');
}

/** The event that carries a shard's part in ndjson and json. */
export function shardLine(part: ShardPart): string {
  return JSON.stringify({ type: 'shard', shard: part.shard, of: part.of, part: packed(part) });
}

/** A shard's report with its part inside, where the format has room for it; readers of the format look over it. */
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

/** An array of issues has room for issues only. */
function gitlabEntry(part: ShardPart): object {
  return {
    description: `shard ${part.shard} of ${part.of}; wirelint merge puts them together (${packed(part)})`,
    check_name: 'wirelint/shard',
    fingerprint: `shard ${part.shard} of ${part.of}`,
    severity: 'info',
    location: { path: '.', lines: { begin: 1 } },
  };
}

/** Reads the part out of a shard's report; unpacked it may take `most` bytes. Throws UsageError. */
export async function readPart(path: string, most: number = DEFAULT_LIMITS.shardBytes): Promise<ShardPart> {
  let found = '';
  for await (const line of linesOf(path)) if (MARKED.test(line)) found = line;
  return partIn(path, found, most);
}

/** The part that a text holds, which stands in the report at `path`. Throws UsageError. */
export function partIn(path: string, text: string, most: number = DEFAULT_LIMITS.shardBytes): ShardPart {
  const found = MARKED.exec(text)?.[1];
  if (found === undefined) throw new UsageError(`${path}: no report of a shard (of check --shard I/N)`);
  const part = unpacked(path, found, most);
  if (part.version !== version())
    throw new UsageError(`${path}: written by wirelint ${part.version}; this is ${version()}`);
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

/** The lines of a report, one after the other. Throws UsageError where it cannot be read. */
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
