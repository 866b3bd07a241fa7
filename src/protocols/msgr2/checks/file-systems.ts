import { CLIENT, otherSide, type Side } from '../../../base/input.js';
import type { ValueOf } from '../../../base/structure/type.js';
import type { Output } from '../../../contract/protocol.js';
import {
  capOpName,
  leaseActionName,
  MDS_OP_SETFILELOCK,
  mdsOpName,
  sessionOpName,
} from '../../ceph/bodies/file-systems.js';
import {
  beaconLead,
  clientCapsLead,
  clientLeaseLead,
  clientReplyLead,
  clientRequestLead,
  clientSessionLead,
  placeIn,
} from '../../ceph/leads.js';
import { MSG } from '../../ceph/message-types.js';
import type { DataFrame } from '../message.js';
import { places } from '../places.js';
import { at } from '../places.js';
import * as R from '../rules/index.js';
import { inFront } from './front.js';
import { Asked, type Scene } from './scene.js';

/** CEPH_SESSION_*. The metadata server sends SERVER_SESSION_OPS, the client the others. */
const OPEN = 1;
const REQUEST_RENEWCAPS = 4;
const RENEWCAPS = 5;
const SERVER_SESSION_OPS: readonly number[] = [OPEN, 3, RENEWCAPS, 6, 7, 8, 10, 11];
const LAST_SESSION_OP = 12;
/** CEPH_CAP_OP_*. The metadata server sends SERVER_CAP_OPS, the client the others. */
const GRANT = 0;
const REVOKE = 1;
const FLUSH_ACK = 8;
const FLUSHSNAP = 9;
const FLUSHSNAP_ACK = 10;
const SERVER_CAP_OPS: readonly number[] = [GRANT, REVOKE, 2, 3, 4, FLUSH_ACK, FLUSHSNAP_ACK];
const LAST_CAP_OP = 12;
/** CEPH_MDS_LEASE_*: the actions that each side may send. */
const SERVER_LEASES: readonly number[] = [1, 3];
const CLIENT_LEASES: readonly number[] = [2, 3, 4];
/** CEPH_MDS_FLAG_REPLAY. */
const REPLAY = 1;

/** A request of the client to the metadata server. */
interface Request {
  readonly op: number;
  /** Whether it was sent more than once. Then it is not known which attempt a reply answers. */
  again: boolean;
  unsafe: boolean;
  safe: boolean;
}

/** A capability as the metadata server last sent it. */
interface Capability {
  readonly migrateSeq: number;
  readonly seq: number;
}

/** Judges, on one connection, the messages between a file system's client, or a monitor, and a metadata server. */
export class FileSystemChecks {
  private readonly output: Output;
  private readonly scene: Scene;
  private readonly half: number;
  private opened = false;
  private saidUnopened = false;
  /** Whether the client continues a session that began on another connection. */
  private reconnected = false;
  private young = new Map<bigint, Request>();
  private old = new Map<bigint, Request>();
  private forgotten = false;
  private readonly caps = new Map<string, Capability>();
  private readonly renewals: Asked;
  private readonly flushes: Asked;
  private readonly beacons: Asked;
  private beacon: ValueOf<typeof beaconLead> | null = null;

  constructor(output: Output, scene: Scene, limit: number) {
    this.output = output;
    this.scene = scene;
    this.half = Math.max(1, limit >> 1);
    this.renewals = new Asked(limit);
    this.flushes = new Asked(limit);
    this.beacons = new Asked(limit);
  }

  message(m: DataFrame): void {
    if (m.type === MSG.CLIENT_RECONNECT) this.reconnected = true;
    const session = m.leadAs(clientSessionLead);
    if (session !== null) this.session(m, session);
    const request = m.leadAs(clientRequestLead);
    if (request !== null && m.side === CLIENT) this.request(m, request);
    const reply = m.leadAs(clientReplyLead);
    if (reply !== null && m.side !== CLIENT) this.reply(m, reply);
    const caps = m.leadAs(clientCapsLead);
    if (caps !== null) this.capability(m, caps);
    const lease = m.leadAs(clientLeaseLead);
    if (lease !== null && !(m.side === CLIENT ? CLIENT_LEASES : SERVER_LEASES).includes(lease.action)) {
      const text = `${leaseActionName(lease.action)} from the ${who(m.side)}`;
      this.output.raise(R.MDS_LEASE_DIRECTION, inFront(m, 0, 1, text));
    }
    const beacon = m.leadAs(beaconLead);
    if (beacon !== null) this.alive(m, beacon);
  }

  /** Whether an answer without a request is an error of the server. */
  private knows(m: DataFrame): boolean {
    return !this.reconnected && this.scene.knowsAllBefore(m);
  }

  private session(m: DataFrame, { op, sessionSeq }: ValueOf<typeof clientSessionLead>): void {
    if (op <= LAST_SESSION_OP && SERVER_SESSION_OPS.includes(op) === (m.side === CLIENT)) {
      const { at: place, length } = placeIn(clientSessionLead, 'op');
      const text = `${sessionOpName(op)} from the ${who(m.side)}`;
      this.output.raise(R.MDS_SESSION_DIRECTION, inFront(m, place, length, text));
      return;
    }
    if (op === OPEN) this.opened = true;
    if (op === REQUEST_RENEWCAPS) this.renewals.add(String(sessionSeq));
    if (op !== RENEWCAPS || !this.knows(m) || this.renewals.has(String(sessionSeq))) return;
    const { at: place, length } = placeIn(clientSessionLead, 'sessionSeq');
    const text = `no request_renewcaps has the number ${sessionSeq}`;
    this.output.raise(R.MDS_RENEWCAPS_ORPHAN, inFront(m, place, length, text));
  }

  private request(m: DataFrame, r: ValueOf<typeof clientRequestLead>): void {
    if (!this.opened && !this.saidUnopened && this.scene.whole(CLIENT) && this.knows(m)) {
      this.saidUnopened = true;
      this.output.raise(R.MDS_REQUEST_UNOPENED, { message: m, text: `${mdsOpName(r.op)} before the session is open` });
    }
    const oldest = r.oldestClientTid;
    if (oldest.value > m.tid && r.op !== MDS_OP_SETFILELOCK) {
      const text = `oldest_client_tid is ${oldest.value}, the request has tid ${m.tid}`;
      this.output.raise(R.MDS_REQUEST_OLDEST, inFront(m, oldest.at, oldest.length, text));
    }
    const before = this.find(m.tid);
    if (before !== undefined) {
      before.again = true;
      return;
    }
    const again = r.retries > 0 || (r.requestFlags & REPLAY) !== 0;
    this.young.set(m.tid, { op: r.op, again, unsafe: false, safe: false });
    if (this.young.size < this.half) return;
    this.forgotten ||= this.old.size > 0;
    this.old = this.young;
    this.young = new Map();
  }

  private find(tid: bigint): Request | undefined {
    return this.young.get(tid) ?? this.old.get(tid);
  }

  private reply(m: DataFrame, r: ValueOf<typeof clientReplyLead>): void {
    const request = this.find(m.tid);
    if (request === undefined) {
      if (this.forgotten || !this.knows(m)) return;
      const header = places(m).segments[0]! + 8;
      this.output.raise(R.MDS_REPLY_ORPHAN, at(m, header, 8, `no CLIENT_REQUEST on this session has tid ${m.tid}`));
      return;
    }
    const safe = r.safe !== 0;
    if (!request.again) {
      if (r.op !== request.op) {
        const text = `answers ${mdsOpName(r.op)}, but ${mdsOpName(request.op)} was requested`;
        this.output.raise(R.MDS_REPLY_OP, inFront(m, 0, 4, text));
      }
      if (request.safe || (request.unsafe && !safe)) {
        const { at: place, length } = placeIn(clientReplyLead, 'safe');
        const text = `${safe ? 'a safe' : 'an unsafe'} reply after ${request.safe ? 'a safe' : 'an unsafe'} one`;
        this.output.raise(R.MDS_REPLY_TWICE, inFront(m, place, length, text));
      }
    }
    if (safe) request.safe = true;
    else request.unsafe = true;
  }

  private capability(m: DataFrame, c: ValueOf<typeof clientCapsLead>): void {
    if (c.op <= LAST_CAP_OP && SERVER_CAP_OPS.includes(c.op) === (m.side === CLIENT)) {
      this.output.raise(R.MDS_CAPS_DIRECTION, inFront(m, 0, 4, `${capOpName(c.op)} from the ${who(m.side)}`));
      return;
    }
    if (m.side === CLIENT) {
      if (c.dirty !== 0 || c.op === FLUSHSNAP) this.flushes.add(String(m.tid));
      return;
    }
    if (c.op === GRANT || c.op === REVOKE) this.granted(m, c);
    if ((c.op !== FLUSH_ACK && c.op !== FLUSHSNAP_ACK) || m.tid === 0n) return;
    if (!this.knows(m) || this.flushes.has(String(m.tid))) return;
    const header = places(m).segments[0]! + 8;
    this.output.raise(R.MDS_FLUSH_ACK_ORPHAN, at(m, header, 8, `no flush of the client has tid ${m.tid}`));
  }

  private granted(m: DataFrame, c: ValueOf<typeof clientCapsLead>): void {
    const key = `${c.ino}:${c.capId}`;
    const before = this.caps.get(key);
    if (before?.migrateSeq === c.migrateSeq && c.seq < before.seq) {
      const { at: place, length } = placeIn(clientCapsLead, 'seq');
      const text = `${capOpName(c.op)} of capability ${c.capId} with seq ${c.seq} after ${before.seq}`;
      this.output.raise(R.MDS_CAPS_SEQ_BACK, inFront(m, place, length, text));
      return;
    }
    // forgets all; a capability that is not known is not judged
    if (before === undefined && this.caps.size >= this.half) this.caps.clear();
    this.caps.set(key, { migrateSeq: c.migrateSeq, seq: c.seq });
  }

  private alive(m: DataFrame, b: ValueOf<typeof beaconLead>): void {
    if (m.side !== CLIENT) {
      if (!this.knows(m) || this.beacons.has(String(b.seq))) return;
      const { at: place, length } = placeIn(beaconLead, 'seq');
      this.output.raise(R.MDS_BEACON_ORPHAN, inFront(m, place, length, `no beacon has the number ${b.seq}`));
      return;
    }
    this.beacons.add(String(b.seq));
    const before = this.beacon;
    this.beacon = b;
    if (before === null) return;
    if (b.seq <= before.seq) {
      const { at: place, length } = placeIn(beaconLead, 'seq');
      this.output.raise(R.MDS_BEACON_SEQ_BACK, inFront(m, place, length, `beacon ${b.seq} after ${before.seq}`));
    }
    if (b.gid !== before.gid) {
      const { at: place, length } = placeIn(beaconLead, 'gid');
      this.output.raise(R.MDS_BEACON_GID, inFront(m, place, length, `gid ${b.gid} after ${before.gid}`));
    }
  }

  lose(side: Side): void {
    if (side === CLIENT) this.beacon = null;
    else this.caps.clear();
    // it is not known which replies were lost
    if (otherSide(side) === CLIENT) for (const r of [...this.young.values(), ...this.old.values()]) r.again = true;
  }
}

const who = (side: Side): string => (side === CLIENT ? 'client' : 'server');
