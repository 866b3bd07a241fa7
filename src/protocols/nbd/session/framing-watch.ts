import { MODE_GUESSED, RESYNCHRONISED } from '../../../base/capture-rules.js';
import { hex } from '../../../base/hex.js';
import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { having, NEITHER, NO_PAIR, type Pair } from '../../../base/pair.js';
import { count } from '../../../base/text.js';
import {
  EXTENDED_REPLY_MAGIC,
  EXTENDED_REQUEST_MAGIC,
  IHAVEOPT_HI,
  NBDMAGIC_HI,
  NBDMAGIC_LO,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_STARTTLS,
  REP_MAGIC_HI,
  REQUEST_MAGIC,
  LOG_MAGIC,
  RESERVED_MAGICS,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from '../constants.js';
import { cookieText, swap32 } from '../cookie.js';
import type { Facts } from './facts.js';
import type { Haggling } from './haggling.js';
import type { HeaderInside, NbdNotices } from '../notices.js';
import {
  CLIENT_FLAGS_KIND,
  ExportInfo,
  Greeting,
  Option,
  OptionReply,
  Request,
  SIMPLE_REPLY_KIND,
  SimpleReply,
  type NbdMessage,
} from '../messages.js';
import { BAD_REPLY_MAGIC, READ_DATA_SHORT, READ_ERROR_WITH_PAYLOAD, REPLY_WITH_PAYLOAD } from '../rules/headers.js';
import { BAD_INIT_MAGIC, BAD_SECOND_MAGIC, TLS_FROM_START } from '../rules/greeting.js';
import { BAD_OPTION_MAGIC, DATA_AFTER_ABORT } from '../rules/options.js';
import { BAD_OPTION_REPLY_MAGIC, EXPORT_NAME_PADDING_MISMATCH, GO_PADDING } from '../rules/replies.js';
import { BAD_REQUEST_MAGIC, DATA_AFTER_DISC, RESERVED_MAGIC_USED } from '../rules/requests.js';
import {
  CLIENT_PLAINTEXT_AFTER_STARTTLS,
  PLAINTEXT_AFTER_TLS_FAILURE,
  SERVER_PLAINTEXT_AFTER_STARTTLS,
  STARTTLS_PIPELINED_BYTES,
  TLS_AFTER_REFUSAL,
  TLS_ALERT_IN_CLEAR,
  TLS_VERSION_OLD,
} from '../rules/tls.js';
import { isTlsRecord, RECORD_HEADER, TLS_1_2, versionName } from '../../../tls/constants.js';
import type { TlsEvent } from '../../../tls/event.js';
import type { Transmission } from './transmission.js';
import { SIMPLE_REPLY } from '../layout.js';

/** The magics of the transmission phase, by the messages that begin with them. */
const MAGICS = new Map<number, string>([
  [REQUEST_MAGIC, 'a request'],
  [EXTENDED_REQUEST_MAGIC, 'an extended request'],
  [SIMPLE_REPLY_MAGIC, 'a simple reply'],
  [STRUCTURED_REPLY_MAGIC, 'a structured reply chunk'],
  [EXTENDED_REPLY_MAGIC, 'an extended reply chunk'],
]);

function u32(bytes: Uint8Array, at: number): number {
  return at + 4 > bytes.length
    ? -1
    : bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

/**
 * Judges what the framings report besides messages: bytes that could not be framed (who is wrong, or what the capture lacks), and what can
 * be seen of TLS.
 */
export class FramingWatch implements NbdNotices {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly session: { readonly transmission: Transmission };
  private guessed = false;
  private ambiguous = false;
  private tunnelTold = false;
  /** The message in which an error was found already when the bytes after it turned out to be no header. */
  private blamed: NbdMessage | null = null;
  private tlsSides = NEITHER;
  /** A fatal alert was seen in the TLS handshake. */
  tlsFailed = false;
  /** The side that ended first reset the connection. */
  wasReset = false;
  /** By side: the message in which its stream ended. */
  cut: Pair<NbdMessage | null> = NO_PAIR;
  private versionTold = false;

  constructor(facts: Facts, haggling: Haggling, session: { readonly transmission: Transmission }) {
    this.facts = facts;
    this.haggling = haggling;
    this.session = session;
  }

  lost(side: Side, offset: number): void {
    this.facts.witness.lose(side, offset);
    this.session.transmission.lost(side);
    this.haggling.lost(side);
  }

  /** A message with a far too large length has begun: the messages after it are taken for its data. */
  endless(message: NbdMessage): void {
    const { side, offset } = message;
    if (side === CLIENT) {
      this.lost(side, offset);
      return;
    }
    this.facts.witness.lose(side, offset);
    this.haggling.lost(side);
    // requests are not marked as doubtful, as this message is still to be judged by its own
    this.session.transmission.repliesAreSought = true;
  }

  unfinished(side: Side, message: NbdMessage, length: number, how: 'fin' | 'reset' | 'open'): void {
    // after a reset of the connection nothing more comes from either side
    if (how === 'open' && !this.wasReset) return;
    message.unsent = length;
    this.cut = having(this.cut, side, message);
  }

  unframed(side: Side, offset: number, first: Uint8Array, after: NbdMessage | null, inside: HeaderInside | null): void {
    const { facts } = this;
    const trusted = after === null || !after.inferred;
    const evidence = {
      side,
      offset,
      length: first.length,
      related: after === null ? [] : [after],
      confidence: trusted ? ('certain' as const) : ('likely' as const),
    };
    const found = hex(first, 0, Math.min(first.length, 8));
    const behind = after === null ? 'at the start' : `after ${after.name} at stream offset ${after.offset}`;
    const text = `${found} where a header was due, ${behind}${this.looksLike(side, first)}${insideText(after, inside)}`;
    if (after !== null && facts.faulted[side] === after) this.blamed = after;
    else if (side === SERVER) this.unframedServer(offset, first, after, evidence, text);
    else this.unframedClient(first, after, evidence, text);
    facts.witness.lose(side, offset);
    this.session.transmission.lost(side);
  }

  /** What bytes that are no header look like, as the end of a sentence; or empty. */
  private looksLike(side: Side, first: Uint8Array): string {
    if (first.length >= RECORD_HEADER && isTlsRecord(first, 0)) {
      const why = side === CLIENT ? ', although NBD_OPT_STARTTLS was not sent' : '';
      return `: it looks like a TLS record${why}`;
    }
    const magic = MAGICS.get(first.length < 4 ? 0 : swap32(u32(first, 0)));
    return magic === undefined ? '' : `: byte-swapped it is the magic of ${magic}; integers are big-endian`;
  }

  private unframedClient(
    first: Uint8Array,
    after: NbdMessage | null,
    evidence: { side: Side; offset: number; length: number },
    text: string,
  ): void {
    const { facts } = this;
    if (after instanceof Option) {
      if (after.option === OPT_ABORT) {
        facts.raise(DATA_AFTER_ABORT, { ...evidence, text });
        return;
      }
      if (after.option === OPT_STARTTLS && this.haggling.agreed.startTlsAck !== null) {
        facts.raise(CLIENT_PLAINTEXT_AFTER_STARTTLS, { ...evidence, text });
        return;
      }
    }
    if (after instanceof Request && this.session.transmission.disc !== null) {
      facts.raise(DATA_AFTER_DISC, { ...evidence, text });
      return;
    }
    const haggles =
      after === null || after.kind === CLIENT_FLAGS_KIND || (after instanceof Option && !ends(after, facts));
    if (haggles) {
      facts.raise(BAD_OPTION_MAGIC, { ...evidence, text });
      return;
    }
    const length = Math.min(4, evidence.length);
    if (u32(first, 0) === LOG_MAGIC) {
      const what = `${text}; 0x25609514 is reserved for the transaction log of the reference server`;
      facts.raise(BAD_REQUEST_MAGIC, { ...evidence, length, text: what });
    } else if (!this.reserved(first, evidence)) facts.raise(BAD_REQUEST_MAGIC, { ...evidence, length, text });
  }

  private unframedServer(
    offset: number,
    first: Uint8Array,
    after: NbdMessage | null,
    evidence: { side: Side; offset: number; length: number },
    text: string,
  ): void {
    const { facts } = this;
    if (after === null && offset === 0) {
      const magic = u32(first, 0) === NBDMAGIC_HI && u32(first, 4) === NBDMAGIC_LO;
      const at = magic ? 8 : 0;
      facts.raise(magic ? BAD_SECOND_MAGIC : BAD_INIT_MAGIC, {
        ...evidence,
        offset: at,
        length: Math.min(8, first.length - at),
        text: `${hex(first, at, Math.min(first.length, at + 8))} instead of ${magic ? 'IHAVEOPT or the oldstyle magic' : 'NBDMAGIC'}`,
      });
      return;
    }
    if (after instanceof Greeting || (after instanceof OptionReply && !facts.transmission)) {
      facts.raise(BAD_OPTION_REPLY_MAGIC, { ...evidence, text });
      return;
    }
    // in a session with structured replies, data may follow a simple success reply to a READ nevertheless: the reply was reported already
    if (after instanceof SimpleReply && after.error === 0 && (facts.structured || facts.extended)) return;
    // how long its data are is known only from a request, and that it has none was reported already
    if (after instanceof SimpleReply && after.inReplyTo === 0 && facts.witness.bothWhole) return;
    // the length of the data was taken from a request, which may be the wrong one if requests are missing, or if replies to a shared cookie
    // are
    const { table } = this.session.transmission;
    const mistakable = !facts.witness.whole(CLIENT) || (table.sharedCookies && facts.witness.hasLost(SERVER));
    if (after instanceof SimpleReply && after.hinted && mistakable) return;
    if (!this.reserved(first, evidence))
      facts.raise(BAD_REPLY_MAGIC, { ...evidence, length: Math.min(4, evidence.length), text });
  }

  /** Whether the bytes are a reserved magic, which is then reported. */
  private reserved(first: Uint8Array, evidence: { side: Side; offset: number; length: number }): boolean {
    if (first.length < 4) return false;
    const magic = u32(first, 0);
    if (!RESERVED_MAGICS.includes(magic)) return false;
    this.facts.raise(RESERVED_MAGIC_USED, {
      ...evidence,
      length: 4,
      text: `magic 0x${magic.toString(16).padStart(8, '0')} is reserved and never valid`,
    });
    return true;
  }

  crowded(side: Side): void {
    const { chains } = this.facts.context.limits;
    const who = side === CLIENT ? 'client' : 'server';
    const text = `more than ${chains} places may be the next message of the ${who}; those that end last are not followed`;
    this.facts.limits.hit('chains', text, 'note');
  }

  found(side: Side, message: NbdMessage, skipped: number): void {
    const { facts } = this;
    // messages that were sent since framing failed may be among the skipped bytes
    if (skipped > 0 || message.inferred) this.lost(side, message.offset - skipped);
    if (side === SERVER) this.session.transmission.repliesAreSought = false;
    if (skipped > 0) {
      const { blamed } = this;
      const why =
        blamed !== null && blamed.side === side && blamed.endOffset + skipped === message.offset
          ? `; ${blamed.name} before them is ${count(skipped, 'byte')} longer than its header says`
          : '';
      facts.raise(RESYNCHRONISED, {
        message,
        side,
        related: why === '' ? [] : [blamed!],
        text: `${count(skipped, 'byte')} skipped; decoding goes on with ${message.name} at stream offset ${message.offset}${why}`,
      });
    }
    if (this.guessed || facts.greeting !== null || !(message instanceof Request || message.kind >= SIMPLE_REPLY_KIND))
      return;
    this.guessed = true;
    const what = message.kind === SIMPLE_REPLY_KIND ? 'a simple reply' : message.name;
    facts.raise(MODE_GUESSED, {
      message,
      side,
      text: `no handshake in the capture; what was negotiated is taken from the headers (first ${what} at stream offset ${message.offset})`,
    });
  }

  /** The payload length of a simple reply is known only from its request, and no request is known. Reported once. */
  unmeasured(message: NbdMessage): void {
    if (this.ambiguous) return;
    this.ambiguous = true;
    this.facts.raise(MODE_GUESSED, {
      message,
      text: 'the end of this simple reply is ambiguous without its request: such replies are assumed to reach to the next plausible header, so data that look like a header may be taken for one',
    });
  }

  tlsBegins(side: Side, offset: number, peerSeen: number): void {
    const { facts, haggling } = this;
    facts.tls = true;
    this.tlsSides = having(this.tlsSides, side, true);
    const evidence = { side, offset, length: RECORD_HEADER };
    if (offset === 0) {
      // one finding is enough for both directions
      if (this.tunnelTold) return;
      this.tunnelTold = true;
      const instead =
        facts.greeting === null
          ? 'of the NBD handshake: a tunnel, whose secrets would be needed to look inside'
          : "of the client's flags, although the server's greeting is in clear: the client expects TLS from the first byte";
      facts.raise(TLS_FROM_START, { ...evidence, text: `a TLS record instead ${instead}` });
      return;
    }
    if (side === CLIENT) {
      const { startTlsRefusal } = haggling;
      const { startTlsAck } = haggling.agreed;
      if (startTlsRefusal !== null && startTlsAck === null) {
        facts.raise(TLS_AFTER_REFUSAL, {
          ...evidence,
          related: [startTlsRefusal],
          text: `a TLS record after ${startTlsRefusal.name}`,
        });
      } else if (peerSeen >= 0 && facts.witness.whole(SERVER) && peerSeen < (startTlsAck?.endOffset ?? 0)) {
        this.pipelined(offset, peerSeen);
      } else if (
        startTlsAck === null &&
        peerSeen >= 0 &&
        facts.witness.whole(SERVER) &&
        facts.context.decodedUpTo(SERVER) >= peerSeen
      ) {
        this.pipelined(offset, peerSeen);
      }
    }
  }

  private pipelined(offset: number, peerSeen: number): void {
    this.facts.raise(STARTTLS_PIPELINED_BYTES, {
      side: CLIENT,
      offset,
      length: RECORD_HEADER,
      text: `TLS began when the client had received ${peerSeen} bytes of the server, without the answer to NBD_OPT_STARTTLS`,
    });
  }

  notTls(side: Side, offset: number, first: Uint8Array, records: number): void {
    const { facts } = this;
    const evidence = { side, offset, length: RECORD_HEADER };
    const found = hex(first, 0, Math.min(first.length, RECORD_HEADER));
    if (records === 0) {
      facts.tls = this.tlsSides[CLIENT] && side === SERVER;
      if (side === SERVER) {
        facts.raise(SERVER_PLAINTEXT_AFTER_STARTTLS, { ...evidence, text: `${found} instead of a TLS record` });
        facts.saysInClear = this.tlsSides[CLIENT] || this.haggling.outstanding === null;
      }
      return;
    }
    const magic = u32(first, 0);
    if (this.tlsFailed && (magic === IHAVEOPT_HI || magic === REP_MAGIC_HI)) {
      facts.raise(PLAINTEXT_AFTER_TLS_FAILURE, {
        ...evidence,
        text: `${found}, which is NBD in clear, after a fatal TLS alert`,
      });
    }
  }

  tls(side: Side, event: TlsEvent): void {
    switch (event.kind) {
      case 'alert':
        if (event.fatal) this.tlsFailed = true;
        if (event.encrypted) return;
        this.facts.raise(TLS_ALERT_IN_CLEAR, {
          side,
          offset: event.offset,
          length: event.length,
          text: `${event.fatal ? 'fatal' : 'warning'}: ${event.name}`,
        });
        return;
      case 'not-tls':
        this.notTls(side, event.offset, event.first, event.records);
        return;
      case 'handshake': {
        const { hello } = event;
        if (hello === null || hello.from === 'client' || hello.version >= TLS_1_2 || this.versionTold) return;
        this.versionTold = true;
        this.facts.raise(TLS_VERSION_OLD, {
          side,
          offset: event.offset,
          length: event.length,
          text: `the server chooses ${versionName(hello.version)}`,
        });
      }
    }
  }

  zeroes(offset: number, n: number, after: NbdMessage | null): void {
    const { facts } = this;
    const evidence = { side: SERVER as Side, offset, length: n, related: after === null ? [] : [after] };
    if (after instanceof OptionReply && after.option === OPT_GO) {
      facts.raise(GO_PADDING, {
        ...evidence,
        text: `${count(n, 'zero byte')} after the acknowledgement of NBD_OPT_GO`,
      });
    } else if (after instanceof ExportInfo && after.padding === 0) {
      facts.raise(EXPORT_NAME_PADDING_MISMATCH, {
        ...evidence,
        text: `${count(n, 'zero byte')} although both sides agreed to leave the padding out`,
      });
    } else {
      facts.raise(BAD_REPLY_MAGIC, { ...evidence, text: `${count(n, 'zero byte')} where a reply was due` });
    }
  }

  unpadded(message: NbdMessage): void {
    this.facts.raise(EXPORT_NAME_PADDING_MISMATCH, {
      message,
      text: 'the 124 zero bytes are missing although the two sides did not agree to leave them out',
    });
  }

  payloadWithoutRead(message: NbdMessage, length: number): void {
    this.facts.raise(REPLY_WITH_PAYLOAD, {
      message,
      offset: message.endOffset,
      length,
      text: `${count(length, 'byte')}, the length of the request, follow a reply that has no data`,
    });
  }

  readCutShort(message: NbdMessage, inside: HeaderInside, ended: boolean): void {
    const { offset: at, cookieHi, cookieLo } = inside;
    const request = this.session.transmission.answeredInside(cookieHi, cookieLo);
    this.facts.raise(READ_DATA_SHORT, {
      message,
      offset: at,
      length: SIMPLE_REPLY.size,
      related: request === null ? [] : [request],
      confidence: ended ? 'likely' : 'certain',
      text: `a reply header for cookie ${cookieText(cookieHi, cookieLo)} stands inside this READ's data, ${count(message.endOffset - at, 'byte')} early: ${at - message.offset - SIMPLE_REPLY.size} of ${message.length - SIMPLE_REPLY.size} were sent`,
    });
    this.facts.witness.lose(SERVER, at);
    this.session.transmission.lost(SERVER);
  }

  payloadAfterError(message: NbdMessage, length: number): void {
    this.facts.raise(READ_ERROR_WITH_PAYLOAD, {
      message,
      text: `${count(length, 'byte')}, the length of the request, follow a reply that reports an error`,
    });
  }
}

/** Says that the next header was found inside the data of the preceding message, as the end of a sentence; or empty. */
function insideText(after: NbdMessage | null, inside: HeaderInside | null): string {
  if (after === null || inside === null) return '';
  const { offset, cookieHi, cookieLo } = inside;
  const early = count(after.endOffset - offset, 'byte');
  return `; a header with cookie ${cookieText(cookieHi, cookieLo)} stands inside its data, at stream offset ${offset}, ${early} early: fewer were sent than its length says`;
}

/** Whether haggling ends with this option, or may do so. */
function ends(option: Option, facts: Facts): boolean {
  return (
    option.option === OPT_EXPORT_NAME ||
    (option.option === OPT_GO && (facts.transmission || !facts.witness.whole(SERVER)))
  );
}
