import type { NbdMessage } from './messages.js';
import type { Side } from '../../base/input.js';

/** A header that stands inside the data of the message in front of it: at that stream offset, with that cookie. */
export interface HeaderInside {
  readonly offset: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
}

/** What framings tell the session besides messages: where framing broke, and by whose doing. */
export interface NbdNotices {
  /** Bytes between messages, or of a header, are not in the capture: any number of messages may be missing. */
  lost(side: Side, offset: number): void;
  /**
   * The bytes at `offset` are no header of this direction. `first` holds up to 16 of them; `after`: the message in front; `inside`: the
   * next header, where it stands in that message's data.
   */
  unframed(side: Side, offset: number, first: Uint8Array, after: NbdMessage | null, inside: HeaderInside | null): void;
  /** The direction ended (`how`) with `length` bytes of `message` still to come. Told before the message itself. */
  unfinished(side: Side, message: NbdMessage, length: number, how: 'fin' | 'reset' | 'open'): void;
  /** More places than `limits.chains` may be the next message of that side. */
  crowded(side: Side): void;
  /** The search for messages succeeded: `skipped` bytes in front of `message` were given up. */
  found(side: Side, message: NbdMessage, skipped: number): void;
  /** The direction goes over to TLS at `offset`; `peerSeen`: what the sender had received when it sent the first record. */
  tlsBegins(side: Side, offset: number, peerSeen: number): void;
  /** Bytes that should be a TLS record are none, after `records` that were. */
  notTls(side: Side, offset: number, first: Uint8Array, records: number): void;
  /** Zero bytes where a reply was due: padding that does not belong there (after GO), or not agreed on. */
  zeroes(offset: number, count: number, after: NbdMessage | null): void;
  /** The answer to NBD_OPT_EXPORT_NAME came without the padding that was agreed on. */
  unpadded(message: NbdMessage): void;
  /** As many bytes as the request names follow a simple reply to a command that has no data in its reply. */
  payloadWithoutRead(message: NbdMessage, length: number): void;
  /**
   * The data of a READ end early: a reply header stands inside them. `ended`: the direction ended before all that was due had come, so
   * that it is not certain that no reply would have followed it.
   */
  readCutShort(message: NbdMessage, inside: HeaderInside, ended: boolean): void;
  /** Payload follows a simple reply that reports an error. */
  payloadAfterError(message: NbdMessage, length: number): void;
}
