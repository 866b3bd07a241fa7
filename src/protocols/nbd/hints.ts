import type { NbdMessage } from './messages.js';
import type { Side } from '../../base/input.js';

/** Nothing is known of the other direction there, and nothing will be. */
export const UNKNOWN = -1;
/** The other direction has not been decoded far enough. */
export const NOT_YET = -2;

/**
 * The one seam through which the decoder of the server's bytes learns from the client's: what NBD makes impossible to frame
 * without them. `peerSeen` is what the server had received when it sent the bytes in question (see Origin.peerSeen).
 */
export interface NbdHints {
  /** The answer to NBD_OPT_EXPORT_NAME: padding bytes (0 or 124), or that it was not asked for, or UNKNOWN, or NOT_YET. */
  exportPadding(peerSeen: number): number;
  /** Payload bytes of a simple success reply with this cookie (0 for anything but a READ), or UNKNOWN, or NOT_YET. */
  readLength(cookieHi: number, cookieLo: number, peerSeen: number): number;
  /** Further lengths that a reply with this cookie may have: READs of different length that share a cookie. */
  otherLengths(cookieHi: number, cookieLo: number): readonly number[];
  /** Length of the longest READ so far: what looks like messages may be the payload of its reply, whose header was lost. */
  longestRead(): number;
  /** Whether a request with this cookie is in flight. */
  isAsked(cookieHi: number, cookieLo: number): boolean;
  /** Length of the request other than READ that this success reply answers: its data may follow by mistake. Or UNKNOWN. */
  answeredLength(reply: NbdMessage): number;
  /** Length of the READ that this reply refused, or UNKNOWN. */
  failedRead(reply: NbdMessage): number;
}

/** `exportPadding`: the client did not send NBD_OPT_EXPORT_NAME. */
export const NOT_ASKED = -3;

/** A header that stands inside the data of the message in front of it: at that stream offset, with that cookie. */
export interface HeaderInside {
  readonly offset: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
}

/** What decoders tell the session besides messages: where framing broke, and by whose doing. */
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
  /** The search for messages succeeded: `skipped` bytes in front of `message` were given up. */
  found(side: Side, message: NbdMessage, skipped: number): void;
  /** The direction goes over to TLS at `offset`; `peerSeen`: what the sender had received when it sent the first record. */
  tlsBegins(side: Side, offset: number, peerSeen: number): void;
  /** Whether the other side of `side` is in TLS: wherever the bytes of this one go on, they are TLS as well. */
  peerIsInTls(side: Side): boolean;
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
