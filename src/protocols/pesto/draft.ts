/**
 * The proposals of March 2026 had further steps after the update: the server acknowledges, the client applies, the server reports errors,
 * the client commits or rolls back. A reviewer's variant had a single status byte instead. None of them fixed the bytes, so a run of bytes
 * is only given the step that it would be by its position (pesto.md 2.1, steps 6 to 9).
 */
export type DraftStep =
  'server acknowledges' | 'client applies' | 'error summary' | 'commit or rollback' | 'status' | 'none';

/** The steps of the first draft, in order. */
export const STEP_ORDER: readonly DraftStep[] = [
  'server acknowledges',
  'client applies',
  'error summary',
  'commit or rollback',
];

/** The number of a step in the drafts; 0: none. The status byte would come in place of step 8. */
export function stepNumber(step: DraftStep): number {
  return step === 'status' ? 8 : STEP_ORDER.indexOf(step) < 0 ? 0 : STEP_ORDER.indexOf(step) + 6;
}
