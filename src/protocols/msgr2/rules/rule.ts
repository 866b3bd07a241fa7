import type { Needs, Party, Rule, Severity, Step } from '../../../base/rule.js';
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
  readonly off?: boolean;
}

function example(e: readonly [string, () => Script]): { text: string; steps: () => readonly Step[]; port: number } {
  return { text: e[0], steps: () => e[1]().steps, port: 3300 };
}

/** A rule of this protocol, with its examples. */
export function rule(name: string, parts: Parts): Rule {
  const { breaks, keeps, also, ...rest } = parts;
  return {
    id: `msgr2/${name}`,
    ...rest,
    ...(breaks === undefined ? {} : { breaks: example(breaks) }),
    ...(keeps === undefined ? {} : { keeps: example(keeps) }),
    ...(also === undefined ? {} : { also: also.map((id) => `msgr2/${id}`) }),
  };
}
