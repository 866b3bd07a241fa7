import type { KeyChain } from '../secure/key-chain.js';
import type { Limits } from '../../../base/limits.js';
import { Cluster, type ClusterLimits } from '../../ceph/cluster.js';
import { Ways, type Carrier } from './ways.js';

/**
 * State that is shared by the connections of one run, since a lossless session outlives the connections that carry it. Each table is
 * bounded by limits.resumableSessions and drops its oldest entry.
 */

/** One session between two entities, as the first CLIENT_IDENT and SERVER_IDENT named it. Only a lossless one can be resumed. */
export class SessionRecord {
  readonly clientCookie: bigint;
  readonly serverCookie: bigint;
  /** Address that identifies the side that sent CLIENT_IDENT. */
  readonly clientName: string;
  readonly lossy: boolean;
  /** Whether all of its messages were captured so far. Only then are its counts evidence. */
  whole = true;
  /** Highest message number sent by the side that sent CLIENT_IDENT, and by the other one. */
  readonly sent: [number, number] = [0, 0];
  /** connect_seq of the last SESSION_RECONNECT by that side, and by the other one. */
  readonly connectSeq: [number, number] = [0, 0];
  /** The packets in which these two SESSION_RECONNECT began. */
  readonly connectPacket: [number, number] = [0, 0];
  connections = 1;
  /** The connection that carries the session, while that is open; else null. */
  carrier: Carrier | null = null;

  constructor(clientCookie: bigint, serverCookie: bigint, clientName: string, lossy: boolean) {
    this.clientCookie = clientCookie;
    this.serverCookie = serverCookie;
    this.clientName = clientName;
    this.lossy = lossy;
  }

  /** Notes that the side has sent a message with that number. */
  note(side: 0 | 1, seq: number): void {
    if (seq > this.sent[side]) this.sent[side] = seq;
  }
}

/** The sessions between two addresses over time. */
export interface Pair {
  /** Sessions that were named between them, the newest last. */
  readonly records: SessionRecord[];
  /** Whether the server has answered with SESSION_RESET or WAIT, after which cookies may have changed unseen. */
  unsettled: boolean;
}

/** A client's connection attempt to a server. */
interface Attempt {
  readonly seq: bigint;
  readonly cookie: bigint;
  readonly stream: number;
  /** The packet that its CLIENT_IDENT began in. */
  readonly packet: number;
  /** Whether a later attempt whose counter is not above this one was reported. */
  told: boolean;
}

/** A server, as its SERVER_IDENT names it. */
export interface Node {
  /** `ip:port` as captured. */
  readonly endpoint: string;
  readonly addresses: readonly string[];
  /** Such as `osd.4`. */
  readonly entity: string;
  readonly stream: number;
}

/** What is known from all connections of one file. */
export interface FileKnowledge {
  readonly ways: Ways;
  readonly cluster: Cluster;
}

const RECORDS = 8;
/** Files whose knowledge is kept at once. */
const FILES = 4;

export class SharedSessions {
  private readonly byCookies = new Map<string, SessionRecord>();
  private readonly pairs = new Map<string, Pair>();
  private readonly attempts = new Map<string, Attempt>();
  /** Servers by the endpoint at which they answered, and by each address in their ident. */
  private readonly nodes = new Map<string, Node>();
  private readonly byAddress = new Map<string, Node>();
  private readonly cookiesSeen = new Set<string>();
  private readonly missedAt = new Set<string>();
  private readonly told = new Set<string>();
  private readonly byFile = new Map<string, FileKnowledge>();
  readonly limit: number;
  /** How many entries all tables have dropped. If it is above 0, an entry that is not found may have existed. */
  forgotten = 0;
  /** Keys for decrypting logins and secure mode, or null. */
  readonly keys: KeyChain | null;

  private readonly clusterLimits: ClusterLimits;

  constructor({ resumableSessions, daemonAddresses }: Readonly<Limits>, keys: KeyChain | null = null) {
    this.limit = resumableSessions;
    this.clusterLimits = { pools: resumableSessions, addresses: daemonAddresses };
    this.keys = keys;
  }

  ofFile(file: string): FileKnowledge {
    let known = this.byFile.get(file);
    if (known === undefined) {
      this.byFile.set(file, (known = { ways: new Ways(this.limit), cluster: new Cluster(this.clusterLimits) }));
      // files are read one after another, or as one recording, so few are needed at once
      while (this.byFile.size > FILES) this.byFile.delete(this.byFile.keys().next().value!);
    }
    return known;
  }

  find(clientCookie: bigint, serverCookie: bigint): SessionRecord | null {
    return this.byCookies.get(`${clientCookie}:${serverCookie}`) ?? null;
  }

  remember(pairKey: string, record: SessionRecord): void {
    if (record.serverCookie !== 0n) {
      this.byCookies.set(`${record.clientCookie}:${record.serverCookie}`, record);
      this.trim(this.byCookies);
    }
    const pair = this.pair(pairKey);
    pair.records.push(record);
    if (pair.records.length > RECORDS) pair.records.shift();
  }

  pair(key: string): Pair {
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      this.pairs.set(key, (pair = { records: [], unsettled: false }));
      this.trim(this.pairs);
    }
    return pair;
  }

  /** Bytes of a connection to that endpoint were lost before its session was named. */
  missSession(endpoint: string): void {
    this.missedAt.add(endpoint);
    this.trim(this.missedAt);
  }

  /** Whether a session between these two may have begun unseen, whichever of them accepted the connection. */
  mayHaveMissed(a: string, b: string): boolean {
    return this.missedAt.has(a) || this.missedAt.has(b);
  }

  /**
   * Remembers a connection attempt. Returns the attempt with the highest counter before it; null if there is none, or it is on the same
   * connection.
   */
  attempt(key: string, attempt: Omit<Attempt, 'told'>): Attempt | null {
    const before = this.attempts.get(key);
    if (before === undefined || attempt.seq > before.seq) {
      this.attempts.set(key, { ...attempt, told: false });
      this.trim(this.attempts);
    }
    return before === undefined || before.stream === attempt.stream ? null : before;
  }

  /** Whether this is the first time in that file: what holds for a whole cluster is reported once. */
  first(what: string, file: string): boolean {
    const key = `${what} ${file}`;
    if (this.told.has(key)) return false;
    this.told.add(key);
    this.trim(this.told);
    return true;
  }

  rememberNode(node: Node): void {
    this.nodes.set(node.endpoint, node);
    this.trim(this.nodes);
    for (const address of node.addresses) this.byAddress.set(address, node);
    this.trim(this.byAddress);
  }

  /** The server that has that address in its ident. */
  node(address: string): Node | undefined {
    return this.byAddress.get(address);
  }

  /** The server that answered last at that captured endpoint. */
  nodeAt(endpoint: string): Node | undefined {
    return this.nodes.get(endpoint);
  }

  /** Whether an earlier ident had this client cookie; remembers it. */
  cookieSeen(cookie: bigint): boolean {
    if (cookie === 0n) return false;
    const key = String(cookie);
    if (this.cookiesSeen.has(key)) return true;
    this.cookiesSeen.add(key);
    this.trim(this.cookiesSeen);
    return false;
  }

  private trim(table: Map<string, unknown> | Set<string>): void {
    while (table.size > this.limit) {
      table.delete(table.keys().next().value!);
      this.forgotten++;
    }
  }
}

/** The key of a pair of addresses, whichever side connects. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
