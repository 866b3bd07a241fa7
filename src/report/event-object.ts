import { CLIENT, SERVER } from '../base/input.js';
import type { Confidence, Party, Severity } from '../base/rule.js';
import type { JsonBytes } from '../base/json-bytes.js';
import { rfc3339 } from '../base/time.js';
import type { CaptureFormat, CaptureInfo } from '../capture/packet.js';
import { fieldsOf, type Json } from '../base/annotation.js';
import type { Message } from '../contract/message.js';
import type { Protocol } from '../contract/protocol.js';
import { directionOf, type Direction } from '../engine/direction.js';
import type { Counts, EndedProgram, Finding, Repeated, StreamRecord, Summary } from '../engine/event.js';

/** The events of the ndjson format as plain objects. Names, order and types are a promise to users. */

export type { Direction };

export interface BothWays<T> {
  readonly 'client-to-server': T;
  readonly 'server-to-client': T;
}

export interface CaptureEvent {
  readonly type: 'capture';
  readonly file: string;
  readonly format: CaptureFormat;
  /** LINKTYPE_ numbers. */
  readonly linkTypes: readonly number[];
  readonly resolution: string;
  /** The files of a recording that consists of several, in order of time. `file` is the first, and packets are numbered through all. */
  readonly parts?: readonly string[];
}

export interface MessageEvent {
  readonly type: 'message';
  readonly file: string;
  readonly stream: number;
  readonly protocol: string;
  readonly direction: Direction;
  readonly index: number;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly packet: number;
  readonly time: string;
  readonly fields: Readonly<Record<string, Json>>;
  readonly context: 'own' | 'peer';
  readonly complete: boolean;
  readonly inReplyTo: number | null;
  /** The message came from decrypted TLS; `offset` and `length` count in the plaintext. */
  readonly layer?: 'tls';
}

export interface FindingEvent {
  readonly type: 'finding';
  readonly file: string;
  readonly stream: number | null;
  readonly protocol: string | null;
  readonly rule: string;
  readonly severity: Severity;
  readonly party: Party;
  readonly confidence: Confidence;
  readonly direction: Direction;
  readonly message: number | null;
  readonly related: readonly number[];
  readonly offset: number;
  readonly length: number;
  readonly packet: number;
  readonly time: string;
  readonly text: string;
  readonly spec: string;
}

export interface StreamEvent {
  readonly type: 'stream';
  readonly file: string;
  readonly stream: number;
  readonly transport: 'tcp' | 'unix' | 'vsock';
  readonly client: string;
  readonly server: string;
  readonly protocol: string | null;
  readonly classifiedBy: 'magic' | 'heuristic' | 'decode-as' | null;
  readonly bytes: BothWays<number>;
  readonly missing: BothWays<number>;
  readonly start: 'captured' | 'missed';
  readonly end: 'closed' | 'reset' | 'open';
  readonly messages: number;
  readonly findings: Readonly<Counts>;
  /** Notes and warnings that occurred again after they were reported; absent if none did. */
  readonly repeated?: readonly RepeatedFinding[];
  readonly contextFree: BothWays<boolean>;
  readonly session: Readonly<Record<string, Json>>;
}

/** How often a finding occurred in a stream that was reported only the first time. */
export interface RepeatedFinding {
  readonly rule: string;
  readonly severity: Severity;
  readonly party: Party;
  /** The message of the reported finding, and its packet. Together with the rule they identify the finding. */
  readonly message: number | null;
  readonly packet: number;
  /** Number of occurrences, the first included. */
  readonly times: number;
  /** Packet of the last one. */
  readonly lastPacket: number;
  /** Texts of occurrences that differ in more than numbers; absent if there are none. */
  readonly others?: readonly string[];
}

export interface SummaryEvent {
  readonly type: 'summary';
  readonly files: number;
  readonly packets: number;
  readonly streams: number;
  readonly messages: number;
  readonly findings: Readonly<Counts>;
  readonly protocols: Readonly<Record<string, number>>;
  /** How recorded programs ended; absent if no recording tells. */
  readonly programs?: readonly EndedProgram[];
}

export type Event = CaptureEvent | MessageEvent | FindingEvent | StreamEvent | SummaryEvent;

export function captureEvent(file: string, info: CaptureInfo): CaptureEvent {
  const { format, linkTypes, resolution, parts } = info;
  return { type: 'capture', file, format, linkTypes, resolution, ...(parts === undefined ? {} : { parts }) };
}

export function messageEvent(stream: StreamRecord, m: Message): MessageEvent {
  const protocol = stream.protocol!;
  return {
    type: 'message',
    file: stream.file,
    stream: stream.id,
    protocol: protocol.name,
    direction: directionOf(stream, m.side),
    index: m.index,
    name: m.name,
    offset: m.offset,
    length: m.length,
    packet: m.packet,
    time: rfc3339(m.seconds, m.nanos),
    fields: fieldsOf(protocol.annotate(m)),
    context: m.hinted ? 'peer' : 'own',
    complete: m.complete,
    inReplyTo: m.inReplyTo === 0 ? null : m.inReplyTo,
    ...(isInTls(stream, m) && { layer: 'tls' }),
  };
}

/** Writes the JSON of a message's `fields`. */
export function writeFields(protocol: Protocol, m: Message, out: JsonBytes): void {
  if (protocol.writeFields === undefined) out.json(JSON.stringify(fieldsOf(protocol.annotate(m))));
  else protocol.writeFields(m, out);
}

export function findingEvent(f: Finding): FindingEvent {
  return {
    type: 'finding',
    file: f.file,
    stream: f.stream?.id ?? null,
    protocol: f.stream?.protocol?.name ?? null,
    rule: f.rule.id,
    severity: f.severity,
    party: f.party,
    confidence: f.confidence,
    direction: directionOf(f.stream, f.side),
    message: indexOf(f.message),
    related: f.related.filter((m) => m.index > 0).map((m) => m.index),
    offset: f.offset,
    length: f.length,
    packet: f.packet,
    time: rfc3339(f.seconds, f.nanos),
    text: f.text,
    spec: f.rule.spec,
  };
}

function indexOf(message: Message | null): number | null {
  return message === null || message.index === 0 ? null : message.index;
}

export function streamEvent(s: StreamRecord): StreamEvent {
  const { connection, clientEnd } = s;
  return {
    type: 'stream',
    file: s.file,
    stream: s.id,
    transport: connection.transport,
    client: connection.endpoints[clientEnd],
    server: connection.endpoints[clientEnd === 0 ? 1 : 0],
    protocol: s.protocol?.name ?? null,
    classifiedBy: s.classifiedBy,
    bytes: bothWays(s.bytes),
    missing: bothWays(s.missing),
    start: connection.start,
    end: s.end,
    messages: s.messages,
    findings: { error: s.findings.error, warning: s.findings.warning, note: s.findings.note },
    ...(s.repeated.length > 0 && { repeated: s.repeated.map(repeatedFinding) }),
    contextFree: bothWays(s.contextFree),
    session: sessionOf(s),
  };
}

function repeatedFinding({ finding, times, lastPacket, others }: Repeated): RepeatedFinding {
  const { rule, severity, party, message, packet } = finding;
  return {
    rule: rule.id,
    severity,
    party,
    message: indexOf(message),
    packet,
    times,
    lastPacket,
    ...(others.length > 0 && { others }),
  };
}

/** Whether the message came from decrypted TLS. */
export function isInTls(stream: StreamRecord, m: Message): boolean {
  return m.offset >= stream.tlsFrom[m.side];
}

/** What the protocol negotiated, and the TLS layer below it. */
function sessionOf(s: StreamRecord): Record<string, Json> {
  const session = s.session?.summary() ?? {};
  return s.tls === null ? session : { ...session, tlsSession: s.tls.summary() };
}

function bothWays<T>(pair: readonly [T, T]): BothWays<T> {
  return { 'client-to-server': pair[CLIENT], 'server-to-client': pair[SERVER] };
}

export function summaryEvent(s: Summary): SummaryEvent {
  return {
    type: 'summary',
    files: s.files,
    packets: s.packets,
    streams: s.streams,
    messages: s.messages,
    findings: { error: s.findings.error, warning: s.findings.warning, note: s.findings.note },
    protocols: { ...s.protocols },
    ...(s.programs.length > 0 && { programs: s.programs.map((p) => ({ ...p })) }),
  };
}
