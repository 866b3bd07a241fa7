import type { Json } from '../../../base/annotation.js';
import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { STEP_ORDER, type DraftStep } from '../draft.js';
import type { Draft } from '../messages.js';

/** The runs of bytes after the update, and the steps of the drafts that they would be. */
export class DraftSteps {
  readonly runs: Draft[] = [];

  /** Gives a run its step. `answered`: the other side sent more after it; `alone`: nothing of the other side was captured. */
  add(run: Draft, answered: boolean, alone: boolean): void {
    run.step = this.stepOf(run, answered, alone);
    this.runs.push(run);
  }

  private stepOf(run: Draft, answered: boolean, alone: boolean): DraftStep {
    const last = this.runs[this.runs.length - 1]?.step ?? null;
    if (run.side === SERVER) {
      if (last === null) return answered || run.length > 1 ? 'server acknowledges' : 'status';
      return last === 'client applies' || alone ? 'error summary' : 'none';
    }
    if (last === 'server acknowledges' || (last === null && alone)) return 'client applies';
    return last === 'error summary' || alone ? 'commit or rollback' : 'none';
  }

  /** Says between which steps the side that closed first (`left`) broke off, and what that would mean in the draft; empty if it did not. */
  broken(left: Side | null): string {
    const step = this.runs[this.runs.length - 1]?.step;
    if (left === null || step === undefined) return '';
    const at = STEP_ORDER.indexOf(step);
    if (at < 0 || at === STEP_ORDER.length - 1) return '';
    const who = left === CLIENT ? 'client' : 'server';
    const outcome = at === 0 ? 'the draft would drop the update' : 'the draft would roll the update back';
    return `the ${who} closed between "${step}" and "${STEP_ORDER[at + 1]!}": ${outcome}`;
  }

  summary(left: Side | null): Json {
    const broken = this.broken(left);
    const steps = this.runs.map((r) => ({ step: r.step === 'none' ? null : r.step, bytes: r.hex }));
    return broken === '' ? { steps } : { steps, brokenOff: broken };
  }
}
