import { shownPath } from '../base/file-name.js';
import { pathStat } from '../base/path-stat.js';
import { isPattern, patternBase, patternMatcher } from '../base/pattern.js';
import type { MadeInput } from '../engine/analysis.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { openLive } from './live-capture.js';
import { formatOption, INPUT_OPTIONS, list, PRINT_OPTIONS, type CommonArguments } from './options.js';
import { runInputs } from './run.js';
import { Planner } from './plan.js';
import { lookOf, reporterFor } from './reporters.js';
import { UsageError } from './usage-error.js';
import { SELECT_OPTIONS, type SelectArguments } from './select-options.js';

interface TailArguments extends CommonArguments, SelectArguments {
  /** The source; with `--interface`, the words of the filter. */
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
          '- (standard input, the default), a FIFO, a growing capture file, or a folder or quoted pattern of files that a recorder rotates; with -i: a filter as for tcpdump',
      })
      .options({
        interface: { ...list, alias: 'i', describe: 'Record from this interface with tcpdump (any: all interfaces)' },
        ...formatOption(['text', 'ndjson']),
        ...SELECT_OPTIONS,
        ...PRINT_OPTIONS,
        ...INPUT_OPTIONS,
      })
      .example('$0 tail -i eth0 port 10809', 'watch a server')
      .example(
        'tcpdump -i lo --immediate-mode -B 262144 -U -w - port 10809 | $0 tail',
        'the same, with your own options for tcpdump',
      )
      .example("$0 tail 'ring*.pcap'", 'follow tcpdump -C, -G or -W, or dumpcap -b, from file to file')
      .example('$0 tail -f ndjson growing.pcap', 'follow a file that is being written'),

  async run(raw) {
    const args = raw as TailArguments;
    const live = args.interface === undefined ? null : liveInput(args.interface, args.source ?? []);
    if (live === null && (args.source?.length ?? 0) > 1)
      throw new UsageError('tail: expected one source; a filter requires -i INTERFACE');
    const source = args.source?.[0] ?? '-';
    const planner = await Planner.load(args);
    const ring = live === null ? await ringOf(source) : null;
    const input = live ?? ring ?? source;
    const inputs = typeof input === 'string' ? [input] : [];
    const output = openDestination(args.output, { live: true, inputs });
    const interrupt = new Interrupt();
    const { reporter } = await reporterFor(args.format ?? 'text', output, args, lookOf(args, inputs));
    const status = await runInputs([input], {
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

/** The files of a running recorder (a ring buffer), if the source names their folder or a pattern for their names; else null. */
async function ringOf(source: string): Promise<MadeInput | null> {
  const stat = source === '-' ? undefined : pathStat(source);
  if (stat === undefined ? !isPattern(source) : !stat.isDirectory()) return null;
  const { followedRing } = await import('../engine/joining/followed-ring.js');
  if (stat !== undefined) return followedRing(shownPath(source), source, () => true);
  const { folder, rest } = patternBase(source);
  if (rest.includes('/') || pathStat(folder === '' ? '.' : folder)?.isDirectory() !== true)
    throw new UsageError(`tail ${source}: a pattern must name files in one existing folder`);
  return followedRing(shownPath(source), folder, patternMatcher(rest));
}

function liveInput(interfaces: readonly string[], filter: readonly string[]): MadeInput {
  const names = interfaces.flatMap((i) => i.split(',')).filter((i) => i !== '');
  if (names.length === 0) throw new UsageError('tail -i: name an interface, or any');
  const name = names.join(',');
  return { name, open: (options) => openLive({ interfaces: names, filter }, name, options) };
}
