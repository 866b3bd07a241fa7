import type { Argv } from 'yargs';

/** What a command's module provides: its options, and a function that runs it and returns the exit status. */
export interface Command {
  options(yargs: Argv): Argv;
  run(args: Record<string, unknown>): Promise<number>;
}

/** An entry in the list of commands: how a command is called, and how its module is loaded. */
export interface Entry {
  readonly name: string;
  readonly usage: string;
  readonly describe: string;
  /** Loads the command's module; done only for the command that runs. */
  readonly load: () => Promise<Command>;
}
