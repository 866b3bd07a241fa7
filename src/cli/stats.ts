import { inputPaths, type CaptureInput } from '../engine/analysis.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { safeJson } from '../base/text.js';
import { statsCsv, statsObject } from '../report/stats-object.js';
import { statsText } from '../report/stats-text.js';
import type { Reporter } from '../engine/event.js';
import type { TextOutput } from '../report/output.js';
import { capturesIn } from './analyze.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, RAW_OPTION, single, type CommonArguments } from './options.js';
import { firstPacketTime, rawInput, runInputs } from './run.js';
import { Planner } from './plan.js';
import { SELECT_OPTIONS, selecting } from './select-options.js';
import { measureFor } from './stats-measure.js';
import { JOBS_OPTION, jobsOf } from './threads/how-many.js';
import type { Work } from './threads/pieces.js';
import { UsageError } from './usage-error.js';

interface StatsArguments extends CommonArguments {
  readonly capture?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: string;
  readonly where?: readonly string[];
  readonly interval?: string;
  readonly jobs?: string;
}

/** Columns of the output if it does not go to a terminal. */
const PIPE_WIDTH = 100;

export const stats: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', {
        type: 'string',
        array: true,
        describe: 'Captures, folders or patterns; - is standard input',
      })
      .options({
        ...formatOption(['text', 'json', 'csv', 'html']),
        interval: { ...single, type: 'string', describe: 'Length of the intervals for rates, such as 1s or 100ms' },
        where: SELECT_OPTIONS.where,
        output: PRINT_OPTIONS.output,
        color: PRINT_OPTIONS.color,
        ...JOBS_OPTION,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example('$0 stats session.pcap', 'latency, sizes, rates and errors by operation')
      .example('$0 stats --interval 1s -f json session.pcap', 'rates per second, for programs'),

  async run(raw) {
    const args = raw as StatsArguments;
    const { files, found } = await capturesIn(args.capture ?? []);
    const inputs: CaptureInput[] = [...files, ...(args.raw ?? []).map(rawInput)];
    if (inputs.length === 0) throw new UsageError('stats: expected a capture, or - for standard input');
    const interval = intervalOf(args.interval);
    const planner = await Planner.load(args);
    const interrupt = new Interrupt();
    const output = openDestination(args.output, { inputs: inputs.flatMap(inputPaths) });
    const conditions = args.where ?? [];
    const measure = await measureFor(conditions, interval);
    const work = async (recordings: readonly CaptureInput[]): Promise<Work | null> => {
      const start = await firstPacketTime(recordings);
      return start === null ? null : { kind: 'stats', where: conditions, interval, start, detail: 'lines' };
    };
    const shown = args.format === 'html' ? await pageOf(args, output) : null;
    const status = await runInputs(inputs, {
      planner,
      detail: shown === null ? 'lines' : 'bytes',
      reporter: shown ?? measure,
      output,
      signal: interrupt.signal,
      join: args.join !== 'never',
      found,
      divided: shown === null ? { whole: measure, framing: null, jobs: jobsOf(args.jobs), work } : null,
    });
    switch (args.format) {
      case 'html':
        break;
      case 'json':
        output.add(`${safeJson(JSON.stringify(statsObject(measure), null, 2))}\n`);
        break;
      case 'csv':
        output.add(statsCsv(measure));
        break;
      default:
        output.add(
          statsText(measure, {
            colors: wantColors(args),
            width: terminalWidth(args) ?? PIPE_WIDTH,
            tableWidth: terminalWidth(args) ?? Infinity,
            intervals: interval !== null,
          }),
        );
    }
    if (interrupt.status !== null || (status !== 0 && args.output !== undefined)) {
      output.flush();
      output.discard();
      return interrupt.status ?? status;
    }
    finishDestination(output, args.output);
    return status;
  },
};

/** An HTML page of the selected messages, which opens at the statistics. */
async function pageOf(args: StatsArguments, output: TextOutput): Promise<Reporter> {
  const { where = [] } = args;
  const [{ PageCollector }, { page }] = await Promise.all([import('../report/page/collector.js'), import('./page.js')]);
  const collector = new PageCollector(DEFAULT_LIMITS, where, (totals) =>
    output.add(page({ command: 'stats', parts: [collector.result()], totals })),
  );
  return (await selecting({ where }, () => collector)).reporter;
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, min: 60, h: 3600 };

/** Converts a duration such as `100ms` to seconds; null if none was given. */
function intervalOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const found = /^(\d+(?:\.\d+)?)(us|ms|s|min|m|h)?$/.exec(text);
  const seconds = found === null ? 0 : Number(found[1]) * UNITS[found[2] ?? 's']!;
  if (seconds <= 0) throw new UsageError(`--interval ${text}: expected a duration, such as 100ms, 1s or 5min`);
  return seconds;
}
