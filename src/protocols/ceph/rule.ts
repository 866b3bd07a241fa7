import type { Example, Rule, Step } from '../../base/rule.js';

/** How a rule of either messenger is declared. `also` has no protocol name. */
export interface RuleParts<S> extends Omit<Rule, 'id' | 'breaks' | 'keeps'> {
  /** A line of text, and the session. */
  readonly breaks?: readonly [string, () => S];
  readonly keeps?: readonly [string, () => S];
  /** The keys that the examples are read with. */
  readonly knows?: () => unknown;
}

/** Makes the function that declares rules of one messenger version. Their examples use that port. */
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
