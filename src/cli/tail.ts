import type { MadeInput } from '../engine/analysis.js';
import type { Command } from './command.js';
import { reporterFor } from './analyze.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { openLive } from './live-capture.js';
import { formatOption, INPUT_OPTIONS, list, PRINT_OPTIONS, type CommonArguments } from './options.js';
import { runInputs } from './run.js';
import { Planner } from './plan.js';
import { UsageError } from './usage-error.js';
import { SELECT_OPTIONS, type SelectArguments } from './select-options.js';

interface TailArguments extends CommonArguments, SelectArguments {
  /** The source; with `--interface` the words of the filter. */
  readonly source?: readonly string[];
  readonly interface?: readonly string[];
  readonly format?: string;
}

export const tail: Command = {
  options: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        array: true,
        describe:
          'Standard input (-, the default), a FIFO, or a capture file that grows; with -i: the filter, as for tcpdump',
      })
      .options({
        interface: { ...list, alias: 'i', describe: 'Record from this interface (tcpdump does; any: all of them)' },
        ...formatOption(['text', 'ndjson']),
        ...SELECT_OPTIONS,
        ...PRINT_OPTIONS,
        ...INPUT_OPTIONS,
      })
      .example('$0 tail -i eth0 port 10809', 'watch a server')
      .example(
        'tcpdump -i lo --immediate-mode -B 262144 -U -w - port 10809 | $0 tail',
        'the same, with your own options',
      )
      .example('$0 tail -f ndjson growing.pcap', 'follow a file that is being written'),

  async run(raw) {
    const args = raw as TailArguments;
    const live = args.interface === undefined ? null : liveInput(args.interface, args.source ?? []);
    if (live === null && (args.source?.length ?? 0) > 1)
      throw new UsageError('tail: one source at a time; a filter goes with -i INTERFACE');
    const source = args.source?.[0] ?? '-';
    const planner = await Planner.load(args);
    const output = openDestination(args.output, { live: true, inputs: live === null ? [source] : [] });
    const interrupt = new Interrupt();
    const { reporter } = await reporterFor(args.format ?? 'text', output, args, live === null ? [source] : []);
    const status = await runInputs([live ?? source], {
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

function liveInput(interfaces: readonly string[], filter: readonly string[]): MadeInput {
  const names = interfaces.flatMap((i) => i.split(',')).filter((i) => i !== '');
  if (names.length === 0) throw new UsageError('tail -i: name an interface, or any');
  const name = names.join(',');
  return { name, open: (options) => openLive({ interfaces: names, filter }, name, options) };
}
