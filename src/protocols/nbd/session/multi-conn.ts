import {
  CMD_FLUSH,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  TFLAG_CAN_MULTI_CONN,
  TFLAG_READ_ONLY,
} from '../constants.js';
import type { Facts } from './facts.js';
import type { Request } from '../messages.js';
import { FLUSH_BEFORE_WRITE_REPLIES, MULTI_CONN_UNADVERTISED } from '../rules/requests.js';
import { count } from '../../../base/text.js';
import { Sibling, type NbdShared } from './shared.js';
import type { Transmission } from './transmission.js';

/** The most unanswered writes of another connection that are remembered for a flush. */
const REMEMBERED = 64;

/** Writes of another connection that were unanswered when a flush was sent. */
interface Overtaken {
  readonly flush: Request;
  readonly sibling: Sibling;
  readonly writes: readonly Request[];
  readonly pending: number;
  /** How many requests the other connection's table had forgotten by then. */
  readonly forgotten: number;
}

/** Judges what one connection does together with others of the same client to the same export. */
export class MultiConn {
  private readonly facts: Facts;
  private readonly shared: NbdShared;
  private readonly transmission: Transmission;
  private me: Sibling | null = null;
  private joined = false;
  private judged = false;
  private overtaken: Overtaken | null = null;

  constructor(facts: Facts, shared: NbdShared, transmission: Transmission) {
    this.facts = facts;
    this.shared = shared;
    this.transmission = transmission;
  }

  request(r: Request): void {
    if (!this.joined) this.join();
    const { me } = this;
    if (me === null) return;
    this.settle();
    if (r.type === CMD_FLUSH) this.flush(r, me);
    else if (me.dataRequest === null && (r.type === CMD_READ || isWriting(r))) {
      me.dataRequest = r;
      // a connection whose close was lost seems to be open for ever: nothing is reported before the other one goes on as well
      for (const other of this.others(me)) if (other.dataRequest !== null) other.contested = true;
    } else if (me.contested && !this.judged) {
      this.unadvertised(r, me);
    }
  }

  /** One side has closed the connection. */
  leave(): void {
    if (this.me !== null) this.shared.leave(this.me);
  }

  finish(): void {
    this.settle();
    this.leave();
    this.me?.finish();
    this.me = null;
  }

  /** The other connections to the same export, at most `limits.siblingsCompared` of them. */
  private others(me: Sibling): readonly Sibling[] {
    const most = this.facts.context.limits.siblingsCompared;
    const others = this.shared.others(me, most + 1);
    if (others.length <= most) return others;
    const text = `more than ${most} connections of one client to one export; each is compared with the first ones`;
    this.facts.limits.hit('siblingsCompared', text, 'note');
    return others.slice(0, most);
  }

  private join(): void {
    this.joined = true;
    const { facts } = this;
    if (facts.endOf(0) === null || facts.exportName === null || facts.flags < 0) return;
    const me = new Sibling(facts, this.transmission.table);
    const most = facts.context.limits.siblingConnections;
    if (this.shared.join(me, most)) this.me = me;
    else
      facts.limits.hit(
        'siblingConnections',
        `more than ${most} connections at once; this one is judged by itself`,
        'note',
      );
  }

  private unadvertised(r: Request, me: Sibling): void {
    const { facts } = this;
    // a read-only export looks the same on every connection
    if (this.judged || (facts.flags & (TFLAG_CAN_MULTI_CONN | TFLAG_READ_ONLY)) !== 0) return;
    // a request that was decoded late, after a gap, may have been sent before the other connection began
    const others = this.others(me).filter((s) => s.dataRequest !== null && s.dataRequest.packet < r.firstPacket);
    if (others.length === 0) return;
    this.judged = true;
    facts.raise(MULTI_CONN_UNADVERTISED, {
      message: r,
      confidence: 'likely',
      text: `${count(others.length, 'other connection')} of this client (stream ${others
        .slice(0, 4)
        .map((s) => s.facts.context.connection.id)
        .join(', ')}) use the same export; the server does not offer CAN_MULTI_CONN`,
    });
  }

  private flush(r: Request, me: Sibling): void {
    const { facts } = this;
    if ((facts.flags & TFLAG_CAN_MULTI_CONN) === 0 || this.overtaken !== null) return;
    for (const other of this.others(me)) {
      if (!other.facts.witness.bothWhole) continue;
      const writes = [...other.table.inFlight()].filter(isWriting);
      if (writes.length === 0) continue;
      const { forgotten } = other.table;
      other.watched = true;
      this.overtaken = {
        flush: r,
        sibling: other,
        writes: writes.slice(0, REMEMBERED),
        pending: writes.length,
        forgotten,
      };
      return;
    }
  }

  /**
   * Reports the remembered flush once one of the writes is answered. Only such a later answer proves that the write had none when the flush
   * was sent. If the capture ends before it, the answer may have been lost with all that followed; and a client that has given up a
   * connection expects no answer on it.
   */
  private settle(): void {
    const { overtaken } = this;
    if (overtaken === null) return;
    const { flush, sibling, writes, pending, forgotten } = overtaken;
    const { facts, table } = sibling;
    if (!facts.witness.bothWhole || table.forgotten !== forgotten) {
      this.overtaken = null;
    } else if (writes.some((w) => !sibling.waitsFor(w))) {
      this.overtaken = null;
      this.facts.raise(FLUSH_BEFORE_WRITE_REPLIES, {
        message: flush,
        confidence: 'weak',
        text: `${count(pending, 'write')} unanswered on stream ${facts.context.connection.id} of the same client and export`,
      });
    } else if (sibling.finished) {
      this.overtaken = null;
    }
  }
}

function isWriting(r: Request): boolean {
  return r.type === CMD_WRITE || r.type === CMD_TRIM || r.type === CMD_WRITE_ZEROES;
}
