import { CLIENT, otherSide, SERVER, type Side } from '../../base/input.js';
import type { Origin } from '../../base/origin.js';
import { count } from '../../base/text.js';
import {
  CMD_BLOCK_STATUS,
  CMD_CACHE,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  DEFAULT_MAX_PAYLOAD,
  NO_PAYLOAD_LIMIT,
} from './constants.js';
import type { Facts } from './facts.js';
import type { FramingWatch } from './framing-watch.js';
import type { Haggling } from './haggling.js';
import type { Request } from './messages.js';
import { SimpleReply, type NbdMessage } from './messages.js';
import { optionName, shortCommand } from './names.js';
import { show } from './option-checks.js';
import { rangeLength } from './request-range.js';
import {
  DISCONNECT_ON_OVERSIZE_EFFECT,
  NO_DISC_AFTER_ESHUTDOWN,
  OPEN_AFTER_DISC,
  READ_PAYLOAD_CUT,
  SERVER_HARD_DISCONNECT,
  UNANSWERED_REQUEST,
} from './rules/headers.js';
import {
  ABORT_UNANSWERED,
  CLIENT_HARD_DISCONNECT_HAGGLING,
  EXPORT_REFUSED,
  OPTION_UNANSWERED,
  SERVER_HARD_DISCONNECT_HAGGLING,
} from './rules/replies.js';
import { CLIENT_HARD_DISCONNECT } from './rules/requests.js';
import type { Transmission } from './transmission.js';
import { decimal } from './u64.js';

/** Seconds that a server has for closing after DISC. */
const DISC_GRACE = 10;
/** Payload beyond which either side may hang up. */
const ABSURD_PAYLOAD = DEFAULT_MAX_PAYLOAD;
const NAMED = 8;

/** How the session ends: who closed first, whether that side had a right to, and what was left open. */
export class Closing {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly transmission: Transmission;
  private readonly framing: FramingWatch;
  private first: Side | null = null;
  private firstSeconds = 0;
  private lastBefore: NbdMessage | null = null;
  private shutdownBefore: NbdMessage | null = null;

  constructor(facts: Facts, haggling: Haggling, transmission: Transmission, framing: FramingWatch) {
    this.facts = facts;
    this.haggling = haggling;
    this.transmission = transmission;
    this.framing = framing;
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (how === 'open' || this.first !== null) return;
    this.first = side;
    this.firstSeconds = origin.seconds;
    this.lastBefore = this.transmission.last;
    this.shutdownBefore = this.transmission.shutdown;
  }

  /** The judgement waits for the very end: only then is it known what the capture lacks. */
  finish(how: 'closed' | 'reset' | 'open'): void {
    this.transmission.finish();
    this.haggling.finish();
    const { facts, first } = this;
    if (!facts.bothWhole || facts.tls) return;
    if (first !== null) {
      if (facts.transmission) this.inTransmission(first);
      else this.inHaggling(first);
    }
    if (how === 'open') return;
    const { outstanding, abort } = this.haggling;
    if (outstanding !== null && outstanding.option !== abort && !facts.transmission) {
      facts.raise(OPTION_UNANSWERED, {
        message: outstanding.option,
        text: `${optionName(outstanding.option.option)} got no final reply`,
      });
    }
    if (how === 'closed' && this.transmission.disc !== null) this.unanswered();
  }

  private unanswered(): void {
    const open = this.transmission.unanswered();
    if (open.length === 0 || this.facts.breached[CLIENT]) return;
    this.facts.raise(UNANSWERED_REQUEST, {
      message: open[0]!,
      related: open.slice(1, NAMED),
      text: `${count(open.length, 'request')} unanswered: cookies ${open
        .slice(0, NAMED)
        .map((r) => decimal(r.cookieHi, r.cookieLo))
        .join(', ')}`,
    });
  }

  private inHaggling(side: Side): void {
    const { facts, haggling } = this;
    const { nameAsked, abort } = haggling;
    if (side === SERVER && nameAsked !== null && !haggling.exportInfoSeen) {
      facts.raise(EXPORT_REFUSED, {
        message: nameAsked.option,
        text: `export ${show(nameAsked.exportName ?? '')} was refused by closing`,
      });
      return;
    }
    if (abort !== null) {
      if (side === SERVER && !haggling.abortAnswered) {
        facts.raise(ABORT_UNANSWERED, { message: abort, text: 'the server closed without an acknowledgement' });
      }
      return;
    }
    // a connection on which the client said nothing is a probe of the port, not a session
    if (nameAsked !== null || !haggling.started || this.framing.tlsFailed || facts.breached[otherSide(side)]) return;
    if (side === CLIENT) {
      facts.raise(CLIENT_HARD_DISCONNECT_HAGGLING, {
        side,
        confidence: 'likely',
        text: 'the client closed without NBD_OPT_ABORT',
      });
    } else if (!haggling.flooded) {
      facts.raise(SERVER_HARD_DISCONNECT_HAGGLING, {
        side,
        confidence: 'likely',
        text: 'the server closed while the client was haggling',
      });
    }
  }

  private inTransmission(side: Side): void {
    const { facts, transmission } = this;
    const { disc } = transmission;
    const shutdown = this.shutdownBefore;
    if (disc !== null) {
      const late = this.firstSeconds - disc.seconds >= DISC_GRACE;
      if (side === CLIENT && late && transmission.unanswered().length === 0) {
        facts.raise(OPEN_AFTER_DISC, {
          message: disc,
          confidence: 'likely',
          text: `still open ${this.firstSeconds - disc.seconds} s after DISC`,
        });
      }
      return;
    }
    if (facts.breached[otherSide(side)]) return;
    if (side === CLIENT) {
      if (shutdown !== null) {
        facts.raise(NO_DISC_AFTER_ESHUTDOWN, {
          message: shutdown,
          confidence: 'likely',
          text: 'the client closed without DISC',
        });
      } else {
        facts.raise(CLIENT_HARD_DISCONNECT, { side, confidence: 'likely', text: 'the client closed without DISC' });
      }
      return;
    }
    this.byServer(this.lastBefore);
  }

  private byServer(last: NbdMessage | null): void {
    const { facts, transmission } = this;
    if (last instanceof SimpleReply && !last.complete) {
      facts.raise(READ_PAYLOAD_CUT, {
        message: last,
        text: `the connection ended after ${last.payload - last.missing} of ${last.payload} bytes of data`,
      });
      return;
    }
    if (transmission.shutdown !== null) return;
    const maximum = facts.blockSizes?.maximum ?? DEFAULT_MAX_PAYLOAD;
    const limit = maximum === NO_PAYLOAD_LIMIT ? ABSURD_PAYLOAD : maximum;
    for (const r of transmission.unanswered()) {
      if ((r.type === CMD_READ || r.type === CMD_WRITE) && rangeLength(r) > Math.max(limit, ABSURD_PAYLOAD)) return;
    }
    const odd = transmission.unanswered().find((r) => isOversize(r, limit));
    if (odd !== undefined) {
      facts.raise(DISCONNECT_ON_OVERSIZE_EFFECT, {
        message: odd,
        confidence: 'likely',
        text: `the server closed on a ${shortCommand(odd.type)} of ${count(rangeLength(odd), 'byte')}`,
      });
      return;
    }
    facts.raise(SERVER_HARD_DISCONNECT, {
      side: SERVER,
      confidence: 'likely',
      text: 'the server closed without having been asked to, and without ESHUTDOWN',
    });
  }
}

/** Requests that a server may find too long, or pointless, but has to answer. */
function isOversize(r: Request, limit: number): boolean {
  const length = rangeLength(r);
  const bare =
    r.type === CMD_TRIM || r.type === CMD_CACHE || r.type === CMD_WRITE_ZEROES || r.type === CMD_BLOCK_STATUS;
  return (bare && length > limit) || (length === 0 && (bare || r.type === CMD_READ || r.type === CMD_WRITE));
}
