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

/** One line about an input that cannot be read as a capture. */
export function inputError(input: CaptureInput, error: unknown): string {
  return `${inputName(input)}: ${error instanceof NotACapture ? error.message : systemWords(error)}`;
}

/** The two raw stream files that `--raw` names, as one input. */
export function rawInput(text: string): CaptureInput {
  const parts = text.split(',');
  if (parts.length !== 2 || parts[0] === '' || parts[1] === '')
    throw new UsageError(`--raw ${text}: expected CLIENT_FILE,SERVER_FILE`);
  return { client: parts[0]!, server: parts[1]! };
}

/** How the work on several captures is divided among threads. */
export interface Divided {
  /** How many captures are read at once; null: as many as there are cores, if threads are worth it. */
  readonly jobs: number | null;
  /** What the threads have to do; null: the work cannot be divided. */
  readonly work: (recordings: readonly CaptureInput[]) => Work | null | Promise<Work | null>;
  /** The reporter at the end of the chain, which combines what the threads have gathered. */
  readonly whole: Divisible<unknown>;
  /** Puts lines of JSON into the output's format; null: bytes are written as they are. */
  readonly framing: Framing | null;
  readonly rows?: TableGroups;
}

export interface RunSettings {
  readonly planner: Planner;
  /** How much of each message is printed. */
  readonly detail: Detail;
  /** Limits, if they differ from the defaults. */
  readonly limits?: Readonly<Limits>;
  readonly reporter: Reporter;
  readonly output: TextOutput;
  readonly signal: AbortSignal;
  readonly follow?: boolean | undefined;
  /** What an earlier pass over these inputs (or more) has learned. */
  readonly learned?: Readonly<Record<string, unknown>> | undefined;
  /** Whether captures that continue one another are read as one. */
  readonly join?: boolean;
  /** Inputs that were found in a folder, and therefore need not be captures. */
  readonly found?: ReadonlySet<string> | undefined;
  readonly tee?: RunHooks['tee'];
  readonly tap?: RunHooks['tap'];
  /** How the work is divided among threads; absent or null: one thread does it all. */
  readonly divided?: Divided | null;
  /** Whether output is flushed after each batch of packets. */
  readonly live?: boolean;
  /** Called between batches: returns a promise to wait for if the receiver of the output is behind, otherwise undefined. */
  readonly pace?: () => Promise<void> | undefined;
}

/** Milliseconds. If a live capture brings nothing for so long, missing packets will not come any more. */
const QUIET_MS = 2000;

/** Reads inputs one by one and passes their events to a reporter. Returns the exit status. */
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
  // a file that is still being written cannot be read in two passes
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
    // the threads set V8's flags for the whole process
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
      // one Analysis per capture: what is learned from a capture, such as secrets in it, must not depend on those read before
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
      `--stream ${beyond}: there is no such stream; ${last === 0 ? 'the capture has no streams' : last === 1 ? 'there is only stream 1' : `streams are numbered from 1 to ${last}`}`,
    );
    status = 2;
  }
  return internalErrors > 0 ? 2 : status;
}

/** Decides whether threads do the work, and how many. */
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

/** Writes a piece that a thread made. `said`: the keys of the `once` pieces so far (see Piece). */
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

/** The time of the first packet of all inputs; null if there is none, or an input cannot be read twice. */
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
      // the error is reported when the input is analyzed
    }
    if (first !== null) return first;
  }
  return null;
}

/** If none of the streams that were asked for exists, the first of them; otherwise undefined. */
function beyondAll(streams: readonly number[], last: number): number | undefined {
  return streams.some((n) => n <= last) ? undefined : streams[0];
}
