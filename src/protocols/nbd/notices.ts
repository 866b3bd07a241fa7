import type { NbdMessage } from './messages.js';
import type { Side } from '../../base/input.js';

/** A header that was found inside the data of the preceding message: its stream offset and its cookie. */
export interface HeaderInside {
  readonly offset: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
}

/** What framings report to the session besides messages: where framing failed, and what was found there. */
export interface NbdNotices {
  /** Bytes between messages, or of a header, are not in the capture: any number of messages may be missing. */
  lost(side: Side, offset: number): void;
  /**
   * The bytes at `offset` are no header of this direction. `first`: up to 16 of them; `after`: the preceding message; `inside`: the next
   * header, if it was found in that message's data.
   */
  unframed(side: Side, offset: number, first: Uint8Array, after: NbdMessage | null, inside: HeaderInside | null): void;
  /** The direction ended (`how`) with `length` bytes of `message` still to come. Called before the message itself is handed on. */
  unfinished(side: Side, message: NbdMessage, length: number, how: 'fin' | 'reset' | 'open'): void;
  /** More than `limits.chains` places in the bytes of that side may be its next message, so that not all of them are followed. */
  crowded(side: Side): void;
  /** The search for the next message succeeded: `skipped` bytes before `message` were given up. */
  found(side: Side, message: NbdMessage, skipped: number): void;
  /** The direction switches to TLS at `offset`. `peerSeen`: what the sender had received when it sent the first record; -1: unknown. */
  tlsBegins(side: Side, offset: number, peerSeen: number): void;
  /** The bytes at `offset` should be a TLS record and are not. `records`: how many records came before them. */
  notTls(side: Side, offset: number, first: Uint8Array, records: number): void;
  /**
   * There are zero bytes where a reply was due: padding that does not belong there (after NBD_OPT_GO), or that both sides agreed to leave
   * out.
   */
  zeroes(offset: number, count: number, after: NbdMessage | null): void;
  /** The answer to NBD_OPT_EXPORT_NAME came without padding, although the sides did not agree to leave it out. */
  unpadded(message: NbdMessage): void;
  /** A simple reply to a command whose reply has no data is followed by as many bytes as the request's length says. */
  payloadWithoutRead(message: NbdMessage, length: number): void;
  /**
   * The data of a READ end early: a reply header was found inside them. `ended`: the direction ended before all of the data had come. Then
   * the header may be part of the data: whether another header would have followed them is not known.
   */
  readCutShort(message: NbdMessage, inside: HeaderInside, ended: boolean): void;
  /** Payload follows a simple reply that reports an error. */
  payloadAfterError(message: NbdMessage, length: number): void;
}
