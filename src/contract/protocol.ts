import type { Block } from '../base/block.js';
import type { Input, Side } from '../base/input.js';
import type { JsonBytes } from '../base/json-bytes.js';
import type { TextBytes } from '../base/text-bytes.js';
import type { Limits } from '../base/limits.js';
import type { Origin } from '../base/origin.js';
import type { Confidence, Party, Rule, Severity } from '../base/rule.js';
import type { Share } from '../base/share.js';
import type { Connection, End } from '../stream/byte-stream.js';
import type { TlsEvent } from '../tls/event.js';
import type { Annotation, Json } from '../base/annotation.js';
import type { Content } from './content.js';
import type { Message } from './message.js';
import type { Operation, Outcome } from './operation.js';
import type { Redaction } from './redaction.js';

/** A finding as a rule's check raises it. The engine adds file, stream and the configured severity, and puts findings in order. */
export interface Evidence {
  /** The message that it is about; the finding is reported after it. */
  readonly message?: Message | null;
  /** Side whose bytes are the evidence; the message's, where not given. */
  readonly side?: Side;
  /** The bytes: stream offset and length; the whole message, where not given. */
  readonly offset?: number;
  readonly length?: number;
  /** One sentence with the facts: what was expected and what was found. */
  readonly text: string;
  /** Other messages involved, such as the request. */
  readonly related?: readonly Message[];
  /** `certain` where not given (`likely` for a message framed by inference). */
  readonly confidence?: Confidence;
  /** Only for rules whose severity depends on the situation; never above the rule's own. */
  readonly severity?: Severity;
  /**
   * Who is to blame, for rules that either side can break. Where not given, the side whose bytes are the evidence: the sender of a wrong
   * checksum, greeting or list.
   */
  readonly party?: Party;
  /** The packet that shows it. Where not given, the message's last packet; without a message, the latest one. */
  readonly origin?: Origin;
}

/** Why bytes of a stream did not become part of a message. */
export type SkipReason = 'resynchronised' | 'opaque' | 'undecoded';

/** What decoders and sessions report to. */
export interface Output {
  /** A message's header was decoded, its payload is still to come: for pairing, and for hints. A decoder need not call it. */
  begin(message: Message): void;
  /** A message is complete (or will never be: `complete` is false). */
  message(message: Message): void;
  /** `length` bytes at `offset` were taken from the input without becoming part of a message. Every byte is accounted for. */
  skip(side: Side, offset: number, length: number, reason: SkipReason): void;
  raise(rule: Rule, evidence: Evidence): void;
  /** Whether a finding of that rule would be reported. Saves the check of rules that are off by default. */
  wants(rule: Rule): boolean;
}

/** What a decoder may know besides its own bytes. */
export interface DecoderSettings {
  readonly limits: Readonly<Limits>;
  /** Whether byte 0 of this direction is the stream's true first byte. */
  readonly fromStart: boolean;
  /** Whether messages are printed, and so have to keep what `describe` and `annotate` need; findings and counts do not need it. */
  readonly details: boolean;
  /** Whether the messages' bytes are printed, so that `head` has to hold their first ones. */
  readonly bytes: boolean;
}

/**
 * Decodes the bytes of one direction. It never sees the bytes of the other one. Where a protocol cannot be decoded without the peer, the
 * decoder reads the few facts that it needs from a small object of the protocol's own, and marks the message as `hinted`.
 *
 * It is driven like this: while `body` is 0, `decode` is called as soon as `need` contiguous bytes are there, and takes bytes by
 * moving `input.pos` (or asks for more by raising `need`, which gathers: keep it below `limits.messageBytes`). Setting `body`
 * lets that many bytes pass without being gathered, chunk by chunk through `bodyBytes` where `wantsBody` is set; when they
 * are all there, `bodyEnd` is called.
 */
export interface Decoder<S extends Side = Side> {
  /** Contiguous bytes that must be there before `decode` is called; at least 1. */
  need: number;
  /** Bytes of the current message's body still to come; `Infinity`: all the rest. */
  body: number;
  /** Whether `bodyBytes` is to be called. */
  readonly wantsBody: boolean;
  /**
   * Set by `decode` when it needs something from the peer: it is called again when the peer's stream got further, or with `patient`
   * false when waiting is no use any longer.
   */
  waiting: boolean;
  /**
   * Set by `decode`, instead of taking bytes, where TLS begins at `input.pos`. The engine then decrypts the direction's bytes from there on,
   * clears it, and `decode` gets the plaintext, whose offsets follow those of the bytes before. `goes on`: TLS records are missing before
   * this position, so that the next byte need not be the first one of a record; `gap` may set that as well.
   */
  tls?: false | 'begins' | 'goes on';
  /** At least `need` bytes are in `input`. Takes bytes, or raises `need`, or sets `waiting`, or throws (a bug). */
  decode(input: Input<S>, patient: boolean): void;
  /** Part of the body: `block.bytes[start..end)`, at stream offset `offset`. */
  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void;
  /** `length` bytes of the body are not in the capture; `body` is already less by them. */
  bodyGap(length: number, offset: number): void;
  /** The body's last byte was taken or lost. `origin`: of that byte, or of the gap. */
  bodyEnd(origin: Origin): void;
  /**
   * `length` bytes at stream offset `offset` are not in the capture, between messages or inside a header (whose bytes before the gap
   * went to `abandon`). 0: an unknown number is missing, and offsets do not count them (recordings of sockets).
   */
  gap(length: number, offset: number): void;
  /** A gap or the end follows the input's bytes. Hands on a message if its header is complete, and skips the rest. */
  abandon(input: Input<S>, why: 'gap' | 'end'): void;
  /** The direction is over: `fin` and `reset` by the sender, `open`: the capture ended. A body may still be unfinished. */
  end(how: 'fin' | 'reset' | 'open'): void;
}

/** Joins the messages of both directions of one connection, and checks the rules that need both. */
export interface Session<M extends Message = Message> {
  /** A header was decoded (see Output.begin). */
  begin?(message: M): void;
  /** A message is complete: pair it (`inReplyTo`, `latency`), judge it. Its index is already set. */
  message(message: M): void;
  /** Stream bytes that were not captured: suspends the rules that need them. */
  gap(side: Side, offset: number, length: number): void;
  /** Bytes that did not become messages. */
  skip?(side: Side, offset: number, length: number, reason: SkipReason): void;
  /**
   * An event of the TLS layer of that side: a handshake message, an alert, or that it cannot be decrypted. `event.offset` counts in the
   * stream as captured.
   */
  tls?(side: Side, event: TlsEvent): void;
  /** One direction is over; the other one may go on. */
  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void;
  /** The connection is over: the last chance to raise findings. */
  finish(how: 'closed' | 'reset' | 'open'): void;
  /** Whether the protocol allows that this side has sent nothing at all: then its silence is no sign of a one-sided capture. */
  mayBeSilent?(side: Side): boolean;
  /** What was negotiated and counted, for the `session` object of the stream event. 64-bit values as decimal strings. */
  summary(): Record<string, Json>;
  /** The same for people: one to three short lines for the transcript's footer. */
  describe(): string[];
}

/** What a session can ask about its connection. */
export interface SessionContext<Shared = unknown> {
  /** Name of the input that the connection was found in; equal addresses in two of them need not be the same server. */
  readonly file: string;
  readonly connection: Connection;
  /** Which end of the connection is the protocol's client; null where neither handshake nor protocol can tell. */
  readonly clientEnd: End | null;
  readonly limits: Readonly<Limits>;
  /** The session's share of `limits.heldMessages`; the engine gives it back when the session is over. */
  readonly held: Share;
  /** The same for `limits.heldBytes`. */
  readonly heldBytes: Share;
  /** What the protocol remembers across the connections of one recording (tickets, listings, sibling connections). */
  readonly shared: Shared;
  /** Whether any byte of that side has been captured so far. */
  present(side: Side): boolean;
  /** Stream offset up to which that side has been decoded. */
  decodedUpTo(side: Side): number;
}

/** The first bytes of a stream, as far as they are buffered, for classification. */
export interface ProbeInput {
  /** The same object in every call for the same stream: a key for what a probe remembers of earlier calls. */
  readonly classification: object;
  readonly connection: Connection;
  /**
   * By end: contiguous bytes that it sent. They begin with the stream's first byte where `connection.start` is `captured` and `cut` is
   * false; otherwise behind the latest gap, or where bytes were given up.
   */
  readonly bytes: readonly [Uint8Array, Uint8Array];
  /** How many captured bytes of that end lie in front of `bytes`. */
  readonly at: readonly [number, number];
  /** Whether that end will send nothing more. */
  readonly ended: readonly [boolean, boolean];
  /** Whether bytes in front of `bytes` were given up unclassified, or a gap lies there. */
  readonly cut: readonly [boolean, boolean];
  readonly limits: Readonly<Limits>;
  /** Reports a limit because of which this call looked at less than `bytes`. The text begins with the limit's name. */
  limited(text: string): void;
}

/** A claim with at least this score wins at once, without comparing it with others. */
export const CERTAIN = 0.99;

export interface Claim {
  /** How sure: 1 = a magic that nothing else begins with; 0.5 = plausible; the best claim of all protocols wins. */
  readonly score: number;
  readonly by: 'magic' | 'heuristic';
  /** Which end is the protocol's client; null: cannot tell yet. */
  readonly clientEnd: End | null;
}

/** `more`: undecided, more bytes are needed; null: not this protocol. */
export type ProbeResult = Claim | 'more' | null;

/** The two decoders and the session of one connection, already connected to each other. */
export interface Conversation<M extends Message = Message> {
  readonly client: Decoder;
  readonly server: Decoder;
  readonly session: Session<M>;
}

/** See Protocol.inClear. */
export interface InClear<M extends Message = Message> {
  /** Whether the protocol itself encrypted that message: then its `head` holds the plaintext. */
  isEncrypted(message: M): boolean;
  /** The bytes that replace it in a session in clear; null: none, as it is about encryption. `bytes`: the message in plain. */
  bytesOf(message: M, bytes: Uint8Array): Uint8Array | null;
}

/** `M`: the class of its messages: its decoders make them, and its session, `annotate` and `describe` get no others. */
export interface Protocol<Shared = unknown, M extends Message = Message> {
  /** Short name: `nbd`. */
  readonly name: string;
  /** One line for help and README. */
  readonly title: string;
  /** Width, in characters, of the names of its usual messages in a transcript. */
  readonly nameWidth?: number;
  /** Its usual TCP ports; used only to decide between claims that are about equally good. */
  readonly ports: readonly number[];
  readonly rules: readonly Rule[];
  /** The URL of the section that the `spec` of one of its rules names; null where that is not public. */
  specUrl?(spec: string): string | null;
  /** Every name that a message can have; `#` stands for the number of one that has no name of its own (`NBD_CMD_#`). */
  messageNames(): readonly string[];
  /** Looks at the first bytes; cheap, called again as more arrive. */
  probe(input: ProbeInput): ProbeResult;
  /**
   * What a stream that no protocol claims seems to be, if this one recognizes it: a related protocol that its decoders do not read, or this
   * protocol, encrypted and joined late. `first`: the first bytes by end, some kilobytes at most. The text up to the first semicolon says
   * what it is, the rest what to do. null: not recognized.
   */
  relative?(first: readonly [Uint8Array, Uint8Array], connection: Connection): string | null;
  /** Throws an Error with one line for the user where the options cannot be used, before anything is read. */
  validate?(options: ProtocolOptions): void;
  /** Makes the state that the connections of one recording share. */
  createShared(options: ProtocolOptions, limits: Readonly<Limits>): Shared;
  /**
   * What was learned from connections that helps to decode others, earlier ones included: plain data that can be sent to another thread,
   * for ProtocolOptions.learned of a second pass. undefined where a second pass would be of no use.
   */
  learned?(shared: Shared): unknown;
  /** Makes the decoders and the session of one connection. `settings` by side: [client, server]. */
  converse(
    context: SessionContext<Shared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ): Conversation<M>;
  /** Which messages belong to the protocol's handshake (logins, options), if it has one; `then`: its name for the phase that follows. */
  readonly handshake?: { has(message: M): boolean; readonly then: string };
  /** A request as `stats` counts it; null for messages that ask for nothing. */
  operation?(message: M): Operation | null;
  /** What an answer (a message with `inReplyTo`) says about its request. */
  outcome?(message: M): Outcome;
  /**
   * What a message writes to a disk or to objects, or shows of their content. `bytes`: the message as captured; `request`: what it answers,
   * or null.
   */
  contents?(message: M, bytes: Uint8Array, request: M | null): readonly Content[];
  /**
   * The message as it would be without compression and encryption, with its bytes; null where it has neither, or could not be decoded.
   * `captured`: its bytes on the wire. For an encrypted message, `head` must hold all of it.
   */
  plain?(message: M, captured: () => Uint8Array): { readonly message: M; readonly bytes: Uint8Array } | null;
  /**
   * The bytes of a whole message with `size(n)` bytes of payload instead of n (never more), and its length fields adjusted; null where it has
   * no payload.
   */
  resize?(message: M, bytes: Uint8Array, size: (length: number) => number): Uint8Array | null;
  /** What `wirelint redact` keeps of its messages. Where not given: only their lengths. */
  readonly redaction?: Redaction;
  /** How encrypted sessions that could be decrypted are written in clear. Where not given: as their plaintext. */
  readonly inClear?: InClear<M>;
  /**
   * Names of fields that differ between recordings of the same actions, for `wirelint diff`. `ignored`: times, checksums, addresses;
   * `mapped`: ids, which may differ but have to correspond one to one.
   */
  readonly varying?: { readonly ignored: readonly string[]; readonly mapped: readonly string[] };
  /** The field tree of a message, from its numbers and `head`. Only called where `details` is set. Must not throw. */
  annotate(message: M): Annotation[];
  /** Writes the JSON of `fields`: the same as that of `fieldsOf(annotate(message))`, but faster, without making the tree. */
  writeFields?(message: M, out: JsonBytes): void;
  /** Whether a message's fields never change. Otherwise they depend on what the session knows when they are asked for. */
  readonly fieldsStay?: boolean;
  /**
   * The text after the name on a transcript line: decoded fields in the protocol's words, in short. Text from the wire goes through
   * `quote`. `verbose` adds the less interesting fields.
   */
  describe(message: M, verbose: boolean): string;
  /** Writes the same, safe to print, but faster, without making a string. */
  writeDescription?(message: M, verbose: boolean, out: TextBytes): void;
  /** A second line under that of the message, such as where its time went; empty: none. */
  below?(message: M): string;
}

/** Options of the user that only a protocol understands. */
export interface ProtocolOptions {
  readonly keyrings: readonly string[];
  readonly showSecrets: boolean;
  /** What an earlier pass over the same inputs has learned, by protocol (see Protocol.learned). */
  readonly learned?: Readonly<Record<string, unknown>> | undefined;
}
