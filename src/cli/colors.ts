import { isatty } from 'node:tty';

/** Whether what goes to standard output (or a file) is coloured. */
export function wantColors(args: { readonly color?: string; readonly output?: string }): boolean {
  if (args.color === 'always') return true;
  if (args.color === 'never' || args.output !== undefined) return false;
  return isatty(1) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}
