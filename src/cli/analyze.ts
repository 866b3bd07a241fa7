import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemPath } from '../base/file-name.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { isPattern } from '../base/pattern.js';
import { inputPaths, type CaptureInput } from '../engine/analysis.js';
import type { RunHooks } from '../engine/analysis-options.js';
import type { Reporter } from '../engine/event.js';
import { EventReport, JsonDocument, Ndjson } from '../report/event-lines.js';
import type { TextOutput } from '../report/output.js';
import { Transcript, type TranscriptOptions } from '../report/transcript.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, RAW_OPTION, type CommonArguments } from './options.js';
import { rawInput, runInputs, type RunSettings } from './run.js';
import { SELECT_OPTIONS, selecting, timeFormat, type SelectArguments } from './select-options.js';
import { Planner } from './plan.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

export interface AnalyzeArguments extends CommonArguments, SelectArguments {
  readonly capture?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: string;
}

export const analyze: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', {
        type: 'string',
        array: true,
        describe: 'Captures, folders, patterns; - is standard input',
      })
      .options({
        ...formatOption(['text', 'table', 'ndjson', 'json', 'html', 'trace', 'pcapng', 'parquet']),
        ...SELECT_OPTIONS,
        ...PRINT_OPTIONS,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example('$0 analyze session.pcap', 'the annotated transcript')
      .example('$0 analyze -x -s 2 session.pcap', 'stream 2 with its bytes')
      .example(`$0 analyze --where 'name == "NBD_CMD_READ" && fields.length > 65536' x.pcap`, 'only some messages')
      .example('$0 analyze --findings -C 3 session.pcap', 'only what is wrong, and what stands around it')
      .example('$0 analyze -f pcapng -o notes.pcapng session.pcap', 'for Wireshark: messages and findings as comments')
      .example('$0 analyze -f parquet -o tables/ *.pcap', 'tables of messages, findings and streams, for SQL')
      .example('$0 analyze -f ndjson *.pcap | jq .', 'events for programs'),

  async run(raw) {
    const args = raw as AnalyzeArguments;
    const { files, found } = await capturesIn(args.capture ?? []);
    const inputs: CaptureInput[] = [...files, ...(args.raw ?? []).map(rawInput)];
    if (inputs.length === 0) throw new UsageError('analyze: name a capture, or - for standard input');
    const format = args.format ?? 'text';
    const planner = await Planner.load(args);
    if (format === 'parquet') return toTables(args, { inputs, found, planner });
    const output = openDestination(args.output, { inputs: inputs.flatMap(inputPaths) });
    const interrupt = new Interrupt(args.output !== undefined);
    const { reporter, needsFields, tee } =
      format === 'pcapng'
        ? await annotating(output, args, inputs)
        : { ...(await reporterFor(format, output, args, inputs)), tee: undefined };
    const status = await runInputs(inputs, {
      planner,
      detail:
        format === 'table' && !needsFields
          ? 'none'
          : format === 'html' || (format === 'text' && args.hex)
            ? 'bytes'
            : 'lines',
      reporter,
      output,
      signal: interrupt.signal,
      join: args.join !== 'never',
      found,
      tee,
    });
    if (interrupt.status !== null || (status !== 0 && args.output !== undefined)) {
      output.flush();
      output.discard();
      return interrupt.status ?? status;
    }
    finishDestination(output, args.output);
    return status;
  },
};

/** Writes the tables of `-f parquet`. */
async function toTables(
  args: AnalyzeArguments,
  run: Pick<RunSettings, 'planner' | 'found'> & { readonly inputs: readonly CaptureInput[] },
): Promise<number> {
  const { openTables } = await import('./tables.js');
  const tables = openTables(args.output, run.inputs.flatMap(inputPaths));
  const interrupt = new Interrupt(true);
  const { reporter } = await selecting(args, () => tables.reporter);
  const status = await runInputs(run.inputs, {
    ...{ planner: run.planner, found: run.found, detail: 'lines', reporter, output: tables.outputs.messages },
    signal: interrupt.signal,
    join: args.join !== 'never',
  });
  if (interrupt.status !== null || status !== 0) tables.discard();
  else tables.finish();
  return interrupt.status ?? status;
}

/** What of the recording was asked for, where that is not everything. */
function chosen(args: SelectArguments): readonly string[] {
  const { where = [], findings, quiet, context } = args;
  const around = context === undefined ? '' : ` and ${context} messages around each`;
  return [
    ...where.map((text) => `${text}${around}`),
    ...(findings ? [`findings.size() > 0${around}`] : []),
    ...(quiet ? ['no notes'] : []),
  ];
}

/** The files that are meant: those in folders, and those that match patterns which no shell has put names in place of. */
export async function capturesIn(given: readonly string[]): Promise<{ files: string[]; found: ReadonlySet<string> }> {
  const files: string[] = [];
  const found = new Set<string>();
  for (const text of given) {
    const stat = text === '-' ? undefined : pathStat(text);
    if (stat === undefined ? text === '-' || !isPattern(text) : !stat.isDirectory()) {
      files.push(text);
      continue;
    }
    const { findInputs } = await import('./check/inputs.js');
    const { inputs, problems } = findInputs([text]);
    if (stat === undefined && inputs.length === 0) {
      // no pattern of anything: a name that is told of like those of other files that are missing
      files.push(text);
      continue;
    }
    for (const problem of problems) throw new UsageError(problem);
    if (inputs.length === 0) throw new UsageError(`${text}: no file there`);
    for (const { path } of inputs) {
      files.push(path);
      found.add(path);
    }
  }
  return { files, found };
}

/** Writes the capture again, with comments. */
async function annotating(
  output: TextOutput,
  args: AnalyzeArguments,
  inputs: readonly CaptureInput[],
): Promise<{ readonly reporter: Reporter; readonly needsFields: boolean; readonly tee: RunHooks['tee'] }> {
  if (inputs.length > 1) throw new UsageError('-f pcapng: name one capture; each becomes one of its own');
  if (output.fd === 1 && process.stdout.isTTY)
    throw new UsageError('-f pcapng is not for a terminal: -o FILE, or a pipe to `wireshark -k -i -`');
  const { AnnotatedCapture } = await import('../report/annotated-capture.js');
  const secrets = args['show-secrets'] ?? false;
  const capture = new AnnotatedCapture(output, DEFAULT_LIMITS, secrets, `wirelint ${version()}`);
  if (secrets) for (const path of args['tls-keylog'] ?? []) capture.addSecrets(keyLogText(path));
  return { ...(await selecting(args, () => capture)), tee: capture.tee };
}

/** The text of a key log; what is wrong with it is told where it is used. */
function keyLogText(path: string): string {
  try {
    return readFileSync(systemPath(path), 'latin1');
  } catch {
    return '';
  }
}

/** The reporter for one of the formats that follow the events, behind what selects them. */
export async function reporterFor(
  format: string,
  output: TextOutput,
  args: CommonArguments & SelectArguments,
  inputs: readonly CaptureInput[],
): Promise<{ readonly reporter: Reporter; readonly needsFields: boolean }> {
  const colors = wantColors(args);
  switch (format) {
    case 'ndjson':
      return selecting(args, () => new EventReport(new Ndjson(output), output));
    case 'json':
      return selecting(args, () => new EventReport(new JsonDocument(output), output));
    case 'html': {
      const [{ PageCollector }, { page }] = await Promise.all([
        import('../report/page/collector.js'),
        import('./page.js'),
      ]);
      const collector = new PageCollector(DEFAULT_LIMITS, chosen(args), (totals) =>
        output.add(page({ command: 'analyze', parts: [collector.result()], totals })),
      );
      return selecting(args, () => collector);
    }
    case 'trace': {
      const { Trace } = await import('../report/trace.js');
      return selecting(args, () => new Trace(output, DEFAULT_LIMITS));
    }
    case 'table': {
      const { TableReporter } = await import('../report/table.js');
      return selecting(args, () => new TableReporter(output, { colors, width: terminalWidth(args) }));
    }
    default: {
      const options = {
        colors,
        verbose: args.verbose ?? false,
        hex: args.hex ?? false,
        width: terminalWidth(args),
        time: timeFormat(args),
        // a transcript that is kept must be the same wherever it is made
        zone: args.output !== undefined && args.time !== 'absolute' ? ('utc' as const) : ('local' as const),
        digest: args.output === undefined ? (file: string) => file : basename,
        nameOf: shortNames(inputs),
      };
      const transcript = (leftOut: TranscriptOptions['leftOut']): Transcript =>
        new Transcript(
          (text) => output.add(text),
          { ...options, leftOut },
          () => output.flush(),
        );
      return selecting(args, transcript, true);
    }
  }
}

/** Inputs go by the last part of their path, so that a transcript does not depend on where it was made, unless two share it. */
function shortNames(inputs: readonly CaptureInput[]): (file: string) => string {
  const names = inputs.filter((i) => typeof i === 'string').map((i) => basename(i));
  const ambiguous = new Set(names).size < names.length || names.length < inputs.length;
  return (file) => (ambiguous ? file : basename(file));
}
