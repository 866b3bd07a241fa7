import { CLIENT, SERVER, type Side } from '../../base/input.js';
import type { Json } from '../../contract/annotation.js';
import type { Draft } from './message.js';

/**
 * The proposals of March 2026 went on after the update: the server acknowledges, the client applies, the server sums up errors, the
 * client commits or rolls back; a reviewer's variant had one status byte instead. None fixed a byte, so that a run of bytes
 * is only given the step that it would be by its place (spec: pesto.md 2.1, steps 6 to 9).
 */
export type DraftStep =
  'server acknowledges' | 'client applies' | 'error summary' | 'commit or rollback' | 'status' | 'none';

const ORDER: readonly DraftStep[] = ['server acknowledges', 'client applies', 'error summary', 'commit or rollback'];

/** Number of a step in the first draft; 0 where it has none. */
export function stepNumber(step: DraftStep): number {
  return step === 'status' ? 8 : ORDER.indexOf(step) < 0 ? 0 : ORDER.indexOf(step) + 6;
}

/** What a connection shows of the steps behind an update. */
export class DraftSteps {
  readonly runs: Draft[] = [];

  /** Gives a run its step; `answered`: the other side went on after it. `alone`: nothing of the other side was captured. */
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

  /** Where the steps broke off and what the draft would have made of it; empty where they did not. `left`: who closed first. */
  broken(left: Side | null): string {
    const step = this.runs[this.runs.length - 1]?.step;
    if (left === null || step === undefined) return '';
    const at = ORDER.indexOf(step);
    if (at < 0 || at === ORDER.length - 1) return '';
    const who = left === CLIENT ? 'client' : 'server';
    const outcome = at === 0 ? 'the draft would drop the update' : 'the draft would roll the update back';
    return `the ${who} closed between "${step}" and "${ORDER[at + 1]!}": ${outcome}`;
  }

  summary(left: Side | null): Json {
    const broken = this.broken(left);
    const steps = this.runs.map((r) => ({ step: r.step === 'none' ? null : r.step, bytes: r.hex }));
    return broken === '' ? { steps } : { steps, brokenOff: broken };
  }
}

/** How far each side's stream was seen: what a run of bytes is follows from who spoke in between. By side. */
export class Turns {
  readonly seen: [number, number] = [0, 0];
}
