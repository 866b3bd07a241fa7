import type { Limits } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { NotACapture, type Packet } from '../capture/packet.js';
import { openCapture } from '../capture/source.js';
import { Analysis, inputName, inputPaths, type CaptureInput } from '../engine/analysis.js';
import type { RunHooks } from '../engine/analysis-options.js';
import type { Divisible } from '../engine/divisible.js';
import type { Reporter } from '../engine/event.js';
import { joinInputs, unjoined } from '../engine/joining/join.js';
import { isLasting, rehearse } from '../engine/rehearsal.js';
import type { Start } from '../measure/measure.js';
import { addSummary, emptySummary } from '../engine/summary.js';
import type { Framing } from '../report/event-lines.js';
import type { TextOutput } from '../report/output.js';
import type { TableGroups } from '../table/table-rows.js';
import { complain } from './complain.js';
import { analysisOptions, checkKeylogs, checkKeyrings, type Detail, type Planner } from './plan.js';
import { Progress } from './progress.js';
import { threadsFor } from './threads/how-many.js';
import type { CaptureDone, Piece, Work } from './threads/pieces.js';
import { mendFlagsInTheEnd, tellShapesApart, watchHeap } from './thrift.js';
import { systemWords, UsageError } from './usage-error.js';

/** An input that cannot be read as a capture, in one line. */
export function inputError(input: CaptureInput, error: unknown): string {
  return `${inputName(input)}: ${error instanceof NotACapture ? error.message : systemWords(error)}`;
}

/** Two raw stream files, as `--raw` names them. */
export function rawInput(text: string): CaptureInput {
  const parts = text.split(',');
  if (parts.length !== 2 || parts[0] === '' || parts[1] === '')
    throw new UsageError(`--raw ${text}: expected CLIENT_FILE,SERVER_FILE`);
  return { client: parts[0]!, server: parts[1]! };
}

/** How the work on several captures is divided among threads. */
export interface Divided {
  /** Captures read at once; null: as many as there are cores, where that is worth it. */
  readonly jobs: number | null;
  /** What the threads are to do; null: one thread has to do it. */
  readonly work: (recordings: readonly CaptureInput[]) => Work | null | Promise<Work | null>;
  /** The reporter at the end of the chain, which takes over what the threads gather. */
  readonly whole: Divisible<unknown>;
  /** Takes bytes that are lines of JSON; null: they go to the output as they are. */
  readonly framing: Framing | null;
  readonly rows?: TableGroups;
}

export interface RunSettings {
  readonly planner: Planner;
  /** What of messages is printed. */
  readonly detail: Detail;
  /** Limits other than the defaults. */
  readonly limits?: Readonly<Limits>;
  readonly reporter: Reporter;
  readonly output: TextOutput;
  readonly signal: AbortSignal;
  readonly follow?: boolean | undefined;
  /** What a pass over these inputs, or more, has taught already. */
  readonly learned?: Readonly<Record<string, unknown>> | undefined;
  /** Whether captures that continue one another are read as one. */
  readonly join?: boolean;
  /** Inputs that were found in a folder, and may be no captures. */
  readonly found?: ReadonlySet<string> | undefined;
  readonly tee?: RunHooks['tee'];
  readonly tap?: RunHooks['tap'];
  /** How several threads do the work; absent or null: only one can. */
  readonly divided?: Divided | null;
  /** Whether output is flushed after each batch. */
  readonly live?: boolean;
  /** Waits between two batches, where whoever takes what they bring is behind; undefined: nobody is. */
  readonly pace?: () => Promise<void> | undefined;
}

/** A live capture that brings nothing for this long will not bring what is missing. */
const QUIET_MS = 2000;

/** Carries inputs into a reporter, one after the other. Gives the exit status. */
export async function runInputs(given: readonly CaptureInput[], run: RunSettings): Promise<number> {
  const { planner, detail, reporter, output } = run;
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const recordings = run.join ? await joinInputs(given, run.signal) : unjoined(given);
  const inputs = recordings.map((r) => r.input);
  const keyrings = planner.keyringsOf(inputs.map(inputName));
  checkKeyrings(keyrings);
  const tlsKeylogs = planner.tlsKeylogsOf(inputs.map(inputName));
  checkKeylogs(tlsKeylogs, run.follow ?? false);
  const base = planner.for(inputName(inputs[0]!));
  const limits = run.limits === undefined ? {} : { limits: run.limits };
  const options = {
    ...analysisOptions({ ...base, keyrings, tlsKeylogs }, detail),
    tlsKeylogsGrow: run.follow,
    ...limits,
  };
  const progress = new Progress();
  const reading = (input: CaptureInput) => ({
    signal,
    progress: (read: number, total: number | null) => progress.update(inputName(input), read, total),
  });
  // what is still being written cannot be read twice
  const learned = run.follow ? undefined : (run.learned ?? (await rehearse(inputs, options, reading)));
  const summary = emptySummary();
  let status = 0;
  let lastStream = 0;
  let internalErrors = 0;
  const count = (done: Pick<CaptureDone, 'summary' | 'lastStream' | 'internalErrors'>): void => {
    addSummary(summary, done.summary);
    lastStream = Math.max(lastStream, done.lastStream);
    internalErrors += done.internalErrors;
  };
  const fault = (input: CaptureInput, problem: string, foreign: boolean): void => {
    progress.clear();
    reporter.flush?.();
    if (foreign && run.found?.has(inputPaths(input)[0] ?? '')) return;
    complain(problem);
    status = 2;
  };
  const threads = await threadsOf(inputs, run);
  if (threads !== null) {
    const { divided, work } = threads;
    const { runInThreads } = await import('./threads/threaded-run.js');
    // the threads set them for the whole process
    mendFlagsInTheEnd();
    const jobs = recordings.map(({ input, doubt, content }) => ({
      ...{ input, doubt, content, own: planner.for(inputName(input)) },
      base: { ...base, keyrings, tlsKeylogs, ...(learned === undefined ? {} : { learned }) },
    }));
    const said = new Set<string>();
    const taker = {
      piece: (piece: Piece): boolean => {
        takePiece(piece, run, divided, said);
        return !output.stopped;
      },
      done: (done: CaptureDone, index: number): void => {
        count(done);
        if (done.gathered !== null) divided.whole.goOn(done.gathered);
        if (done.problem !== null) fault(inputs[index]!, done.problem, done.foreign);
        progress.count(index + 1, jobs.length);
      },
    };
    await runInThreads(jobs, threads.many, work, taker, signal);
    progress.clear();
  } else {
    for (const { input, doubt, content } of recordings) {
      if (signal.aborted) break;
      // one for each: what a capture teaches, such as the secrets in it, must not depend on those read before
      const analysis = new Analysis({ ...options, learned }, reporter);
      const hooks = {
        ...reading(input),
        doubt,
        content,
        tee: run.tee,
        tap: run.tap,
        follow: run.follow,
        quietAfter: run.live ? QUIET_MS : undefined,
        batch: (): Promise<void> | undefined => {
          watchHeap();
          if (run.live) reporter.flush?.();
          if (output.stopped) stop.abort();
          return run.pace?.();
        },
      };
      try {
        tellShapesApart();
        await analysis.run(input, hooks, { ...analysisOptions(planner.for(inputName(input)), detail), ...limits });
      } catch (error) {
        fault(input, inputError(input, error), error instanceof NotACapture);
      }
      count(analysis);
      progress.clear();
    }
  }
  reporter.summary(summary);
  reporter.flush?.();
  const beyond = status === 0 && !signal.aborted ? beyondAll(base.streams, lastStream) : undefined;
  if (beyond !== undefined) {
    const last = lastStream;
    complain(
      `--stream ${beyond}: there is no such stream; ${last === 0 ? 'there is none' : last === 1 ? 'there is only stream 1' : `they go from 1 to ${last}`}`,
    );
    status = 2;
  }
  return internalErrors > 0 ? 2 : status;
}

/** Whether, and by how many, threads do the work. */
async function threadsOf(
  inputs: readonly CaptureInput[],
  { divided, tee, tap, limits }: RunSettings,
): Promise<{ readonly divided: Divided; readonly many: number; readonly work: Work } | null> {
  if (!divided || tee !== undefined || tap !== undefined || limits !== undefined) return null;
  const bytes = inputs.flatMap(inputPaths).reduce((sum, path) => sum + (pathStat(path)?.size ?? 0), 0);
  const many = threadsFor(inputs, bytes, divided.jobs);
  const work = many < 2 ? null : await divided.work(inputs);
  return work === null ? null : { divided, many, work };
}

/** Puts a piece that a thread made where it belongs; `said`: see Piece. */
function takePiece(piece: Piece, { output }: RunSettings, { framing, rows }: Divided, said: Set<string>): void {
  switch (piece.kind) {
    case 'bytes':
      if (framing === null) output.addBytes(piece.bytes);
      else framing.lines(piece.bytes);
      break;
    case 'once':
      output.add(said.has(piece.key) ? piece.again : piece.first);
      said.add(piece.key);
      break;
    case 'rows':
      rows!(piece.table, piece.bytes, piece.group);
      break;
  }
}

/** The time of the first packet of all; null where there is none, or it cannot be read twice. */
export async function firstPacketTime(inputs: readonly CaptureInput[]): Promise<Start | null> {
  for (const input of inputs) {
    if (!isLasting(input)) return null;
    let first: Start | null = null;
    const stop = new AbortController();
    const sink = {
      info: () => undefined,
      note: () => undefined,
      packet: ({ seconds, nanos }: Packet) => {
        first ??= { seconds, nanos };
        stop.abort();
      },
    };
    try {
      await openCapture(input, { signal: stop.signal }).read(sink);
    } catch {
      // whoever analyzes it hears what is wrong
    }
    if (first !== null) return first;
  }
  return null;
}

/** The first of the streams that are asked for, where there is none of them. */
function beyondAll(streams: readonly number[], last: number): number | undefined {
  return streams.some((n) => n <= last) ? undefined : streams[0];
}
