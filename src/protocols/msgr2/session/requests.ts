import { asNumber, type DataFrame } from '../message.js';
import { MSG } from '../message-types.js';

/** Replies by type, and the type that they answer; both carry the same tid. */
const ANSWERS: readonly (readonly [number, number])[] = [
  [MSG.OSD_OPREPLY, MSG.OSD_OP],
  [MSG.OSD_REPOPREPLY, MSG.OSD_REPOP],
  [MSG.OSD_EC_WRITE_REPLY, MSG.OSD_EC_WRITE],
  [MSG.OSD_EC_READ_REPLY, MSG.OSD_EC_READ],
  [MSG.MON_COMMAND_ACK, MSG.MON_COMMAND],
  [MSG.COMMAND_REPLY, MSG.COMMAND],
  [MSG.MGR_COMMAND_REPLY, MSG.MGR_COMMAND],
  [MSG.POOLOP_REPLY, MSG.POOLOP],
  [MSG.STATFS_REPLY, MSG.STATFS],
  [MSG.GETPOOLSTATSREPLY, MSG.GETPOOLSTATS],
  [MSG.CLIENT_REPLY, MSG.CLIENT_REQUEST],
];

const REQUESTS = new Set<number>(ANSWERS.map((a) => a[1]));
const ANSWER_TO = new Map<number, number>(ANSWERS.map(([reply, request]) => [reply, request]));

/** Answered requests that are remembered. */
const DONE = 4096;

/** A request in flight. */
export class Pending {
  readonly index: number;
  readonly seconds: number;
  readonly nanos: number;

  constructor(m: DataFrame) {
    this.index = m.index;
    this.seconds = m.seconds;
    this.nanos = m.nanos;
  }
}

/** Requests that one side sent and that wait for their replies, by type and tid. */
export class Requests {
  private readonly byType = new Map<number, Map<number, Pending>>();
  private readonly done = new Set<number>();
  private readonly limit: number;
  /** Requests that were forgotten because too many were in flight. */
  forgotten = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  static isRequest(type: number): boolean {
    return REQUESTS.has(type);
  }

  static answers(type: number): number | undefined {
    return ANSWER_TO.get(type);
  }

  add(m: DataFrame): void {
    let map = this.byType.get(m.type);
    if (map === undefined) this.byType.set(m.type, (map = new Map()));
    map.set(asNumber(m.tidHigh, m.tidLow), new Pending(m));
    if (map.size > this.limit) {
      map.delete(map.keys().next().value!);
      this.forgotten++;
    }
  }

  /** Takes the request of that type with the reply's tid. */
  take(type: number, reply: DataFrame): Pending | null {
    const map = this.byType.get(type);
    const tid = asNumber(reply.tidHigh, reply.tidLow);
    const pending = map?.get(tid);
    if (pending === undefined) return null;
    map!.delete(tid);
    this.done.add(tid);
    if (this.done.size > DONE) this.done.delete(this.done.values().next().value!);
    return pending;
  }

  /** Whether a request with that tid was answered lately: an OSD may answer an operation twice. */
  answeredLately(reply: DataFrame): boolean {
    return this.done.has(asNumber(reply.tidHigh, reply.tidLow));
  }
}
