import type { Limits } from '../base/limits.js';
import type { Origin } from '../base/origin.js';
import type { End } from '../stream/byte-stream.js';
import type { Hello } from './hello.js';

/** The record that an event is about: its sender, its offset in the stream as captured (not in the plaintext), its packet and time. */
export interface RecordPlace {
  readonly end: End;
  readonly offset: number;
  readonly length: number;
  readonly origin: Origin;
}

/** What a TLS connection reports besides plaintext. */
export type TlsEvent = RecordPlace &
  (
    | {
        /** A handshake message. `words`: its content, for people; `minor`: shown only where all details were asked for. */
        readonly kind: 'handshake';
        readonly name: string;
        readonly words: string;
        readonly minor: boolean;
        readonly hello: Hello | null;
      }
    | { readonly kind: 'alert'; readonly name: string; readonly fatal: boolean; readonly encrypted: boolean }
    /** `first`: the bytes where a record should begin, after `records` records. The rest of the direction is not read. */
    | { readonly kind: 'not-tls'; readonly first: Uint8Array; readonly records: number }
    /** Nothing of the direction can be opened from here on. `lacking`: the reason, as part of a sentence. */
    | { readonly kind: 'opaque'; readonly lacking: string }
    /** A record did not authenticate, although none is missing before it. */
    | { readonly kind: 'bad-record'; readonly number: number }
    /** Records are missing here, or did not authenticate: some of what the sender sent may be missing. */
    | { readonly kind: 'missing' }
    /** Records are opened again after a loss; `lost`: how many were lost; null: unknown. */
    | { readonly kind: 'found'; readonly lost: number | null }
    | { readonly kind: 'limit'; readonly limit: keyof Limits; readonly text: string }
  );

/** Takes what comes out of a TLS connection. */
export interface TlsOutput {
  /** The next bytes of application data that `end` sent. `origin`: the packet that completed their record; reused. */
  plain(end: End, bytes: Uint8Array, origin: Origin): void;
  /** Application data may be missing here; how much is unknown. */
  lost(end: End, origin: Origin): void;
  /** Stream bytes that could not be decrypted. */
  opaque(end: End, offset: number, length: number): void;
  /** That many stream bytes belong to TLS itself: headers, tags, padding, handshake messages, alerts. */
  overhead(end: End, length: number): void;
  tell(event: TlsEvent): void;
}
