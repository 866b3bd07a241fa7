import type { FieldEntry } from '../../src/select/field-catalogue.js';
import type {
  MessageEvent,
  CaptureEvent,
  FindingEvent,
  StreamEvent,
  SummaryEvent,
} from '../../src/report/event-object.js';

/** A JSON Schema (draft 7), as far as this one goes. */
export interface Schema {
  readonly [key: string]: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const text = (description: string): Schema => ({ type: 'string', description });
const one = (description: string, ...values: (string | null)[]): Schema => ({ enum: values, description });
const number = (description: string): Schema => ({ type: 'integer', minimum: 0, description });
const orNull = (kind: 'string' | 'integer', description: string): Schema => ({ type: [kind, 'null'], description });
const type = (name: string): Schema => ({ const: name, description: `\`${name}\`` });

/** An object of which all properties are always there, but for the optional ones. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

const bothWays = (kind: 'integer' | 'boolean', description: string): Schema => ({
  ...object({ 'client-to-server': { type: kind }, 'server-to-client': { type: kind } }),
  description,
});
const counts = (description: string): Schema => ({
  ...object({ error: { type: 'integer' }, warning: { type: 'integer' }, note: { type: 'integer' } }),
  description,
});

const FILE = text(
  'Name of the input as given; `-` is standard input. For a recording in several files, the name of the first one.',
);
const TIME: Schema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$',
  description: 'Time of the packet: RFC 3339, UTC, with nanoseconds.',
};
const DIRECTION = one(
  "Sender, in terms of the protocol's client and server, whichever of them opened the connection; `unknown` if it cannot be determined.",
  'client-to-server',
  'server-to-client',
  'unknown',
);
const PACKET = 'number in the capture, from 1, as in Wireshark';

/** What every event is made of; one that the types have and that is not described here does not compile. */
const CAPTURE = {
  type: type('capture'),
  file: FILE,
  format: one('The detected format of the input.', 'pcap', 'pcapng', 'strace', 'socat', 'raw', 'arca-rings'),
  linkTypes: { type: 'array', items: { type: 'integer' }, description: 'LINKTYPE_ numbers of the interfaces.' },
  resolution: text('Resolution of the time stamps: `s`, `ms`, `us`, `ns`, `ps`, or `10^-N s`, `2^-N s`.'),
  parts: {
    type: 'array',
    items: { type: 'string' },
    description: 'Only for a recording in several files (a ring buffer): all its files, in order of time.',
  },
} satisfies Record<keyof CaptureEvent, Schema>;

const MESSAGE = {
  type: type('message'),
  file: FILE,
  stream: number('Number of the stream, from 1, in order of the first packet within the file.'),
  protocol: text('Short name of the protocol: `nbd`.'),
  direction: DIRECTION,
  index: number('Number of the message in its stream, from 1, both directions together.'),
  name: text("The protocol's own name for the message, or the family and number if it has none (`NBD_CMD_42`)."),
  offset: number(
    'Position of its first byte in the byte stream of its direction, from 0 (the first captured byte, if the start was not captured).',
  ),
  length: number('Size of header and payload in bytes, as announced.'),
  packet: number(`The packet that carried its last byte: ${PACKET}.`),
  time: TIME,
  fields: { type: 'object', description: 'The fields of the message, listed below.' },
  context: one(
    '`own`: decoded from the bytes of its own direction alone; `peer`: with information from the other direction.',
    'own',
    'peer',
  ),
  complete: { type: 'boolean', description: 'Whether the whole message was captured.' },
  inReplyTo: orNull(
    'integer',
    'Index of the request that it answers; null if there is none, or if the capture has the reply first.',
  ),
  layer: { const: 'tls', description: 'Only for messages inside decrypted TLS: offsets count in the plaintext.' },
} satisfies Record<keyof MessageEvent, Schema>;

const FINDING = {
  type: type('finding'),
  file: FILE,
  stream: orNull('integer', 'Number of the stream; null for a finding about the capture itself.'),
  protocol: orNull('string', 'Short name of the protocol; null for a finding about the capture itself.'),
  rule: text('Id of the rule, for `wirelint explain`.'),
  severity: one('The effective severity, after configuration, confidence and situation.', 'error', 'warning', 'note'),
  party: one('Who is to blame; `capture`: the recording, not a peer.', 'client', 'server', 'either', 'capture'),
  confidence: one(
    '`likely`: depends on the order of packets or on inferred framing; `weak`: a guess.',
    'certain',
    'likely',
    'weak',
  ),
  direction: DIRECTION,
  message: orNull('integer', 'Index of the message that the finding is about, in the same stream.'),
  related: { type: 'array', items: { type: 'integer' }, description: 'Indices of other messages involved.' },
  offset: number('Position of the first byte of the evidence in its direction (or in the file, if `stream` is null).'),
  length: number('Size of the evidence in bytes.'),
  packet: number(`The packet that shows it: ${PACKET}.`),
  time: TIME,
  text: text('A sentence that says what was expected and what was found.'),
  spec: text('The section of the specification.'),
} satisfies Record<keyof FindingEvent, Schema>;

const STREAM = {
  type: type('stream'),
  file: FILE,
  stream: number('Number of the stream, from 1.'),
  transport: one('Transport of the stream.', 'tcp', 'unix', 'vsock'),
  client: text("The protocol's client: `10.0.0.1:40000`, `[::1]:40000`, `unix:pid=42`, `vsock:3:1024`."),
  server: text('The server: `10.0.0.2:10809`, `unix:/run/x.sock`.'),
  protocol: orNull('string', 'Short name of the protocol; null if none was recognised.'),
  classifiedBy: one('How the protocol was recognised.', 'magic', 'heuristic', 'decode-as', null),
  bytes: bothWays('integer', 'Captured bytes of each direction.'),
  missing: bothWays('integer', 'Bytes of each direction that are missing in the capture.'),
  start: one('Whether the first bytes of the stream were captured.', 'captured', 'missed'),
  end: one('How the stream ended; `open`: the capture ended first.', 'closed', 'reset', 'open'),
  messages: number('Number of messages.'),
  findings: counts('Number of findings.'),
  repeated: {
    type: 'array',
    items: { type: 'object' },
    description: 'Only if notes or warnings occurred again after they were raised: how often, and where last.',
  },
  contextFree: bothWays('boolean', 'Whether every message of the direction has the context `own`.'),
  session: {
    type: 'object',
    description: 'What the protocol negotiated and counted; `tlsSession` describes the TLS session.',
  },
} satisfies Record<keyof StreamEvent, Schema>;

const SUMMARY = {
  type: type('summary'),
  files: number('Number of captures that were read.'),
  packets: number('Number of packets.'),
  streams: number('Number of streams.'),
  messages: number('Number of messages.'),
  findings: counts('Number of findings.'),
  protocols: {
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Number of streams by protocol.',
  },
  programs: {
    type: 'array',
    items: { type: 'object' },
    description: 'Only if recordings contain it: the programs that were recorded, with their exit statuses.',
  },
} satisfies Record<keyof SummaryEvent, Schema>;

/** The properties of every event, by its type. */
export const EVENTS: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  capture: CAPTURE,
  message: MESSAGE,
  finding: FINDING,
  stream: STREAM,
  summary: SUMMARY,
};

/** What is only there in some events. */
export const OPTIONAL = ['parts', 'layer', 'repeated', 'programs'];

/** The fields of one message, by name, in the order of its bytes. */
export type MessageFields = ReadonlyMap<string, readonly FieldEntry[]>;

/** The catalogue by protocol and message. */
export function byMessage(entries: readonly FieldEntry[]): ReadonlyMap<string, MessageFields> {
  const protocols = new Map<string, Map<string, FieldEntry[]>>();
  for (const e of entries) {
    const messages = protocols.get(e.protocol) ?? new Map<string, FieldEntry[]>();
    protocols.set(e.protocol, messages);
    messages.set(e.message, [...(messages.get(e.message) ?? []), e]);
  }
  return protocols;
}

/** Fields that lie directly in an object (`''`: in `fields`). */
export function fieldsIn(fields: readonly FieldEntry[], parent: string): readonly FieldEntry[] {
  const prefix = parent === '' ? '' : `${parent}.`;
  return fields.filter((f) => f.name.startsWith(prefix) && !f.name.slice(prefix.length).includes('.'));
}

export const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

const KINDS: Readonly<Record<string, string>> = {
  int: 'integer',
  double: 'number',
  bool: 'boolean',
  list: 'array',
  map: 'object',
};
const DECIMAL = '^-?\\d+$';

function kindOf(word: string): Schema {
  return word === 'uint64' ? { type: 'string', pattern: DECIMAL } : { type: KINDS[word] ?? word };
}

function ofTypes(words: string, more: (word: string) => Schema): Schema {
  // a text that is sometimes a number is any text
  const list = words.split(' or ').filter((w, _, all) => w !== 'uint64' || !all.includes('string'));
  const kinds = list.map((w) => ({ ...kindOf(w), ...more(w) }));
  return kinds.length === 1 ? kinds[0]! : { anyOf: kinds };
}

/**
 * What lies directly in `fields` is the message's own. What lies in a structure there depends on the type and version of what it belongs
 * to (a Ceph message's `front`): captures show some of these, and the schema must hold for all, so it only gives names and examples.
 */
function fieldsSchema(fields: readonly FieldEntry[], parent: string): Schema {
  const here = fieldsIn(fields, parent);
  if (here.length === 0 && parent !== '') return {};
  const own = (f: FieldEntry): Schema =>
    ofTypes(f.type, (word) => {
      if (word === 'list' && f.items !== undefined) return { items: ofTypes(f.items, () => ({})) };
      return word === 'map' ? fieldsSchema(fields, f.name) : {};
    });
  const properties = Object.fromEntries(
    here.map((f) => [
      lastName(f.name),
      { ...(parent === '' ? own(f) : fieldsSchema(fields, f.name)), examples: [f.example] },
    ]),
  );
  if (parent !== '') return { properties };
  return object(
    properties,
    here.filter((f) => f.optional).map((f) => lastName(f.name)),
  );
}

/**
 * The schema of the events. Names of messages and fields that it does not have may occur: numbers that a protocol does not define, and
 * what a later version of wirelint decodes.
 */
export function eventsSchema(entries: readonly FieldEntry[]): Schema {
  const protocols = [...byMessage(entries)];
  const definitions = Object.fromEntries(
    protocols.flatMap(([protocol, messages]) =>
      [...messages].map(([name, fields]) => [`${protocol}.${name}`, fieldsSchema(fields, '')]),
    ),
  );
  const only = (property: string, value: string): Schema => ({
    properties: { [property]: { const: value } },
    required: [property],
  });
  const choose = protocols.map(([protocol, messages]) => ({
    if: only('protocol', protocol),
    then: {
      allOf: [...messages.keys()].map((name) => ({
        if: only('name', name),
        then: { properties: { fields: { $ref: `#/definitions/${protocol}.${name}` } } },
      })),
    },
  }));
  const events = Object.entries(EVENTS).map(([name, properties]) => ({
    if: only('type', name),
    then: { ...object(properties, OPTIONAL), ...(name === 'message' && { allOf: choose }) },
  }));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'wirelint events',
    description:
      'One event: a line of `--format ndjson`, an element of `events` of `--format json`. See docs/events.md.',
    type: 'object',
    required: ['type'],
    properties: { type: { enum: Object.keys(EVENTS) } },
    allOf: events,
    definitions,
  };
}
