import yargs from 'yargs';
import { isTerminal } from '../base/terminal.js';
import { COMMANDS } from './commands.js';
import { complain } from './complain.js';
import { mistake, withoutCommand } from './mistakes.js';
import { TOPICS } from './topics.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

/** What stands at the beginning where no command is named. */
const WITHOUT_COMMAND = new Set(['--help', '-h', '--version']);

const EPILOGUE = 'Exit status: 0 done; 1 (check only) findings or a gate that failed; 2 bad usage or unreadable input.';

const TOPIC_LIST = `Topics (wirelint help TOPIC): ${TOPICS.map((t) => t.name).join(', ')}.`;

/** Runs the program; gives its exit status. */
export async function main(given: readonly string[]): Promise<number> {
  // what git, cargo and npm understand
  const named = given[0] === 'help' && (given.length < 2 || COMMANDS.some((c) => c.name === given[1]));
  const argv = named ? [...given.slice(1, 2), '--help'] : forWireshark(given) ? ['extcap', ...given] : given;
  // a shell that wants completions hands the whole line on, behind this
  const completing = argv[0] === '--get-yargs-completions';
  const name = completing ? argv[2] : argv[0];
  const wanted = COMMANDS.find((c) => c.name === name);
  if (wanted === undefined && !completing && argv.length > 0 && !WITHOUT_COMMAND.has(argv[0]!)) {
    complain(
      withoutCommand(
        argv,
        COMMANDS.map((c) => c.name),
      ),
    );
    return 2;
  }
  const command = wanted === undefined ? null : await wanted.load();
  let status = 0;
  const parser = yargs(completing ? [...argv] : shielded(argv))
    .scriptName('wirelint')
    .usage('$0 <command> [options]\n\nA dissector and linter for NBD, Ceph msgr2, pesto and Arca.')
    // the same words wherever it runs
    .locale('en')
    .parserConfiguration({
      'dot-notation': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'greedy-arrays': false,
    })
    .exitProcess(false)
    .showHelpOnFail(false)
    .strict()
    .recommendCommands()
    .demandCommand(1, 'name a command; `wirelint --help` lists them')
    .help()
    .alias('help', 'h')
    .version(version())
    // the scripts are our own (see completion.ts): each says which shell it is for
    .completion('completion-script', false, complete)
    .wrap(helpWidth())
    .epilogue(wanted === undefined ? `${TOPIC_LIST}\n\n${EPILOGUE}` : EPILOGUE)
    .fail((message, error) => {
      throw error ?? new UsageError(mistake(oneLine(message), optionsOf(parser)));
    });
  keepFromPrintingAhead(parser);
  for (const entry of COMMANDS) {
    parser.command(
      entry.usage,
      entry.describe,
      (y) => (entry === wanted && command !== null ? command.options(y) : y),
      async (args) => {
        if (entry === wanted && command !== null) status = await command.run(unshielded(args));
      },
    );
  }
  try {
    await parser.parseAsync();
  } catch (error) {
    // yargs finds fault with the line, which is not complete, while the completions are on their way
    if (completing) return 0;
    const known = error instanceof UsageError || (error as Error).name === 'YError';
    complain(
      known
        ? oneLine((error as Error).message.replaceAll(SHIELD, ''))
        : `internal error, please report it: ${(error as Error).stack ?? String(error)}`,
      error instanceof UsageError ? error.excerpt : '',
    );
    return 2;
  }
  return status;
}

/** Wireshark names no command: this is what it asks of every program, and so of a link to this one in its extcap folder. */
function forWireshark(argv: readonly string[]): boolean {
  return argv[0]?.startsWith('--') === true && argv.some((a) => /^--extcap-interfaces?(?:=|$)/.test(a));
}

/** No argument that a system passes on can begin with this. */
const SHIELD = '\0';

/** yargs takes a lone `-`, and what begins with one behind `--`, for an option without a name: it must not see them so. */
function shielded(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const all = argv.map((a, i) => (a === '-' || (end >= 0 && i > end && a.startsWith('-')) ? SHIELD + a : a));
  return end < 0 ? all : all.filter((_, i) => i !== end);
}

function unshielded(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    return typeof value === 'string' && value.startsWith(SHIELD) ? value.slice(SHIELD.length) : value;
  };
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, plain(value)]));
}

/** Asking for the width of a pipe would change how it is written to. */
function helpWidth(): number {
  return isTerminal(1) ? Math.min(110, Math.max(60, process.stdout.columns)) : 100;
}

/** yargs makes the help text of every command that runs, in case somebody asks for it later: nobody does. */
function keepFromPrintingAhead(parser: object): void {
  interface Inside {
    getInternalMethods?: () => { getUsageInstance(): { cacheHelpMessage: () => void } };
  }
  const usage = (parser as Inside).getInternalMethods?.().getUsageInstance();
  if (usage !== undefined) usage.cacheHelpMessage = () => {};
}

/** Puts names of ours in place of yargs' completions where these are not enough. */
function complete(
  current: string,
  _argv: unknown,
  filter: (take: (error: Error | null, completions: string[] | undefined) => void) => void,
  done: (completions: string[]) => void,
): void {
  void import('./candidates.js').then(async ({ candidates }) => {
    const ours = await candidates(process.argv.slice(3));
    if (ours !== null) done(ours.filter((c) => c.startsWith(current === '=' ? '' : current)));
    else filter((_, theirs) => done(theirs ?? []));
  });
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

/** The names of the options that a parser knows: it has them, though its types do not say so. */
function optionsOf(parser: object): string[] {
  const { getOptions } = parser as { getOptions?: () => { readonly key?: object } };
  return Object.keys(getOptions?.call(parser).key ?? {});
}
