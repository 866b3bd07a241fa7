import type { Example, Rule, Step } from '../../base/rule.js';

/** How a rule of either messenger is declared; `also` without the protocol's name. */
export interface RuleParts<S> extends Omit<Rule, 'id' | 'breaks' | 'keeps'> {
  /** A line of text, and the session. */
  readonly breaks?: readonly [string, () => S];
  readonly keeps?: readonly [string, () => S];
  /** Keys that the examples' reader has. */
  readonly knows?: () => unknown;
}

/** The constructor of the rules of one version of the messenger, whose examples talk to that port. */
export function rulesOf<S extends { readonly steps: readonly Step[] }>(
  protocol: string,
  port: number,
): (name: string, parts: RuleParts<S>) => Rule {
  const example = (e: readonly [string, () => S], knows?: () => unknown): Example => ({
    ...{ text: e[0], steps: () => e[1]().steps, port },
    ...(knows === undefined ? {} : { knows }),
  });
  return (name, parts) => {
    const { breaks, keeps, also, knows, ...rest } = parts;
    return {
      id: `${protocol}/${name}`,
      ...rest,
      ...(breaks === undefined ? {} : { breaks: example(breaks, knows) }),
      ...(keeps === undefined ? {} : { keeps: example(keeps, knows) }),
      ...(also === undefined ? {} : { also: also.map((id) => `${protocol}/${id}`) }),
    };
  };
}
