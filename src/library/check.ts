import { addSummary, emptySummary } from '../engine/summary.js';
import { resolve } from 'node:path';
import { EXPECTATION } from '../base/capture-rules.js';
import { rfc3339 } from '../base/time.js';
import type { Severity } from '../base/rule.js';
import type { Config, Expectation } from '../cli/config-file.js';
import { decide } from '../cli/check/gate.js';
import { findInputs } from '../cli/check/inputs.js';
import { judge } from '../cli/check/judge.js';
import type { Job } from '../cli/check/job.js';
import { suppressionsFor, todayText } from '../cli/check/suppressions.js';
import { parseConfig, readConfig, type LoadedConfig } from '../cli/config-file.js';
import { analysisOptions, checkKeylogs, checkKeyrings, Planner } from '../cli/plan.js';
import { inputName, inputParts, type CaptureInput } from '../engine/analysis.js';
import { joinInputs, unjoined, type Recording } from '../engine/joining/join.js';
import { rehearse } from '../engine/rehearsal.js';
import type { Counts } from '../engine/event.js';
import { type CheckedFinding, type CheckedStream, type FileReport } from '../report/check-report.js';
import type { CaptureEvent } from '../report/event-object.js';
import { captureInput, type LibraryInput } from './input.js';
import { argumentsOf, CHECK_OPTIONS, checkNames, type ReadingOptions } from './options.js';

/** The result for one capture, whether or not it could be judged. */
export interface CheckedCapture {
  readonly file: string;
  /** The files that make up the recording: more than one when several captures are joined. */
  readonly parts: readonly string[];
  /** `skipped`: found in a folder and not a capture; `failed`: cannot be read as a capture. */
  readonly state: 'judged' | 'skipped' | 'failed';
  /** Why the file was not judged; null when it was. */
  readonly problem: string | null;
  readonly capture: CaptureEvent | null;
  readonly streams: readonly CheckedStream[];
  readonly findings: readonly CheckedFinding[];
}

/** The caller's own expectation of a capture: returns a sentence that says what is wrong, or null. */
export type ExpectationFunction = (capture: CheckedCapture) => string | null;

export interface CheckOptions extends ReadingOptions {
  /** Path of a configuration file, or its content. No file is searched for. Options given here take precedence over it. */
  readonly config?: string | Config;
  /** The lowest severity that fails the gate; default `error`. */
  readonly failOn?: Severity;
  readonly maxWarnings?: number;
  /** Minimum number of messages by protocol. */
  readonly require?: Readonly<Record<string, number>>;
  readonly requireComplete?: boolean;
  readonly allowEmpty?: boolean;
  /** Expectations as in the configuration (added to the ones there), or functions. */
  readonly expect?: readonly (Expectation | ExpectationFunction)[];
}

export interface CheckResult {
  readonly passed: boolean;
  /** The exit status that `wirelint check` would have. */
  readonly status: 0 | 1 | 2;
  /** Why the run did not pass, one line each; empty when it passed. */
  readonly reasons: readonly string[];
  readonly captures: readonly CheckedCapture[];
  readonly messages: number;
  readonly findings: Readonly<Counts>;
}

/**
 * Judges captures (paths, folders, globs, bytes) as `wirelint check` does, and returns the verdict instead of writing a report. Throws a
 * UsageError for an invalid option; problems with an input are part of the result.
 */
export async function check(
  inputs: LibraryInput | readonly LibraryInput[],
  options: CheckOptions = {},
): Promise<CheckResult> {
  checkNames(options, CHECK_OPTIONS);
  const list = (Array.isArray(inputs) ? inputs : [inputs]) as readonly LibraryInput[];
  const loaded = configOf(options);
  const planner = Planner.of(argumentsOf(options), options.failOn, loaded);
  const config = loaded?.config ?? {};
  const found = findInputs(list.filter((i) => typeof i === 'string'));
  const paths = found.inputs.map((i) => i.path);
  const { signal } = options;
  const joined = options.join === 'never' ? unjoined(paths) : await joinInputs(paths, signal);
  const today = todayText();
  const job = (input: CaptureInput, named: boolean, recording: Recording | null): Job => ({
    ...{ input, named, plan: planner.for(inputName(input)) },
    ...{ doubt: recording?.doubt ?? null, content: recording?.content ?? null },
    suppressions: suppressionsFor(
      config.suppressions ?? [],
      inputParts(input).map((p) => planner.pathOf(p)),
      today,
    ),
    ...{ golden: null, lines: false, streams: true, hex: false, events: null, page: null },
  });
  const jobs = [
    ...joined.map((r) =>
      job(
        r.input,
        r.indexes.some((i) => found.inputs[i]!.named),
        r,
      ),
    ),
    ...list.filter((i) => typeof i !== 'string').map((i) => job(captureInput(i), true, null)),
  ];
  const files = await judgeAll(jobs, signal);
  const judged = files.map((f) => judgeFunctions(f, options.expect ?? []));
  const summary = emptySummary();
  for (const f of judged) addSummary(summary, f.summary);
  const gate = decide(
    judged,
    summary,
    {
      require: new Map(Object.entries({ ...config.require, ...options.require })),
      requireComplete: options.requireComplete ?? config.requireComplete ?? false,
      maxWarnings: options.maxWarnings ?? config.maxWarnings ?? null,
      allowEmpty: options.allowEmpty ?? config.allowEmpty ?? false,
      failOn: (file) => planner.for(file).failOn,
    },
    {
      ...{ all: config.suppressions ?? [], today, exists: () => false },
      used: new Set(judged.flatMap((f) => Object.keys(f.suppressed).map(Number))),
      judged: judged.filter((f) => f.state === 'judged').flatMap((f) => f.parts.map((p) => planner.pathOf(p))),
      complete: options.streams === undefined && options.protocols === undefined,
    },
    found.problems,
  );
  const { messages, findings } = summary;
  return { passed: gate.status === 0, ...gate, captures: judged.map(publicPart), messages, findings };
}

async function judgeAll(jobs: readonly Job[], signal: AbortSignal | undefined): Promise<FileReport[]> {
  const keyrings = [...new Set(jobs.flatMap((j) => j.plan.keyrings))];
  checkKeyrings(keyrings);
  checkKeylogs([...new Set(jobs.flatMap((j) => j.plan.tlsKeylogs))], false);
  const learned =
    keyrings.length === 0
      ? undefined
      : await rehearse(
          jobs.map((j) => j.input),
          analysisOptions({ ...jobs[0]!.plan, keyrings }, 'none'),
          () => ({ signal }),
        );
  const files: FileReport[] = [];
  for (const j of jobs) {
    if (signal?.aborted) break;
    const plan = learned === undefined ? j.plan : { ...j.plan, keyrings, learned };
    files.push(await judge({ ...j, plan }, { signal }));
  }
  return files;
}

/**
 * Loads the configuration. One given as an object is validated exactly like one read from a file. The options' expectations are added to
 * it.
 */
function configOf({ config, require, expect }: CheckOptions): LoadedConfig | null {
  const given = config ?? {};
  const loaded =
    typeof given === 'string'
      ? readConfig(given)
      : { path: 'config', folder: resolve('.'), config: parseConfig('config', given) };
  const more = parseConfig('options', { require, expect: expect?.filter((e) => typeof e !== 'function') });
  const all = [...(loaded.config.expect ?? []), ...(more.expect ?? [])];
  return {
    ...loaded,
    config: { ...loaded.config, require: { ...loaded.config.require, ...more.require }, expect: all },
  };
}

/** Calls the caller's functions for one capture; each sentence that they return becomes a `check/expectation` finding. */
function judgeFunctions(file: FileReport, expect: readonly (Expectation | ExpectationFunction)[]): FileReport {
  if (file.state !== 'judged') return file;
  const failed = expect.flatMap((e) => (typeof e === 'function' ? (e(publicPart(file)) ?? []) : []));
  if (failed.length === 0) return file;
  const { id, severity, party, title, meaning, spec } = EXPECTATION;
  const findings = failed.map((text, i): CheckedFinding => ({
    ...{ type: 'finding', file: file.file, stream: null, protocol: null, rule: id, severity, party },
    ...{ confidence: 'certain', direction: 'unknown', message: null, related: [], offset: 0, length: 0, packet: 0 },
    ...{ time: rfc3339(0, 0), text, spec, fingerprint: `function-${i}`, messageName: null, dump: [], line: null },
    times: 1,
    part: null,
  }));
  const counts = { ...file.summary.findings, [severity]: file.summary.findings[severity] + findings.length };
  return {
    ...file,
    findings: [...file.findings, ...findings],
    rules: { ...file.rules, [id]: { id, severity, party, title, meaning, spec, specUrl: EXPECTATION.specUrl ?? null } },
    summary: { ...file.summary, findings: counts },
  };
}

function publicPart({ file, parts, state, problem, capture, streams, findings }: FileReport): CheckedCapture {
  return { file, parts, state, problem, capture, streams, findings };
}
