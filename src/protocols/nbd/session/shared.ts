import type { Facts } from './facts.js';
import type { Request } from '../messages.js';
import type { RequestTable } from './request-table.js';

/** A connection that is past its handshake, for those that use the same export at the same time. */
export interface Sibling {
  readonly facts: Facts;
  readonly table: RequestTable;
  /** Its first request that moves or changes data. */
  dataRequest: Request | null;
  /** Another connection that began to move data after this one had. */
  contested: boolean;
  /** Connected to the same export of the same server by the same client: `client server export`. */
  readonly key: string;
}

/** What NBD remembers across the connections of one run: which of them use one export at the same time. */
export class NbdShared {
  private readonly byKey = new Map<string, Set<Sibling>>();
  private count = 0;

  /** Announces a connection; false where there are `most` already. */
  join(sibling: Sibling, most: number): boolean {
    if (this.count >= most) return false;
    let group = this.byKey.get(sibling.key);
    if (group === undefined) this.byKey.set(sibling.key, (group = new Set()));
    group.add(sibling);
    this.count++;
    return true;
  }

  leave(sibling: Sibling): void {
    const group = this.byKey.get(sibling.key);
    if (group === undefined || !group.delete(sibling)) return;
    this.count--;
    if (group.size === 0) this.byKey.delete(sibling.key);
  }

  /** The other connections of the same client to the same export that are open now, at most `max` of them. */
  others(sibling: Sibling, max: number): Sibling[] {
    const others: Sibling[] = [];
    for (const s of this.byKey.get(sibling.key) ?? []) {
      if (others.length >= max) break;
      if (s !== sibling) others.push(s);
    }
    return others;
  }
}
