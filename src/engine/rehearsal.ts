import { pathStat } from '../base/path-stat.js';
import { Analysis, inputPaths, type CaptureInput } from './analysis.js';
import type { AnalysisOptions, RunHooks } from './analysis-options.js';
import type { Reporter } from './event.js';

const SILENCE: Reporter = {
  capture: () => undefined,
  message: () => undefined,
  finding: () => undefined,
  stream: () => undefined,
  summary: () => undefined,
};

/** What was learned from the inputs, by protocol: see ProtocolOptions.learned. */
export type Learned = Readonly<Record<string, unknown>>;

/**
 * A first pass over all inputs that can be read twice, which reports nothing. It is made where keys are given and a protocol can use what it
 * finds: the ticket that one connection uses may be handed out on a later one, or in another file. Errors of an input are left to the second
 * pass to report.
 */
export async function rehearse(
  inputs: readonly CaptureInput[],
  options: AnalysisOptions,
  hooks: (input: CaptureInput) => RunHooks = () => ({}),
): Promise<Learned | undefined> {
  if (options.keyrings.length === 0 || !options.protocols.some((p) => p.learned !== undefined)) return undefined;
  const lasting = inputs.filter(isLasting);
  if (lasting.length === 0) return undefined;
  const analysis = new Analysis({ ...options, streams: new Set(), details: false, bytes: false }, SILENCE, true);
  for (const input of lasting) {
    const h = hooks(input);
    if (h.signal?.aborted) break;
    try {
      await analysis.run(input, h);
    } catch {
      continue;
    }
  }
  return analysis.learned();
}

/** Whether it can be read a second time. */
export function isLasting(input: CaptureInput): boolean {
  const paths = inputPaths(input);
  return paths.length > 0 && paths.every((path) => path !== '-' && pathStat(path)?.isFile() === true);
}
