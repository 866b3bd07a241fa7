import type { Example, Needs, Party, Rule, Severity } from '../../../base/rule.js';
import type { Script } from '../script.js';

interface Parts {
  readonly severity: Severity;
  readonly party: Party;
  readonly needs: Needs;
  readonly title: string;
  readonly meaning: string;
  readonly spec: string;
  /** A line of text, and the session. */
  readonly breaks?: readonly [string, () => Script];
  readonly keeps?: readonly [string, () => Script];
  readonly also?: readonly string[];
  /** Keys that the examples' reader has. */
  readonly knows?: () => unknown;
  readonly off?: boolean;
}

function example(e: readonly [string, () => Script], knows?: () => unknown): Example {
  return { text: e[0], steps: () => e[1]().steps, port: 3300, ...(knows === undefined ? {} : { knows }) };
}

/** A rule of this protocol, with its examples. */
export function rule(name: string, parts: Parts): Rule {
  const { breaks, keeps, also, knows, ...rest } = parts;
  return {
    id: `msgr2/${name}`,
    ...rest,
    ...(breaks === undefined ? {} : { breaks: example(breaks, knows) }),
    ...(keeps === undefined ? {} : { keeps: example(keeps, knows) }),
    ...(also === undefined ? {} : { also: also.map((id) => `msgr2/${id}`) }),
  };
}
