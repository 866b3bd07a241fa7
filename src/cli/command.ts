import type { Argv } from 'yargs';

/** What a command's module gives: its options, and what it does; the exit status comes back. */
export interface Command {
  options(yargs: Argv): Argv;
  run(args: Record<string, unknown>): Promise<number>;
}

/** A command: how it is called, and where it is. */
export interface Entry {
  readonly name: string;
  readonly usage: string;
  readonly describe: string;
  /** Loads the command's module: only the one that runs is loaded. */
  readonly load: () => Promise<Command>;
}
