import { isTerminal } from '../base/terminal.js';

/**
 * Whether output to standard output (or to a file) is coloured. Options take precedence over NO_COLOR, which takes precedence over
 * FORCE_COLOR.
 */
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

/** Columns of the terminal that shows the results; null if they go to a pipe or file, where lines are not wrapped. */
export function terminalWidth(args: { readonly output?: string | undefined }): number | null {
  return args.output === undefined && isTerminal(1) ? Math.max(40, process.stdout.columns) : null;
}
