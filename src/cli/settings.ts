import { isatty } from 'node:tty';
import { CAPTURE_RULES } from '../base/capture-rules.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { Rule } from '../base/rule.js';
import type { Protocol } from '../contract/protocol.js';
import type { AnalysisOptions } from '../engine/analysis.js';
import { parseDecodeAs } from '../engine/decode-as.js';
import type { RuleLevel } from '../engine/findings.js';
import { PROTOCOLS } from '../protocols/registry.js';
import type { CommonArguments } from './options.js';
import { UsageError } from './usage-error.js';

const LEVELS: readonly string[] = ['off', 'note', 'warning', 'error'];

/** All rules, those of the capture itself last. */
export function allRules(): Rule[] {
  return [...PROTOCOLS.flatMap((p) => p.rules), ...CAPTURE_RULES];
}

/** What the command line asks of the analysis, checked. */
export function analysisOptions(args: CommonArguments, details: boolean): AnalysisOptions {
  return {
    limits: DEFAULT_LIMITS,
    protocols: chosenProtocols(args.protocol ?? []),
    decodeAs: (args['decode-as'] ?? []).map((text) => usage(() => parseDecodeAs(text, PROTOCOLS))),
    streams: new Set((args.stream ?? []).map(streamNumber)),
    levels: new Map((args.rule ?? []).map(ruleLevel)),
    keyrings: args.keyring ?? [],
    showSecrets: args['show-secrets'] ?? false,
    details,
  };
}

function usage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function chosenProtocols(lists: readonly string[]): readonly Protocol[] {
  const names = lists.flatMap((l) => l.split(',')).map((n) => n.trim());
  if (names.length === 0) return PROTOCOLS;
  return names.map((name) => {
    const found = PROTOCOLS.find((p) => p.name === name);
    if (found === undefined)
      throw new UsageError(`unknown protocol ${JSON.stringify(name)}; known: ${protocolNames()}`);
    return found;
  });
}

export function protocolNames(): string {
  return PROTOCOLS.map((p) => p.name).join(', ');
}

function streamNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`--stream ${text}: expected a stream number, from 1 on`);
  return Number(text);
}

function ruleLevel(text: string): [string, RuleLevel] {
  const at = text.lastIndexOf('=');
  const level = text.slice(at + 1);
  if (at <= 0 || !LEVELS.includes(level))
    throw new UsageError(`--rule ${text}: expected ID=off, ID=note, ID=warning or ID=error`);
  return [knownRule(text.slice(0, at)).id, level as RuleLevel];
}

/** The rule with that id; throws with the ids that come near where there is none. */
export function knownRule(id: string): Rule {
  const rules = allRules();
  const found = rules.find((r) => r.id === id);
  if (found !== undefined) return found;
  const name = id.slice(id.indexOf('/') + 1).toLowerCase();
  const near = rules.filter((r) => distance(r.id.slice(r.id.indexOf('/') + 1), name) <= Math.max(2, name.length / 4));
  const hint = near.length > 0 ? `did you mean ${near[0]!.id}?` : '`wirelint rules` lists them';
  throw new UsageError(`unknown rule ${JSON.stringify(id)}; ${hint}`);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** Whether what goes to standard output (or a file) is coloured. */
export function wantColors(args: { readonly color?: string; readonly output?: string }): boolean {
  if (args.color === 'always') return true;
  if (args.color === 'never' || args.output !== undefined) return false;
  return isatty(1) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}
