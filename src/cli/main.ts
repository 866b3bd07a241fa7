import yargs from 'yargs';
import { isTerminal } from '../base/terminal.js';
import { COMMANDS } from './commands.js';
import { complain } from './complain.js';
import { mistake, withoutCommand } from './mistakes.js';
import { TOPICS } from './topics.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

/** Options that are accepted as first argument, without a command. */
const WITHOUT_COMMAND = new Set(['--help', '-h', '--version']);

const EPILOGUE =
  'Exit status: 0 success; 1 findings or a failed condition (check), or a difference (diff); 2 bad usage or unreadable input.';

const TOPIC_LIST = `Topics (wirelint help TOPIC): ${TOPICS.map((t) => t.name).join(', ')}.`;

/** Runs the program and returns its exit status. */
export async function main(given: readonly string[]): Promise<number> {
  // `help COMMAND`, as in git, cargo and npm
  const named = given[0] === 'help' && (given.length < 2 || COMMANDS.some((c) => c.name === given[1]));
  const argv = named ? [...given.slice(1, 2), '--help'] : forWireshark(given) ? ['extcap', ...given] : given;
  // for completions, the shell passes the whole command line after this option
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
    // the same language everywhere, whatever the locale
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
    .demandCommand(1, 'expected a command; `wirelint --help` lists them')
    .help()
    .alias('help', 'h')
    .version(version())
    // the completion scripts are our own (see completion.ts) and tell which shell they are for
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
    // while completing, yargs also complains about the command line, which is still incomplete
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

/** Wireshark calls a program in its extcap folder (or a link to it) without a command, but always with one of these options. */
function forWireshark(argv: readonly string[]): boolean {
  return argv[0]?.startsWith('--') === true && argv.some((a) => /^--extcap-interfaces?(?:=|$)/.test(a));
}

/** A NUL, which no argument that comes from the system can contain. */
const SHIELD = '\0';

/** yargs takes a lone `-`, and arguments after `--` that begin with `-`, for options. Prefixed with SHIELD they are passed through. */
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

/** `process.stdout` must not be touched if it is a pipe: asking it for its width would change how it is written to. */
function helpWidth(): number {
  return isTerminal(1) ? Math.min(110, Math.max(60, process.stdout.columns)) : 100;
}

/** yargs prepares the help text of every command that runs, in case it is asked for later. It never is, so this is switched off. */
function keepFromPrintingAhead(parser: object): void {
  interface Inside {
    getInternalMethods?: () => { getUsageInstance(): { cacheHelpMessage: () => void } };
  }
  const usage = (parser as Inside).getInternalMethods?.().getUsageInstance();
  if (usage !== undefined) usage.cacheHelpMessage = () => {};
}

/** Adds our own completions where those of yargs are not enough. */
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

/** The names of the options that a parser knows, which yargs' types do not expose. */
function optionsOf(parser: object): string[] {
  const { getOptions } = parser as { getOptions?: () => { readonly key?: object } };
  return Object.keys(getOptions?.call(parser).key ?? {});
}
