/** A replica's part in an operation. */
export interface Replica {
  /** Such as `osd.2`. */
  readonly osd: string;
  /** From the primary's request to the replica's reply, as captured. */
  readonly nanos: number;
}

/** How the time of an operation was spent: at its primary before the replicas were asked, and at each replica. */
export interface Way {
  readonly primary: string;
  readonly nanos: number;
  /** Time until the first replica was asked. */
  readonly waitedNanos: number;
  readonly replicas: readonly Replica[];
}
