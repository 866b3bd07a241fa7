/** What one replica did of an operation. */
export interface Replica {
  /** `osd.2`. */
  readonly osd: string;
  /** From the primary's request to the replica's answer, as the capture shows them. */
  readonly nanos: number;
}

/** Where an operation's time went: at its primary before the replicas were asked, and at each of these. */
export interface Way {
  readonly primary: string;
  readonly nanos: number;
  /** Until the first replica was asked. */
  readonly waitedNanos: number;
  readonly replicas: readonly Replica[];
}
