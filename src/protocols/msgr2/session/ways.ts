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
  /**
   * Sessions of clients with primaries, and whether all of them were captured: then what a primary asks its replicas in a client's name
   * must have come that way.
   */
  private readonly sessions = new Map<string, boolean>();
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

  /** A session between that client and that server was captured from its beginning. */
  whole(client: string, server: string): void {
    const name = `${client} ${server}`;
    if (!this.sessions.has(name) && this.sessions.size < this.half) this.sessions.set(name, true);
  }

  /** Bytes of such a session were lost, or it was joined late. */
  lose(client: string, server: string): void {
    const name = `${client} ${server}`;
    if (this.sessions.has(name) || this.sessions.size < this.half) this.sessions.set(name, false);
  }

  /** Whether that client's sessions with that server were captured from their beginning, and that operation is in none. */
  lacks(client: string, server: string, operation: string): boolean {
    return (
      this.forgotten === 0 && this.sessions.get(`${client} ${server}`) === true && this.find(operation) === undefined
    );
  }
}
