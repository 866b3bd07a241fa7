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
  /** See Recording. It is let go of when it was judged, or sent to who judges it. */
  content: Uint8Array | null;
  /** Whether the user named it; else it may turn out to be no capture. */
  readonly named: boolean;
  readonly plan: Plan;
  readonly suppressions: readonly ActiveSuppression[];
  readonly golden: 'compare' | 'update' | null;
  /** Whether findings are to be located in the transcript beside the capture. */
  readonly lines: boolean;
  /** Whether anybody asks for the streams one by one: a hundred thousand of them are 150 MB. */
  readonly streams: boolean;
  /** Whether the bytes of the findings' messages are wanted. */
  readonly hex: boolean;
  /** How much of it a page may hold; null: no page was asked for. */
  readonly page: PageLimits | null;
  /** A file that takes the events as lines of JSON. */
  readonly events: string | null;
}
