import type { Argv, Options } from 'yargs';
import { wrapText } from '../base/text-width.js';
import type { Entry } from './command.js';
import { TOPICS } from './topics.js';
import { version } from './version.js';

/** Characters of a line in the source; escapes make it slightly longer. */
const LINE = 68;

/** What a command tells yargs about itself. */
interface Told {
  readonly positionals: [name: string, about: Options][];
  readonly options: [name: string, about: Options][];
  readonly examples: [command: string, text: string][];
  readonly notes: string[];
}

/** The manual page wirelint(1), written with the macros of man(7), from the same tables that the commands' options are parsed with. */
export async function manual(commands: readonly Entry[]): Promise<string> {
  const seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? NaN);
  const date = new Date(Number.isFinite(seconds) ? seconds * 1000 : Date.now()).toISOString().slice(0, 10);
  let out = `.TH WIRELINT 1 ${date} "wirelint ${version()}" "User Commands"\n`;
  out += '.SH NAME\nwirelint \\- decode and check traffic of NBD, Ceph msgr2, pesto and Arca\n';
  out += '.SH SYNOPSIS\n.B wirelint\n.I command\n.RI [ options ]\n';
  out += `.SH DESCRIPTION\n${text(DESCRIPTION)}\n.SH COMMANDS\n`;
  for (const entry of commands) out += section(entry, tellingOf(await entry.load()));
  out += '.SH EXIT STATUS\n';
  for (const [status, meaning] of STATUS) out += `.TP\n.B ${status}\n${text(meaning)}\n`;
  out += `.SH TOPICS\n.B wirelint help\n.I topic\n${text('prints one of these:')}\n`;
  for (const { name, describe } of TOPICS) out += `.TP\n.B ${word(name)}\n${text(describe)}\n`;
  return `${out}.SH SEE ALSO\n.BR tcpdump (8),\n.BR wireshark (1),\n.BR tshark (1)\n`;
}

const DESCRIPTION =
  'wirelint reads packet captures and recordings of Unix sockets, reassembles the streams, recognises the protocol, and prints annotated transcripts. Where a peer breaks a rule of the protocol, the transcript says which rule, which peer, and which bytes. Each direction is decoded on its own.';

const STATUS: readonly (readonly [string, string])[] = [
  ['0', 'Success.'],
  ['1', 'check: findings, or a failed condition. diff: the captures differ.'],
  ['2', 'Bad usage, or an input that cannot be read as a capture.'],
  ['other', 'record exits with the status of the program that it ran.'],
];

function section({ usage, describe }: Entry, told: Told): string {
  let out = `.SS wirelint ${word(usage)}\n${text(`${describe}.`)}\n`;
  for (const [name, about] of told.positionals) out += `.TP\n.I ${word(name)}\n${text(about.describe ?? '')}\n`;
  for (const [name, about] of told.options) {
    const names = [...[about.alias ?? []].flat().map((a) => `-${a}`), `--${name}`].map(word).join(', ');
    const value = about.type === 'boolean' ? '' : ` ${word(valueWord(about))}`;
    out += `.TP\n.B ${names}${value}\n${text(facts(about))}\n`;
  }
  for (const note of told.notes) out += `.PP\n${text(note)}\n`;
  for (const [command, what] of told.examples)
    out += `.PP\n${text(`${capital(what)}:`)}\n.PP\n.RS 4\n.nf\n${line(command.replaceAll('$0', 'wirelint'))}\n.fi\n.RE\n`;
  return out;
}

function valueWord({ choices }: Options): string {
  return choices === undefined ? 'VALUE' : choices.join('|');
}

function facts({ describe, array, default: preset, demandOption }: Options): string {
  const more = [
    array === true ? 'May be repeated.' : '',
    preset === undefined ? '' : `Default: ${String(preset)}.`,
    demandOption === true ? 'Must be given.' : '',
  ].filter((s) => s !== '');
  const what = describe ?? '';
  return [/[.!?]$/.test(what) ? what : `${what}.`, ...more].join(' ');
}

/** Passes a command a stand-in for yargs that records the calls. */
function tellingOf(command: { options(yargs: Argv): Argv }): Told {
  const told: Told = { positionals: [], options: [], examples: [], notes: [] };
  const takes: Record<string, (...given: never[]) => void> = {
    positional: (name: string, about: Options) => told.positionals.push([name, about]),
    option: (name: string, about: Options) => told.options.push([name, about]),
    options: (all: Record<string, Options>) => told.options.push(...Object.entries(all)),
    example: (line: string, what: string) => told.examples.push([line, what]),
    epilogue: (note: string) => told.notes.push(note),
  };
  // all other calls are about checking arguments, which the descriptions already explain
  const yargs: object = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...given: never[]) => {
          takes[String(name)]?.(...given);
          return yargs;
        },
    },
  );
  command.options(yargs as Argv);
  return told;
}

function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** Wraps and escapes text for roff, so that no line is taken for a macro. */
function text(s: string): string {
  return wrapText(s, LINE, LINE)
    .map((line) => word(line).replace(/^([.'])/, '\\&$1'))
    .join('\n');
}

/** Escapes one line that is printed without wrapping. */
function line(s: string): string {
  return word(s).replace(/^([.'])/, '\\&$1');
}

function word(s: string): string {
  return s
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}
