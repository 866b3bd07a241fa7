/** The plausible frames that follow each other from one position on. */
export interface Chain {
  frames: number;
  /** Index of the end of the last complete frame. */
  end: number;
  /** Whether another frame follows of which not all bytes are there, but enough to see that it fits. */
  begun: boolean;
  /** Whether the bytes that follow cannot be a frame. Otherwise the bytes ended. */
  broken: boolean;
}
