import { DEFAULT_LIMITS, type Limits } from '../base/limits.js';
import { nearest } from '../base/nearest.js';
import type { CommonArguments } from '../cli/options.js';
import { UsageError } from '../cli/usage-error.js';
import type { RuleLevel } from '../engine/findings.js';

/** How captures are read: the options that `analyze` and `check` share. */
export interface ReadingOptions {
  /** Names of the protocols to look for; default: all. */
  readonly protocols?: readonly string[];
  /** `SELECTOR=PROTOCOL`, as for `--decode-as`: `10810=nbd`, `unix:/run/x.sock=pesto`, `stream:3=arca`. */
  readonly decodeAs?: readonly string[];
  /** Only the streams with these numbers. */
  readonly streams?: readonly number[];
  /** Levels of rules by id, or by a pattern (`nbd/*`). */
  readonly rules?: Readonly<Record<string, RuleLevel>>;
  /** Ceph keyring files. */
  readonly keyrings?: readonly string[];
  /** TLS key logs (NSS format), to open TLS. */
  readonly tlsKeylogs?: readonly string[];
  readonly showSecrets?: boolean;
  /** `auto` (the default): captures that continue one another are read as one recording; `never`: each is read by itself. */
  readonly join?: 'auto' | 'never';
  /** Stops reading early: everything read so far is still reported in full. */
  readonly signal?: AbortSignal;
}

/** Options of `openCapture`. */
export interface OpenOptions extends ReadingOptions {
  /** Limits on memory and work that are to differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /** Keeps reading a regular file as it grows, until `signal` is aborted. */
  readonly follow?: boolean;
}

const READING = [
  'protocols',
  'decodeAs',
  'streams',
  'rules',
  'keyrings',
  'tlsKeylogs',
  'showSecrets',
  'join',
  'signal',
];
export const OPEN_OPTIONS: readonly string[] = [...READING, 'limits', 'follow'];
export const CHECK_OPTIONS: readonly string[] = [
  ...READING,
  ...['config', 'failOn', 'maxWarnings', 'require', 'requireComplete', 'allowEmpty', 'expect'],
];

/** Throws a UsageError for an option that is not in `names`: a misspelt option would otherwise be ignored silently. */
export function checkNames(options: object, names: readonly string[], what = 'option'): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new UsageError(`unknown ${what} ${JSON.stringify(name)}${near === null ? '' : `; did you mean ${near}?`}`);
  }
}

/**
 * The default limits with the given ones replaced. Throws a UsageError for an unknown limit, or a value that is not a whole number from 0
 * on.
 */
export function limitsOf(limits: Partial<Limits> = {}): Limits {
  checkNames(limits, Object.keys(DEFAULT_LIMITS), 'limit');
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 0) throw new UsageError(`limit ${name}: expected a number, 0 or more`);
  return { ...DEFAULT_LIMITS, ...limits };
}

/** The options in the form of command-line arguments, so that both are validated by the same code. */
export function argumentsOf(options: ReadingOptions): CommonArguments {
  if (options.join !== undefined && !['auto', 'never'].includes(options.join))
    throw new UsageError(`join ${JSON.stringify(options.join)}: expected auto or never`);
  const { protocols, decodeAs, streams, rules = {}, keyrings, tlsKeylogs, join, showSecrets } = options;
  return {
    ...(protocols && { protocol: protocols }),
    ...(decodeAs && { 'decode-as': decodeAs }),
    ...(streams && { stream: streams.map(String) }),
    rule: Object.entries(rules).map(([id, level]) => `${id}=${level}`),
    ...(keyrings && { keyring: keyrings }),
    ...(tlsKeylogs && { 'tls-keylog': tlsKeylogs }),
    ...(join && { join }),
    ...(showSecrets !== undefined && { 'show-secrets': showSecrets }),
  };
}
