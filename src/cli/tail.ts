import type { Command } from './command.js';
import { reporterFor } from './analyze.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, type CommonArguments } from './options.js';
import { runInputs } from './run.js';
import { Planner } from './plan.js';
import { SELECT_OPTIONS, type SelectArguments } from './select-options.js';

interface TailArguments extends CommonArguments, SelectArguments {
  readonly source?: string;
  readonly format?: string;
}

export const tail: Command = {
  options: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        default: '-',
        describe: 'Standard input (-), a FIFO, or a capture file that grows',
      })
      .options({ ...formatOption(['text', 'ndjson']), ...SELECT_OPTIONS, ...PRINT_OPTIONS, ...INPUT_OPTIONS })
      .example('tcpdump -i lo --immediate-mode -B 65536 -U -w - port 10809 | $0 tail', 'watch a server')
      .example('$0 tail -f ndjson growing.pcap', 'follow a file that is being written'),

  async run(raw) {
    const args = raw as TailArguments;
    const source = args.source ?? '-';
    const planner = await Planner.load(args);
    const output = openDestination(args.output, { live: true, inputs: [source] });
    const interrupt = new Interrupt();
    const { reporter } = await reporterFor(args.format ?? 'text', output, args, [source]);
    const status = await runInputs([source], {
      planner,
      detail: args.hex ? 'bytes' : 'lines',
      reporter,
      output,
      signal: interrupt.signal,
      follow: true,
      live: true,
    });
    finishDestination(output, args.output);
    return status;
  },
};
