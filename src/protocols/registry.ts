import type { Rule } from '../base/rule.js';
import type { Protocol } from '../contract/protocol.js';
import { arca } from './arca/index.js';
import { msgr1 } from './msgr1/index.js';
import { msgr2 } from './msgr2/index.js';
import { nbd } from './nbd/index.js';
import { pesto } from './pesto/index.js';

/**
 * Where protocols from outside are kept: the library, which registers them, and the program, which Node may load later, are two bundles.
 */
const ADDED = Symbol.for('wirelint.protocols');
const scope = globalThis as { [ADDED]?: Protocol[] };
const protocols: Protocol[] = [nbd, msgr2, msgr1, pesto, arca, ...(scope[ADDED] ?? [])];

/** Every protocol that wirelint knows. Classification, help, rules and documentation are derived from this list. */
export const PROTOCOLS: readonly Protocol[] = protocols;

/**
 * Adds a protocol from outside for this process. Throws an Error if its name is taken or invalid, or is not the prefix of its rules' ids.
 */
export function registerProtocol(protocol: Protocol): void {
  const { name, rules } = protocol;
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new Error(`${JSON.stringify(name)} is no name of a protocol: [a-z][a-z0-9-]*`);
  if (['capture', 'tcp', 'check', 'internal'].includes(name) || protocols.some((p) => p.name === name))
    throw new Error(`there is a protocol ${name} already`);
  const foreign = rules.find((r) => !r.id.startsWith(`${name}/`));
  if (foreign !== undefined) throw new Error(`rule ${foreign.id}: ids of rules of ${name} begin with ${name}/`);
  protocols.push(protocol);
  (scope[ADDED] ??= []).push(protocol);
}

/** The URL of the text that a rule is based on; null if that is wirelint's own or not public. */
export function ruleSpecUrl(rule: Rule): string | null {
  if (rule.specUrl !== undefined) return rule.specUrl;
  return protocols.find((p) => rule.id.startsWith(`${p.name}/`))?.specUrl?.(rule.spec) ?? null;
}
