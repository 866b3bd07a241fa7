import { nanosBetween } from '../../../base/time.js';
import type { DataFrame } from '../message.js';
import type { ReplicaHead } from '../../ceph/operation-head.js';
import type { Replica, Way } from '../../ceph/operation-way.js';

/** A client's operation in progress. */
class Doing {
  readonly seconds: number;
  readonly nanos: number;
  asked = -1;
  readonly replicas: Replica[] = [];

  constructor(m: DataFrame) {
    this.seconds = m.seconds;
    this.nanos = m.nanos;
  }
}

/**
 * A connection that carries a session. `allDecoded`: whether all bytes that its ends have acknowledged are decoded, so that none wait
 * behind a gap.
 */
export interface Carrier {
  readonly allDecoded: boolean;
}

/** The connections between one client and one primary. */
interface Asking {
  /** Whether everything on them so far was captured. */
  whole: boolean;
  /** The connection that is open, or null. */
  carrier: Carrier | null;
}

/** Most replicas of one operation that are listed. */
const REPLICAS = 16;

/**
 * Follows an operation across connections by its request id: OSD_OP to the primary, OSD_REPOP to the replicas, and the replies. The oldest
 * operations are dropped beyond a limit.
 */
export class Ways {
  private young = new Map<string, Doing>();
  private old = new Map<string, Doing>();
  private readonly half: number;
  /** By client and primary. If one is whole, an operation that the primary replicates for the client must have come that way. */
  private readonly sessions = new Map<string, Asking>();
  /** How many operations were dropped. If it is above 0, one that is not found may have existed. */
  forgotten = 0;

  constructor(limit: number) {
    this.half = Math.max(1, limit >> 1);
  }

  /** Such as `client.4123:17`. */
  static nameOf(source: string, tid: bigint): string {
    return `${source}:${tid}`;
  }

  begin(m: DataFrame): void {
    if (m.source === '') return;
    const name = Ways.nameOf(m.source, m.tid);
    if (this.find(name) !== undefined) return;
    this.young.set(name, new Doing(m));
    if (this.young.size < this.half) return;
    this.forgotten += this.old.size;
    this.old = this.young;
    this.young = new Map();
  }

  private find(name: string): Doing | undefined {
    return this.young.get(name) ?? this.old.get(name);
  }

  /** The primary asks a replica. Returns whether the operation is known. */
  asks(m: DataFrame, head: ReplicaHead): boolean {
    const doing = this.find(head.request);
    if (doing === undefined) return false;
    if (doing.asked < 0) doing.asked = nanosBetween(doing.seconds, doing.nanos, m.seconds, m.nanos);
    return true;
  }

  /** A replica answers the primary. */
  answers(head: ReplicaHead, latency: number): void {
    const doing = this.find(head.request);
    if (doing !== undefined && doing.replicas.length < REPLICAS)
      doing.replicas.push({ osd: `osd.${head.from}`, nanos: latency });
  }

  /** The primary answers the client: how the time was spent, or null if no replication was seen. `client`: the client's name. */
  end(client: string, reply: DataFrame): Way | null {
    const name = Ways.nameOf(client, reply.tid);
    const doing = this.find(name);
    if (doing === undefined) return null;
    if (doing.asked < 0) return null;
    const { replicas, asked } = doing;
    return { primary: reply.source === '' ? '?' : reply.source, nanos: reply.latency, waitedNanos: asked, replicas };
  }

  /** From now on that connection carries the session of the client with the server. `whole`: it was captured from its beginning. */
  carries(client: string, server: string, carrier: Carrier, whole: boolean): void {
    const asking = this.asking(client, server);
    if (asking === null) return;
    if (!whole || asking.carrier?.allDecoded === false) asking.whole = false;
    asking.carrier = carrier;
  }

  /** Bytes of a connection between them were lost. */
  lose(client: string, server: string): void {
    const asking = this.asking(client, server);
    if (asking !== null) asking.whole = false;
  }

  ends(client: string, server: string, carrier: Carrier): void {
    const asking = this.sessions.get(`${client} ${server}`);
    if (asking?.carrier !== carrier) return;
    if (!carrier.allDecoded) asking.whole = false;
    asking.carrier = null;
  }

  private asking(client: string, server: string): Asking | null {
    const name = `${client} ${server}`;
    let asking = this.sessions.get(name) ?? null;
    if (asking === null && this.sessions.size < this.half) {
      asking = { whole: true, carrier: null };
      this.sessions.set(name, asking);
    }
    return asking;
  }

  /** Whether the client's sessions with the server were captured from their beginning, and none of them has that operation. */
  lacks(client: string, server: string, operation: string): boolean {
    if (this.forgotten > 0 || this.find(operation) !== undefined) return false;
    if (!this.isWhole(client, server)) return false;
    // a connection whose first bytes are missing may belong to them without being known to
    return [`${client} `, ` ${server}`, ' '].every((unnamed) => this.sessions.get(unnamed)?.whole !== false);
  }

  private isWhole(client: string, server: string): boolean {
    const asking = this.sessions.get(`${client} ${server}`);
    return asking?.whole === true && asking.carrier?.allDecoded !== false;
  }
}
