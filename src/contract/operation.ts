/** A request as `stats` counts it: what was asked for, how much, where. */
export interface Operation {
  /** The protocol's word: `READ`, `MSG_OSD_OP`. */
  readonly name: string;
  /** Bytes that it moves or is about; -1 where sizes mean nothing for it. */
  readonly bytes: number;
  /** Offset, in bytes, in the disk or object that is read or written; -1 where there is none. */
  readonly offset: number;
  /** Whether data go to the server. */
  readonly writes: boolean;
  /** Further groups that it is counted in: `{ osd: "osd.2", pool: "rbd" }`. */
  readonly groups?: Readonly<Record<string, string>>;
}

/** An answer as `stats` counts it. */
export interface Outcome {
  /** Whether the request is answered for good. */
  readonly last: boolean;
  /** Name of the error that it reports, or null. */
  readonly error: string | null;
}
