import { patternMatcher } from '../../base/pattern.js';
import type { Json } from '../../base/annotation.js';
import type { Expectation } from '../config-file.js';

/** How many messages of each name a capture holds, by protocol. */
export class MessageCounts {
  private readonly counts = new Map<string, Map<string, number>>();

  add(protocol: string, name: string): void {
    let names = this.counts.get(protocol);
    if (names === undefined) this.counts.set(protocol, (names = new Map<string, number>()));
    names.set(name, (names.get(name) ?? 0) + 1);
  }

  /** How many messages have a name that matches the pattern, and these names, the most frequent first. */
  matching(protocol: string | undefined, pattern: string): { total: number; names: string[] } {
    const matches = patternMatcher(pattern);
    const found: [string, number][] = [];
    for (const [p, names] of this.counts) {
      if (protocol !== undefined && p !== protocol) continue;
      for (const [name, n] of names) if (matches(name)) found.push([name, n]);
    }
    found.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return { total: found.reduce((sum, [, n]) => sum + n, 0), names: found.map(([name, n]) => `${n} ${name}`) };
  }
}

/** What a capture's messages violate of an expectation, in words; null: nothing. */
export function judgeMessages(e: Expectation, counts: MessageCounts): string | null {
  if (e.absent !== undefined) {
    const { total, names } = counts.matching(e.protocol, e.absent);
    return total === 0 ? null : `expected no ${e.absent}${ofProtocol(e)}, found ${names.join(', ')}`;
  }
  if (e.message === undefined) return null;
  const { total, names } = counts.matching(e.protocol, e.message);
  const [operator, wanted] = comparison(e.count ?? '>=1');
  if (holds(total, operator, wanted)) return null;
  const found = total === 0 ? 'none' : names.length === 1 ? String(total) : `${total} (${names.join(', ')})`;
  return `expected ${words(operator, wanted)} ${e.message}${ofProtocol(e)}, found ${found}`;
}

/** What one session violates of an expectation, in words; null: nothing. */
export function judgeSession(e: Expectation, protocol: string, session: Readonly<Record<string, Json>>): string | null {
  if (e.session === undefined || (e.protocol !== undefined && e.protocol !== protocol)) return null;
  for (const [key, wanted] of Object.entries(e.session)) {
    if (!Object.hasOwn(session, key)) {
      const keys = Object.keys(session);
      return `expected session.${key} to be ${JSON.stringify(wanted)}, but a session of ${protocol} has only ${keys.join(', ') || 'nothing'}`;
    }
    if (!same(session[key]!, wanted))
      return `expected session.${key} to be ${JSON.stringify(wanted)}, found ${JSON.stringify(session[key])}`;
  }
  return null;
}

/** An expectation about sessions fails if there is no session at all: says so, or null. */
export function wantsSession(e: Expectation, protocols: Readonly<Record<string, number>>): string | null {
  if (e.session === undefined) return null;
  const n =
    e.protocol === undefined ? Object.values(protocols).reduce((a, b) => a + b, 0) : (protocols[e.protocol] ?? 0);
  return n > 0 ? null : `expected a session${ofProtocol(e)} with ${JSON.stringify(e.session)}, found no session`;
}

/**
 * What the recorded program's exit status violates of an expectation, in words; null: nothing. `found` is null if the capture does not
 * record one.
 */
export function judgeExitStatus(e: Expectation, found: number | null): string | null {
  if (e.exitStatus === undefined || e.exitStatus === found) return null;
  const what = found === null ? 'the capture contains no exit status' : `it exited with ${found}`;
  return `expected a program that exits with status ${e.exitStatus}, but ${what}`;
}

/** An object needs to have only the expected keys; every other value must be equal. */
function same(found: Json, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (Array.isArray(wanted))
    return Array.isArray(found) && found.length === wanted.length && wanted.every((w, i) => same(found[i] as Json, w));
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return false;
  const object = found as Readonly<Record<string, Json>>;
  return Object.entries(wanted).every(([key, w]) => Object.hasOwn(object, key) && same(object[key]!, w));
}

function ofProtocol(e: Expectation): string {
  return e.protocol === undefined ? '' : ` of ${e.protocol}`;
}

function comparison(count: string | number): [string, number] {
  const parts = /^\s*(\D*?)\s*(\d+)\s*$/.exec(String(count))!;
  return [parts[1] === '' || parts[1] === '==' ? '=' : parts[1]!, Number(parts[2])];
}

function holds(n: number, operator: string, wanted: number): boolean {
  switch (operator) {
    case '>=':
      return n >= wanted;
    case '<=':
      return n <= wanted;
    case '>':
      return n > wanted;
    case '<':
      return n < wanted;
    case '!=':
      return n !== wanted;
    default:
      return n === wanted;
  }
}

function words(operator: string, wanted: number): string {
  const phrases: Readonly<Record<string, string>> = {
    '>=': 'at least',
    '<=': 'at most',
    '>': 'more than',
    '<': 'fewer than',
    '!=': 'not',
    '=': 'exactly',
  };
  return `${phrases[operator]} ${wanted}`;
}
