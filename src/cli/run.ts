import type { Limits } from '../base/limits.js';
import { NotACapture } from '../capture/packet.js';
import { Analysis, inputName, inputPaths, type CaptureInput } from '../engine/analysis.js';
import type { RunHooks } from '../engine/analysis-options.js';
import type { Reporter } from '../engine/event.js';
import { joinInputs, unjoined } from '../engine/joining/join.js';
import { rehearse } from '../engine/rehearsal.js';
import type { TextOutput } from '../report/output.js';
import { complain } from './complain.js';
import { analysisOptions, checkKeylogs, checkKeyrings, type Detail, type Planner } from './plan.js';
import { Progress } from './progress.js';
import { watchHeap } from './thrift.js';
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
  /** Whether output is flushed after each batch. */
  readonly live?: boolean;
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
  const analysis = new Analysis({ ...options, learned }, reporter);
  let status = 0;
  for (const { input, doubt } of recordings) {
    if (signal.aborted) break;
    try {
      const hooks = {
        ...reading(input),
        doubt,
        tee: run.tee,
        tap: run.tap,
        follow: run.follow,
        quietAfter: run.live ? QUIET_MS : undefined,
        batch: () => {
          watchHeap();
          if (run.live) reporter.flush?.();
          if (output.stopped) stop.abort();
        },
      };
      await analysis.run(input, hooks, { ...analysisOptions(planner.for(inputName(input)), detail), ...limits });
    } catch (error) {
      progress.clear();
      reporter.flush?.();
      if (error instanceof NotACapture && run.found?.has(inputPaths(input)[0] ?? '')) continue;
      complain(inputError(input, error));
      status = 2;
    }
    progress.clear();
  }
  analysis.finish();
  const beyond = status === 0 && !signal.aborted ? beyondAll(base.streams, analysis.lastStream) : undefined;
  if (beyond !== undefined) {
    const last = analysis.lastStream;
    complain(
      `--stream ${beyond}: there is no such stream; ${last === 0 ? 'there is none' : last === 1 ? 'there is only stream 1' : `they go from 1 to ${last}`}`,
    );
    status = 2;
  }
  return analysis.internalErrors > 0 ? 2 : status;
}

/** The first of the streams that are asked for, where there is none of them. */
function beyondAll(streams: readonly number[], last: number): number | undefined {
  return streams.some((n) => n <= last) ? undefined : streams[0];
}
