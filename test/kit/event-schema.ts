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
  "The input's name as given; `-` is standard input. Of a recording in several files, the first one's.",
);
const TIME: Schema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$',
  description: 'RFC 3339, UTC, with nanoseconds: that of the packet.',
};
const DIRECTION = one(
  "Who sent it, as the protocol's client and server, whoever opened the connection; `unknown` where nothing tells.",
  'client-to-server',
  'server-to-client',
  'unknown',
);
const PACKET = 'number in the capture, from 1, as in Wireshark';

/** What every event is made of; one that the types have and that is not described here does not compile. */
const CAPTURE = {
  type: type('capture'),
  file: FILE,
  format: one('What the input was found to be.', 'pcap', 'pcapng', 'strace', 'socat', 'raw', 'arca-rings'),
  linkTypes: { type: 'array', items: { type: 'integer' }, description: 'LINKTYPE_ numbers of its interfaces.' },
  resolution: text('Of its time stamps: `s`, `ms`, `us`, `ns`, `ps`, or `10^-N s`, `2^-N s`.'),
  parts: {
    type: 'array',
    items: { type: 'string' },
    description: 'Only for a recording in several files (a ring buffer): all of them, in order of time.',
  },
} satisfies Record<keyof CaptureEvent, Schema>;

const MESSAGE = {
  type: type('message'),
  file: FILE,
  stream: number("The stream's number, from 1, in order of first packet within the file."),
  protocol: text('Short name of the protocol: `nbd`.'),
  direction: DIRECTION,
  index: number('Counts the messages of the stream, both directions together, from 1.'),
  name: text("The protocol's own name of the message; one without a name is its family and number (`NBD_CMD_42`)."),
  offset: number(
    "Of its first byte in its direction's byte stream, from 0 (the first captured byte, where the start was not captured).",
  ),
  length: number('Bytes of header and payload, as announced.'),
  packet: number(`The packet that brought its last byte: ${PACKET}.`),
  time: TIME,
  fields: { type: 'object', description: 'What it says: the fields of its kind, below.' },
  context: one(
    "`own`: decoded from its own direction's bytes alone; `peer`: with knowledge from the other direction.",
    'own',
    'peer',
  ),
  complete: { type: 'boolean', description: 'Whether all of it was captured.' },
  inReplyTo: orNull(
    'integer',
    'Index of the request that it answers; null where it answers none, or the capture has the reply first.',
  ),
  layer: { const: 'tls', description: 'Only where it stood inside opened TLS: offsets count in the plaintext.' },
} satisfies Record<keyof MessageEvent, Schema>;

const FINDING = {
  type: type('finding'),
  file: FILE,
  stream: orNull('integer', "The stream's number; null for a finding about the capture itself."),
  protocol: orNull('string', 'Short name of the protocol; null for a finding about the capture itself.'),
  rule: text('Id of the rule: `wirelint explain` tells about it.'),
  severity: one('As it counts here: after configuration, confidence and situation.', 'error', 'warning', 'note'),
  party: one('Who is to blame; `capture`: the recording, and neither peer.', 'client', 'server', 'either', 'capture'),
  confidence: one(
    '`likely`: depends on capture order or on framing by inference; `weak`: a guess.',
    'certain',
    'likely',
    'weak',
  ),
  direction: DIRECTION,
  message: orNull('integer', 'Index of the message that it is about, in the same stream.'),
  related: { type: 'array', items: { type: 'integer' }, description: 'Indices of other messages involved.' },
  offset: number('Of the first byte of the evidence, in its direction (or in the file, where `stream` is null).'),
  length: number('Bytes of the evidence.'),
  packet: number(`The packet that shows it: ${PACKET}.`),
  time: TIME,
  text: text('One sentence: what was expected, and what was found.'),
  spec: text('The section of the specification.'),
} satisfies Record<keyof FindingEvent, Schema>;

const STREAM = {
  type: type('stream'),
  file: FILE,
  stream: number('Its number, from 1.'),
  transport: one('What carried it.', 'tcp', 'unix', 'vsock'),
  client: text("The protocol's client: `10.0.0.1:40000`, `[::1]:40000`, `unix:pid=42`, `vsock:3:1024`."),
  server: text('The server: `10.0.0.2:10809`, `unix:/run/x.sock`.'),
  protocol: orNull('string', 'Short name of the protocol; null where none was recognised.'),
  classifiedBy: one('How it was recognised.', 'magic', 'heuristic', 'decode-as', null),
  bytes: bothWays('integer', 'Captured bytes of each direction.'),
  missing: bothWays('integer', 'Bytes of each direction that the capture lost.'),
  start: one('Whether its first bytes were captured.', 'captured', 'missed'),
  end: one('`open`: the capture ended before it did.', 'closed', 'reset', 'open'),
  messages: number('How many it had.'),
  findings: counts('How many findings it had.'),
  repeated: {
    type: 'array',
    items: { type: 'object' },
    description: 'Only where notes and warnings came again after they were raised: how often, and where the last time.',
  },
  contextFree: bothWays('boolean', 'Whether every message of that direction had the context `own`.'),
  session: { type: 'object', description: 'What the protocol negotiated and counted; `tlsSession`: the TLS below it.' },
} satisfies Record<keyof StreamEvent, Schema>;

const SUMMARY = {
  type: type('summary'),
  files: number('Captures that were read.'),
  packets: number('Packets in them.'),
  streams: number('Streams in them.'),
  messages: number('Messages in them.'),
  findings: counts('Findings in them.'),
  protocols: {
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Streams by protocol.',
  },
  programs: {
    type: 'array',
    items: { type: 'object' },
    description: 'Only where recordings say so: the programs that they were made of, with their exit statuses.',
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
