/** How far plausible frames follow each other from one position. */
export interface Chain {
  frames: number;
  /** Where the last complete one ends. */
  end: number;
  /** Whether enough of a further frame is there to see that it fits. */
  begun: boolean;
  /** Whether a frame follows that cannot be one; else the bytes ran out. */
  broken: boolean;
}
