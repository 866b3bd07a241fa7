import { nanosBetween } from '../../../base/time.js';
import type { DataFrame } from '../message.js';
import type { ReplicaHead } from '../operation-head.js';
import type { Replica, Way } from '../operation-way.js';

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
  /** Clients whose whole session with a primary was captured: what that asks its replicas in their name must have come that way. */
  private readonly sessions = new Set<string>();
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

  /** The session between that client and that server was captured from its beginning. */
  whole(client: string, server: string): void {
    if (this.sessions.size < this.half) this.sessions.add(`${client} ${server}`);
  }

  isWhole(client: string, server: string): boolean {
    return this.sessions.has(`${client} ${server}`);
  }
}
