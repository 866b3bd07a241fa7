import type { Message } from '../contract/message.js';
import type { Severity } from '../base/rule.js';
import type { Finding, StreamRecord } from '../engine/event.js';
import { directionOf } from '../engine/direction.js';
import { VARIABLES } from './variables.js';
import { expressionFields, type ExpressionValue } from './values.js';

const GRAVITY: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/**
 * Presents one message as the variables of an expression. Values are computed only when the expression reads them. One view is reused for
 * all messages.
 */
export class MessageView {
  private record!: StreamRecord;
  private message!: Message;
  private about: readonly Finding[] = [];
  private asked: Message | null = null;
  private answer: Message | null = null;
  private made: Record<string, ExpressionValue> | null = null;

  of(
    stream: StreamRecord,
    message: Message,
    findings: readonly Finding[],
    request: Message | null,
    reply: Message | null,
  ): this {
    this.record = stream;
    this.message = message;
    this.about = findings;
    this.asked = request;
    this.answer = reply;
    this.made = null;
    return this;
  }

  get file(): string {
    return this.record.file;
  }
  get stream(): bigint {
    return BigInt(this.record.id);
  }
  get protocol(): string {
    return this.record.protocol!.name;
  }
  get client(): string {
    const { connection, clientEnd } = this.record;
    return connection.endpoints[clientEnd];
  }
  get server(): string {
    const { connection, clientEnd } = this.record;
    return connection.endpoints[clientEnd === 0 ? 1 : 0];
  }
  get direction(): string {
    return directionOf(this.record, this.message.side);
  }
  get index(): bigint {
    return BigInt(this.message.index);
  }
  get name(): string {
    return this.message.name;
  }
  get offset(): bigint {
    return BigInt(this.message.offset);
  }
  get length(): bigint {
    return BigInt(this.message.length);
  }
  get packet(): bigint {
    return BigInt(this.message.packet);
  }
  get time(): Date {
    return new Date(this.message.seconds * 1000 + Math.floor(this.message.nanos / 1e6));
  }
  get fields(): Record<string, ExpressionValue> {
    this.made ??= expressionFields(this.record.protocol!.annotate(this.message));
    return this.made;
  }
  get context(): string {
    return this.message.hinted ? 'peer' : 'own';
  }
  get complete(): boolean {
    return this.message.complete;
  }
  get inReplyTo(): bigint | null {
    return this.message.inReplyTo === 0 ? null : BigInt(this.message.inReplyTo);
  }
  get latency(): number | null {
    return this.message.latency < 0 ? null : this.message.latency / 1e9;
  }
  get request(): object | null {
    return this.other(this.asked);
  }
  get reply(): object | null {
    return this.other(this.answer);
  }
  get finding(): object | null {
    let gravest: Finding | null = null;
    for (const f of this.about) if (gravest === null || GRAVITY[f.severity] < GRAVITY[gravest.severity]) gravest = f;
    return gravest === null ? null : findingValue(gravest);
  }
  get findings(): object[] {
    return this.about.map(findingValue);
  }

  /** Another message of the stream as a plain object, because CEL only looks at own properties. */
  private other(message: Message | null): object | null {
    if (message === null) return null;
    const view = new MessageView().of(this.record, message, [], null, null);
    const object = {};
    for (const { name, ofMessage } of VARIABLES) {
      if (ofMessage)
        Object.defineProperty(object, name, {
          enumerable: true,
          get: (): unknown => view[name as Exclude<keyof MessageView, 'of'>],
        });
    }
    return object;
  }
}

function findingValue(f: Finding): object {
  return {
    rule: f.rule.id,
    severity: f.severity,
    party: f.party,
    confidence: f.confidence,
    direction: directionOf(f.stream, f.side),
    offset: BigInt(f.offset),
    length: BigInt(f.length),
    packet: BigInt(f.packet),
    text: f.text,
    spec: f.rule.spec,
  };
}
