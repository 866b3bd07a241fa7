import type { KeyChain } from '../secure/key-chain.js';
import type { Limits } from '../../../base/limits.js';
import { Cluster, type ClusterLimits } from '../../ceph/cluster.js';
import { Ways, type Carrier } from './ways.js';

/**
 * What is remembered across the connections of one run: lossless sessions outlive the connections that carry them. Bounded by
 * limits.resumableSessions; the oldest goes first.
 */

/** One lossless session between two daemons, or a client and a metadata server. */
export class SessionRecord {
  readonly clientCookie: bigint;
  readonly serverCookie: bigint;
  /** Address by which the side that sent CLIENT_IDENT is known. */
  readonly clientName: string;
  readonly lossy: boolean;
  /** Whether all of it was captured so far: only then are its counts evidence. */
  whole = true;
  /** Highest number sent by the side that sent CLIENT_IDENT, and by the other one. */
  readonly sent: [number, number] = [0, 0];
  /** connect_seq of the last SESSION_RECONNECT by that side, and by the other one. */
  readonly connectSeq: [number, number] = [0, 0];
  /** The packets that these two frames began in. */
  readonly connectPacket: [number, number] = [0, 0];
  connections = 1;
  /** The connection that carries it, while that is open; whether nothing that its ends have acknowledged waits to be decoded. */
  carrier: Carrier | null = null;

  constructor(clientCookie: bigint, serverCookie: bigint, clientName: string, lossy: boolean) {
    this.clientCookie = clientCookie;
    this.serverCookie = serverCookie;
    this.clientName = clientName;
    this.lossy = lossy;
  }

  /** A message with that number was sent by that side of the session. */
  note(side: 0 | 1, seq: number): void {
    if (seq > this.sent[side]) this.sent[side] = seq;
  }
}

/** What two addresses have agreed on over time. */
export interface Pair {
  /** Sessions that were named between them, newest last. */
  readonly records: SessionRecord[];
  /** Whether a reset, a wait or an unanswered attempt lies behind: cookies may have changed unseen. */
  unsettled: boolean;
}

/** A client's connection attempt at a server. */
interface Attempt {
  readonly seq: bigint;
  readonly cookie: bigint;
  readonly stream: number;
  /** The packet that it began in. */
  readonly packet: number;
  /** Whether a lower counter than this was told of. */
  told: boolean;
}

/** A server, as its SERVER_IDENT names it. */
export interface Node {
  /** `ip:port` in the capture. */
  readonly endpoint: string;
  readonly addresses: readonly string[];
  /** `osd.4`. */
  readonly entity: string;
  readonly stream: number;
}

/** What is known of all connections of one file together. */
export interface FileKnowledge {
  readonly ways: Ways;
  readonly cluster: Cluster;
}

const RECORDS = 8;
/** Files whose operations are followed at once. */
const FILES = 4;

export class SharedSessions {
  private readonly byCookies = new Map<string, SessionRecord>();
  private readonly pairs = new Map<string, Pair>();
  private readonly attempts = new Map<string, Attempt>();
  /** Servers by the endpoint that they answered at, and by each address that they call their own. */
  private readonly nodes = new Map<string, Node>();
  private readonly byAddress = new Map<string, Node>();
  private readonly cookiesSeen = new Set<string>();
  private readonly missedAt = new Set<string>();
  private readonly told = new Set<string>();
  private readonly byFile = new Map<string, FileKnowledge>();
  readonly limit: number;
  /** Sessions and pairs of addresses that were forgotten: what is not found may have been there. */
  forgotten = 0;
  /** Keys to open logins and secure mode with, or null. */
  readonly keys: KeyChain | null;

  private readonly clusterLimits: ClusterLimits;

  constructor({ resumableSessions, daemonAddresses }: Readonly<Limits>, keys: KeyChain | null = null) {
    this.limit = resumableSessions;
    this.clusterLimits = { pools: resumableSessions, addresses: daemonAddresses };
    this.keys = keys;
  }

  /** What is known of that file. */
  ofFile(file: string): FileKnowledge {
    let known = this.byFile.get(file);
    if (known === undefined) {
      this.byFile.set(file, (known = { ways: new Ways(this.limit), cluster: new Cluster(this.clusterLimits) }));
      // files are read one after the other, or as one recording
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

  /** Bytes of a connection to that endpoint were lost before its session was known. */
  missSession(endpoint: string): void {
    this.missedAt.add(endpoint);
    this.trim(this.missedAt);
  }

  /** Whether a session between these two may have begun unseen, whichever of them was dialled. */
  mayHaveMissed(a: string, b: string): boolean {
    return this.missedAt.has(a) || this.missedAt.has(b);
  }

  /** Notes a connection attempt; returns the one with the highest counter before it on another connection, or null. */
  attempt(key: string, attempt: Omit<Attempt, 'told'>): Attempt | null {
    const before = this.attempts.get(key);
    if (before === undefined || attempt.seq > before.seq) {
      this.attempts.set(key, { ...attempt, told: false });
      this.trim(this.attempts);
    }
    return before === undefined || before.stream === attempt.stream ? null : before;
  }

  /** Whether this is the first time in that file: what holds for a whole cluster is told once. */
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

  /** The server that calls that address its own. */
  node(address: string): Node | undefined {
    return this.byAddress.get(address);
  }

  /** The server that answered last at that endpoint of the capture. */
  nodeAt(endpoint: string): Node | undefined {
    return this.nodes.get(endpoint);
  }

  /** Whether a client cookie was used for an ident before; notes it. */
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

/** The name of a pair of addresses, whoever connects. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
