import { nanosBetween } from '../../../base/time.js';
import type { DataFrame } from '../message.js';
import type { ReplicaHead } from '../../ceph/operation-head.js';
import type { Replica, Way } from '../../ceph/operation-way.js';

/** An operation of a client that is being done. */
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

/** A connection by which a client's operations come; whether nothing that its ends have acknowledged waits to be decoded. */
export interface Carrier {
  readonly allDecoded: boolean;
}

/** The connections between one client and one primary. */
interface Asking {
  /** All that went by them so far was captured. */
  whole: boolean;
  /** The one that is open. */
  carrier: Carrier | null;
}

/** Replicas of one operation that are listed. */
const REPLICAS = 16;

/**
 * Follows operations from connection to connection by the name that the client gave them: OSD_OP to the primary, OSD_REPOP to the
 * replicas, and back. Bounded: the oldest operation goes first.
 */
export class Ways {
  private young = new Map<string, Doing>();
  private old = new Map<string, Doing>();
  private readonly half: number;
  /** By client and primary: where all was captured, what a primary asks its replicas in a client's name must have come that way. */
  private readonly sessions = new Map<string, Asking>();
  /** Operations that were forgotten: one that is not known may have been there. */
  forgotten = 0;

  constructor(limit: number) {
    this.half = Math.max(1, limit >> 1);
  }

  /** `client.4123:17`. */
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

  /** The primary asks a replica; whether the operation is known. */
  asks(m: DataFrame, head: ReplicaHead): boolean {
    const doing = this.find(head.request);
    if (doing === undefined) return false;
    if (doing.asked < 0) doing.asked = nanosBetween(doing.seconds, doing.nanos, m.seconds, m.nanos);
    return true;
  }

  /** A replica has done it. */
  answers(head: ReplicaHead, latency: number): void {
    const doing = this.find(head.request);
    if (doing !== undefined && doing.replicas.length < REPLICAS)
      doing.replicas.push({ osd: `osd.${head.from}`, nanos: latency });
  }

  /** The primary answers the client; null where no replica was seen at work. `client`: who asked. */
  end(client: string, reply: DataFrame): Way | null {
    const name = Ways.nameOf(client, reply.tid);
    const doing = this.find(name);
    if (doing === undefined) return null;
    if (doing.asked < 0) return null;
    const { replicas, asked } = doing;
    return { primary: reply.source === '' ? '?' : reply.source, nanos: reply.latency, waitedNanos: asked, replicas };
  }

  /** That client's session with that server goes by that connection from now on; `whole`: it was captured from its beginning. */
  carries(client: string, server: string, carrier: Carrier, whole: boolean): void {
    const asking = this.asking(client, server);
    if (asking === null) return;
    if (!whole || asking.carrier?.allDecoded === false) asking.whole = false;
    asking.carrier = carrier;
  }

  /** Bytes of such a session were lost. */
  lose(client: string, server: string): void {
    const asking = this.asking(client, server);
    if (asking !== null) asking.whole = false;
  }

  /** That connection is over. */
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

  /** Whether that client's sessions with that server were captured from their beginning, and that operation is in none. */
  lacks(client: string, server: string, operation: string): boolean {
    if (this.forgotten > 0 || this.find(operation) !== undefined) return false;
    if (!this.isWhole(client, server)) return false;
    // of a connection that lacks its first bytes it may not be known whose it is
    return [`${client} `, ` ${server}`, ' '].every((unnamed) => this.sessions.get(unnamed)?.whole !== false);
  }

  private isWhole(client: string, server: string): boolean {
    const asking = this.sessions.get(`${client} ${server}`);
    return asking?.whole === true && asking.carrier?.allDecoded !== false;
  }
}
