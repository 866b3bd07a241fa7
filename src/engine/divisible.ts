/**
 * A reporter whose run over several captures can be divided: other reporters of its kind, in other threads, take some of the captures. What
 * they write about a capture is printed in the order of the captures; what is needed for the end of the run is handed over as plain data.
 */
export interface Divisible<Gathered> {
  /** What was gathered from the captures so far, for the end of the run. */
  gathered(): Gathered;
  /** Adds what another reporter gathered from the captures that follow. */
  goOn(gathered: Gathered): void;
}
