import { PROTOCOLS } from '../protocols/registry.js';
import { rulePage } from '../report/rule-page.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { PRINT_OPTIONS } from './options.js';
import { knownRule } from './plan.js';

interface ExplainArguments {
  readonly id: string;
  readonly output?: string;
  readonly color?: string;
  readonly verbose?: boolean;
  readonly hex?: boolean;
}

export const explain: Command = {
  options: (yargs) =>
    yargs
      .positional('id', {
        type: 'string',
        demandOption: true,
        describe: 'The id of a rule, such as nbd/reply-after-done',
      })
      .options(PRINT_OPTIONS),

  async run(raw) {
    const args = raw as unknown as ExplainArguments;
    const rule = knownRule(args.id);
    const protocol = PROTOCOLS.find((p) => p.rules.includes(rule)) ?? null;
    const output = openDestination(args.output);
    output.add(
      rulePage(rule, protocol, {
        colors: wantColors(args),
        verbose: args.verbose ?? false,
        hex: args.hex ?? false,
        width: terminalWidth(args),
      }),
    );
    finishDestination(output, args.output);
    return 0;
  },
};
