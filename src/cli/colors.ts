import { isTerminal } from '../base/terminal.js';

/** Whether what goes to standard output (or a file) is coloured. NO_COLOR comes before FORCE_COLOR, and options before both. */
export function wantColors(args: {
  readonly color?: string | undefined;
  readonly output?: string | undefined;
}): boolean {
  if (args.color === 'always') return true;
  if (args.color === 'never' || args.output !== undefined) return false;
  const forced = process.env['FORCE_COLOR'] ?? '';
  if (forced !== '' && (process.env['NO_COLOR'] ?? '') === '') return forced !== '0' && forced !== 'false';
  return isTerminal(1) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

/** Columns of the terminal that results go to; null where they go to a pipe or a file, whose lines are as long as they are. */
export function terminalWidth(args: { readonly output?: string | undefined }): number | null {
  return args.output === undefined && isTerminal(1) ? Math.max(40, process.stdout.columns) : null;
}
