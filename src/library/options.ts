import { DEFAULT_LIMITS, type Limits } from '../base/limits.js';
import { nearest } from '../base/nearest.js';
import type { CommonArguments } from '../cli/options.js';
import { UsageError } from '../cli/usage-error.js';
import type { RuleLevel } from '../engine/findings.js';

/** How captures are read: the options that `analyze` and `check` share. */
export interface ReadingOptions {
  /** Names of the protocols to look for; all, where not given. */
  readonly protocols?: readonly string[];
  /** `SELECTOR=PROTOCOL`, as for `--decode-as`: `10810=nbd`, `unix:/run/x.sock=pesto`, `stream:3=arca`. */
  readonly decodeAs?: readonly string[];
  /** Only these stream numbers. */
  readonly streams?: readonly number[];
  /** Levels of rules by id, or by a pattern (`nbd/*`). */
  readonly rules?: Readonly<Record<string, RuleLevel>>;
  /** Ceph keyring files. */
  readonly keyrings?: readonly string[];
  /** TLS key logs (NSS format), to open TLS. */
  readonly tlsKeylogs?: readonly string[];
  readonly showSecrets?: boolean;
  /** `auto` (the default): captures that continue one another are read as one recording; `never`: each by itself. */
  readonly join?: 'auto' | 'never';
  /** Ends the input early: what was read so far is reported in full. */
  readonly signal?: AbortSignal;
}

/** Options of `openCapture`. */
export interface OpenOptions extends ReadingOptions {
  /** Bounds on memory and work, where they are to differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /** Goes on at the end of a regular file as it grows, until `signal`. */
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

/** Throws a UsageError where an option is none of these: a slip of the pen would go unnoticed. */
export function checkNames(options: object, names: readonly string[], what = 'option'): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new UsageError(`unknown ${what} ${JSON.stringify(name)}${near === null ? '' : `; did you mean ${near}?`}`);
  }
}

/** The defaults, with what is to differ. Throws a UsageError for a limit that there is not, or that is no number of things. */
export function limitsOf(limits: Partial<Limits> = {}): Limits {
  checkNames(limits, Object.keys(DEFAULT_LIMITS), 'limit');
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 0) throw new UsageError(`limit ${name}: expected a number, 0 or more`);
  return { ...DEFAULT_LIMITS, ...limits };
}

/** The options as the command line would say them, so that they are checked as it does. */
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
