/**
 * A reporter of a run over several captures, each of which another one of its kind may take, in another thread: what is written of each
 * goes out in the order of the captures, and what remains for the end goes from one to the other as plain data.
 */
export interface Divisible<Gathered> {
  /** What was gathered of the captures so far, for the end of the run. */
  gathered(): Gathered;
  /** Takes over what another one gathered of the captures that follow. */
  goOn(gathered: Gathered): void;
}
