/**
 * The proposals of March 2026 went on after the update: the server acknowledges, the client applies, the server sums up errors, the
 * client commits or rolls back; a reviewer's variant had one status byte instead. None fixed a byte, so that a run of bytes
 * is only given the step that it would be by its place (spec: pesto.md 2.1, steps 6 to 9).
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

/** Number of a step in the first draft; 0 where it has none. */
export function stepNumber(step: DraftStep): number {
  return step === 'status' ? 8 : STEP_ORDER.indexOf(step) < 0 ? 0 : STEP_ORDER.indexOf(step) + 6;
}
