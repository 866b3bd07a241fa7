import type { Argv } from 'yargs';

/** What a command's module gives: its options, and what it does; the exit status comes back. */
export interface Command {
  options(yargs: Argv): Argv;
  run(args: Record<string, unknown>): Promise<number>;
}
