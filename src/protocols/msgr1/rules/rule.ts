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
  readonly breaks: readonly [string, () => Script];
  readonly keeps: readonly [string, () => Script];
  readonly also?: readonly string[];
}

function example(e: readonly [string, () => Script]): Example {
  return { text: e[0], steps: () => e[1]().steps, port: 6789 };
}

/** A rule of this protocol, with its examples. */
export function rule(name: string, parts: Parts): Rule {
  const { breaks, keeps, also, ...rest } = parts;
  return {
    id: `msgr1/${name}`,
    ...rest,
    ...{ breaks: example(breaks), keeps: example(keeps) },
    ...(also === undefined ? {} : { also: also.map((id) => `msgr1/${id}`) }),
  };
}
