import { CLIENT, SERVER } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { Operation, Outcome } from '../contract/operation.js';
import { directionOf } from '../engine/direction.js';
import type { Divisible } from '../engine/divisible.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import { findingEvent, isInTls, streamEvent, writeFields } from '../report/event-object.js';
import { OpenRequests } from './open-requests.js';
import { TABLE_NAMES, type TableName } from './schema.js';
import { TableRows, type Encoding } from './table-rows.js';

/** Number of row groups of each capture, by its name. */
export type CaptureGroups = ReadonlyMap<string, Readonly<Record<TableName, number>>>;

/** What is needed at the end of a run besides the rows: plain data. */
export interface GatheredTables {
  readonly notFollowed: number;
  readonly groups: CaptureGroups;
}

/**
 * Number of messages that are added to their table together, and bytes that they may hold. This takes a quarter less time than to add each
 * row after its message was decoded, since the code of the two does not fit into the processor's caches together.
 */
const MOST_WAITING = 128;
const MOST_WAITING_BYTES = 256 << 10;

/** Writes the events of a run as three tables, in row groups. */
export class EventTables implements Reporter, Divisible<GatheredTables> {
  private readonly messages: TableRows<'messages'>;
  private readonly findings: TableRows<'findings'>;
  private readonly streams: TableRows<'streams'>;
  private readonly limits: Readonly<Limits>;
  /** Names of operations that wait for their replies, by stream and index of the request. */
  private readonly asked = new Map<StreamRecord, OpenRequests>();
  // those of the stream whose message was last
  private latest: StreamRecord | null = null;
  private latestAsked: OpenRequests | null = null;
  private held = 0;
  private waiting = 0;
  private waitingBytes = 0;
  private readonly waitingStreams: (StreamRecord | null)[] = [];
  private readonly waitingMessages: (Message | null)[] = [];
  /** Number of row groups of each capture that were passed on. */
  readonly groups = new Map<string, Record<TableName, number>>();
  private file = '';
  /** Number of requests whose replies have no `operation`, since too many requests were open at the same time (limit heldMessages). */
  notFollowed = 0;

  constructor(to: Encoding, limits: Readonly<Limits>) {
    this.messages = new TableRows('messages', to);
    this.findings = new TableRows('findings', to);
    this.streams = new TableRows('streams', to);
    this.limits = limits;
  }

  /** The following rows belong to another capture. */
  capture(file: string): void {
    this.endOfFile();
    this.file = file;
  }

  message(stream: StreamRecord, m: Message): void {
    if (stream.protocol!.fieldsStay !== true) {
      this.addWaiting();
      this.addMessage(stream, m);
      return;
    }
    const n = this.waiting++;
    this.waitingStreams[n] = stream;
    this.waitingMessages[n] = m;
    this.waitingBytes += m.keptBytes;
    if (this.waiting === MOST_WAITING || this.waitingBytes > MOST_WAITING_BYTES) this.addWaiting();
  }

  private addWaiting(): void {
    const { waiting, waitingStreams, waitingMessages } = this;
    this.waiting = this.waitingBytes = 0;
    for (let i = 0; i < waiting; i++) this.addMessage(waitingStreams[i]!, waitingMessages[i]!);
  }

  private addMessage(stream: StreamRecord, m: Message): void {
    const protocol = stream.protocol!;
    const c = this.messages.columns;
    c.file.add(stream.file);
    c.stream.add(stream.id);
    c.protocol.add(protocol.name);
    c.direction.add(directionOf(stream, m.side));
    c.index.add(m.index);
    c.name.add(m.name);
    c.offset.add(m.offset);
    c.length.add(m.length);
    c.packet.add(m.packet);
    c.time.add(m.seconds, m.nanos);
    c.context.add(m.hinted ? 'peer' : 'own');
    c.complete.add(m.complete);
    if (m.inReplyTo === 0) c.inReplyTo.addNone();
    else c.inReplyTo.add(m.inReplyTo);
    c.layer.add(isInTls(stream, m) ? 'tls' : null);
    if (m.latency < 0) c.latency.addNone();
    else c.latency.add(m.latency);
    const operation = protocol.operation?.(m) ?? null;
    const outcome = m.inReplyTo > 0 ? (protocol.outcome?.(m) ?? null) : null;
    const asked = m.inReplyTo > 0 ? this.askedBy(stream, m, outcome) : null;
    c.operation.add(operation?.name ?? asked);
    if (operation === null || operation.bytes < 0) c.bytes.addNone();
    else c.bytes.add(operation.bytes);
    if (operation === null || operation.offset < 0) c.position.addNone();
    else c.position.add(operation.offset);
    c.error.add(outcome?.error ?? null);
    c.fields.begin();
    writeFields(protocol, m, c.fields.text);
    c.fields.end();
    this.messages.endRow();
    if (operation !== null) this.ask(stream, m, operation);
  }

  finding(finding: Finding): void {
    const f = findingEvent(finding);
    const c = this.findings.columns;
    c.file.add(f.file);
    if (f.stream === null) c.stream.addNone();
    else c.stream.add(f.stream);
    c.protocol.add(f.protocol);
    c.rule.add(f.rule);
    c.severity.add(f.severity);
    c.party.add(f.party);
    c.confidence.add(f.confidence);
    c.direction.add(f.direction);
    if (f.message === null) c.message.addNone();
    else c.message.add(f.message);
    c.related.add(JSON.stringify(f.related));
    c.offset.add(f.offset);
    c.length.add(f.length);
    c.packet.add(f.packet);
    c.time.add(finding.seconds, finding.nanos);
    c.text.add(f.text);
    c.spec.add(f.spec);
    this.findings.endRow();
  }

  stream(s: StreamRecord): void {
    this.addWaiting();
    this.held -= this.asked.get(s)?.size ?? 0;
    this.asked.delete(s);
    if (this.latest === s) this.latest = null;
    const e = streamEvent(s);
    const c = this.streams.columns;
    c.file.add(e.file);
    c.stream.add(e.stream);
    c.transport.add(e.transport);
    c.client.add(e.client);
    c.server.add(e.server);
    c.protocol.add(e.protocol);
    c.classifiedBy.add(e.classifiedBy);
    c.firstPacket.add(s.firstPacket);
    c.firstTime.add(s.firstSeconds, s.firstNanos);
    c.clientBytes.add(s.bytes[CLIENT]);
    c.serverBytes.add(s.bytes[SERVER]);
    c.clientMissing.add(s.missing[CLIENT]);
    c.serverMissing.add(s.missing[SERVER]);
    c.start.add(e.start);
    c.end.add(e.end);
    c.messages.add(e.messages);
    c.errors.add(e.findings.error);
    c.warnings.add(e.findings.warning);
    c.notes.add(e.findings.note);
    c.clientContextFree.add(s.contextFree[CLIENT]);
    c.serverContextFree.add(s.contextFree[SERVER]);
    c.repeated.add(JSON.stringify(e.repeated ?? []));
    c.session.add(JSON.stringify(e.session));
    this.streams.endRow();
  }

  endOfFile(): void {
    this.addWaiting();
    this.waitingStreams.fill(null);
    this.waitingMessages.fill(null);
    const { messages, findings, streams } = this;
    this.count(this.file, {
      messages: messages.endCapture(),
      findings: findings.endCapture(),
      streams: streams.endCapture(),
    });
  }

  summary(): void {
    this.endOfFile();
  }

  gathered(): GatheredTables {
    const { notFollowed, groups } = this;
    return { notFollowed, groups };
  }

  goOn({ notFollowed, groups }: GatheredTables): void {
    this.notFollowed += notFollowed;
    for (const [file, numbers] of groups) this.count(file, numbers);
  }

  private count(file: string, more: Readonly<Record<TableName, number>>): void {
    const numbers = { ...more };
    for (const table of TABLE_NAMES) numbers[table] += this.groups.get(file)?.[table] ?? 0;
    this.groups.set(file, numbers);
  }

  private ask(stream: StreamRecord, m: Message, operation: Operation): void {
    if (this.held >= this.limits.heldMessages) {
      this.notFollowed++;
      return;
    }
    let open = this.askedIn(stream);
    if (open === null) {
      this.asked.set(stream, (open = new OpenRequests()));
      this.latestAsked = open;
    }
    open.add(m.index, operation.name);
    this.held++;
  }

  private askedIn(stream: StreamRecord): OpenRequests | null {
    if (this.latest !== stream) {
      this.latest = stream;
      this.latestAsked = this.asked.get(stream) ?? null;
    }
    return this.latestAsked;
  }

  /** The operation of the request that a message answers, or null. */
  private askedBy(stream: StreamRecord, m: Message, outcome: Outcome | null): string | null {
    const open = this.askedIn(stream);
    const name = open?.get(m.inReplyTo) ?? null;
    if (name !== null && (outcome?.last ?? true)) {
      open!.delete(m.inReplyTo);
      this.held--;
    }
    return name;
  }
}
