import type { Message } from '../contract/message.js';
import type { Severity } from '../base/rule.js';
import type { Finding, StreamRecord } from '../engine/event.js';
import { directionOf } from '../engine/direction.js';
import { expressionFields, type ExpressionValue } from './values.js';

export interface Variable {
  readonly name: string;
  /** CEL type. */
  readonly type: string;
  /** Whether a `request` and a `reply` have it, too. */
  readonly ofMessage: boolean;
  readonly means: string;
}

/** The names that a condition may use. */
export const VARIABLES: readonly Variable[] = [
  { name: 'file', type: 'string', ofMessage: false, means: 'the input as it was named' },
  { name: 'stream', type: 'int', ofMessage: false, means: 'number of the stream, from 1' },
  { name: 'protocol', type: 'string', ofMessage: false, means: 'nbd, msgr2, ...' },
  { name: 'client', type: 'string', ofMessage: false, means: "the client's address, such as 10.0.0.1:40001" },
  { name: 'server', type: 'string', ofMessage: false, means: "the server's address" },
  { name: 'direction', type: 'string', ofMessage: true, means: 'client-to-server, server-to-client or unknown' },
  { name: 'index', type: 'int', ofMessage: true, means: "number among the stream's messages, from 1" },
  { name: 'name', type: 'string', ofMessage: true, means: 'name of the message' },
  { name: 'offset', type: 'int', ofMessage: true, means: "place of its first byte in its direction's stream" },
  { name: 'length', type: 'int', ofMessage: true, means: 'bytes of header and payload' },
  { name: 'packet', type: 'int', ofMessage: true, means: 'number of the packet that brought its last byte' },
  { name: 'time', type: 'google.protobuf.Timestamp', ofMessage: true, means: "that packet's time, to the millisecond" },
  { name: 'fields', type: 'map', ofMessage: true, means: 'its fields; `wirelint fields` lists them' },
  { name: 'context', type: 'string', ofMessage: true, means: 'own, or peer where the other direction had to help' },
  { name: 'complete', type: 'bool', ofMessage: true, means: 'whether all of it was captured' },
  { name: 'inReplyTo', type: 'dyn', ofMessage: true, means: 'index of the request that it answers, else null' },
  { name: 'latency', type: 'dyn', ofMessage: true, means: 'seconds since that request, else null' },
  { name: 'request', type: 'dyn', ofMessage: false, means: 'the message that it answers, or null' },
  { name: 'reply', type: 'dyn', ofMessage: false, means: 'its first answer, or null' },
  {
    name: 'finding',
    type: 'dyn',
    ofMessage: false,
    means: 'its gravest finding (rule, severity, party, confidence, text), or null',
  },
  { name: 'findings', type: 'list', ofMessage: false, means: 'all of them' },
];

const GRAVITY: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** One message as the variables of an expression: what is not asked for is not made. Used for one message after the other. */
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

  /** Another message of the stream as a plain object: CEL looks at own properties. */
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
