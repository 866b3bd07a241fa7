import { DEFAULT_LIMITS } from '../base/limits.js';
import { safeJson } from '../base/text.js';
import { compare } from '../compare/comparison.js';
import { Gathering } from '../compare/gathering.js';
import { inputName, inputPaths, type CaptureInput } from '../engine/analysis.js';
import { comparisonObject, comparisonText } from '../report/comparison-report.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, list, PRINT_OPTIONS, RAW_OPTION, type CommonArguments } from './options.js';
import { Planner } from './plan.js';
import { rawInput, runInputs } from './run.js';
import { UsageError } from './usage-error.js';

interface DiffArguments extends CommonArguments {
  readonly capture?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: string;
  readonly ignore?: readonly string[];
}

export const diff: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', { type: 'string', array: true, describe: 'The two captures' })
      .options({
        ...formatOption(['text', 'json', 'html']),
        ignore: { ...list, describe: 'A field to ignore: its name or path (front.object)' },
        output: PRINT_OPTIONS.output,
        color: PRINT_OPTIONS.color,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example('$0 diff qemu.pcap libnbd.pcap', 'how two clients differ')
      .example('$0 diff --ignore offset old.pcap new.pcap', 'compare two releases, regardless of offsets')
      .epilogue('The exit status is 0 if the captures are equal, 1 if they differ, and 2 if one cannot be read.'),

  async run(raw) {
    const args = raw as DiffArguments;
    const inputs: CaptureInput[] = [...(args.capture ?? []), ...(args.raw ?? []).map(rawInput)];
    if (inputs.length !== 2) throw new UsageError('diff: expected two captures');
    const planner = await Planner.load(args);
    const output = openDestination(args.output, { inputs: inputs.flatMap(inputPaths) });
    const interrupt = new Interrupt(args.output !== undefined);
    const sides: Gathering[] = [];
    for (const input of inputs) {
      const gathering = new Gathering(DEFAULT_LIMITS);
      sides.push(gathering);
      const status = await runInputs([input], {
        ...{ planner, detail: 'lines' as const, reporter: gathering, output, signal: interrupt.signal },
        join: args.join !== 'never',
      });
      if (interrupt.status !== null || status !== 0) {
        output.discard();
        return interrupt.status ?? status;
      }
    }
    const ignored = new Set((args.ignore ?? []).flatMap((text) => text.split(',')));
    const comparison = compare(sides[0]!, sides[1]!, ignored, DEFAULT_LIMITS);
    const names = [inputName(inputs[0]!), inputName(inputs[1]!)] as const;
    switch (args.format) {
      case 'json':
        output.add(`${safeJson(JSON.stringify(comparisonObject(comparison, names), null, 2))}\n`);
        break;
      case 'html':
        output.add((await import('./page.js')).diffPage(comparison, names));
        break;
      default:
        output.add(comparisonText(comparison, { colors: wantColors(args), width: terminalWidth(args) ?? null, names }));
    }
    finishDestination(output, args.output);
    return comparison.equal ? 0 : 1;
  },
};
