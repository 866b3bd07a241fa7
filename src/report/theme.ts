import pc from 'picocolors';
import type { Side } from '../base/input.js';
import type { Severity } from '../base/rule.js';

export type Paint = (text: string) => string;

/** The colours of everything that is printed for people. With colours switched off, every function returns its text. */
export interface Theme {
  readonly title: Paint;
  readonly dim: Paint;
  readonly sides: readonly [Paint, Paint];
  readonly severity: Readonly<Record<Severity, Paint>>;
  readonly good: Paint;
  /** Bytes that a finding is about. */
  readonly marked: Paint;
  /** The streams of a capture take these colours in turn. */
  readonly streams: readonly Paint[];
}

const same: Paint = (text) => text;
/** Used instead of the package without colours, since the package examines the terminal when it is loaded, which takes time. */
const PLAIN = {
  bold: same,
  dim: same,
  inverse: same,
  cyan: same,
  green: same,
  red: same,
  yellow: same,
  blue: same,
  white: same,
  magenta: same,
};

export function theme(colors: boolean): Theme {
  const c = colors ? pc.createColors(true) : PLAIN;
  return {
    title: c.bold,
    dim: c.dim,
    sides: [c.cyan, c.green],
    severity: { error: (t) => c.bold(c.red(t)), warning: c.yellow, note: c.blue },
    good: c.green,
    marked: (t) => c.inverse(c.red(t)),
    streams: [c.white, c.magenta, c.yellow, c.cyan, c.blue, c.green].map((paint) => (text) => c.bold(paint(text))),
  };
}

export function sideColor(t: Theme, side: Side | null): Paint {
  return side === null ? (text) => text : t.sides[side];
}

/** The character that marks a severity without colours. */
export const SEVERITY_MARK: Readonly<Record<Severity, string>> = { error: 'x', warning: '!', note: '-' };
