import { CLIENT, otherSide, type Side } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { backoffName } from '../../ceph/bodies/osd-operations.js';
import { aliveLead, backoffLead, bootLead, pgLeaseLead, pingLead, placeIn } from '../../ceph/leads.js';
import type { DataFrame } from '../message.js';
import { MSG } from '../../ceph/message-types.js';
import type { ValueOf } from '../../../base/structure/type.js';
import * as R from '../rules/index.js';
import type { CephTime } from '../../ceph/structures/common.js';
import { inFront } from './front.js';
import { Asked, type Scene } from './scene.js';

/** Values of MOSDPing's op. */
const PING = 4;
const PING_REPLY = 5;
/** Values of MOSDBackoff's op. */
const BLOCK = 1;
const ACK_BLOCK = 2;
const UNBLOCK = 3;

const stampOf = ({ seconds, nanos }: CephTime): string => `${seconds}.${String(nanos).padStart(9, '0')}`;

/** Judges messages of OSDs and managers about their state on one connection: heartbeats, reports, backoffs. */
export class DaemonChecks {
  private readonly output: Output;
  private readonly scene: Scene;
  private readonly pings: readonly [Asked, Asked];
  private readonly backoffs: Asked;
  /** The newest map epoch in each side's pings. */
  private readonly epochs: [number, number] = [0, 0];
  private opened = false;
  private saidUnopened: [boolean, boolean] = [false, false];

  constructor(output: Output, scene: Scene, limit: number) {
    this.output = output;
    this.scene = scene;
    this.pings = [new Asked(limit), new Asked(limit)];
    this.backoffs = new Asked(limit);
  }

  message(m: DataFrame): void {
    const ping = m.leadAs(pingLead);
    if (ping !== null) this.ping(m, ping);
    const backoff = m.leadAs(backoffLead);
    if (backoff !== null) this.backoff(m, backoff);
    const boot = m.leadAs(bootLead);
    if (boot !== null && m.source.startsWith('osd.') && m.source !== `osd.${boot.superblock.osd.value}`) {
      const { value, at, length } = boot.superblock.osd;
      this.output.raise(R.OSD_BOOT_OTHER, inFront(m, at, length, `${m.source} reports that osd.${value} is up`));
    }
    const alive = m.leadAs(aliveLead);
    if (alive !== null && BigInt(alive.want) > alive.version) {
      const { at, length } = placeIn(aliveLead, 'want');
      const text = `requests up_thru ${alive.want}, but has map epoch ${alive.version}`;
      this.output.raise(R.OSD_ALIVE_WANT, inFront(m, at, length, text));
    }
    const lease = m.leadAs(pgLeaseLead);
    if (lease !== null && isLater(lease.readableUntil, lease.upperBound)) {
      const { at } = placeIn(pgLeaseLead, 'readableUntil');
      const text = `readable until ${stampOf(lease.readableUntil)}, which is later than its upper bound ${stampOf(lease.upperBound)}`;
      this.output.raise(R.PG_LEASE_BOUND, inFront(m, at, 16, text));
    }
    this.manager(m);
  }

  private ping(m: DataFrame, p: ValueOf<typeof pingLead>): void {
    const stamp = stampOf(p.pingStamp);
    const before = this.epochs[m.side];
    if (p.mapEpoch < before) {
      const { at, length } = placeIn(pingLead, 'mapEpoch');
      this.output.raise(R.OSD_PING_EPOCH_BACK, inFront(m, at, length, `epoch ${p.mapEpoch} after ${before}`));
    } else this.epochs[m.side] = p.mapEpoch;
    if (p.op === PING) this.pings[m.side].add(stamp);
    if (p.op !== PING_REPLY || !this.scene.knowsAllBefore(m) || this.pings[otherSide(m.side)].has(stamp)) return;
    const { at, length } = placeIn(pingLead, 'pingStamp');
    this.output.raise(R.OSD_PING_ORPHAN, inFront(m, at, length, `no ping has the time ${stamp}`));
  }

  private backoff(m: DataFrame, { op, id }: ValueOf<typeof backoffLead>): void {
    const fromClient = m.side === CLIENT;
    if (fromClient !== (op === ACK_BLOCK)) {
      const { at, length } = placeIn(backoffLead, 'op');
      const text = `${backoffName(op)} from the ${fromClient ? 'client' : 'server'}`;
      this.output.raise(R.BACKOFF_DIRECTION, inFront(m, at, length, text));
      return;
    }
    const { at, length } = placeIn(backoffLead, 'id');
    const text = `${backoffName(op)} with id ${id}, but no block has this id`;
    if (op === BLOCK) this.backoffs.add(String(id));
    else if (this.backoffs.has(String(id))) return;
    else if (op === UNBLOCK && this.scene.whole(m.side)) {
      this.output.raise(R.BACKOFF_UNBLOCK_ORPHAN, inFront(m, at, length, text));
    } else if (op === ACK_BLOCK && this.scene.knowsAllBefore(m)) {
      this.output.raise(R.BACKOFF_ACK_ORPHAN, inFront(m, at, length, text));
    }
  }

  private manager(m: DataFrame): void {
    if (m.type === MSG.MGR_OPEN) this.opened = true;
    if (this.opened || this.saidUnopened[m.side]) return;
    if (m.type === MSG.MGR_REPORT && m.side === CLIENT && this.scene.whole(CLIENT)) {
      this.saidUnopened[m.side] = true;
      this.output.raise(R.MGR_REPORT_UNOPENED, { message: m, text: 'MGR_REPORT before MGR_OPEN' });
    } else if (m.type === MSG.MGR_CONFIGURE && m.side !== CLIENT && this.scene.knowsAllBefore(m)) {
      this.saidUnopened[m.side] = true;
      this.output.raise(R.MGR_CONFIGURE_UNOPENED, { message: m, text: 'MGR_CONFIGURE before MGR_OPEN was received' });
    }
  }

  lose(side: Side): void {
    this.epochs[side] = 0;
  }
}

function isLater(a: CephTime, b: CephTime): boolean {
  return a.seconds !== b.seconds ? a.seconds > b.seconds : a.nanos > b.nanos;
}
