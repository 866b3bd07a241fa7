import { NotACapture } from '../capture/packet.js';
import { Analysis, inputName } from '../engine/analysis.js';
import type { AnalysisOptions, RunHooks } from '../engine/analysis-options.js';
import type { Finding, Reporter } from '../engine/event.js';
import { complain } from './complain.js';
import { Progress } from './progress.js';
import { inputError } from './run.js';

/** One capture to be read, and who receives its events and bytes. */
export interface Reading extends Pick<RunHooks, 'tee' | 'tap'> {
  readonly capture: string;
  readonly options: AnalysisOptions;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Reads a capture and passes its events to a reporter. Returns the exit status. */
export async function analyze({ capture, options, reporter, signal, tee, tap }: Reading): Promise<number> {
  const progress = new Progress();
  const analysis = new Analysis(options, reporter);
  const update = (read: number, total: number | null): void => progress.update(inputName(capture), read, total);
  try {
    await analysis.run(capture, { tee, tap, signal, progress: update });
    analysis.finish();
  } catch (error) {
    progress.clear();
    if (!(error instanceof NotACapture) && !(error instanceof Error && 'syscall' in error)) throw error;
    complain(inputError(capture, error));
    return 2;
  }
  progress.clear();
  return analysis.internalErrors > 0 ? 2 : 0;
}

export function findingsTo(take: (f: Finding) => void): Reporter {
  const nothing = (): void => undefined;
  return { capture: nothing, message: nothing, stream: nothing, summary: nothing, finding: take };
}
