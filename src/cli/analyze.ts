import { readFileSync } from 'node:fs';
import { systemPath } from '../base/file-name.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { isPattern } from '../base/pattern.js';
import { inputPaths, type CaptureInput } from '../engine/analysis.js';
import type { RunHooks } from '../engine/analysis-options.js';
import type { TextOutput } from '../report/output.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, RAW_OPTION, type CommonArguments } from './options.js';
import { rawInput, runInputs, type RunSettings } from './run.js';
import { lookOf, reporterFor, type OpenReporter } from './reporters.js';
import { SELECT_OPTIONS, selecting, type SelectArguments } from './select-options.js';
import { JOBS_OPTION, jobsOf } from './threads/how-many.js';
import { Planner } from './plan.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

export interface AnalyzeArguments extends CommonArguments, SelectArguments {
  readonly capture?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: string;
  readonly jobs?: string;
}

export const analyze: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', {
        type: 'string',
        array: true,
        describe: 'Captures, folders or patterns; - is standard input',
      })
      .options({
        ...formatOption(['text', 'table', 'ndjson', 'json', 'html', 'trace', 'pcapng', 'parquet']),
        ...SELECT_OPTIONS,
        ...PRINT_OPTIONS,
        ...JOBS_OPTION,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example('$0 analyze session.pcap', 'print the annotated transcript')
      .example('$0 analyze -x -s 2 session.pcap', 'stream 2 with its bytes')
      .example(`$0 analyze --where 'name == "NBD_CMD_READ" && fields.length > 65536' x.pcap`, 'selected messages only')
      .example('$0 analyze --findings -C 3 session.pcap', 'findings with three messages of context')
      .example('$0 analyze -f pcapng -o notes.pcapng session.pcap', 'messages and findings as comments, for Wireshark')
      .example('$0 analyze -f parquet -o tables/ *.pcap', 'tables of messages, findings and streams, for SQL')
      .example('$0 analyze -f ndjson *.pcap | jq .', 'one JSON event per line, for programs'),

  async run(raw) {
    const args = raw as AnalyzeArguments;
    const { files, found } = await capturesIn(args.capture ?? []);
    const inputs: CaptureInput[] = [...files, ...(args.raw ?? []).map(rawInput)];
    if (inputs.length === 0) throw new UsageError('analyze: expected a capture, or - for standard input');
    const format = args.format ?? 'text';
    const jobs = jobsOf(args.jobs);
    const planner = await Planner.load(args);
    if (format === 'parquet') return toTables(args, { inputs, found, planner });
    const output = openDestination(args.output, { inputs: inputs.flatMap(inputPaths) });
    const interrupt = new Interrupt(args.output !== undefined);
    const look = lookOf(args, inputs);
    const { reporter, needsFields, tee, whole, framing } =
      format === 'pcapng'
        ? await annotating(output, args, inputs)
        : { ...(await reporterFor(format, output, args, look)), tee: undefined };
    const detail =
      format === 'table' && !needsFields
        ? 'none'
        : format === 'html' || (format === 'text' && args.hex)
          ? 'bytes'
          : 'lines';
    const status = await runInputs(inputs, {
      ...{ planner, detail, reporter, output, found, tee },
      signal: interrupt.signal,
      join: args.join !== 'never',
      divided:
        whole === null ? null : { whole, framing, jobs, work: () => ({ kind: 'report', format, args, look, detail }) },
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
  const { dividedTables, openTables } = await import('./tables.js');
  const jobs = jobsOf(args.jobs);
  const tables = openTables(args.output, run.inputs.flatMap(inputPaths), jobs);
  const interrupt = new Interrupt(true);
  const { reporter } = await selecting(args, () => tables.reporter);
  const status = await runInputs(run.inputs, {
    ...{ planner: run.planner, found: run.found, detail: 'lines', reporter, output: tables.outputs.messages },
    pace: tables.pace,
    signal: interrupt.signal,
    join: args.join !== 'never',
    divided: dividedTables(tables, args, jobs),
  });
  if (interrupt.status !== null || status !== 0) tables.discard();
  else await tables.finish();
  return interrupt.status ?? status;
}

/** The files to read: those named, those in named folders, and those that match patterns which the shell did not expand. */
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
      // not a pattern that matches anything: treated as a file name, so that it is reported like any other missing file
      files.push(text);
      continue;
    }
    for (const problem of problems) throw new UsageError(problem);
    if (inputs.length === 0) throw new UsageError(`${text}: contains no files`);
    for (const { path } of inputs) {
      files.push(path);
      found.add(path);
    }
  }
  return { files, found };
}

/** Writes the capture again, with messages and findings as packet comments. */
async function annotating(
  output: TextOutput,
  args: AnalyzeArguments,
  inputs: readonly CaptureInput[],
): Promise<OpenReporter & { readonly tee: RunHooks['tee'] }> {
  if (inputs.length > 1) throw new UsageError('-f pcapng: expected a single capture');
  if (output.fd === 1 && process.stdout.isTTY)
    throw new UsageError('-f pcapng cannot be written to a terminal: use -o FILE, or pipe it to `wireshark -k -i -`');
  const { AnnotatedCapture } = await import('../report/annotated-capture.js');
  const secrets = args['show-secrets'] ?? false;
  const capture = new AnnotatedCapture(output, DEFAULT_LIMITS, secrets, `wirelint ${version()}`);
  if (secrets) for (const path of args['tls-keylog'] ?? []) capture.addSecrets(keyLogText(path));
  return { ...(await selecting(args, () => capture)), whole: null, framing: null, tee: capture.tee };
}

/** The text of a key log. Problems with the file are reported where the keys are used. */
function keyLogText(path: string): string {
  try {
    return readFileSync(systemPath(path), 'latin1');
  } catch {
    return '';
  }
}
