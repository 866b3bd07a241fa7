import { dirname, resolve } from 'node:path';
import { stripComments } from 'jsonc-parser';
import * as v from 'valibot';
import { readSmallFile } from '../base/small-file.js';
import { systemWords, UsageError } from './usage-error.js';

/** The largest configuration that is read: more than ten thousand suppressions need. */
const CONFIG_BYTES = 16 << 20;

const level = v.picklist(['off', 'note', 'warning', 'error']);
const severity = v.picklist(['note', 'warning', 'error']);
const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const number = v.pipe(v.number(), v.integer(), v.minValue(0));
const list = v.array(text);

const COUNT = /^\s*(>=|<=|==|=|>|<|!=)?\s*\d+\s*$/;
const countWords = 'expected a number, or a comparison such as ">=1"';
const count = v.union([number, v.pipe(v.string(), v.regex(COUNT, countWords))], countWords);

const expectation = v.pipe(
  v.strictObject({
    protocol: v.optional(text),
    message: v.optional(text),
    count: v.optional(count),
    absent: v.optional(text),
    session: v.optional(v.record(v.string(), v.unknown())),
    exitStatus: v.optional(v.pipe(number, v.maxValue(255))),
  }),
  v.check(
    (e) => [e.message, e.absent, e.session, e.exitStatus].filter((x) => x !== undefined).length === 1,
    'expected exactly one of message, absent, session, exitStatus',
  ),
  v.check((e) => e.count === undefined || e.message !== undefined, 'count goes with message'),
  v.check((e) => e.exitStatus === undefined || e.protocol === undefined, 'exitStatus goes with no protocol'),
);

const isDate = (s: string): boolean => {
  const date = new Date(`${s}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(s) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(s);
};

const suppression = v.pipe(
  v.strictObject({
    rule: v.optional(text),
    path: v.optional(text),
    stream: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    fingerprint: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'expected 32 hex digits'))),
    reason: text,
    expires: v.optional(v.pipe(v.string(), v.check(isDate, 'expected a date such as 2027-01-31'))),
  }),
  v.check(
    (s) => s.rule !== undefined || s.path !== undefined || s.stream !== undefined || s.fingerprint !== undefined,
    'expected at least one of rule, path, stream, fingerprint',
  ),
);

const perPath = {
  rules: v.optional(v.record(v.string(), level)),
  decodeAs: v.optional(list),
  keyrings: v.optional(list),
  tlsKeylogs: v.optional(list),
  failOn: v.optional(severity),
  expect: v.optional(v.array(expectation)),
};

const config = v.strictObject({
  $schema: v.optional(v.string()),
  ...perPath,
  protocols: v.optional(list),
  maxWarnings: v.optional(number),
  require: v.optional(v.record(v.string(), number)),
  requireComplete: v.optional(v.boolean()),
  allowEmpty: v.optional(v.boolean()),
  overrides: v.optional(v.array(v.strictObject({ paths: v.pipe(list, v.minLength(1)), ...perPath }))),
  suppressions: v.optional(v.array(suppression)),
});

export type Config = v.InferOutput<typeof config>;
export type Expectation = v.InferOutput<typeof expectation>;
export type Suppression = v.InferOutput<typeof suppression>;

/** A configuration and where it is; the paths in it are relative to `folder`. */
export interface LoadedConfig {
  readonly path: string;
  readonly folder: string;
  readonly config: Config;
}

/** Reads a configuration (JSON that may have comments). Errors in it are thrown as a UsageError that names the key. */
export function readConfig(path: string): LoadedConfig {
  let source: string | null;
  try {
    source = readSmallFile(path, CONFIG_BYTES);
  } catch (error) {
    throw new UsageError(`cannot read the configuration ${path}: ${systemWords(error)}`);
  }
  if (source === null) throw new UsageError(`${path}: too large for a configuration`);
  let parsed: unknown;
  try {
    // comments are replaced by blanks, so that the positions in error messages stay right
    parsed = JSON.parse(stripComments(source.replace(/^\ufeff/, ''), ' '), ownKey);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${path}: ${error.message}`);
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`);
  }
  return { path, folder: dirname(resolve(path)), config: parseConfig(path, parsed) };
}

/** Checks a configuration that is already in memory. Errors in it are thrown as a UsageError that names the key. */
export function parseConfig(path: string, parsed: unknown): Config {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${path}: the document: expected an object`);
  const result = v.safeParse(config, parsed);
  if (!result.success) throw new UsageError(`${path}: ${issueWords(result.issues[0])}`);
  return result.output;
}

/** Refuses keys that every object inherits (`constructor`, `__proto__`): they would pass as known keys, or vanish. */
function ownKey(key: string, value: unknown): unknown {
  if (key in {}) throw new UsageError(`${key}: unknown key`);
  return value;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly { readonly key?: unknown }[] | undefined;
  readonly received: string;
  readonly expected: string | null;
  readonly type: string;
}

/** Words such as `suppressions[2].reason: missing`. */
function issueWords(issue: Issue): string {
  const key = keyWords(issue);
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${key}: unknown key`;
  if (issue.received === 'undefined') return `${key}: missing`;
  return `${key}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}

function keyWords(issue: Issue): string {
  let out = '';
  for (const { key } of issue.path ?? []) {
    if (typeof key === 'number') out += `[${key}]`;
    else out += out === '' ? String(key) : `.${String(key)}`;
  }
  return out === '' ? 'the document' : out;
}
