import type { Side } from '../base/input.js';
import type { Pair } from '../base/pair.js';
import type { Confidence, Party, Rule, Severity } from '../base/rule.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Protocol, Session, SkipReason } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import type { TlsConnection } from '../tls/connection.js';
import type { TlsEvent } from '../tls/event.js';

export type Counts = Record<Severity, number>;

/** What is known of one stream; filled while it lasts, complete when it is reported as ended. */
export interface StreamRecord {
  /** The input's name as given. */
  readonly file: string;
  readonly id: number;
  readonly connection: Connection;
  protocol: Protocol | null;
  classifiedBy: 'magic' | 'heuristic' | 'decode-as' | null;
  /** Which end is the protocol's client; where nothing tells, end 0, and `rolesKnown` is false. */
  clientEnd: End;
  rolesKnown: boolean;
  session: Session | null;
  /** Time of its first packet. */
  readonly firstSeconds: number;
  readonly firstNanos: number;
  readonly firstPacket: number;
  /** Captured stream bytes by side: [client's, server's]. */
  readonly bytes: [number, number];
  /** Stream bytes that the capture lost, by side. */
  missing: Pair<number>;
  /** Captured bytes that are not part of a message, by side and reason. */
  skipped: Pair<Readonly<Record<SkipReason, number>>>;
  end: 'closed' | 'reset' | 'open';
  messages: number;
  findings: Readonly<Counts>;
  /** Notes and warnings that were raised once, and came again; filled when the stream ends. */
  repeated: readonly Repeated[];
  /** By side: whether every message so far was decoded from its own direction alone. */
  contextFree: Pair<boolean>;
  /** By side: offset in the plaintext from which on it came out of TLS; Infinity: none did. */
  tlsFrom: Pair<number>;
  /** The TLS layer of the stream, or null. */
  tls: TlsConnection | null;
  /** By side: captured bytes that were TLS's own (headers, tags, handshake). */
  tlsOverhead: Pair<number>;
  /** First bytes by end, of a stream that no protocol claimed. */
  firstBytes: [Uint8Array, Uint8Array] | null;
  /** What such a stream is, where a protocol knows it by name and does not decode it. */
  relative: string | null;
}

/** A note or warning that a stream gave cause for more than once: raised at its first place, then counted. */
export interface Repeated {
  /** As it was raised. */
  readonly finding: Finding;
  /** In all, the first one included. */
  readonly times: number;
  /** The packet of the last one. */
  readonly lastPacket: number;
  /** What others said that the first did not, as far as it is kept. */
  readonly others: readonly string[];
}

/** A violation or diagnostic, after configuration. */
export interface Finding {
  readonly file: string;
  /** Null for a finding about the capture itself. */
  readonly stream: StreamRecord | null;
  readonly rule: Rule;
  readonly severity: Severity;
  readonly party: Party;
  readonly confidence: Confidence;
  readonly side: Side | null;
  readonly message: Message | null;
  readonly related: readonly Message[];
  readonly offset: number;
  readonly length: number;
  readonly packet: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly text: string;
}

export interface Summary {
  files: number;
  packets: number;
  streams: number;
  messages: number;
  readonly findings: Counts;
  /** Streams by protocol. */
  readonly protocols: Record<string, number>;
  /** Messages by protocol. */
  readonly messagesByProtocol: Record<string, number>;
  /** The programs that recordings were made of, as far as these say how they ended. */
  readonly programs: EndedProgram[];
}

/** How the program ended that a recording was made of. */
export interface EndedProgram {
  readonly file: string;
  readonly exitStatus: number;
}

/**
 * Takes the events in capture order. Objects are live: a stream record goes on changing until `stream` is called with it.
 * Messages and findings are not kept by the engine after the call.
 */
export interface Reporter {
  capture(file: string, info: CaptureInfo): void;
  /** A file of a joined recording begins, and with it the packet of that number. */
  part?(file: string, path: string, firstPacket: number): void;
  /** Time of an input's first packet, to which a transcript's times are relative. */
  begin?(file: string, seconds: number, nanos: number): void;
  /** A stream was recognised (its record has the protocol); before its first message. */
  open?(stream: StreamRecord): void;
  message(stream: StreamRecord, message: Message): void;
  finding(finding: Finding): void;
  /** A TLS handshake message or alert of a stream that is open. */
  secured?(stream: StreamRecord, side: Side, event: TlsEvent): void;
  /**
   * Bytes for the decoder of that side, `bytes[start..end)`, at `offset` of its plaintext: as captured, or out of TLS. An offset that
   * lies before what was given so far takes that back: it was TLS, and is given again as what is inside.
   */
  data?(stream: StreamRecord, side: Side, offset: number, bytes: Uint8Array, start: number, end: number): void;
  /** `length` bytes at `offset` of that side did not become part of a message. */
  skipped?(stream: StreamRecord, side: Side, offset: number, length: number, reason: SkipReason): void;
  /** A stream ended, or its capture did. */
  stream(stream: StreamRecord): void;
  /** One input is done. */
  /** The recording says with which exit status the program ended that it was made of. */
  ended?(file: string, exitStatus: number): void;
  endOfFile?(file: string, packets: number): void;
  summary(summary: Summary): void;
  /** Everything that was reported must now be visible (called when input pauses). */
  flush?(): void;
}
