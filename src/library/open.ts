import { analysisOptions, checkKeylogs, checkKeyrings, Planner } from '../cli/plan.js';
import { Analysis } from '../engine/analysis.js';
import { joinInputs, unjoined } from '../engine/joining/join.js';
import { rehearse } from '../engine/rehearsal.js';
import { addSummary, emptySummary } from '../engine/summary.js';
import type { Event } from '../report/event-object.js';
import { EventReporter } from '../report/event-reporter.js';
import type { TypedEvent } from '../report/typed-event.js';
import { Channel } from './channel.js';
import { captureInput, type LibraryInput } from './input.js';
import { argumentsOf, checkNames, limitsOf, OPEN_OPTIONS, type OpenOptions } from './options.js';

/**
 * Reads captures (paths, `-` for standard input, pairs of raw stream files, bytes, streams of bytes) and yields their events in capture
 * order, the summary last. Memory stays bounded: reading waits while the consumer is busy. Throws a UsageError for an invalid option,
 * NotACapture or the system's error for an input that cannot be read. `E`: if you registered protocols of your own, whose messages have no
 * types here, call `openCapture<Event>(...)`.
 */
export async function* openCapture<E extends Event | TypedEvent = TypedEvent>(
  inputs: LibraryInput | readonly LibraryInput[],
  options: OpenOptions = {},
): AsyncGenerator<E, void, void> {
  checkNames(options, OPEN_OPTIONS);
  const list = (Array.isArray(inputs) ? (inputs as readonly LibraryInput[]) : [inputs as LibraryInput]).map(
    captureInput,
  );
  const channel = new Channel();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const plan = Planner.of(argumentsOf(options)).for('-');
  checkKeyrings(plan.keyrings);
  checkKeylogs(plan.tlsKeylogs, options.follow ?? false);
  const settings = {
    ...analysisOptions(plan, 'bytes'),
    limits: limitsOf(options.limits),
    tlsKeylogsGrow: options.follow ?? false,
  };
  const reading = (async () => {
    const recordings =
      options.join === 'never' || options.follow === true ? unjoined(list) : await joinInputs(list, signal);
    const read = recordings.map((r) => r.input);
    const learned = options.follow ? undefined : await rehearse(read, settings, () => ({ signal }));
    const reporter = new EventReporter((event) => channel.put(event));
    const summary = emptySummary();
    for (const { input, doubt, content } of recordings) {
      if (signal.aborted) break;
      // one Analysis per capture, as in the commands: the result for a capture must not depend on the captures read before it
      const analysis = new Analysis({ ...settings, learned }, reporter);
      const batch = (): Promise<void> => channel.drained(stop.signal);
      await analysis.run(input, { doubt, content, signal, follow: options.follow, batch });
      addSummary(summary, analysis.summary);
    }
    reporter.summary(summary);
  })().then(
    () => channel.close(null),
    (error: unknown) => channel.close(error),
  );
  try {
    for (let batch = await channel.take(); batch !== null; batch = await channel.take()) yield* batch as E[];
  } finally {
    stop.abort();
    channel.discard();
    await reading;
  }
}
