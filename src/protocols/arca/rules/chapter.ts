import type { Needs, Party, Rule, Severity, Step } from '../../../base/rule.js';

type Steps = () => readonly Step[];

interface Draft {
  readonly id: string;
  readonly severity: Severity;
  readonly party: Party;
  readonly needs: Needs;
  /** See Rule. */
  readonly off?: boolean;
  readonly title: string;
  readonly meaning: string;
  /** A text that says what happens, and the steps of the session. */
  readonly breaks: readonly [text: string, steps: Steps];
  readonly keeps: readonly [text: string, steps: Steps];
  readonly also?: readonly string[];
}

/** Makes the rules of one chapter. `spec`: the part of Arca's sources and notes that they are about. */
export function chapter(spec: string): (draft: Draft) => Rule {
  return ({ breaks, keeps, also, id, ...rest }) => {
    const rule: Rule = {
      ...rest,
      id: `arca/${id}`,
      spec,
      breaks: { text: breaks[0], steps: breaks[1] },
      keeps: { text: keeps[0], steps: keeps[1] },
    };
    return also === undefined ? rule : { ...rule, also: also.map((a) => `arca/${a}`) };
  };
}
