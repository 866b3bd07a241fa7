import type { Facts } from './facts.js';
import type { Request } from '../messages.js';
import type { RequestTable } from './request-table.js';

/** A connection that is past its handshake, as seen by other connections that use the same export at the same time. */
export class Sibling {
  readonly facts: Facts;
  readonly table: RequestTable;
  /** Its first request that reads or changes data. */
  dataRequest: Request | null = null;
  /** Another connection has begun to read or change data after this one had. */
  contested = false;
  /**
   * A flush on another connection was sent while writes of this one were unanswered: which of them stay unanswered must be known even after
   * its end.
   */
  watched = false;
  private openAtEnd: ReadonlySet<Request> | null = null;
  private ownKey = '';

  constructor(facts: Facts, table: RequestTable) {
    this.facts = facts;
    this.table = table;
  }

  /** Called before its table is cleared. */
  finish(): void {
    if (this.watched) this.openAtEnd = new Set(this.table.inFlight());
  }

  /** Whether the connection is over. Known only if it is watched. */
  get finished(): boolean {
    return this.openAtEnd !== null;
  }

  /** Whether a request of this connection has no answer yet, or has not got one before the connection ended. */
  waitsFor(request: Request): boolean {
    return this.openAtEnd === null ? this.table.has(request) : this.openAtEnd.has(request);
  }

  /** The key that connections of the same client to the same export of the same server share: `client server export`. */
  get key(): string {
    if (this.ownKey === '') {
      const { facts } = this;
      const { endpoints } = facts.context.connection;
      const client = facts.endOf(0) ?? 0;
      this.ownKey = `${hostOf(endpoints[client])} ${endpoints[client === 0 ? 1 : 0]} ${facts.exportName}`;
    }
    return this.ownKey;
  }
}

/** Identifies a client, without what differs between its connections: its port, or the id of its process. */
function hostOf(endpoint: string): string {
  if (endpoint.startsWith('unix:')) return endpoint.startsWith('unix:pid=') ? 'unix' : endpoint;
  const colon = endpoint.lastIndexOf(':');
  return colon < 0 ? endpoint : endpoint.slice(0, colon);
}

const NOBODY: readonly Sibling[] = [];

/** What NBD remembers across the connections of one recording: which of them use one export at the same time. */
export class NbdShared {
  private readonly byKey = new Map<string, Set<Sibling>>();
  /** The only connection, as long as there is one: its key is not computed before another one comes. */
  private alone: Sibling | null = null;
  private count = 0;

  /** Adds a connection; returns false if there are `most` already. */
  join(sibling: Sibling, most: number): boolean {
    if (this.count >= most) return false;
    if (this.count === 0) {
      this.alone = sibling;
    } else {
      if (this.alone !== null) this.enter(this.alone);
      this.alone = null;
      this.enter(sibling);
    }
    this.count++;
    return true;
  }

  private enter(sibling: Sibling): void {
    let group = this.byKey.get(sibling.key);
    if (group === undefined) this.byKey.set(sibling.key, (group = new Set()));
    group.add(sibling);
  }

  leave(sibling: Sibling): void {
    if (this.alone === sibling) {
      this.alone = null;
      this.count--;
      return;
    }
    const group = this.byKey.get(sibling.key);
    if (group === undefined || !group.delete(sibling)) return;
    this.count--;
    if (group.size === 0) this.byKey.delete(sibling.key);
  }

  /** The other connections of the same client to the same export that are open now, at most `max` of them. */
  others(sibling: Sibling, max: number): readonly Sibling[] {
    if (this.alone !== null) return NOBODY;
    const others: Sibling[] = [];
    for (const s of this.byKey.get(sibling.key) ?? []) {
      if (others.length >= max) break;
      if (s !== sibling) others.push(s);
    }
    return others;
  }
}
