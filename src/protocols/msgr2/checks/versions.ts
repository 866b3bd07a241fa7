/** A version in a placement group's log: epoch and number (eversion_t). */
export interface Version {
  readonly epoch: number;
  readonly version: number;
}

/** Whether `a` is older than `b`: by epoch, then by number. */
export function isBefore(a: Version, b: Version): boolean {
  return a.epoch !== b.epoch ? a.epoch < b.epoch : a.version < b.version;
}

/** Such as `57'1203`, as Ceph prints it. */
export function printed({ epoch, version }: Version): string {
  return `${epoch}'${version}`;
}

/** Such as `2.1f`. */
export function pgOf(p: { readonly pool: number; readonly seed: number }): string {
  return `${p.pool}.${p.seed.toString(16)}`;
}

/** The newest version of each placement group that one side has named, for at most `limit` placement groups. */
export class Versions {
  private readonly newest = new Map<string, Version>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Adds a version. Returns the newest one before it, null if none is known, or false if there is no room for another placement group. */
  advance(pg: string, version: Version): Version | null | false {
    const before = this.newest.get(pg) ?? null;
    if (before === null && this.newest.size >= this.limit) return false;
    if (before === null || isBefore(before, version)) this.newest.set(pg, version);
    return before;
  }

  clear(): void {
    this.newest.clear();
  }
}
