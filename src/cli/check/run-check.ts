import { DEFAULT_LIMITS } from '../../base/limits.js';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inputName, inputParts, inputPaths, type CaptureInput } from '../../engine/analysis.js';
import { joinInputs, unjoined, type Recording } from '../../engine/joining/join.js';
import { rehearse } from '../../engine/rehearsal.js';
import type { CheckReport, FileReport, GateResult } from '../../report/check-report.js';
import type { PageLimits } from '../../report/page/collector.js';
import type { CaptureGroups } from '../../table/event-tables.js';
import type { Suppression } from '../config-file.js';
import { Interrupt } from '../interrupt.js';
import { analysisOptions, checkKeylogs, checkKeyrings, type Planner } from '../plan.js';
import { version } from '../version.js';
import { openReport, writeReports } from './open-report.js';
import type { SuppressionState } from './gate.js';
import { bytesOf, findInputs, type FoundInputs } from './inputs.js';
import type { Job } from './job.js';
import { Judges } from './judging.js';
import { reportOf } from './report-of.js';
import type { CheckSettings } from './settings.js';
import { placesOf, type Shard, type Sized } from './shard.js';
import { packed, type ShardPart } from './shard-part.js';
import { suppressionsFor, todayText, type ActiveSuppression } from './suppressions.js';

export interface CheckOutcome {
  readonly status: number;
  readonly gate: GateResult;
}

/** Judges all inputs, writes the reports, and decides whether the gate passes. */
export async function runCheck(settings: CheckSettings): Promise<CheckOutcome> {
  const { planner, args } = settings;
  const interrupt = new Interrupt(
    settings.watch ||
      settings.golden === 'update' ||
      settings.tables !== null ||
      settings.reports.some((r) => r.path !== undefined),
  );
  const found = findInputs(settings.inputs);
  const judges = new Judges(found, settings, interrupt.signal);
  await judges.prepare();
  const suppressions = planner.loaded?.config.suppressions ?? [];
  const today = todayText();
  const recordings = await recordingsOf(settings, found, interrupt.signal);
  const unlearned = jobsFor(settings, found, recordings, suppressions, today);
  const keyrings = [...new Set(unlearned.flatMap((j) => j.plan.keyrings))];
  checkKeyrings(keyrings);
  checkKeylogs([...new Set(unlearned.flatMap((j) => j.plan.tlsKeylogs))], false);
  const all = await taught(unlearned, keyrings, interrupt.signal);
  const places = settings.shard === null ? all.map((_, i) => i) : placesOf(settings.shard, all.map(sizeOf(found)));
  const jobs = places.map((i) => all[i]!);
  const reports = settings.reports.map((request) => openReport(request, found));
  try {
    const lines = new Array<number>(jobs.length).fill(0);
    const framings = reports.flatMap((r) => r.framing ?? []);
    const line = (json: string, job: number): void => {
      lines[job]!++;
      for (const f of framings) f.line(json);
    };
    const files = await judges.judge(jobs, framings.length > 0 ? line : undefined);
    if (interrupt.status !== null) {
      for (const r of reports) r.output.discard();
      return { status: interrupt.status, gate: { status: 2, reasons: [] } };
    }
    const state: SuppressionState = {
      all: suppressions,
      today,
      used: new Set(files.flatMap((f) => Object.keys(f.suppressed).map(Number))),
      judged: suppressions.length === 0 && !settings.baseline ? [] : judgedPaths(files, planner),
      exists: (path) => existsSync(resolve(planner.loaded?.folder ?? '.', path)),
      complete: args.stream === undefined && args.protocol === undefined,
    };
    let report = checkReport(files, settings, state, found);
    if (settings.baseline) {
      const { applyBaseline } = await import('./baseline.js');
      report = applyBaseline(report, settings, state, (remaining, left) =>
        checkReport(remaining, settings, left, found),
      );
    }
    const part =
      settings.shard === null ? null : partOf(settings, settings.shard, found, state, files, places, lines, all.length);
    await writeReports(reports, report, settings, part);
    if (settings.tables !== null) await writeTables(settings.tables, jobs, settings, part, interrupt.signal);
    return { status: report.gate.status, gate: report.gate };
  } catch (error) {
    for (const r of reports) r.output.discard();
    throw error;
  } finally {
    interrupt.close();
  }
}

/** Paths of the judged files, relative to the configuration's folder. */
function judgedPaths(files: readonly FileReport[], planner: Planner): string[] {
  return files.filter((f) => f.state === 'judged').flatMap((f) => f.parts.map((p) => planner.pathOf(p)));
}

function checkReport(
  files: readonly FileReport[],
  settings: CheckSettings,
  suppressions: SuppressionState,
  found: FoundInputs,
): CheckReport {
  const failOn = settings.planner.for('-').failOn;
  // requirements on the run as a whole are checked by `merge`, which sees all shards
  const alone = settings.shard === null;
  const gate = alone ? settings.gate : { ...settings.gate, require: new Map(), maxWarnings: null, allowEmpty: true };
  const state = alone ? suppressions : { ...suppressions, complete: false };
  return reportOf(files, failOn, gate, state, found);
}

/** A shard's data for `merge`, without the report's format. */
function partOf(
  settings: CheckSettings,
  shard: Shard,
  found: FoundInputs,
  state: SuppressionState,
  files: readonly FileReport[],
  places: readonly number[],
  lines: readonly number[],
  total: number,
): Omit<ShardPart, 'format'> {
  const { planner, gate, args } = settings;
  return {
    ...{ version: version(), shard: shard.index, of: shard.of, verbose: args.verbose ?? false },
    failOn: planner.for('-').failOn,
    gate: { ...gate, require: [...gate.require] },
    ...{ suppressions: state.all, today: state.today, complete: state.complete },
    gone: state.all.flatMap((s) => (s.path === undefined || state.exists(s.path) ? [] : [s.path])),
    ...{ problems: found.problems, empty: found.empty, total },
    captures: files.map((report, i) => ({
      ...{ place: places[i]!, lines: lines[i]!, report: { ...report, page: null } },
      failOn: settings.gate.failOn(report.file),
      paths: report.parts.map((p) => planner.pathOf(p)),
    })),
  };
}

/** Writes the tables of `-f parquet`. The captures are read once more, because the events are not kept while judging. */
async function writeTables(
  folder: string,
  jobs: readonly Job[],
  settings: CheckSettings,
  part: Omit<ShardPart, 'format'> | null,
  signal: AbortSignal,
): Promise<void> {
  const [{ openTables }, { runInputs }] = await Promise.all([import('../tables.js'), import('../run.js')]);
  const inputs = jobs.map((j) => j.input);
  if (inputs.length === 0 && part === null) return;
  const about =
    part === null
      ? undefined
      : (groups: CaptureGroups) => {
          const captures = part.captures.map((c) => ({ ...c, groups: groups.get(c.report.file) ?? NO_GROUPS }));
          return { 'wirelint.shard': packed({ ...part, captures, format: 'parquet' }) };
        };
  const tables = openTables(folder, inputs.flatMap(inputPaths), settings.jobs, about);
  const { reporter, outputs, pace } = tables;
  const run = { planner: settings.planner, detail: 'lines' as const, reporter, output: outputs.messages, signal, pace };
  // an input that cannot be read was reported before; its rows up to the error are written
  if (inputs.length > 0) await runInputs(inputs, { ...run, learned: jobs[0]!.plan.learned });
  else reporter.summary();
  if (signal.aborted) tables.discard();
  else await tables.finish();
}

const NO_GROUPS = { messages: 0, findings: 0, streams: 0 };

/** The work that a capture is: its size in bytes. */
function sizeOf(found: FoundInputs): (job: Job) => Sized {
  const bytes = bytesOf(found);
  return ({ input }) => ({ name: inputName(input), bytes: bytes(input) });
}

/**
 * The same jobs, each with what was learned from all files together, so that results depend neither on the order of the files nor on the
 * threads.
 */
async function taught(jobs: readonly Job[], keyrings: readonly string[], signal: AbortSignal): Promise<readonly Job[]> {
  const first = jobs[0];
  if (first === undefined || keyrings.length === 0) return jobs;
  const options = analysisOptions({ ...first.plan, keyrings }, 'none');
  const inputs = jobs.map((j) => j.input);
  const learned = await rehearse(inputs, options, () => ({ signal }));
  return learned === undefined ? jobs : jobs.map((j) => ({ ...j, plan: { ...j.plan, keyrings, learned } }));
}

async function recordingsOf(
  settings: CheckSettings,
  found: FoundInputs,
  signal: AbortSignal,
): Promise<readonly Recording[]> {
  const paths = found.inputs.map((i) => i.path);
  if (settings.args.join === 'never') return unjoined(paths);
  const files = new Set(found.inputs.flatMap((i) => (i.isFile ? i.path : [])));
  return joinInputs(paths, signal, (path) => files.has(path));
}

function jobsFor(
  settings: CheckSettings,
  found: FoundInputs,
  recordings: readonly Recording[],
  suppressions: readonly Suppression[],
  today: string,
): Job[] {
  const { planner, args, golden, reports } = settings;
  const lines = reports.some((r) => r.format === 'sarif' || r.format === 'github' || r.format === 'gitlab');
  const streams = settings.gate.requireComplete || reports.some((r) => r.format === 'junit');
  const page = reports.some((r) => r.format === 'html') ? pageShare(recordings.length + settings.raws.length) : null;
  const activeFor = (input: CaptureInput): readonly ActiveSuppression[] => {
    const paths = inputParts(input).map((p) => planner.pathOf(p));
    return suppressionsFor(suppressions, paths, today);
  };
  const job = (input: CaptureInput, named: boolean, recording: Recording | null): Job => {
    const name = inputName(input);
    return {
      input,
      doubt: recording?.doubt ?? null,
      // with a cache, the file is read when its result is looked up, so content read earlier is not used
      content: settings.cache === null ? (recording?.content ?? null) : null,
      named,
      plan: planner.for(name),
      suppressions: suppressions.length === 0 ? NONE : activeFor(input),
      golden,
      lines,
      streams,
      hex: args.hex ?? false,
      page,
      events: null,
    };
  };
  return [
    ...recordings.map((r) =>
      job(
        r.input,
        r.indexes.some((i) => found.inputs[i]!.named),
        r,
      ),
    ),
    ...settings.raws.map((raw) => job(raw, true, null)),
  ];
}

const NONE: readonly ActiveSuppression[] = [];

/** The share of an HTML page's limits that each of several captures may use. */
function pageShare(captures: number): PageLimits {
  const of = (limit: number, least: number): number => Math.max(least, Math.floor(limit / Math.max(1, captures)));
  return {
    pageMessages: of(DEFAULT_LIMITS.pageMessages, 256),
    pageFindings: of(DEFAULT_LIMITS.pageFindings, 16),
    pageStreams: of(DEFAULT_LIMITS.pageStreams, 16),
    pageFieldCharacters: of(DEFAULT_LIMITS.pageFieldCharacters, 16_384),
    pageBytes: of(DEFAULT_LIMITS.pageBytes, 4096),
  };
}
