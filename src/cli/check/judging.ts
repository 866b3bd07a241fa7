import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inputName } from '../../engine/analysis.js';
import type { FileReport } from '../../report/check-report.js';
import { Progress } from '../progress.js';
import { mendFlagsInTheEnd, saveFromStart } from '../thrift.js';
import { isWorthThreads } from '../threads/how-many.js';
import { bytesOf, type FoundInputs } from './inputs.js';
import type { Job } from './job.js';
import { judge } from './judge.js';
import type { Pool } from './pool.js';
import type { CheckSettings } from './settings.js';

/** From this number of captures on, V8 collects the garbage of small captures sooner. */
const MANY = 64;

/** Receives an event as a line of JSON, and the index of its job. */
export type LineSink = (json: string, job: number) => void;

/** Judges the captures of a run, in this thread or in several. */
export class Judges {
  private readonly settings: CheckSettings;
  private readonly signal: AbortSignal;
  private readonly bytes: ReturnType<typeof bytesOf>;
  /** V8 flags that were set for this run. */
  private flags: readonly string[] = [];
  private pool: Pool | null = null;
  /** How many threads judge all the inputs that were found. */
  private readonly threads: number;

  constructor(found: FoundInputs, settings: CheckSettings, signal: AbortSignal) {
    this.settings = settings;
    this.signal = signal;
    this.bytes = bytesOf(found);
    const { inputs } = found;
    // how much work a shard, or a run with a cache, really has is not known yet
    const all = settings.shard === null && settings.cache === null && !inputs.some((i) => i.path === '-');
    this.threads = all
      ? this.threadsFor(
          inputs.length,
          inputs.reduce((sum, i) => sum + i.size, 0),
        )
      : 1;
    // while every message is printed, a small young generation costs time instead
    const printed = settings.reports.some((r) => r.format === 'ndjson' || r.format === 'json');
    if (this.threads > 1 || inputs.length >= MANY) this.flags = saveFromStart(printed, this.threads);
  }

  /**
   * Starts the threads if the inputs are so many that threads will be used. Starting takes a while, during which this thread finds out what
   * is to be judged.
   */
  async prepare(): Promise<void> {
    if (this.threads > 1) await this.start(this.threads);
  }

  /** `line` receives the events, if they are wanted. */
  async judge(jobs: readonly Job[], line?: LineSink): Promise<FileReport[]> {
    // the cache does not keep events: they would take more room than the captures
    if (this.settings.cache !== null && line === undefined) return this.judgeNew(jobs, this.settings.cache);
    return this.judgeInTurn(jobs, line);
  }

  /** Judges only captures whose result is not in the cache. */
  private async judgeNew(jobs: readonly Job[], folder: string): Promise<FileReport[]> {
    const { ResultCache } = await import('./cache.js');
    const cache = new ResultCache(folder);
    const keys = jobs.map((job) => cache.keyOf(job));
    const reports = keys.map((key) => (key === null ? null : cache.find(key)));
    const places = jobs.flatMap((_, i) => (reports[i] === null ? [i] : []));
    const judged = await this.judgeInTurn(
      places.map((i) => jobs[i]!),
      undefined,
    );
    if (this.signal.aborted) return judged;
    // a capture that changed while it was judged is not cached: nobody knows which content was judged
    const after = new ResultCache(folder);
    judged.forEach((report, i) => {
      const place = places[i]!;
      const key = keys[place]!;
      reports[place] = report;
      if (key !== null && after.keyOf(jobs[place]!) === key) cache.keep(key, report);
    });
    cache.tidy();
    return reports.filter((r) => r !== null);
  }

  private async judgeInTurn(jobs: readonly Job[], line: LineSink | undefined): Promise<FileReport[]> {
    // standard input can only be read by this thread
    const threads = jobs.some((j) => j.input === '-') ? 1 : this.threadsFor(jobs.length, this.bytesOf(jobs));
    if (threads > 1) await this.start(threads);
    const { pool } = this;
    if (pool === null) return judgeHere(jobs, line, this.signal);
    try {
      return await this.judgeInThreads(pool, jobs, line);
    } finally {
      await pool.close();
      this.pool = null;
    }
  }

  private async judgeInThreads(pool: Pool, jobs: readonly Job[], line: LineSink | undefined): Promise<FileReport[]> {
    const sized = jobs.map((job) => ({ job, bytes: this.bytes(job.input) }));
    if (line === undefined) {
      const progress = new Progress(true);
      let done = 0;
      const reports = await pool.judge(sized, this.signal, async () => progress.count(++done, jobs.length));
      progress.clear();
      return reports;
    }
    // several threads produce events at once: those of each capture go to a file, which is copied when it is the capture's turn
    const folder = mkdtempSync(join(tmpdir(), 'wirelint-'));
    try {
      const pathOf = (i: number): string => join(folder, `${i}.ndjson`);
      const spooled = sized.map(({ job, bytes }, i) => ({ job: { ...job, events: pathOf(i) }, bytes }));
      return await pool.judge(spooled, this.signal, (_, i) => copyLines(pathOf(i), (json) => line(json, i)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private async start(threads: number): Promise<void> {
    // every thread that starts sets V8's flags for the whole process
    mendFlagsInTheEnd();
    const { Pool } = await import('./pool.js');
    this.pool ??= new Pool(threads, this.flags);
  }

  private threadsFor(jobs: number, bytes: number): number {
    if (jobs < 2) return 1;
    const wanted = this.settings.jobs;
    if (wanted === null && !isWorthThreads(jobs, bytes)) return 1;
    return Math.min(wanted ?? availableParallelism(), jobs);
  }

  private bytesOf(jobs: readonly Job[]): number {
    return jobs.reduce((sum, job) => sum + this.bytes(job.input), 0);
  }
}

async function judgeHere(jobs: readonly Job[], line: LineSink | undefined, signal: AbortSignal): Promise<FileReport[]> {
  const files: FileReport[] = [];
  // lines of events are written as they are produced
  const progress = new Progress(line === undefined);
  for (const [i, job] of jobs.entries()) {
    if (signal.aborted) break;
    const lead = jobs.length > 1 ? `${i + 1} of ${jobs.length}  ` : '';
    const hooks = {
      signal,
      progress: (read: number, total: number | null) => progress.update(inputName(job.input), read, total, lead),
    };
    files.push(await judge(job, hooks, line === undefined ? undefined : (json) => line(json, i)));
    job.content = null;
  }
  progress.clear();
  return files;
}

async function copyLines(path: string, line: (json: string) => void): Promise<void> {
  if (!existsSync(path)) return;
  for await (const json of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) line(json);
  rmSync(path, { force: true });
}
