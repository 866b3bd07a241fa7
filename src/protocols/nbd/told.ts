import { CLIENT, otherSide, type Side } from '../../base/input.js';
import { NOWHERE } from '../../base/pair.js';
import type { SessionContext } from '../../contract/protocol.js';
import type { Witness } from '../../contract/witness.js';
import { CMD_READ, CMD_RESIZE, EXPORT_PADDING_LENGTH, FLAG_NO_ZEROES } from './constants.js';
import { otherOrders } from './cookie.js';
import type { NbdMessage, Request } from './messages.js';
import { RequestTable } from './session/request-table.js';

/** An answer of ClientTold: it is not known, and no later bytes will change that. */
export const UNKNOWN = -1;
/** An answer of ClientTold: the client's direction has not been decoded far enough to tell. */
export const NOT_YET = -2;
/** An answer of ClientTold: the client did not send NBD_OPT_EXPORT_NAME. */
export const NOT_ASKED = -3;

/**
 * The stream offset at which each direction switched to TLS. Each framing writes its own; after a loss, a framing takes from the other one
 * that its own direction must have switched as well.
 */
export class TlsTold {
  from = NOWHERE;

  /** Whether the peer of that side has switched to TLS: then bytes of this side that follow a loss are TLS as well. */
  peerIsIn(side: Side): boolean {
    return this.from[otherSide(side)] < Infinity;
  }
}

/**
 * What the server's framing needs to know about the client: the only connection between the two framings. The session, which pairs replies
 * with requests, writes it. `peerSeen`: what the server had received when it sent the bytes in question (see Origin.peerSeen).
 */
export class ClientTold {
  private requests_: RequestTable | null = null;
  /** The client's flags; -1: not seen. */
  flags = -1;
  /** NBD_OPT_EXPORT_NAME was sent. */
  exportNameAsked = false;
  /** Length of the longest READ so far. As many bytes that look like messages may be the payload of a reply whose header was lost. */
  longestRead = 0;
  private replied: NbdMessage | null = null;
  private repliedTo: Request | null = null;
  private refused: NbdMessage | null = null;
  private refusedRequest: Request | null = null;
  private readonly context: SessionContext;
  private readonly witness: Witness;

  constructor(context: SessionContext, witness: Witness) {
    this.context = context;
    this.witness = witness;
  }

  /** The requests in flight; created on first use. */
  get requests(): RequestTable {
    return (this.requests_ ??= new RequestTable(this.context.limits, this.context.held));
  }

  // ---- for the session

  /** A simple reply answers `request`. `refused`: with an error. */
  answered(request: Request, reply: NbdMessage, refused: boolean): void {
    this.replied = reply;
    this.repliedTo = request;
    if (!refused) return;
    this.refused = reply;
    this.refusedRequest = request;
  }

  /** The request in flight whose cookie the server returned with its bytes in another order, and how it was reordered; or null. */
  otherOrder(hi: number, lo: number): { readonly request: Request; readonly how: string } | null {
    for (const order of otherOrders(hi, lo)) {
      const request = this.requests.find(order.hi, order.lo);
      if (request !== null) return { request, how: order.how };
    }
    return null;
  }

  // ---- for the server's framing

  /**
   * Bytes of padding in the answer to NBD_OPT_EXPORT_NAME (0 or 124), or NOT_ASKED, UNKNOWN or NOT_YET. `offered`: the server's handshake
   * flags.
   */
  exportPadding(offered: number, peerSeen: number): number {
    if (this.exportNameAsked && this.flags >= 0)
      return (offered & this.flags & FLAG_NO_ZEROES) !== 0 ? 0 : EXPORT_PADDING_LENGTH;
    if (!this.witness.mayBeHeard(CLIENT)) return UNKNOWN;
    if (!this.isDecoded(peerSeen)) return NOT_YET;
    return this.witness.whole(CLIENT) ? NOT_ASKED : UNKNOWN;
  }

  /** Payload bytes of a simple success reply with this cookie (0 for anything but a READ), or UNKNOWN, or NOT_YET. */
  readLength(cookieHi: number, cookieLo: number, peerSeen: number): number {
    const request = this.requests.find(cookieHi, cookieLo);
    if (request !== null) return request.type === CMD_READ ? request.lengthLo : 0;
    if (!this.witness.mayBeHeard(CLIENT)) return UNKNOWN;
    if (!this.isDecoded(peerSeen)) return NOT_YET;
    const turned = this.otherOrder(cookieHi, cookieLo);
    if (turned !== null) return turned.request.type === CMD_READ ? turned.request.lengthLo : 0;
    // nothing of the client is missing: this cookie belongs to no request, so no payload is expected
    return this.witness.whole(CLIENT) && this.requests.forgotten === 0 ? 0 : UNKNOWN;
  }

  /**
   * Further payload lengths that a reply with this cookie may have: those of other requests in flight with it; if there are none, that of
   * the latest READ with it that was answered.
   */
  otherLengths(cookieHi: number, cookieLo: number): readonly number[] {
    const { requests } = this;
    const first = requests.find(cookieHi, cookieLo);
    if (first === null) {
      const before = this.witness.whole(CLIENT) ? requests.completed(cookieHi, cookieLo) : null;
      return before?.type === CMD_READ ? [before.lengthLo] : NO_LENGTHS;
    }
    if (first.next === null) return NO_LENGTHS;
    const lengths: number[] = [];
    // `limits.cookieRequests` bounds their number
    for (let r = requests.sameCookie(first.next, cookieHi, cookieLo); r !== null;) {
      const length = r.type === CMD_READ ? r.lengthLo : 0;
      if (!lengths.includes(length)) lengths.push(length);
      r = requests.sameCookie(r.next, cookieHi, cookieLo);
    }
    return lengths;
  }

  /** Whether a request with this cookie is in flight. */
  isAsked(cookieHi: number, cookieLo: number): boolean {
    return this.requests.find(cookieHi, cookieLo) !== null;
  }

  /**
   * Length of the request, other than a READ, that this success reply answers, or UNKNOWN. As many bytes may follow the reply by mistake.
   */
  answeredLength(reply: NbdMessage): number {
    const request = this.replied === reply ? this.repliedTo : null;
    return request === null || request.type === CMD_READ || request.lengthHi > 0 ? UNKNOWN : request.lengthLo;
  }

  /** Whether that reply answers an undefined command: then it is not known how many data belong to it. */
  answersUndefined(reply: NbdMessage): boolean {
    return this.replied === reply && this.repliedTo!.type > CMD_RESIZE;
  }

  /** Length of the READ that this reply refused, or UNKNOWN. */
  failedRead(reply: NbdMessage): number {
    const request = this.refused === reply ? this.refusedRequest : null;
    return request?.type === CMD_READ ? request.lengthLo : UNKNOWN;
  }

  private isDecoded(peerSeen: number): boolean {
    return peerSeen >= 0 ? this.context.decodedUpTo(CLIENT) >= peerSeen : this.context.connection.ordered;
  }
}

const NO_LENGTHS: readonly number[] = [];
