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
  /** Stream bytes that are not in the capture, by side. */
  missing: Pair<number>;
  /** Captured bytes that are not part of a message, by side and reason. */
  skipped: Pair<Readonly<Record<SkipReason, number>>>;
  end: 'closed' | 'reset' | 'open';
  messages: number;
  findings: Readonly<Counts>;
  /** Notes and warnings that were raised once and then only counted; filled when the stream ends. */
  repeated: readonly Repeated[];
  /** By side: whether every message so far was decoded from its own direction alone. */
  contextFree: Pair<boolean>;
  /** By side: plaintext offset from which on the bytes came out of TLS; Infinity: none did. */
  tlsFrom: Pair<number>;
  /** The TLS layer of the stream, or null. */
  tls: TlsConnection | null;
  /** By side: captured bytes that belong to TLS itself (headers, tags, handshake). */
  tlsOverhead: Pair<number>;
  /** First bytes by end, of a stream that no protocol claimed. */
  firstBytes: [Uint8Array, Uint8Array] | null;
  /** What a stream seems to be that no protocol claims: see Protocol.relative. */
  relative: string | null;
}

/** A note or warning that applied more than once in a stream: raised at the first place, then counted. */
export interface Repeated {
  /** As it was raised. */
  readonly finding: Finding;
  /** In all, the first one included. */
  readonly times: number;
  /** The packet of the last one. */
  readonly lastPacket: number;
  /** Texts of later ones that differ from the first in more than numbers; only a few are kept. */
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
  /** The recorded programs, where the recording tells how they ended. */
  readonly programs: EndedProgram[];
}

/** How a recorded program ended. */
export interface EndedProgram {
  readonly file: string;
  readonly exitStatus: number;
}

/**
 * Takes the events in capture order. A stream record goes on changing until `stream` is called with it. The engine does not keep messages
 * and findings after the call.
 */
export interface Reporter {
  capture(file: string, info: CaptureInfo): void;
  /** A file of a joined recording begins; its first packet has that number. */
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
   * Bytes for the decoder of that side, `bytes[start..end)`, at `offset` of its plaintext: as captured, or out of TLS. Where `offset` lies
   * before bytes that were given already, those turned out to be TLS records: the decrypted bytes replace them.
   */
  data?(stream: StreamRecord, side: Side, offset: number, bytes: Uint8Array, start: number, end: number): void;
  /** `length` bytes at `offset` of that side did not become part of a message. */
  skipped?(stream: StreamRecord, side: Side, offset: number, length: number, reason: SkipReason): void;
  /** A stream ended, or its capture did. */
  stream(stream: StreamRecord): void;
  /** The recording tells with which exit status the recorded program ended. */
  ended?(file: string, exitStatus: number): void;
  /** One input is done. */
  endOfFile?(file: string, packets: number): void;
  summary(summary: Summary): void;
  /** Everything that was reported must now be visible (called when input pauses). */
  flush?(): void;
}
