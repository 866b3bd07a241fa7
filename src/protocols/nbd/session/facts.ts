import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { having, NEITHER, NO_PAIR, type Pair } from '../../../base/pair.js';
import type { Rule } from '../../../base/rule.js';
import type { DecoderSettings, Evidence, Output, SessionContext } from '../../../contract/protocol.js';
import { LimitNotes } from '../../../contract/limit-notes.js';
import type { Message } from '../../../contract/message.js';
import { confidenceThat, Witness } from '../../../contract/witness.js';
import type { End } from '../../../stream/byte-stream.js';
import type { ClientFlags, Greeting } from '../messages.js';
import { ClientTold, type TlsTold } from '../told.js';

/** What the server said about block sizes (NBD_INFO_BLOCK_SIZE). */
export interface BlockSizes {
  readonly minimum: number;
  readonly preferred: number;
  /** Largest payload; 0xffffffff: no limit. */
  readonly maximum: number;
}

/** What was agreed on before NBD_OPT_STARTTLS was acknowledged, which resets it. */
export interface BeforeTls {
  readonly structuredAck: Message | null;
  readonly extendedAck: Message | null;
  readonly contexts: ReadonlyMap<number, string>;
}

/** No contexts: what most sessions select. */
export const NO_CONTEXTS: ReadonlyMap<number, string> = new Map();

const NOTHING_BEFORE_TLS: BeforeTls = { structuredAck: null, extendedAck: null, contexts: NO_CONTEXTS };

/**
 * What is known about one connection: what was negotiated, which side's bytes show it, and what the capture lacks. All parts of the session
 * share it.
 */
export class Facts {
  readonly context: SessionContext;
  private readonly output: Output;
  /** See DecoderSettings. */
  readonly details: boolean;
  /** What the capture lacks, and what a side had received when it sent something. */
  readonly witness: Witness;
  /** By side: whether an error of that side was found, which excuses a hard disconnect by the other side. */
  breached = NEITHER;
  /**
   * The server continues in clear after it acknowledged NBD_OPT_STARTTLS, although the client speaks TLS, or has not sent anything since.
   */
  saysInClear = false;

  /** By side: the latest message in which an error was found. If the bytes right after it are no header, that is a consequence. */
  faulted: Pair<Message | null> = NO_PAIR;

  private notes: LimitNotes | null = null;

  greeting: Greeting | null = null;
  clientFlags: ClientFlags | null = null;
  oldstyle = false;
  /** NBD_OPT_STRUCTURED_REPLY, NBD_OPT_EXTENDED_HEADERS were acknowledged. */
  structured = false;
  extended = false;
  /** The replies that acknowledged them. */
  structuredAck: Message | null = null;
  extendedAck: Message | null = null;
  /** What was negotiated is in doubt: replies of the server are missing, malformed, or do not fit the options. */
  agreementInDoubt = false;
  /** The server's side of the haggling was captured from its start to the transmission phase. */
  negotiationSeen = false;
  /** The server's bytes show that it is past haggling; the client's bytes show that the client believes so. */
  serverTransmits = false;
  clientTransmits = false;
  /** TLS was agreed on, or has begun. */
  tls = false;
  private readonly tlsTold: TlsTold;
  /** What the server's framing needs to know about the client. */
  readonly clientTold: ClientTold;
  /** By side: whether a message came out of TLS. */
  tlsOpened = NEITHER;
  /** What was agreed on in clear, and ended with NBD_OPT_STARTTLS. */
  beforeTls = NOTHING_BEFORE_TLS;

  /** Export size in bytes: in halves, and as a double, which is exact below 2^53; -1: unknown. */
  sizeHi = 0;
  sizeLo = 0;
  size = -1;
  /** Transmission flags; -1: unknown. */
  flags = -1;
  /** Block sizes that the server advertised for this export; null: none, or unknown. */
  blockSizes: BlockSizes | null = null;
  /** Whether the client asked for block sizes in the NBD_OPT_GO that was acknowledged; null: unknown. */
  sizesRequested: boolean | null = null;
  /** Metadata contexts that the server selected, by id. */
  contexts: ReadonlyMap<number, string> = NO_CONTEXTS;
  /** Whether `contexts` is complete. */
  contextsKnown = false;
  /** Export names as on the wire (latin1): that of the last successful NBD_OPT_SET_META_CONTEXT, and that of the session. */
  metaExport: string | null = null;
  exportName: string | null = null;
  canonicalName: string | null = null;
  description: string | null = null;

  constructor(
    context: SessionContext,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
    tls: TlsTold,
  ) {
    this.context = context;
    this.output = output;
    this.details = settings[CLIENT].details;
    this.witness = new Witness(context, settings);
    this.tlsTold = tls;
    this.clientTold = new ClientTold(context, this.witness);
  }

  /** By side: stream offset of the first byte inside TLS. */
  get tlsFrom(): Pair<number> {
    return this.tlsTold.from;
  }

  /** Whether the message was inside TLS. */
  isInTls(m: Message): boolean {
    return m.offset >= this.tlsFrom[m.side];
  }

  /**
   * How sure it is that the sender of `later` had received `earlier`; null: it is not. Inside TLS, acknowledged bytes that are still to be
   * decrypted are counted with the overhead of their records, which is too many: there the order of the packets has to agree.
   */
  hadReceived(later: Message, earlier: Message): 'certain' | 'likely' | null {
    const { ordered } = this.context.connection;
    if (ordered && this.isInTls(earlier) && earlier.packet > later.firstPacket) return null;
    return confidenceThat(this.witness.hadReceived(later, earlier));
  }

  /** Whether the message was inside TLS that NBD_OPT_STARTTLS began, and not in a tunnel around the whole connection. */
  isBehindStartTls(m: Message): boolean {
    return this.tlsFrom[m.side] > 0 && this.isInTls(m);
  }

  /** Whether the session is past haggling. The client's bytes count only if some of the server's are missing. */
  get transmission(): boolean {
    return this.serverTransmits || (this.clientTransmits && !this.witness.whole(SERVER));
  }

  /** The end of the connection that is that side; null: not known. */
  endOf(side: Side): End | null {
    const { clientEnd } = this.context;
    if (clientEnd === null) return null;
    return side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0;
  }

  /** The server's TCP port, or 0. */
  get serverPort(): number {
    const end = this.endOf(SERVER);
    return end === null ? 0 : this.context.connection.ports[end];
  }

  /** Whether a rule that is off by default is to be raised. */
  wants(rule: Rule): boolean {
    return this.output.wants(rule);
  }

  /** Reports limits that were hit; created on first use. */
  get limits(): LimitNotes {
    return (this.notes ??= new LimitNotes(this.output));
  }

  raise(rule: Rule, evidence: Evidence): void {
    // what a server sends in clear after it has agreed on TLS answers nothing, and was reported already
    if (this.saysInClear && rule.party !== 'capture' && (evidence.side ?? evidence.message?.side) === SERVER) return;
    if ((evidence.severity ?? rule.severity) === 'error' && rule.party !== 'capture') {
      const side = evidence.side ?? evidence.message?.side;
      const { message } = evidence;
      if (message !== undefined && message !== null) this.faulted = having(this.faulted, message.side, message);
      if (rule.party === 'client' || (rule.party === 'either' && side === CLIENT))
        this.breached = having(this.breached, CLIENT, true);
      if (rule.party === 'server' || (rule.party === 'either' && side === SERVER))
        this.breached = having(this.breached, SERVER, true);
    }
    this.output.raise(rule, evidence);
  }
}

/** A message and bytes in it: what a finding points at. */
export interface FieldSpan {
  readonly message: Message;
  readonly offset: number;
  readonly length: number;
}

/** `length` bytes at `at` inside a message. */
export function field(message: Message, at: number, length: number): FieldSpan {
  return { message, offset: message.offset + at, length };
}
