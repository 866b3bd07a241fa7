import { accessSync, constants } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { CAPTURE_RULES } from '../base/capture-rules.js';
import { systemPath } from '../base/file-name.js';
import { nearest } from '../base/nearest.js';
import { isPattern, pathMatcher, patternMatcher } from '../base/pattern.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import type { Rule, Severity } from '../base/rule.js';
import type { AnalysisOptions } from '../engine/analysis-options.js';
import { parseDecodeAs } from '../engine/decode-as.js';
import type { RuleLevel } from '../engine/findings.js';
import type { Learned } from '../engine/rehearsal.js';
import { PROTOCOLS } from '../protocols/registry.js';
import type { Config, Expectation, LoadedConfig } from './config-file.js';
import { nearestConfig } from './config-path.js';
import type { CommonArguments } from './options.js';
import { systemWords, UsageError } from './usage-error.js';

const LEVELS: readonly string[] = ['off', 'note', 'warning', 'error'];

/**
 * How one file is to be analyzed, from the command line and the configuration, validated. Plain data, so that it can be sent to another
 * thread. The command line takes precedence over the configuration, and a later override over an earlier one.
 */
export interface Plan {
  /** Names of protocols. */
  readonly protocols: readonly string[];
  readonly decodeAs: readonly string[];
  readonly streams: readonly number[];
  readonly levels: readonly (readonly [string, RuleLevel])[];
  readonly keyrings: readonly string[];
  readonly tlsKeylogs: readonly string[];
  /** What an earlier pass over all files has learned; the same for each of them. */
  readonly learned?: Learned;
  readonly showSecrets: boolean;
  readonly failOn: Severity;
  readonly expect: readonly Expectation[];
}

/** All rules, those about the capture itself last. */
export function allRules(): Rule[] {
  return [...PROTOCOLS.flatMap((p) => p.rules), ...CAPTURE_RULES];
}

/** Makes plans: reads the configuration and validates all settings once. */
export class Planner {
  readonly loaded: LoadedConfig | null;
  private readonly args: CommonArguments;
  private readonly failOn: Severity | undefined;
  private readonly base: Plan;
  private readonly overrides: readonly { matches: (path: string) => boolean; config: Config }[];

  private constructor(args: CommonArguments, failOn: Severity | undefined, loaded: LoadedConfig | null) {
    this.args = args;
    this.failOn = failOn;
    this.loaded = loaded;
    const config = loaded?.config ?? {};
    this.overrides = (config.overrides ?? []).map((o) => {
      const matchers = o.paths.map(pathMatcher);
      return { matches: (path) => matchers.some((m) => m(path)), config: o };
    });
    this.base = this.plan([config]);
    for (const o of this.overrides) this.plan([o.config]);
  }

  /** Makes the planner for all inputs. `failOn`: from the command line. Throws UsageError. */
  static async load(args: CommonArguments, failOn?: Severity): Promise<Planner> {
    return new Planner(args, failOn, await findConfig(args.config));
  }

  /** The same with a configuration that was already read, or none. */
  static of(args: CommonArguments, failOn?: Severity, loaded: LoadedConfig | null = null): Planner {
    return new Planner(args, failOn, loaded);
  }

  /** The plan for one file. */
  for(file: string): Plan {
    if (this.overrides.length === 0) return this.base;
    const path = this.pathOf(file);
    const matching = this.overrides.filter((o) => o.matches(path)).map((o) => o.config);
    return matching.length === 0 ? this.base : this.plan([this.loaded!.config, ...matching]);
  }

  /** Files that are analyzed together share one plan: the keyrings of all of them are tried for each. */
  keyringsOf(files: readonly string[]): readonly string[] {
    return [...new Set([...this.base.keyrings, ...files.flatMap((f) => this.for(f).keyrings)])];
  }

  tlsKeylogsOf(files: readonly string[]): readonly string[] {
    return [...new Set([...this.base.tlsKeylogs, ...files.flatMap((f) => this.for(f).tlsKeylogs)])];
  }

  /** A file's path as the configuration's patterns see it: relative to the configuration's folder, with `/`. */
  pathOf(file: string): string {
    return configPath(this.loaded?.folder ?? process.cwd(), file);
  }

  private plan(configs: readonly Config[]): Plan {
    const { args, loaded } = this;
    const known = new Set(PROTOCOLS.map((p) => p.name));
    const levels = new Map<string, RuleLevel>();
    for (const config of configs) {
      for (const [id, level] of Object.entries(config.rules ?? {}))
        for (const rule of this.inConfig('rules', () => knownRules(id))) levels.set(rule.id, level);
    }
    for (const text of args.rule ?? []) for (const [id, level] of ruleLevels(text)) levels.set(id, level);
    const inner = [...configs].reverse();
    const fromConfig = inner.flatMap((c) => c.decodeAs ?? []);
    for (const text of fromConfig) this.inConfig('decodeAs', () => usage(() => parseDecodeAs(text, PROTOCOLS)));
    for (const text of args['decode-as'] ?? []) usage(() => parseDecodeAs(text, PROTOCOLS));
    const expect = inner.find((c) => c.expect !== undefined)?.expect ?? [];
    for (const e of expect) this.inConfig('expect', () => checkExpectation(e, known));
    const listed = args.protocol?.flatMap((l) => l.split(',')).map((n) => n.trim());
    const configured = configs[0]?.protocols;
    for (const name of configured ?? []) this.inConfig('protocols', () => knownProtocol(name, known));
    for (const name of Object.keys(configs[0]?.require ?? {}))
      this.inConfig('require', () => knownProtocol(name, known));
    const chosen = listed?.map((name) => knownProtocol(name, known)) ?? configured ?? [...known];
    return {
      protocols: chosen,
      decodeAs: [...(args['decode-as'] ?? []), ...fromConfig],
      streams: (args.stream ?? []).flatMap((l) => l.split(',')).map(streamNumber),
      levels: [...levels],
      keyrings: [
        ...(args.keyring ?? []),
        ...configs.flatMap((c) => c.keyrings ?? []).map((k) => resolve(loaded!.folder, k)),
      ],
      tlsKeylogs: [
        ...(args['tls-keylog'] ?? []),
        ...configs.flatMap((c) => c.tlsKeylogs ?? []).map((k) => resolve(loaded!.folder, k)),
      ],
      showSecrets: args['show-secrets'] ?? false,
      failOn: this.failOn ?? inner.find((c) => c.failOn !== undefined)?.failOn ?? 'error',
      expect,
    };
  }

  /** Runs `work`, and adds the configuration's path and `key` to an error in it. */
  private inConfig<T>(key: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new UsageError(`${this.loaded!.path}: ${key}: ${(error as Error).message}`);
    }
  }
}

async function findConfig(named: string | undefined): Promise<LoadedConfig | null> {
  const path = named ?? nearestConfig(process.cwd());
  if (path === null) return null;
  const { readConfig } = await import('./config-file.js');
  return readConfig(path);
}

/** A file's path relative to a folder, with `/` as separator. */
function configPath(folder: string, file: string): string {
  if (file === '-') return '-';
  return relative(folder, resolve(file)).split(sep).join('/');
}

/** How much of each message is printed: nothing, a line, or its bytes as well. */
export type Detail = 'none' | 'lines' | 'bytes';

let latest: { readonly plan: Plan; readonly detail: Detail; readonly options: AnalysisOptions } | null = null;

/** The engine's options for a plan. The last result is reused, as many captures in a row have the same plan. */
export function analysisOptions(plan: Plan, detail: Detail): AnalysisOptions {
  if (latest?.plan !== plan || latest.detail !== detail) latest = { plan, detail, options: optionsFor(plan, detail) };
  return latest.options;
}

function optionsFor(plan: Plan, detail: Detail): AnalysisOptions {
  return {
    limits: DEFAULT_LIMITS,
    protocols: PROTOCOLS.filter((p) => plan.protocols.includes(p.name)),
    decodeAs: plan.decodeAs.map((text) => parseDecodeAs(text, PROTOCOLS)),
    streams: new Set(plan.streams),
    levels: new Map(plan.levels),
    keyrings: plan.keyrings,
    tlsKeylogs: plan.tlsKeylogs,
    learned: plan.learned,
    showSecrets: plan.showSecrets,
    details: detail !== 'none',
    bytes: detail === 'bytes',
  };
}

/** Throws a UsageError if one of the files cannot be read or is not a keyring. */
export function checkKeyrings(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      accessSync(systemPath(path), constants.R_OK);
    } catch (error) {
      throw new UsageError(`cannot read the keyring ${path}: ${systemWords(error)}`);
    }
  }
  if (paths.length === 0) return;
  for (const p of PROTOCOLS) usage(() => p.validate?.({ keyrings: paths, showSecrets: false }));
}

/** Throws a UsageError if one of the files cannot be read. With `growing`, a file may still be missing. */
export function checkKeylogs(paths: readonly string[], growing: boolean): void {
  for (const path of paths) {
    try {
      if (growing && pathStat(path) === undefined) continue;
      accessSync(path, constants.R_OK);
      if (pathStat(path)?.isDirectory()) throw new Error('a directory, and no key log');
    } catch (error) {
      throw new UsageError(`cannot read the TLS key log ${path}: ${systemWords(error)}`);
    }
  }
}

function usage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(systemWords(error));
  }
}

/** Returns the name; throws a UsageError if no protocol has it. */
export function knownProtocol(
  name: string,
  known: ReadonlySet<string> = new Set(PROTOCOLS.map((p) => p.name)),
): string {
  if (!known.has(name)) {
    const near = nearest(name, known);
    const hint = near === null ? '' : `did you mean ${near}? `;
    throw new UsageError(`unknown protocol ${JSON.stringify(name)}; ${hint}known: ${[...known].join(', ')}`);
  }
  return name;
}

/**
 * Throws a UsageError if an expectation names a protocol or message that does not exist: such an expectation could never be met, or never
 * fail.
 */
function checkExpectation(e: Expectation, known: ReadonlySet<string>): void {
  if (e.protocol !== undefined) knownProtocol(e.protocol, known);
  const pattern = e.message ?? e.absent;
  if (pattern === undefined) return;
  const names = PROTOCOLS.filter((p) => e.protocol === undefined || p.name === e.protocol).flatMap((p) => [
    ...p.messageNames(),
  ]);
  const matches = patternMatcher(pattern);
  if (names.some(matches) || names.includes(pattern.replace(/\d+/g, '#'))) return;
  const near = nearest(
    pattern,
    names.filter((n) => !/[_ ][0#]$/.test(n)),
  );
  const whose = e.protocol === undefined ? 'any protocol' : e.protocol;
  throw new UsageError(
    `no message of ${whose} is called ${JSON.stringify(pattern)}${near === null ? '' : `; did you mean ${near}?`}`,
  );
}

function streamNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`--stream ${text}: expected a stream number, from 1 on`);
  return Number(text);
}

function ruleLevels(text: string): [string, RuleLevel][] {
  const at = text.lastIndexOf('=');
  const level = text.slice(at + 1);
  if (at <= 0 || !LEVELS.includes(level))
    throw new UsageError(`--rule ${text}: expected ID=off, ID=note, ID=warning or ID=error`);
  return knownRules(text.slice(0, at)).map((rule) => [rule.id, level as RuleLevel]);
}

/** The rule with that id, or all rules that match the pattern; throws a UsageError if there is none. */
function knownRules(id: string): Rule[] {
  if (!isPattern(id)) return [knownRule(id)];
  const matches = patternMatcher(id);
  const found = allRules().filter((r) => matches(r.id));
  if (found.length === 0) throw new UsageError(`no rule matches ${JSON.stringify(id)}; \`wirelint rules\` lists them`);
  return found;
}

/** The rule with that id; if there is none, throws a UsageError that suggests the most similar id. */
export function knownRule(id: string): Rule {
  const rules = allRules();
  const found = rules.find((r) => r.id === id);
  if (found !== undefined) return found;
  const own = rules.filter((r) => r.id.slice(r.id.indexOf('/') + 1) === id);
  if (own.length === 1) return own[0]!;
  const wanted = id.toLowerCase();
  const containing = rules.filter((r) => r.id.includes(wanted));
  const near = nearest(
    wanted,
    rules.map((r) => r.id),
  );
  const meant = near ?? (containing.length === 1 ? containing[0]!.id : null);
  const hint = meant === null ? '`wirelint rules` lists them' : `did you mean ${meant}?`;
  throw new UsageError(`unknown rule ${JSON.stringify(id)}; ${hint}`);
}
