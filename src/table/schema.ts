/**
 * The tables of `-f parquet` and `query`. They are a promise to users (docs/parquet.md): a column keeps its name, type and meaning. New
 * columns may be added; then the version is incremented.
 */
export const TABLE_VERSION = 1;

/** `text`: UTF-8; `json`: JSON in UTF-8; `integer`: 64 bits, signed; `time`: nanoseconds since 1970 UTC; `flag`: true or false. */
export type ColumnType = 'text' | 'json' | 'integer' | 'time' | 'flag';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether it may be null. */
  readonly optional?: true;
  readonly about: string;
}

const MESSAGES = [
  { name: 'file', type: 'text', about: "the capture's name as given" },
  { name: 'stream', type: 'integer', about: 'number of the stream in its file, from 1' },
  { name: 'protocol', type: 'text', about: '`nbd`, `msgr2`, `pesto`, `arca`' },
  { name: 'direction', type: 'text', about: '`client-to-server`, `server-to-client` or `unknown`' },
  { name: 'index', type: 'integer', about: 'number of the message in its stream, from 1, both directions together' },
  { name: 'name', type: 'text', about: "the protocol's own name of the message" },
  { name: 'offset', type: 'integer', about: "position of its first byte in its direction's bytes, from 0" },
  { name: 'length', type: 'integer', about: 'bytes, header and payload' },
  { name: 'packet', type: 'integer', about: 'number of the packet that brought its last byte' },
  { name: 'time', type: 'time', about: "that packet's time" },
  { name: 'context', type: 'text', about: '`own`, or `peer` where the other direction was needed to decode it' },
  { name: 'complete', type: 'flag', about: 'whether all of it was captured' },
  { name: 'inReplyTo', type: 'integer', optional: true, about: 'index of the request that it answers' },
  { name: 'layer', type: 'text', optional: true, about: '`tls` where it stood inside opened TLS' },
  {
    name: 'latency',
    type: 'integer',
    optional: true,
    about: 'of an answer: nanoseconds since the last byte of its request',
  },
  {
    name: 'operation',
    type: 'text',
    optional: true,
    about: 'what is asked for (`READ`), in requests and in their answers; null in what is neither',
  },
  { name: 'bytes', type: 'integer', optional: true, about: 'of a request: bytes that it moves or is about' },
  {
    name: 'position',
    type: 'integer',
    optional: true,
    about: 'of a request: where in the disk or object these bytes begin',
  },
  { name: 'error', type: 'text', optional: true, about: 'of an answer: name of the error that it reports' },
  { name: 'fields', type: 'json', about: "all fields of the message, as the event's `fields`" },
] as const satisfies readonly TableColumn[];

const FINDINGS = [
  { name: 'file', type: 'text', about: "the capture's name as given" },
  {
    name: 'stream',
    type: 'integer',
    optional: true,
    about: 'number of the stream; null where it is about the capture',
  },
  { name: 'protocol', type: 'text', optional: true, about: 'the protocol of the stream' },
  { name: 'rule', type: 'text', about: 'id of the rule' },
  { name: 'severity', type: 'text', about: '`error`, `warning` or `note`' },
  { name: 'party', type: 'text', about: '`client`, `server`, `either` or `capture`' },
  { name: 'confidence', type: 'text', about: '`certain`, `likely` or `weak`' },
  { name: 'direction', type: 'text', about: 'as in messages' },
  { name: 'message', type: 'integer', optional: true, about: 'index of the message that it is about' },
  { name: 'related', type: 'json', about: 'indexes of other messages that it is about, a list' },
  { name: 'offset', type: 'integer', about: "first byte that it points at, in its direction's bytes" },
  { name: 'length', type: 'integer', about: 'bytes that it points at' },
  { name: 'packet', type: 'integer', about: 'number of the packet' },
  { name: 'time', type: 'time', about: "that packet's time" },
  { name: 'text', type: 'text', about: 'what is wrong' },
  { name: 'spec', type: 'text', about: 'the text that the rule rests on' },
] as const satisfies readonly TableColumn[];

const STREAMS = [
  { name: 'file', type: 'text', about: "the capture's name as given" },
  { name: 'stream', type: 'integer', about: 'number of the stream in its file, from 1' },
  { name: 'transport', type: 'text', about: '`tcp`, `unix` or `vsock`' },
  { name: 'client', type: 'text', about: 'endpoint of the client' },
  { name: 'server', type: 'text', about: 'endpoint of the server' },
  { name: 'protocol', type: 'text', optional: true, about: 'null where no protocol claimed it' },
  { name: 'classifiedBy', type: 'text', optional: true, about: '`magic`, `heuristic` or `decode-as`' },
  { name: 'firstPacket', type: 'integer', about: 'number of its first packet' },
  { name: 'firstTime', type: 'time', about: "that packet's time" },
  { name: 'clientBytes', type: 'integer', about: 'captured bytes that the client sent' },
  { name: 'serverBytes', type: 'integer', about: 'captured bytes that the server sent' },
  { name: 'clientMissing', type: 'integer', about: "bytes of the client's that the capture lost" },
  { name: 'serverMissing', type: 'integer', about: "bytes of the server's that the capture lost" },
  { name: 'start', type: 'text', about: '`captured` or `missed`' },
  { name: 'end', type: 'text', about: '`closed`, `reset` or `open`' },
  { name: 'messages', type: 'integer', about: 'number of its messages' },
  { name: 'errors', type: 'integer', about: 'findings of that severity' },
  { name: 'warnings', type: 'integer', about: 'findings of that severity' },
  { name: 'notes', type: 'integer', about: 'findings of that severity' },
  {
    name: 'clientContextFree',
    type: 'flag',
    about: "whether all of the client's messages were decoded without the server's",
  },
  {
    name: 'serverContextFree',
    type: 'flag',
    about: "whether all of the server's messages were decoded without the client's",
  },
  {
    name: 'repeated',
    type: 'json',
    about: 'notes and warnings that came again, as in the event; an empty list where none did',
  },
  { name: 'session', type: 'json', about: 'what the protocol negotiated' },
] as const satisfies readonly TableColumn[];

/** The tables by name. Each is a file `NAME.parquet`. */
export const TABLES = { messages: MESSAGES, findings: FINDINGS, streams: STREAMS } as const;
export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];
