import { nearest } from '../base/nearest.js';
import { pathStat } from '../base/path-stat.js';
import { INPUT_OPTIONS, PRINT_OPTIONS } from './options.js';

/** Explains a command line that does not begin with a command, and says what to type instead. */
export function withoutCommand(argv: readonly string[], commands: readonly string[]): string {
  const [first = '', ...others] = argv;
  if (first.startsWith('-')) {
    const name = first.replace(/^--?/, '').replace(/=.*$/, '');
    const near = first.startsWith('--')
      ? nearest(name, [...Object.keys(INPUT_OPTIONS), ...Object.keys(PRINT_OPTIONS)])
      : null;
    const option = near === null ? first : first.replace(name, near);
    return `the command must come first; try: wirelint analyze ${[option, ...others].map(quoted).join(' ')}`;
  }
  if (pathStat(first) !== undefined || /\.(?:pcap(?:ng)?\d*|cap|dump|dmp)(?:\.(?:gz|zst))?$/.test(first))
    return `${first} is not a command; try: wirelint analyze ${argv.map(quoted).join(' ')}`;
  const near = nearest(first, commands);
  return `unknown command ${JSON.stringify(first)}; ${near === null ? '`wirelint --help` lists them' : `did you mean ${near}?`}`;
}

/** Rewords yargs' message about wrong arguments. `options`: the option names of the command. */
export function mistake(message: string, options: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown !== undefined) {
    const near = nearest(
      unknown,
      options.filter((o) => o.length > 1),
    );
    if (near !== null) return `unknown option --${unknown}; did you mean --${near}?`;
    return `unknown argument ${unknown}; --help lists the options`;
  }
  const invalid = /Argument: (\S+), Given: "(.*)", Choices: (.*)$/s.exec(message);
  if (invalid !== null) {
    const choices = [...invalid[3]!.matchAll(/"([^"]*)"/g)].map((c) => c[1]!);
    const near = nearest(invalid[2]!, choices);
    return `--${invalid[1]} ${invalid[2]}: ${near === null ? '' : `did you mean ${near}? `}expected ${choices.join(', ')}`;
  }
  const missing = /^Missing required arguments?: (.*)$/s.exec(message)?.[1];
  if (missing !== undefined)
    return `missing ${missing
      .split(', ')
      .map((name) => `--${name}`)
      .join(' and ')}; --help shows the usage`;
  if (message.startsWith('Not enough non-option arguments')) return 'missing argument; --help shows the usage';
  return message;
}

/** Quotes a word for a shell, if it needs quotes. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
