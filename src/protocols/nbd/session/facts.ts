import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { having, NEITHER, NO_PAIR, type Pair } from '../../../base/pair.js';
import type { Rule } from '../../../base/rule.js';
import type { DecoderSettings, Evidence, Output, SessionContext } from '../../../contract/protocol.js';
import { LimitNotes } from '../../../contract/limit-notes.js';
import type { Message } from '../../../contract/message.js';
import { Witness } from '../../../contract/witness.js';
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

/** What most sessions select. */
export const NO_CONTEXTS: ReadonlyMap<number, string> = new Map();

const NOTHING_BEFORE_TLS: BeforeTls = { structuredAck: null, extendedAck: null, contexts: NO_CONTEXTS };

/**
 * What is known of one connection: what was negotiated, by whom it was seen, and which evidence the capture holds. The parts of the
 * session share it.
 */
export class Facts {
  readonly context: SessionContext;
  private readonly output: Output;
  /** See DecoderSettings. */
  readonly details: boolean;
  /** What the capture lacks, and what a side had received when it sent something. */
  readonly witness: Witness;
  /** Whether a breach by that side was found: it excuses a hard disconnect by the other one. */
  breached = NEITHER;
  /**
   * The server goes on in clear behind an acknowledged NBD_OPT_STARTTLS, and nothing asks for that: the client speaks TLS, or has not said
   * anything since.
   */
  saysInClear = false;

  /** By side: the message of which an error was found last. What goes wrong right behind it is its doing. */
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
  /** Replies of the server are missing, or it is not clear from them what was agreed on. */
  agreementInDoubt = false;
  /** The server's side of the haggling was captured from its start to the transmission phase. */
  negotiationSeen = false;
  /** The server's bytes show that it is past haggling; the client's show that the client thinks so. */
  serverTransmits = false;
  clientTransmits = false;
  /** TLS was agreed on, or has begun. */
  tls = false;
  private readonly tlsTold: TlsTold;
  /** What the server's framing learns of the client. */
  readonly clientTold: ClientTold;
  /** By side: a message of it came out of TLS. */
  tlsOpened = NEITHER;
  /** What was agreed on in clear, and ended with NBD_OPT_STARTTLS. */
  beforeTls = NOTHING_BEFORE_TLS;

  /** Export size: halves, and the double where it is exact enough to compute with; -1: unknown. */
  sizeHi = 0;
  sizeLo = 0;
  size = -1;
  /** Transmission flags; -1: unknown. */
  flags = -1;
  /** Block sizes that the server advertised for this export; null where it did not, or that is unknown. */
  blockSizes: BlockSizes | null = null;
  /** Whether the client asked for block sizes in the NBD_OPT_GO that was acknowledged; null: unknown. */
  sizesRequested: boolean | null = null;
  /** Metadata contexts that the server selected, by id. */
  contexts: ReadonlyMap<number, string> = NO_CONTEXTS;
  /** Whether `contexts` is all there is. */
  contextsKnown = false;
  /** Export name of the last NBD_OPT_SET_META_CONTEXT that succeeded, as it was on the wire (latin1), and of the session. */
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

  /** By side: offset of the first byte that came, or would come, out of TLS. */
  get tlsFrom(): Pair<number> {
    return this.tlsTold.from;
  }

  /** Whether the message stood inside TLS. */
  isInTls(m: Message): boolean {
    return m.offset >= this.tlsFrom[m.side];
  }

  /** Whether the message stood inside TLS that NBD_OPT_STARTTLS began: not in a tunnel, of which NBD knows nothing. */
  isBehindStartTls(m: Message): boolean {
    return this.tlsFrom[m.side] > 0 && this.isInTls(m);
  }

  /** The session is past haggling. What the client thinks tells only where the server's bytes are not all there. */
  get transmission(): boolean {
    return this.serverTransmits || (this.clientTransmits && !this.witness.whole(SERVER));
  }

  /** The end of the connection that is the client, or null. */
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

  /** Tells of limits; made with the first one. */
  get limits(): LimitNotes {
    return (this.notes ??= new LimitNotes(this.output));
  }

  raise(rule: Rule, evidence: Evidence): void {
    // what a server says in clear that had agreed on TLS answers nothing, and that is told already
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
