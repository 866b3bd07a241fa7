import { LIMIT } from '../../base/capture-rules.js';
import type { Share } from '../../base/share.js';
import { count } from '../../base/text.js';
import type { Output } from '../../contract/protocol.js';
import type { CephMessage } from './ceph-message.js';
import { asNumber } from './message-numbers.js';
import { MSG } from './message-types.js';
import type { OpHead, ReplicaHead } from './operation-head.js';

/** Types of replies, and the type of request that they answer. Both carry the same tid. */
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

/** Answered requests in a generation; two generations are remembered. */
const DONE = 4096;

/** Requests in a generation of one type while all sessions together hold too many. */
const FAIR = 16;

/** A request in flight. */
class Pending {
  readonly index: number;
  readonly seconds: number;
  readonly nanos: number;
  /** The sender, and the fields of an operation on an object. */
  readonly source: string;
  readonly operation: OpHead | null;
  readonly replica: ReplicaHead | null;

  constructor(m: CephMessage) {
    this.source = m.source;
    this.operation = m.operation;
    this.replica = m.replica;
    this.index = m.index;
    this.seconds = m.seconds;
    this.nanos = m.nanos;
  }
}

/**
 * Requests of one type by tid, in two generations. The older one is dropped as a whole, since deleting the oldest entry of a single Map
 * gets slower with every deletion.
 */
class Generations {
  private young = new Map<number, Pending>();
  private old = new Map<number, Pending>();
  /** Whether requests were forgotten because all sessions together held too many. */
  crowded = false;
  private readonly half: number;
  private readonly held: Share;

  constructor(limit: number, held: Share) {
    this.half = Math.max(1, limit >> 1);
    this.held = held;
  }

  /** Adds a request. Returns how many were forgotten to make room. */
  add(tid: number, pending: Pending): number {
    const before = this.young.size;
    this.young.set(tid, pending);
    this.held.take(this.young.size - before);
    if (this.young.size < (this.held.exceeded ? FAIR : this.half)) return 0;
    const lost = this.old.size;
    this.crowded ||= this.young.size < this.half && lost > 0;
    this.held.give(lost);
    this.old = this.young;
    this.young = new Map();
    return lost;
  }

  take(tid: number): Pending | undefined {
    const pending = this.young.get(tid);
    if (pending !== undefined) {
      this.young.delete(tid);
      this.held.give(1);
      return pending;
    }
    const older = this.old.get(tid);
    if (older !== undefined) {
      this.old.delete(tid);
      this.held.give(1);
    }
    return older;
  }
}

/** Requests that one side has sent and that wait for their replies, by type and tid. */
export class Requests {
  private readonly byType = new Map<number, Generations>();
  private readonly limit: number;
  private readonly held: Share;
  private answered = new Set<number>();
  private answeredBefore = new Set<number>();
  /** How many requests were forgotten because too many were in flight. */
  forgotten = 0;

  /** Whether some were forgotten because all sessions together held too many. */
  crowded = false;

  constructor(limit: number, held: Share) {
    this.limit = limit;
    this.held = held;
  }

  static isRequest(type: number): boolean {
    return REQUESTS.has(type);
  }

  static answers(type: number): number | undefined {
    return ANSWER_TO.get(type);
  }

  add(m: CephMessage): void {
    let requests = this.byType.get(m.type);
    if (requests === undefined) this.byType.set(m.type, (requests = new Generations(this.limit, this.held)));
    this.forgotten += requests.add(asNumber(m.tidHigh, m.tidLow), new Pending(m));
    this.crowded ||= requests.crowded;
  }

  /** Takes out the request of that type with the reply's tid; null if there is none. */
  take(type: number, reply: CephMessage): Pending | null {
    const tid = asNumber(reply.tidHigh, reply.tidLow);
    const pending = this.byType.get(type)?.take(tid);
    if (pending === undefined) return null;
    this.answered.add(tid);
    if (this.answered.size >= DONE) {
      this.answeredBefore = this.answered;
      this.answered = new Set();
    }
    return pending;
  }

  /** Whether a request with that tid was answered recently, since an OSD may answer an operation twice. */
  answeredLately(reply: CephMessage): boolean {
    const tid = asNumber(reply.tidHigh, reply.tidLow);
    return this.answered.has(tid) || this.answeredBefore.has(tid);
  }
}

/** Reports how many requests of a connection were forgotten, and the limit that was the reason. */
export function tellForgotten(requests: readonly [Requests, Requests], output: Output): void {
  const forgotten = requests[0].forgotten + requests[1].forgotten;
  if (forgotten === 0) return;
  const limit = requests.some((r) => r.crowded) ? 'heldMessages' : 'inFlight';
  const text = `${limit}: ${count(forgotten, 'request')} unanswered for so long that others took their place were forgotten`;
  output.raise(LIMIT, { text });
}
