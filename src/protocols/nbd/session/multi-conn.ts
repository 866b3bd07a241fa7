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

/** Watches what one connection does against the others of the same client to the same export. */
export class MultiConn {
  private readonly facts: Facts;
  private readonly shared: NbdShared;
  private readonly transmission: Transmission;
  private me: Sibling | null = null;
  private joined = false;
  private judged = false;

  constructor(facts: Facts, shared: NbdShared, transmission: Transmission) {
    this.facts = facts;
    this.shared = shared;
    this.transmission = transmission;
  }

  request(r: Request): void {
    if (!this.joined) this.join();
    const { me } = this;
    if (me === null) return;
    if (r.type === CMD_FLUSH) this.flush(r, me);
    else if (me.dataRequest === null && (r.type === CMD_READ || isWriting(r))) {
      me.dataRequest = r;
      // whose close the capture lost seems to be open for ever: both have to go on
      for (const other of this.others(me)) if (other.dataRequest !== null) other.contested = true;
    } else if (me.contested && !this.judged) {
      this.unadvertised(r, me);
    }
  }

  leave(): void {
    if (this.me !== null) this.shared.leave(this.me);
    this.me = null;
  }

  /** The other connections to the same export, as many as are compared. */
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
    // what nobody writes to looks the same from everywhere
    if (this.judged || (facts.flags & (TFLAG_CAN_MULTI_CONN | TFLAG_READ_ONLY)) !== 0) return;
    this.judged = true;
    const others = this.others(me).filter((s) => s.dataRequest !== null);
    if (others.length === 0) return;
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
    if ((facts.flags & TFLAG_CAN_MULTI_CONN) === 0) return;
    for (const other of this.others(me)) {
      if (!other.facts.witness.bothWhole) continue;
      const pending = [...other.table.inFlight()].filter(isWriting).length;
      if (pending === 0) continue;
      facts.raise(FLUSH_BEFORE_WRITE_REPLIES, {
        message: r,
        confidence: 'weak',
        text: `${count(pending, 'write')} unanswered on stream ${other.facts.context.connection.id} of the same client and export`,
      });
      return;
    }
  }
}

function isWriting(r: Request): boolean {
  return r.type === CMD_WRITE || r.type === CMD_TRIM || r.type === CMD_WRITE_ZEROES;
}
