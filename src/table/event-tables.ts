import { CLIENT, SERVER } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { safeJson } from '../base/text.js';
import type { Message } from '../contract/message.js';
import type { Operation } from '../contract/operation.js';
import { directionOf } from '../engine/direction.js';
import type { Divisible } from '../engine/divisible.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import { fieldsText, findingEvent, isInTls, streamEvent } from '../report/event-object.js';
import { TABLE_NAMES, type TableName } from './schema.js';
import { TableRows, type RowGroup } from './table-file.js';

/** Takes the row groups of all tables; `bytes` are valid during the call only. */
export type TableGroups = (table: TableName, bytes: Uint8Array, group: RowGroup) => void;

/** Row groups of each capture, by its name. */
export type CaptureGroups = ReadonlyMap<string, Readonly<Record<TableName, number>>>;

/** What remains to be said when the rows are out: plain data. */
export interface GatheredTables {
  readonly notFollowed: number;
  readonly groups: CaptureGroups;
}

/** The events of a run as three tables, in row groups. */
export class EventTables implements Reporter, Divisible<GatheredTables> {
  private readonly messages: TableRows<'messages'>;
  private readonly findings: TableRows<'findings'>;
  private readonly streams: TableRows<'streams'>;
  private readonly limits: Readonly<Limits>;
  /** Names of operations that wait for their answers, by stream and index of the request. */
  private readonly asked = new Map<StreamRecord, Map<number, string>>();
  private held = 0;
  /** Row groups that were handed on of each capture. */
  readonly groups = new Map<string, Record<TableName, number>>();
  private file = '';
  /** Requests whose answers have no `operation`: too many waited at once (limit heldMessages). */
  notFollowed = 0;

  constructor(to: TableGroups, limits: Readonly<Limits>) {
    const rows = <N extends TableName>(table: N): TableRows<N> =>
      new TableRows(table, (bytes, group) => to(table, bytes, group));
    this.messages = rows('messages');
    this.findings = rows('findings');
    this.streams = rows('streams');
    this.limits = limits;
  }

  /** The next rows are of another capture. */
  capture(file: string): void {
    this.endOfFile();
    this.file = file;
  }

  message(stream: StreamRecord, m: Message): void {
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
    c.inReplyTo.add(m.inReplyTo === 0 ? null : m.inReplyTo);
    c.layer.add(isInTls(stream, m) ? 'tls' : null);
    c.latency.add(m.latency < 0 ? null : m.latency);
    const operation = protocol.operation?.(m) ?? null;
    const answered = m.inReplyTo > 0 ? this.answered(stream, m) : null;
    c.operation.add(operation?.name ?? answered?.name ?? null);
    c.bytes.add(operation === null || operation.bytes < 0 ? null : operation.bytes);
    c.position.add(operation === null || operation.offset < 0 ? null : operation.offset);
    c.error.add(answered?.error ?? null);
    c.fields.add(safeJson(fieldsText(protocol, m)));
    this.messages.endRow();
    if (operation !== null) this.ask(stream, m, operation);
  }

  finding(finding: Finding): void {
    const f = findingEvent(finding);
    const c = this.findings.columns;
    c.file.add(f.file);
    c.stream.add(f.stream);
    c.protocol.add(f.protocol);
    c.rule.add(f.rule);
    c.severity.add(f.severity);
    c.party.add(f.party);
    c.confidence.add(f.confidence);
    c.direction.add(f.direction);
    c.message.add(f.message);
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
    this.held -= this.asked.get(s)?.size ?? 0;
    this.asked.delete(s);
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
    c.repeated.add(safeJson(JSON.stringify(e.repeated ?? [])));
    c.session.add(safeJson(JSON.stringify(e.session)));
    this.streams.endRow();
  }

  endOfFile(): void {
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
    let open = this.asked.get(stream);
    if (open === undefined) this.asked.set(stream, (open = new Map<number, string>()));
    open.set(m.index, operation.name);
    this.held++;
  }

  /** What the request was that a message answers, and the error that it reports. */
  private answered(stream: StreamRecord, m: Message): { readonly name: string | null; readonly error: string | null } {
    const open = this.asked.get(stream);
    const name = open?.get(m.inReplyTo) ?? null;
    const outcome = stream.protocol!.outcome?.(m) ?? null;
    if (name !== null && (outcome?.last ?? true)) {
      open!.delete(m.inReplyTo);
      this.held--;
    }
    return { name, error: outcome?.error ?? null };
  }
}
