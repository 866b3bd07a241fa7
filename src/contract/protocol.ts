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

/** What a rule found, as its check says it; the engine adds file, stream, severity after configuration, and order. */
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
   * Who is to blame, for rules that either side can break. Where not given, it is the side whose bytes are the evidence: whoever sent
   * a wrong checksum, a wrong greeting or a wrong list is known.
   */
  readonly party?: Party;
  /** The packet that shows it, where that is not the message's (nor, without a message, the latest). */
  readonly origin?: Origin;
}

/** Why bytes of a stream did not become part of a message. */
export type SkipReason = 'resynchronised' | 'opaque' | 'undecoded';

/** Where decoders and sessions put what they find. */
export interface Output {
  /** A message's header was decoded, its payload is still to come: for pairing, and for hints. Optional; before `message`. */
  begin(message: Message): void;
  /** A message is complete (or will never be: `complete` is false). */
  message(message: Message): void;
  /** `length` bytes at `offset` were taken from the input without becoming part of a message. Every byte is accounted for. */
  skip(side: Side, offset: number, length: number, reason: SkipReason): void;
  raise(rule: Rule, evidence: Evidence): void;
  /** Whether a finding of that rule would be reported: for rules that are off by default and would often be raised in vain. */
  wants(rule: Rule): boolean;
}

/** What a decoder may know besides its own bytes. */
export interface DecoderSettings {
  readonly limits: Readonly<Limits>;
  /** Whether byte 0 of this direction is the stream's true first byte. */
  readonly fromStart: boolean;
  /** Whether messages are printed, and should keep what `describe` and `annotate` need; findings and counts do without. */
  readonly details: boolean;
  /** Whether their bytes are printed, and `head` should hold their first ones. */
  readonly bytes: boolean;
}

/**
 * Decodes the bytes of one direction. It never sees the other one; what a protocol makes impossible without the peer comes
 * through `hints`, a seam that each protocol defines narrowly, and marks the message as `hinted`.
 *
 * It is driven like this: while `body` is 0, `decode` is called as soon as `need` contiguous bytes are there, and takes bytes by
 * moving `input.pos` (or asks for more by raising `need`, which gathers: keep it below `limits.messageBytes`). Setting `body`
 * lets that many bytes pass without being gathered, chunk by chunk through `bodyBytes` where `wantsBody` is set; when they
 * are all there, `bodyEnd` is called.
 */
export interface Decoder<S extends Side = Side> {
  /** Contiguous bytes wanted before `decode` is called; at least 1. */
  need: number;
  /** Bytes of the current message's body still to come; `Infinity`: all the rest. */
  body: number;
  /** Whether `bodyBytes` is to be called. */
  readonly wantsBody: boolean;
  /**
   * Set by `decode` when only the peer can tell how to go on: it is then called again when the peer's stream got further,
   * or with `patient` false when there is no use in waiting any longer.
   */
  waiting: boolean;
  /**
   * Set by `decode`, instead of taking bytes, where TLS `begins` at `input.pos`: the engine takes the direction's bytes from there on,
   * clears it, and `decode` goes on with the plaintext, whose offsets follow those of the bytes in clear. `goes on`: records are missing
   * in front, so that the next byte need not be the first of one; `gap` may set that as well.
   */
  tls?: false | 'begins' | 'goes on';
  /** At least `need` bytes are in `input`. Takes bytes, or raises `need`, or sets `waiting`, or throws (a bug). */
  decode(input: Input<S>, patient: boolean): void;
  /** Part of the body: `block.bytes[start..end)`, at stream offset `offset`. */
  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void;
  /** `length` bytes of the body are not in the capture; `body` is already less by them. */
  bodyGap(length: number, offset: number): void;
  /** The body's last byte was taken (or lost). `missing`: whether any of it was lost. */
  bodyEnd(origin: Origin): void;
  /**
   * `length` bytes at stream offset `offset` are not in the capture, between messages or inside a header (the
   * bytes of a header that was cut by it have been given to `abandon`). 0: nobody knows how many, and offsets go on without
   * them (recordings of sockets).
   */
  gap(length: number, offset: number): void;
  /** The input's bytes can never be completed: a gap or the end follows. Emit what the header allows, skip the rest. */
  abandon(input: Input<S>, why: 'gap' | 'end'): void;
  /** The direction is over: `fin` and `reset` by the sender, `open`: the capture ended. A body may still be unfinished. */
  end(how: 'fin' | 'reset' | 'open'): void;
}

/** Joins the messages of both directions of one connection, and is where rules that need both are noticed. */
export interface Session<M extends Message = Message> {
  /** A header was decoded (see Output.begin). */
  begin?(message: M): void;
  /** A message is complete: pair it (`inReplyTo`, `latency`), judge it. Its index is already set. */
  message(message: M): void;
  /** Stream bytes that were not captured; suspends what they touch. */
  gap(side: Side, offset: number, length: number): void;
  /** Bytes that did not become messages. */
  skip?(side: Side, offset: number, length: number, reason: SkipReason): void;
  /**
   * What a TLS layer that a decoder asked for tells of that side: handshake messages, alerts, that it cannot be opened. Its bytes lie
   * at `event.offset` of the stream as captured.
   */
  tls?(side: Side, event: TlsEvent): void;
  /** One direction is over. `missing` messages may still be announced by the other one. */
  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void;
  /** The connection is over; last chance to judge. */
  finish(how: 'closed' | 'reset' | 'open'): void;
  /** Whether that side can have said nothing at all by the protocol: then its silence is no sign of a one-sided capture. */
  mayBeSilent?(side: Side): boolean;
  /** What was negotiated and counted, for the `session` object of the stream event. 64-bit values as decimal strings. */
  summary(): Record<string, Json>;
  /** The same for people: one to three short lines for the transcript's footer. */
  describe(): string[];
}

/** What a session is told of its connection. */
export interface SessionContext<Shared = unknown> {
  /** Name of the input that the connection was found in; equal addresses in two of them need not be the same server. */
  readonly file: string;
  readonly connection: Connection;
  /** Which end of the connection is the protocol's client; null where neither handshake nor protocol can tell. */
  readonly clientEnd: End | null;
  readonly limits: Readonly<Limits>;
  /** What the session takes of `limits.heldMessages`; the engine gives it back when the session is over. */
  readonly held: Share;
  /** The same of `limits.heldBytes`. */
  readonly heldBytes: Share;
  /** What the protocol remembers across the connections of one run (tickets, listings, sibling connections). */
  readonly shared: Shared;
  /** Whether any byte of that side has been captured so far. */
  present(side: Side): boolean;
  /** Stream offset up to which that side has been decoded. */
  decodedUpTo(side: Side): number;
}

/** The first bytes of a stream, as far as they are buffered, for classification. */
export interface ProbeInput {
  /** The same object for every look at the same two streams: what a probe remembers of earlier looks goes with it. */
  readonly classification: object;
  readonly connection: Connection;
  /**
   * What each end sent (the end that connected first), without a hole: from the stream's start where `connection.start` says so and
   * nothing was cut; behind a gap, only what came after it.
   */
  readonly bytes: readonly [Uint8Array, Uint8Array];
  /** How many captured bytes of that end lie in front of `bytes`. */
  readonly at: readonly [number, number];
  /** Whether that end will send nothing more. */
  readonly ended: readonly [boolean, boolean];
  /** Whether bytes in front of `bytes` were given up unclassified, or a gap lies there. */
  readonly cut: readonly [boolean, boolean];
  readonly limits: Readonly<Limits>;
  /** Tells of a limit because of which this look saw less than `bytes`. The text begins with the limit's name. */
  limited(text: string): void;
}

/** Claims with a score from here on need no comparison. */
export const CERTAIN = 0.99;

export interface Claim {
  /** How sure: 1 = a magic that nothing else begins with; 0.5 = plausible; the best claim of all protocols wins. */
  readonly score: number;
  readonly by: 'magic' | 'heuristic';
  /** Which end is the protocol's client; null: cannot tell yet. */
  readonly clientEnd: End | null;
}

/** `more`: could be mine, cannot say yet; null: not mine. */
export type ProbeResult = Claim | 'more' | null;

/** The two decoders and the session of one connection, already wired to each other. */
export interface Conversation<M extends Message = Message> {
  readonly client: Decoder;
  readonly server: Decoder;
  readonly session: Session<M>;
}

/** See Protocol.inClear. */
export interface InClear<M extends Message = Message> {
  /** Whether the protocol itself encrypted that message: its bytes in plain are then its `head`. */
  isEncrypted(message: M): boolean;
  /** What takes its place in clear; null: nothing does, since it is about encryption. `bytes`: the message in plain. */
  bytesOf(message: M, bytes: Uint8Array): Uint8Array | null;
}

/** `M`: what its decoders make, and all that its session, `annotate` and `describe` are given. */
export interface Protocol<Shared = unknown, M extends Message = Message> {
  /** Short name: `nbd`. */
  readonly name: string;
  /** One line for help and README. */
  readonly title: string;
  /** Columns that the names of its usual messages take in a transcript. */
  readonly nameWidth?: number;
  /** TCP ports that speak for it, as a tie-break only. */
  readonly ports: readonly number[];
  readonly rules: readonly Rule[];
  /** The address of the text that the `spec` of one of its rules names; null where it does not stand in public. */
  specUrl?(spec: string): string | null;
  /** Every name that a message can have; `#` stands for the number of one that has no name of its own (`NBD_CMD_#`). */
  messageNames(): readonly string[];
  /** Looks at the first bytes; cheap, called again as more arrive. */
  probe(input: ProbeInput): ProbeResult;
  /**
   * What a stream seems to be that no protocol claimed and that this one knows: a relative that its decoders do not read, or its own bytes,
   * encrypted and joined late. `first`: the first bytes by end, some kilobytes at most. Up to the first semicolon: what it is; behind it:
   * what to do. null: no idea.
   */
  relative?(first: readonly [Uint8Array, Uint8Array], connection: Connection): string | null;
  /** Throws an Error with one line for the user where the options cannot be used, before anything is read. */
  validate?(options: ProtocolOptions): void;
  /** State shared by the connections of one recording. */
  createShared(options: ProtocolOptions, limits: Readonly<Limits>): Shared;
  /**
   * What connections have taught that helps to read others, wherever these stand in the input: plain data that can go to another
   * thread, for the `learned` of a second pass. undefined where a second pass would be of no use.
   */
  learned?(shared: Shared): unknown;
  /** `settings` by side: [client, server]. */
  converse(
    context: SessionContext<Shared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ): Conversation<M>;
  /** The messages in front of those that a session is for (logins, options), where a protocol has such; `then`: what it calls those behind. */
  readonly handshake?: { has(message: M): boolean; readonly then: string };
  /** What a request asks for, as it is counted; null for messages that ask for nothing. */
  operation?(message: M): Operation | null;
  /** What an answer (a message with `inReplyTo`) says of its request. */
  outcome?(message: M): Outcome;
  /**
   * What a message writes to a disk or to objects, or shows of them. `bytes`: the message as captured; `request`: what it answers, or
   * null.
   */
  contents?(message: M, bytes: Uint8Array, request: M | null): readonly Content[];
  /**
   * The same message as it would be without compression and encryption, with its bytes; null where it has neither, or could not be opened.
   * `captured`: its bytes on the wire. Of encrypted ones `head` must hold all.
   */
  plain?(message: M, captured: () => Uint8Array): { readonly message: M; readonly bytes: Uint8Array } | null;
  /**
   * The bytes of a whole message with `size(n)` bytes of payload instead of n (never more), its lengths made to fit; null where it has
   * none.
   */
  resize?(message: M, bytes: Uint8Array, size: (length: number) => number): Uint8Array | null;
  /** What a copy for others keeps of its messages; nothing but their lengths, where not given. */
  readonly redaction?: Redaction;
  /** How its sessions are written in clear that were encrypted, and opened; they are written as they were in plain, where not given. */
  readonly inClear?: InClear<M>;
  /**
   * Names of fields that differ between recordings of the same thing: those that mean nothing then (times, checksums, addresses), and ids
   * that only have to map one to one.
   */
  readonly varying?: { readonly ignored: readonly string[]; readonly mapped: readonly string[] };
  /** The field tree of a message, from its numbers and `head`. Only called where `details` is set. Must not throw. */
  annotate(message: M): Annotation[];
  /** Writes the JSON of `fields`: that of `fieldsOf(annotate(message))`, where it can be had faster than by way of the tree. */
  writeFields?(message: M, out: JsonBytes): void;
  /** Whether the fields of a message stay as they are: those of others depend on what their session knows when they are asked for. */
  readonly fieldsStay?: boolean;
  /**
   * What stands behind the name on a transcript line: decoded fields in the protocol's words, in short. Text from the wire goes
   * through `quote`. `verbose` adds the less interesting ones.
   */
  describe(message: M, verbose: boolean): string;
  /** Writes the same, safe to print, where that can be had faster than by way of the text. */
  writeDescription?(message: M, verbose: boolean, out: TextBytes): void;
  /** A line under the message's own, such as where its time went; empty: none. */
  below?(message: M): string;
}

/** Options of the user that only a protocol understands. */
export interface ProtocolOptions {
  readonly keyrings: readonly string[];
  readonly showSecrets: boolean;
  /** What an earlier pass over the same inputs has learned, by protocol (see Protocol.learned). */
  readonly learned?: Readonly<Record<string, unknown>> | undefined;
}
