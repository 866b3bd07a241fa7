import type { Options } from 'yargs';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { Reporter } from '../engine/event.js';
import type { TranscriptOptions } from '../report/transcript.js';
import { TIME_FORMATS, type TimeFormat } from '../select/clock.js';
import type { Expression } from '../select/expression.js';
import { list, single } from './options.js';
import { UsageError } from './usage-error.js';

/** Options of `analyze` and `tail`: which messages are shown, and how times are. */
export const SELECT_OPTIONS = {
  where: {
    ...list,
    describe: 'Show only messages for which this CEL expression is true; `wirelint fields` lists the fields',
  },
  findings: { type: 'boolean', describe: 'Show only messages that have findings' },
  context: {
    ...single,
    type: 'string',
    alias: 'C',
    describe: 'With --where or --findings: also show this many messages of the stream before and after each',
  },
  quiet: { type: 'boolean', alias: 'q', describe: 'Hide notes' },
  time: { ...single, alias: 't', choices: TIME_FORMATS, default: 'relative', describe: 'Format of times' },
} as const satisfies Record<string, Options>;

export interface SelectArguments {
  readonly where?: readonly string[];
  readonly findings?: boolean;
  readonly context?: string;
  readonly quiet?: boolean;
  readonly time?: string;
}

export function timeFormat(args: SelectArguments): TimeFormat {
  return (args.time ?? 'relative') as TimeFormat;
}

/** The most messages of context that may be asked for: each stream keeps that many. */
const MOST_CONTEXT = 1000;

function contextOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,4}$/.test(text) || Number(text) > MOST_CONTEXT)
    throw new UsageError(`--context ${text}: expected a number of messages, at most ${MOST_CONTEXT}`);
  return Number(text);
}

/** The compiled conditions of `--where`. Throws a UsageError that shows where a condition is wrong. */
export async function expressionsOf(texts: readonly string[] | undefined): Promise<Expression[]> {
  if (texts === undefined || texts.length === 0) return [];
  const [{ Expression, ExpressionError }, { fieldCatalogue }] = await Promise.all([
    import('../select/expression.js'),
    import('../select/field-catalogue.js'),
  ]);
  return texts.map((text) => {
    try {
      return new Expression(text, fieldCatalogue());
    } catch (error) {
      if (error instanceof ExpressionError) throw new UsageError(`--where: ${error.message}`, error.excerpt);
      throw error;
    }
  });
}

/**
 * Puts a selection before a reporter, if one was asked for. `make` receives the counts of what the selection leaves out, so that the
 * reporter can print them. `text`: whether the output is for people, for whom streams without shown messages are left out.
 */
export async function selecting(
  args: SelectArguments,
  make: (leftOut: TranscriptOptions['leftOut']) => Reporter,
  text = false,
): Promise<{ readonly reporter: Reporter; readonly needsFields: boolean }> {
  const where = await expressionsOf(args.where);
  const context = contextOf(args.context);
  const needsFields = where.some((e) => e.needs.fields);
  if (where.length === 0 && !args.findings && !args.quiet) {
    if (context > 0) throw new UsageError('--context requires --where or --findings');
    return { reporter: make(undefined), needsFields };
  }
  const { Selection, LeftOut } = await import('../select/selection.js');
  const leftOut = new LeftOut();
  const options = {
    where,
    findings: args.findings ?? false,
    context,
    quiet: args.quiet ?? false,
    hideStreams: text && (where.length > 0 || args.findings === true),
    limits: DEFAULT_LIMITS,
  };
  return { reporter: new Selection(make(leftOut), options, leftOut), needsFields };
}
