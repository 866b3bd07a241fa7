import type { CaptureInput } from '../../capture/source.js';
import type { ActiveSuppression } from './suppressions.js';
import type { JoinDoubt } from '../../engine/analysis-options.js';
import type { Plan } from '../plan.js';
import type { PageLimits } from '../../report/page/collector.js';
/** Everything needed to judge one file: plain data. */
export interface Job {
  readonly input: CaptureInput;
  /** See joinInputs. */
  readonly doubt: JoinDoubt | null;
  /** See Recording. Released once the capture was judged, or was sent to the thread that judges it. */
  content: Uint8Array | null;
  /** Whether the user named it; otherwise it need not be a capture. */
  readonly named: boolean;
  readonly plan: Plan;
  readonly suppressions: readonly ActiveSuppression[];
  readonly golden: 'compare' | 'update' | null;
  /** Whether to find the line of each finding in the transcript beside the capture. */
  readonly lines: boolean;
  /** Whether a report lists the streams one by one: a hundred thousand of them take 150 MB. */
  readonly streams: boolean;
  /** Whether a report shows the bytes of the messages that findings are about. */
  readonly hex: boolean;
  /** How much of it an HTML page may hold; null: no page is wanted. */
  readonly page: PageLimits | null;
  /** Path of a file to which the events are written as lines of JSON; null: no file. */
  readonly events: string | null;
}
