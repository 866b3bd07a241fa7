import { MODE_GUESSED, OPAQUE, RESYNCHRONISED } from '../../base/capture-rules.js';
import { SERVER, type Side } from '../../base/input.js';
import type { Origin } from '../../base/origin.js';
import { count } from '../../base/text.js';
import type { Json } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import type { DecoderSettings, Output, Session, SessionContext } from '../../contract/protocol.js';
import { Facts } from './facts.js';
import { Haggling } from './haggling.js';
import type { NbdHints, NbdNotices } from './hints.js';
import {
  CHUNK,
  CLIENT_FLAGS,
  EXPORT_INFO,
  GREETING,
  OPTION,
  OPTION_REPLY,
  REQUEST,
  SIMPLE_REPLY,
  type Chunk,
  type ClientFlags,
  type ExportInfo,
  type Greeting,
  type NbdMessage,
  type Option,
  type OptionReply,
  type Request,
  type SimpleReply,
} from './messages.js';
import type { NbdShared } from './shared.js';
import { describeSession, summarise } from './summary.js';
import { Transmission } from './transmission.js';

/** Joins the two directions of one NBD connection: what was negotiated, which reply answers which request, and what breaks the rules. */
export class NbdSession implements Session, NbdHints, NbdNotices {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly transmission: Transmission;
  private guessed = false;

  constructor(
    context: SessionContext<NbdShared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ) {
    this.facts = new Facts(context, output, settings);
    this.haggling = new Haggling(this.facts);
    this.transmission = new Transmission(this.facts);
  }

  begin(message: Message): void {
    if ((message as NbdMessage).kind === REQUEST) this.transmission.register(message as Request);
  }

  message(message: Message): void {
    const m = message as NbdMessage;
    switch (m.kind) {
      case REQUEST:
        if (!m.begun) this.transmission.register(m as Request);
        break;
      case SIMPLE_REPLY:
        this.transmission.simpleReply(m as SimpleReply);
        break;
      case CHUNK:
        this.chunk(m as Chunk);
        break;
      case OPTION:
        this.haggling.option(m as Option);
        break;
      case OPTION_REPLY:
        this.haggling.reply(m as OptionReply);
        break;
      case GREETING:
        this.haggling.greeting(m as Greeting);
        break;
      case CLIENT_FLAGS:
        this.haggling.clientFlags(m as ClientFlags);
        break;
      case EXPORT_INFO:
        this.haggling.exportInfo(m as ExportInfo);
        break;
    }
  }

  private chunk(m: Chunk): void {
    const scan = m.extents;
    if (scan !== null && scan.headComplete) scan.context = this.facts.contexts.get(scan.contextId) ?? null;
    this.transmission.chunk(m);
  }

  gap(): void {
    // what a gap touches depends on where the decoder was: it says so by `lost`, or in the message itself
  }

  end(_side: Side, _how: 'fin' | 'reset' | 'open', _origin: Origin): void {
    return;
  }

  finish(_how: 'closed' | 'reset' | 'open'): void {
    this.transmission.table.clear();
  }

  summary(): Record<string, Json> {
    return summarise(this.facts, this.transmission);
  }

  describe(): string[] {
    return describeSession(this.facts, this.transmission);
  }

  // ---- NbdHints

  exportPadding(peerSeen: number): number {
    return this.haggling.exportPadding(peerSeen);
  }

  readLength(cookieHi: number, cookieLo: number, peerSeen: number): number {
    return this.transmission.readLength(cookieHi, cookieLo, peerSeen);
  }

  otherLengths(cookieHi: number, cookieLo: number): readonly number[] {
    return this.transmission.otherLengths(cookieHi, cookieLo);
  }

  failedRead(reply: NbdMessage): number {
    return this.transmission.failedRead(reply);
  }

  // ---- NbdNotices

  lost(side: Side): void {
    this.facts.lost(side);
    this.transmission.lost(side);
  }

  unframed(side: Side): void {
    this.facts.lost(side);
    this.transmission.lost(side);
  }

  found(side: Side, message: NbdMessage, skipped: number): void {
    const { facts } = this;
    if (skipped > 0) {
      facts.raise(RESYNCHRONISED, {
        message,
        side,
        text: `${count(skipped, 'byte')} skipped; decoding goes on with ${message.name} at stream offset ${message.offset}`,
      });
    }
    if (this.guessed || facts.greeting !== null || side !== SERVER) return;
    this.guessed = true;
    const form = message.kind === SIMPLE_REPLY ? 'simple replies' : message.name;
    facts.raise(MODE_GUESSED, {
      message,
      side,
      text: `no handshake in the capture; the form of the replies is taken from their headers (${form} at stream offset ${message.offset})`,
    });
  }

  tls(side: Side, offset: number): void {
    this.facts.tls = true;
    if (side !== SERVER) return;
    this.facts.raise(OPAQUE, {
      side,
      offset,
      length: 0,
      text: 'the session is encrypted with TLS from here on; its secrets would be needed to go on',
    });
  }

  notTls(side: Side): void {
    this.facts.lost(side);
  }

  tlsRecord(): void {
    return;
  }

  zeroes(): void {
    return;
  }

  unpadded(): void {
    return;
  }

  payloadAfterError(): void {
    return;
  }
}
