import type { CaptureEvent, FindingEvent, MessageEvent, StreamEvent, SummaryEvent } from './event-object.js';
import type { MessageFields } from './message-fields.js';

/** Short names of the protocols that wirelint knows. */
export type ProtocolName = keyof MessageFields;

/** Names of a protocol's messages. Numbers without a name are patterns (`NBD_CMD_${number}`). */
export type MessageName<P extends ProtocolName = ProtocolName> = P extends ProtocolName
  ? keyof MessageFields[P] & string
  : never;

/** A message event of one kind, such as `MessageOf<'nbd', 'NBD_CMD_READ'>`. */
export interface MessageOf<P extends ProtocolName, N extends MessageName<P>> extends Omit<MessageEvent, 'fields'> {
  readonly protocol: P;
  readonly name: N;
  readonly fields: MessageFields[P][N];
}

type MessagesOf<P extends ProtocolName> = { [N in MessageName<P>]: MessageOf<P, N> }[MessageName<P>];

/** A message of any protocol that wirelint knows. `protocol` and `name` narrow the type of `fields`. */
export type TypedMessageEvent = { [P in ProtocolName]: MessagesOf<P> }[ProtocolName];

/** The events of captures that are read with wirelint's own protocols. */
export type TypedEvent = CaptureEvent | TypedMessageEvent | FindingEvent | StreamEvent | SummaryEvent;
