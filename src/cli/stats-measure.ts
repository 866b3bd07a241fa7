import { DEFAULT_LIMITS } from '../base/limits.js';
import { Measure, type Start } from '../measure/measure.js';
import { MessageView } from '../select/message-view.js';
import { expressionsOf } from './select-options.js';
import { UsageError } from './usage-error.js';

/** The reporter of `stats`; `start`: see Measure. Throws a UsageError if a condition needs more than a single message. */
export async function measureFor(
  conditions: readonly string[],
  interval: number | null,
  start: Start | null = null,
): Promise<Measure> {
  const where = await expressionsOf(conditions);
  for (const e of where)
    if (e.needs.findings || e.needs.reply || e.needs.request)
      throw new UsageError(`--where ${e.text}: stats looks at each message alone, without findings, request or reply`);
  const view = new MessageView();
  const options = {
    interval,
    limits: DEFAULT_LIMITS,
    wanted:
      where.length === 0
        ? undefined
        : (...[stream, message]: Parameters<Measure['message']>) => {
            const of = view.of(stream, message, [], null, null);
            return where.every((e) => e.holds(of));
          },
  };
  return new Measure(options, start);
}
