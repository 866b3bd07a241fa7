import { safeText } from '../base/text.js';
import { textWidth, wrapText } from '../base/text-width.js';
import { fieldCatalogue, type FieldEntry } from '../select/field-catalogue.js';
import { MEANINGS } from '../select/variable-meanings.js';
import { VARIABLES } from '../select/variables.js';
import { TextOutput } from '../report/output.js';
import { theme } from '../report/theme.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination } from './destination.js';
import { formatOption, PRINT_OPTIONS } from './options.js';
import { knownProtocol } from './plan.js';
import { UsageError } from './usage-error.js';

interface FieldsArguments {
  readonly protocol?: string;
  readonly message?: string;
  readonly format?: string;
  readonly color?: string;
}

export const fields: Command = {
  options: (yargs) =>
    yargs
      .positional('protocol', { type: 'string', describe: 'Only the messages of this protocol' })
      .positional('message', { type: 'string', describe: 'Only messages whose name contains this' })
      .options({ ...formatOption(['text', 'json']), color: PRINT_OPTIONS.color })
      .example('$0 fields nbd READ', 'the fields of NBD reads'),

  async run(raw) {
    const args = raw as FieldsArguments;
    if (args.protocol !== undefined) knownProtocol(args.protocol);
    const wanted = args.message?.toUpperCase();
    const entries = fieldCatalogue().entries.filter(
      (e) =>
        (args.protocol === undefined || e.protocol === args.protocol) &&
        (wanted === undefined || e.message.toUpperCase().includes(wanted)),
    );
    if (entries.length === 0)
      throw new UsageError(`fields: ${args.protocol} has no message with ${args.message} in its name`);
    const output = new TextOutput(1);
    const variables = VARIABLES.map((v) => ({ ...v, means: MEANINGS[v.name] }));
    if (args.format === 'json') output.add(`${JSON.stringify({ variables, fields: entries }, null, 2)}\n`);
    else text(output, entries, wanted === undefined, wantColors(args), terminalWidth({}));
    finishDestination(output, undefined);
    return 0;
  },
};

/** Types of the variables that may be null, for people: for CEL they are dynamic. */
const NULLABLE: Readonly<Record<string, string>> = {
  inReplyTo: 'int or null',
  latency: 'double or null',
  request: 'map or null',
  reply: 'map or null',
  finding: 'map or null',
};

function text(
  output: TextOutput,
  entries: readonly FieldEntry[],
  withVariables: boolean,
  colors: boolean,
  width: number | null,
): void {
  const t = theme(colors);
  const rows = (list: readonly (readonly [string, string, string])[]): void => {
    const widths = [0, 1].map((i) => Math.max(...list.map((row) => textWidth(row[i]!))));
    const indent = widths[0]! + widths[1]! + 6;
    const room = width === null ? Infinity : Math.max(24, width - indent);
    for (const [name, type, what] of list) {
      const [first, ...others] = wrapText(what, room, room);
      output.add(`  ${name.padEnd(widths[0]!)}  ${t.dim(type.padEnd(widths[1]!))}  ${first}\n`);
      for (const line of others) output.add(`${' '.repeat(indent)}${line}\n`);
    }
  };
  if (withVariables) {
    output.add(`${t.title('every message')}\n`);
    rows(
      VARIABLES.map((v) => [
        v.name,
        NULLABLE[v.name] ?? v.type.replace('google.protobuf.Timestamp', 'timestamp'),
        MEANINGS[v.name],
      ]),
    );
  }
  let at = 0;
  while (at < entries.length) {
    const { protocol, message } = entries[at]!;
    let end = at;
    while (end < entries.length && entries[end]!.message === message && entries[end]!.protocol === protocol) end++;
    output.add(`\n${t.title(message)}  ${t.dim(protocol)}\n`);
    rows(entries.slice(at, end).map((e) => [`fields.${e.name}`, e.type, safeText(JSON.stringify(e.example))]));
    at = end;
  }
}
