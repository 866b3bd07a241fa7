import { CLIENT, otherSide, SERVER, type Side } from '../../../base/input.js';
import { Origin } from '../../../base/origin.js';
import { count } from '../../../base/text.js';
import { duration, nanosBetween } from '../../../base/time.js';
import type { Message } from '../../../contract/message.js';
import type { Evidence } from '../../../contract/protocol.js';
import {
  CMD_BLOCK_STATUS,
  CMD_CACHE,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  DEFAULT_MAX_PAYLOAD,
  FLAG_FIXED_NEWSTYLE,
  NO_PAYLOAD_LIMIT,
} from '../constants.js';
import type { Facts } from '../session/facts.js';
import type { FramingWatch } from '../session/framing-watch.js';
import type { Haggling } from '../session/haggling.js';
import { Option, OptionReply, SimpleReply, type NbdMessage, type Request } from '../messages.js';
import { optionName, shortCommand } from '../names.js';
import { show } from './options.js';
import { maximumPayload, rangeLength } from '../session/request-range.js';
import { DISCONNECT_ON_ZERO_LENGTH, REPLY_UNFINISHED } from '../rules/ending.js';
import {
  DISCONNECT_ON_OVERSIZE_EFFECT,
  NO_DISC_AFTER_ESHUTDOWN,
  OPEN_AFTER_DISC,
  READ_PAYLOAD_CUT,
  SERVER_HARD_DISCONNECT,
  UNANSWERED_REQUEST,
} from '../rules/headers.js';
import {
  ABORT_UNANSWERED,
  CLIENT_HARD_DISCONNECT_HAGGLING,
  EXPORT_REFUSED,
  OPTION_UNANSWERED,
  SERVER_HARD_DISCONNECT_HAGGLING,
} from '../rules/replies.js';
import { CLIENT_HARD_DISCONNECT } from '../rules/requests.js';
import type { Transmission } from '../session/transmission.js';
import { cookieText, swap32, swappedLength } from '../cookie.js';
import type { PhaseChecks } from './phases.js';

/** Seconds that a server has for closing after DISC. */
const DISC_GRACE = 10;
/** Bytes of payload beyond which either side may close the connection. */
const ABSURD_PAYLOAD = DEFAULT_MAX_PAYLOAD;
/** The most unanswered requests whose cookies a finding names, and the most to which it refers. Its text counts all of them. */
const NAMED = 8;
const RELATED = 64;
/**
 * A client that stops reading also stops the server once the client's receive buffer is full, which the capture does not show. It is
 * certain enough that the server stopped by itself only if the part of the reply that was sent fits into any receive buffer, or after this
 * much silence.
 */
const ANY_BUFFER = 65536;
const SILENCE_NANOS = 1e9;

/** Judges how the session ends: which side closed first, whether it was allowed to, and what was left open. */
export class EndingChecks {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly transmission: Transmission;
  private readonly framing: FramingWatch;
  private readonly phases: PhaseChecks;
  /** The side that ended first, how, and the packet that shows it. */
  private first: Side | null = null;
  private firstHow: 'fin' | 'reset' = 'fin';
  private readonly firstOrigin = new Origin();
  private shutdownBefore: NbdMessage | null = null;
  /** The end itself was reported as an error, with what was left open. */
  private blamed = false;

  constructor(
    facts: Facts,
    haggling: Haggling,
    transmission: Transmission,
    framing: FramingWatch,
    phases: PhaseChecks,
  ) {
    this.facts = facts;
    this.haggling = haggling;
    this.transmission = transmission;
    this.framing = framing;
    this.phases = phases;
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (how === 'open' || this.first !== null) return;
    this.first = side;
    this.firstHow = how;
    this.firstOrigin.copyFrom(origin);
    this.shutdownBefore = this.transmission.shutdown;
  }

  /** Judges the end of the session. That has to wait until now, as only now it is known what the capture lacks. */
  finish(how: 'closed' | 'reset' | 'open'): void {
    this.transmission.finish();
    this.haggling.finish();
    this.phases.finish();
    const { facts } = this;
    this.first = this.firstToLeave();
    const { first } = this;
    if (first !== null && this.firstHow === 'fin')
      this.haggling.insideTls.closed(first, facts.context.decodedUpTo(first), this.firstOrigin);
    if (!facts.witness.bothWhole || this.upgradeCameToNothing) return;
    if (first !== null) {
      if (facts.transmission) this.inTransmission(first);
      else if (this.phases.early === null) this.inHaggling(first);
    }
    if (how === 'open') return;
    const { outstanding, abort } = this.haggling;
    const unanswered = outstanding !== null && outstanding.option.complete && outstanding.option !== abort;
    if (unanswered && !facts.transmission && !this.blamed) {
      facts.raise(OPTION_UNANSWERED, {
        message: outstanding.option,
        text: `${optionName(outstanding.option.option)} got no final reply`,
      });
    }
    // a client that resets the connection cannot get the answers
    if (this.transmission.disc !== null && (how === 'closed' || first === SERVER)) this.unanswered();
  }

  /**
   * The side that ended first. If the captured FIN acknowledges one byte more than the peer has sent, that is the peer's FIN, which came
   * before it.
   */
  private firstToLeave(): Side | null {
    const { first } = this;
    if (first === null || this.firstHow !== 'fin') return first;
    const peer = otherSide(first);
    return this.firstOrigin.peerSeen === this.facts.context.decodedUpTo(peer) + 1 ? peer : first;
  }

  /**
   * Whether TLS was agreed on or has begun, but no NBD came out of it: the handshake failed or was given up, or the secrets are missing.
   */
  private get upgradeCameToNothing(): boolean {
    const { facts } = this;
    return (
      (facts.tls || this.haggling.agreed.startTlsAck !== null) && !facts.tlsOpened[CLIENT] && !facts.tlsOpened[SERVER]
    );
  }

  private unanswered(): void {
    const open = this.transmission.unanswered();
    if (open.length === 0 || this.facts.breached[CLIENT]) return;
    this.facts.raise(UNANSWERED_REQUEST, {
      message: open[0]!,
      related: open.slice(1, RELATED),
      text: this.outstanding(open),
    });
  }

  /** Which requests have no answer, as a clause. */
  private outstanding(open: readonly Request[]): string {
    const { requests, disc } = this.transmission;
    const all = requests - (disc === null ? 0 : 1);
    const cookies = open.slice(0, NAMED).map((r) => cookieText(r.cookieHi, r.cookieLo));
    const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
    return `${open.length} of ${count(all, 'request')} unanswered: ${open.length === 1 ? 'cookie' : 'cookies'} ${cookies.join(', ')}${more}`;
  }

  /** Evidence for a finding at the end of a side's stream, with what is left open there. */
  private atEnd(side: Side, text: string): Evidence {
    const { facts } = this;
    this.blamed = true;
    const parts = [text];
    const related: Message[] = [];
    const cut = this.framing.cut[side];
    if (cut !== null) {
      related.push(cut);
      parts.push(
        `inside ${cut.name}, of which ${cut.length - cut.missing} of ${count(cut.length, 'byte')} were sent${swapped(cut)}`,
      );
    }
    const open = this.transmission.unanswered();
    if (open.length > 0) {
      related.push(...open.slice(0, RELATED).filter((r) => r !== cut));
      parts.push(this.outstanding(open));
    }
    const option = this.haggling.outstanding?.option ?? null;
    if (option !== null && option !== cut && !facts.transmission) {
      related.push(option);
      parts.push(`${optionName(option.option)} unanswered`);
    }
    return {
      side,
      offset: facts.context.decodedUpTo(side),
      length: 0,
      origin: this.firstOrigin,
      related,
      confidence: 'likely',
      text: parts.join('; '),
    };
  }

  private inHaggling(side: Side): void {
    const { facts, haggling } = this;
    const { nameAsked, abort } = haggling;
    if (side === SERVER && nameAsked !== null && !haggling.exportInfoSeen) {
      // an option that was not sent completely cannot have been refused
      if (!nameAsked.option.complete || facts.breached[SERVER]) return;
      const cause = haggling.afterRefusal();
      facts.raise(EXPORT_REFUSED, {
        message: nameAsked.option,
        related: cause.related,
        text: `the server refused export ${show(nameAsked.exportName ?? '')} by closing the connection${cause.text}`,
      });
      return;
    }
    if (abort !== null) {
      if (side === SERVER && !haggling.abortAnswered) {
        facts.raise(ABORT_UNANSWERED, { message: abort, text: 'the server closed without an acknowledgement' });
      }
      return;
    }
    // a connection on which the client sent nothing is a probe of the port, not a session
    if (nameAsked !== null || !haggling.started || this.framing.tlsFailed || facts.breached[otherSide(side)]) return;
    if (side === CLIENT) {
      if (this.canOnlyClose || this.replyUnfinished()) return;
      facts.raise(CLIENT_HARD_DISCONNECT_HAGGLING, this.atEnd(side, 'the client closed without NBD_OPT_ABORT'));
    } else if (!haggling.flooded) {
      const cause = haggling.outstanding === null ? '' : haggling.afterRefusal().text;
      const text = `the server closed while the client was haggling${cause}`;
      facts.raise(SERVER_HARD_DISCONNECT_HAGGLING, this.atEnd(side, text));
    }
  }

  /**
   * Whether the client can only close: NBD_OPT_EXPORT_NAME is the only option outside of fixed newstyle, so a client that wants no export
   * has no NBD_OPT_ABORT.
   */
  private get canOnlyClose(): boolean {
    const { greeting, clientFlags } = this.facts;
    return [greeting, clientFlags].some((m) => m !== null && (m.flags & FLAG_FIXED_NEWSTYLE) === 0);
  }

  private inTransmission(side: Side): void {
    const { facts, transmission } = this;
    const { disc } = transmission;
    const shutdown = this.shutdownReceived;
    if (disc !== null) {
      const late = this.firstOrigin.seconds - disc.seconds;
      if (side === CLIENT && late >= DISC_GRACE && transmission.unanswered().length === 0) {
        facts.raise(OPEN_AFTER_DISC, {
          message: disc,
          confidence: 'likely',
          text: `still open ${late} s after DISC`,
        });
      }
      return;
    }
    if (facts.breached[otherSide(side)]) return;
    // a client that sent newstyle flags to an oldstyle server does not know that haggling is over
    if (facts.oldstyle && facts.clientFlags !== null) return;
    if (side === SERVER) {
      this.byServer();
    } else if (shutdown !== null) {
      const evidence = this.atEnd(side, 'the client closed without DISC after the server had reported ESHUTDOWN');
      facts.raise(NO_DISC_AFTER_ESHUTDOWN, { ...evidence, related: [shutdown, ...evidence.related!] });
    } else if (!this.replyUnfinished()) {
      facts.raise(CLIENT_HARD_DISCONNECT, this.atEnd(side, 'the client closed without DISC'));
    }
  }

  /** The reply with ESHUTDOWN, unless the client closed before it had received it, by what it has acknowledged. */
  private get shutdownReceived(): NbdMessage | null {
    const shutdown = this.shutdownBefore;
    const { connection, clientEnd } = this.facts.context;
    // a RST need not acknowledge anything
    const acknowledged = connection.acknowledged?.[clientEnd === 1 ? 0 : 1] ?? Infinity;
    const { peerSeen } = this.firstOrigin;
    return shutdown !== null && (peerSeen >= 0 ? peerSeen : acknowledged) < shutdown.endOffset ? null : shutdown;
  }

  /** Whether the client may have closed because the server stopped in the middle of a reply. If that is certain enough, reports it. */
  private replyUnfinished(): boolean {
    const { facts } = this;
    const reply = this.framing.cut[SERVER];
    if (reply === null) return false;
    // if the capture lacks a part of it, nothing is certain about the rest
    if (reply.missing > reply.unsent) return true;
    const { peerSeen, seconds, nanos } = this.firstOrigin;
    const received = facts.context.decodedUpTo(SERVER);
    // more of the reply may have been in flight
    if (peerSeen >= 0 ? peerSeen < received : !facts.context.connection.ordered) return false;
    const sent = reply.length - reply.missing;
    const silence = nanosBetween(reply.seconds, reply.nanos, seconds, nanos);
    if (sent > ANY_BUFFER && silence < SILENCE_NANOS) return false;
    facts.raise(REPLY_UNFINISHED, {
      message: reply,
      origin: this.firstOrigin,
      related: this.transmission.unanswered().slice(0, RELATED),
      confidence: 'likely',
      text: `the server sent ${sent} of ${count(reply.length, 'byte')} of ${reply.name} and no more; the client closed after ${duration(silence)}`,
    });
    return true;
  }

  /**
   * If the data of the last request had not all come, says so as the end of a sentence: the server may have waited for them. Otherwise
   * empty.
   */
  private insideData(open: readonly Request[]): string {
    const last = open.at(-1);
    if (last === undefined || last.payload === 0) return '';
    const come = this.facts.context.decodedUpTo(CLIENT) - last.offset - last.headerLength;
    if (come < 0 || come >= last.payload) return '';
    const hint = last.lengthHi === 0 && come === swap32(last.lengthLo) ? swappedLength(last.lengthLo) : '';
    return `, after ${come} of ${count(last.payload, 'byte')} of the data of ${last.name}${hint}`;
  }

  private byServer(): void {
    const { facts, transmission } = this;
    const cut = this.framing.cut[SERVER];
    if (cut instanceof SimpleReply) {
      facts.raise(READ_PAYLOAD_CUT, {
        message: cut,
        text: `the connection ended after ${cut.payload - cut.missing} of ${cut.payload} bytes of data`,
      });
      return;
    }
    if (transmission.shutdown !== null) return;
    const maximum = maximumPayload(facts) ?? DEFAULT_MAX_PAYLOAD;
    const limit = maximum === NO_PAYLOAD_LIMIT ? ABSURD_PAYLOAD : maximum;
    const open = transmission.unanswered();
    for (const r of open) {
      if ((r.type === CMD_READ || r.type === CMD_WRITE) && rangeLength(r) > Math.max(limit, ABSURD_PAYLOAD)) return;
    }
    const odd = cut === null ? open.find((r) => isEmpty(r) || isOversize(r, limit)) : undefined;
    if (odd !== undefined) {
      facts.raise(isEmpty(odd) ? DISCONNECT_ON_ZERO_LENGTH : DISCONNECT_ON_OVERSIZE_EFFECT, {
        message: odd,
        origin: this.firstOrigin,
        related: open.filter((r) => r !== odd).slice(0, RELATED),
        confidence: 'likely',
        text: `the server closed on a ${shortCommand(odd.type)} of ${count(rangeLength(odd), 'byte')}`,
      });
      return;
    }
    const text = 'the server closed without having been asked to, and without ESHUTDOWN';
    facts.raise(SERVER_HARD_DISCONNECT, this.atEnd(SERVER, `${text}${this.insideData(open)}`));
  }
}

/**
 * If exactly as many bytes of an option, or of a reply to one, were sent as its length says with its bytes swapped, says so as the end of a
 * sentence. Otherwise empty.
 */
function swapped(m: NbdMessage): string {
  if (!(m instanceof Option || m instanceof OptionReply) || m.dataLength === 0) return '';
  return m.length - m.missing - m.headerLength === swap32(m.dataLength) ? swappedLength(m.dataLength) : '';
}

function isBare(type: number): boolean {
  return type === CMD_TRIM || type === CMD_CACHE || type === CMD_WRITE_ZEROES || type === CMD_BLOCK_STATUS;
}

/** Whether the request has no data and a length that a server may find too large, but has to answer. */
function isOversize(r: Request, limit: number): boolean {
  return isBare(r.type) && rangeLength(r) > limit;
}

/** Whether the request has a length of zero, which a server may find pointless, but has to answer. */
function isEmpty(r: Request): boolean {
  return rangeLength(r) === 0 && (isBare(r.type) || r.type === CMD_READ || r.type === CMD_WRITE);
}
