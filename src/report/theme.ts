import pc from 'picocolors';
import type { Side } from '../base/input.js';
import type { Severity } from '../base/rule.js';

type Paint = (text: string) => string;

/** The colours of everything that is printed for people; with colours off every function returns its text. */
export interface Theme {
  readonly title: Paint;
  readonly dim: Paint;
  readonly sides: readonly [Paint, Paint];
  readonly severity: Readonly<Record<Severity, Paint>>;
  readonly good: Paint;
}

export function theme(colors: boolean): Theme {
  const c = pc.createColors(colors);
  return {
    title: c.bold,
    dim: c.dim,
    sides: [c.cyan, c.green],
    severity: { error: (t) => c.bold(c.red(t)), warning: c.yellow, note: c.blue },
    good: c.green,
  };
}

export function sideColor(t: Theme, side: Side | null): Paint {
  return side === null ? (text) => text : t.sides[side];
}

/** One character that stands for a severity where colours do not. */
export const SEVERITY_MARK: Readonly<Record<Severity, string>> = { error: 'x', warning: '!', note: '-' };
