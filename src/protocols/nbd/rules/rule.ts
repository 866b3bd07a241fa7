import type { Example, Needs, Party, Rule, Severity, Step } from '../../../base/rule.js';

interface Declaration {
  readonly title: string;
  readonly meaning: string;
  /** Heading in doc/proto.md, or the extension's name. */
  readonly spec: string;
  readonly breaks: Example;
  readonly keeps: Example;
  readonly also?: readonly string[];
  readonly off?: boolean;
  readonly again?: 'habit';
}

/** Makes a rule of NBD. `id`: without the protocol's prefix. */
export function rule(id: string, severity: Severity, party: Party, needs: Needs, d: Declaration): Rule {
  const { also, off, spec, ...rest } = d;
  return {
    id: `nbd/${id}`,
    severity,
    party,
    needs,
    spec: `NBD protocol, "${spec}"`,
    ...rest,
    ...(also !== undefined && { also: also.map((a) => `nbd/${a}`) }),
    ...(off !== undefined && { off }),
  };
}

/** Makes an example session. */
export function example(text: string, steps: () => readonly Step[], port?: number): Example {
  return { text, steps, ...(port !== undefined && { port }) };
}
