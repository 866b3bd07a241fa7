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
