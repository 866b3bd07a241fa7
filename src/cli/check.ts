import type { Severity } from '../base/rule.js';
import { complain } from './complain.js';
import type { Command } from './command.js';
import type { CaptureInput } from '../engine/analysis.js';
import { reportRequests, type Requests } from './check/formats.js';
import { nearestConfig } from './config-path.js';
import { requirements } from './check/gate.js';
import { runCheck } from './check/run-check.js';
import { parseShard, type Shard } from './check/shard.js';
import { INPUT_OPTIONS, list, PRINT_OPTIONS, RAW_OPTION, single, type CommonArguments } from './options.js';
import { Planner } from './plan.js';
import { rawInput } from './run.js';
import { keepYoungGenerationSmall } from './thrift.js';
import { JOBS_OPTION, jobsOf } from './threads/how-many.js';
import { UsageError } from './usage-error.js';

interface CheckArguments extends CommonArguments {
  readonly input?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: readonly string[];
  readonly 'fail-on'?: Severity;
  readonly 'max-warnings'?: string;
  readonly require?: readonly string[];
  readonly 'require-complete'?: boolean;
  readonly 'allow-empty'?: boolean;
  readonly golden?: boolean;
  readonly 'update-golden'?: boolean;
  readonly 'write-baseline'?: boolean;
  readonly shard?: string;
  readonly cache?: string;
  readonly jobs?: string;
  readonly watch?: boolean;
}

export const check: Command = {
  options: (yargs) =>
    yargs
      .positional('input', {
        type: 'string',
        array: true,
        describe: 'Captures, folders (captures in them are recognised by content) or patterns; - is standard input',
      })
      .options({
        format: {
          ...list,
          alias: 'f',
          describe:
            'FORMAT or FORMAT=FILE: text (default), table, ndjson, json, html, sarif, junit, github, gitlab; or parquet=FOLDER',
        },
        output: PRINT_OPTIONS.output,
        'fail-on': {
          ...single,
          choices: ['note', 'warning', 'error'],
          describe: 'Lowest severity of a finding that fails the check (default: error)',
        },
        'max-warnings': { ...single, type: 'string', describe: 'Fail if there are more warnings than this' },
        require: { ...list, describe: 'Fail if a protocol was not seen: PROTOCOL or PROTOCOL=MIN_MESSAGES' },
        'require-complete': { type: 'boolean', describe: 'Fail on gaps, and on anything that could not be decoded' },
        'allow-empty': { type: 'boolean', describe: 'Pass even if no known protocol was seen' },
        golden: {
          type: 'boolean',
          describe: 'Fail if a transcript differs from the one beside its capture (x.pcap.txt)',
        },
        'update-golden': { type: 'boolean', describe: 'Write transcripts beside the captures' },
        'write-baseline': {
          type: 'boolean',
          describe: 'Add the findings that fail the check to the suppressions in the configuration file',
        },
        shard: {
          ...single,
          type: 'string',
          describe:
            'Check this share of the captures: I/N, or auto (GitLab, Slurm, Kubernetes); `merge` combines the reports',
        },
        cache: {
          ...single,
          type: 'string',
          describe: 'Folder for results, so that unchanged captures are not decoded again',
        },
        watch: { type: 'boolean', describe: 'Check again whenever a capture changes, until Ctrl-C' },
        ...JOBS_OPTION,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
        color: PRINT_OPTIONS.color,
        verbose: { type: 'boolean', alias: 'v', describe: 'Show notes, and every finding' },
        hex: { type: 'boolean', alias: 'x', describe: 'Show the annotated bytes of the message of each finding' },
      })
      .example('$0 check captures/', 'every capture below a folder')
      .example('$0 check --require nbd -f text -f sarif=wirelint.sarif captures/', 'two reports of one run')
      .example('$0 check --golden captures/', 'compare with the transcripts beside the captures'),

  async run(raw) {
    const args = raw as CheckArguments;
    const inputs = args.input ?? [];
    const raws = (args.raw ?? []).map(rawInput);
    if (inputs.length + raws.length === 0) throw new UsageError('check: expected a capture, a folder or a pattern');
    if (args.golden && args['update-golden']) throw new UsageError('--golden and --update-golden cannot be combined');
    const requests = reportRequests(args.format ?? [], args.output);
    const { reports, tables } = requests;
    if (tables !== null && inputs.includes('-'))
      throw new UsageError('-f parquet: the tables require a second pass, and standard input can be read only once');
    const shard = args.shard === undefined ? null : parseShard(args.shard, process.env);
    if (shard !== null && args['write-baseline'])
      throw new UsageError('--shard and --write-baseline cannot be combined: a baseline covers all captures');
    if (shard !== null && (inputs.includes('-') || raws.length > 0))
      throw new UsageError('--shard: only files can be divided, not standard input or --raw');
    if (args.watch) {
      if (args['update-golden'] || args['write-baseline'] || raws.length > 0 || inputs.includes('-'))
        throw new UsageError(
          '--watch cannot be combined with standard input, --raw, --update-golden or --write-baseline',
        );
      const { watchAndJudge } = await import('./check/watch.js');
      const config = args.config ?? nearestConfig(process.cwd());
      const written = [...reports.flatMap((r) => r.path ?? []), ...(tables === null ? [] : [tables])];
      return watchAndJudge({ inputs, besides: config === null ? [] : [config], written }, () =>
        judgeOnce(args, requests, raws, shard),
      );
    }
    return judgeOnce(args, requests, raws, shard);
  },
};

async function judgeOnce(
  args: CheckArguments,
  { reports, tables }: Requests,
  raws: readonly CaptureInput[],
  shard: Shard | null,
): Promise<number> {
  if (!reports.some((r) => r.format === 'ndjson' || r.format === 'json')) keepYoungGenerationSmall();
  const planner = await Planner.load(args, args['fail-on']);
  const config = planner.loaded?.config ?? {};
  const result = await runCheck({
    inputs: args.input ?? [],
    raws,
    args,
    planner,
    reports,
    tables,
    golden: args.golden ? 'compare' : args['update-golden'] ? 'update' : null,
    baseline: args['write-baseline'] ?? false,
    shard,
    cache: args.cache ?? null,
    watch: args.watch ?? false,
    jobs: jobsOf(args.jobs),
    gate: {
      require: requirements(args.require ?? [], config.require ?? {}),
      requireComplete: args['require-complete'] ?? config.requireComplete ?? false,
      maxWarnings: number('--max-warnings', args['max-warnings'], 0) ?? config.maxWarnings ?? null,
      allowEmpty: args['allow-empty'] ?? config.allowEmpty ?? false,
      failOn: (file) => planner.for(file).failOn,
    },
  });
  // if no text report goes to standard output, the reasons go to standard error
  if (!reports.some((r) => r.path === undefined && (r.format === 'text' || r.format === 'table')))
    for (const reason of result.gate.reasons) complain(`check failed: ${reason}`);
  return result.status;
}

function number(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new UsageError(`${option} ${text}: expected a number, ${least} or more`);
  return Number(text);
}
