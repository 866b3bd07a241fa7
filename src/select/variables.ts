export interface Variable {
  readonly name: string;
  /** CEL type. */
  readonly type: string;
  /** Whether `request` and `reply` have it as well. */
  readonly ofMessage: boolean;
}

/**
 * The names that a condition may use. Their descriptions are in variable-meanings.ts, apart from here because the HTML page does not need
 * them.
 */
export const VARIABLES = [
  { name: 'file', type: 'string', ofMessage: false },
  { name: 'stream', type: 'int', ofMessage: false },
  { name: 'protocol', type: 'string', ofMessage: false },
  { name: 'client', type: 'string', ofMessage: false },
  { name: 'server', type: 'string', ofMessage: false },
  { name: 'direction', type: 'string', ofMessage: true },
  { name: 'index', type: 'int', ofMessage: true },
  { name: 'name', type: 'string', ofMessage: true },
  { name: 'offset', type: 'int', ofMessage: true },
  { name: 'length', type: 'int', ofMessage: true },
  { name: 'packet', type: 'int', ofMessage: true },
  { name: 'time', type: 'google.protobuf.Timestamp', ofMessage: true },
  { name: 'fields', type: 'map', ofMessage: true },
  { name: 'context', type: 'string', ofMessage: true },
  { name: 'complete', type: 'bool', ofMessage: true },
  { name: 'inReplyTo', type: 'dyn', ofMessage: true },
  { name: 'latency', type: 'dyn', ofMessage: true },
  { name: 'request', type: 'dyn', ofMessage: false },
  { name: 'reply', type: 'dyn', ofMessage: false },
  { name: 'finding', type: 'dyn', ofMessage: false },
  { name: 'findings', type: 'list', ofMessage: false },
] as const satisfies readonly Variable[];

export type VariableName = (typeof VARIABLES)[number]['name'];
