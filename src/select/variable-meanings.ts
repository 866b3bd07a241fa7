import type { VariableName } from './variables.js';

/** Descriptions of a condition's variables, for people. */
export const MEANINGS: Readonly<Record<VariableName, string>> = {
  file: 'name of the input, as given',
  stream: 'number of the stream, from 1',
  protocol: 'nbd, msgr2, ...',
  client: "the client's address, such as 10.0.0.1:40001",
  server: "the server's address",
  direction: 'client-to-server, server-to-client or unknown',
  index: "number among the stream's messages, from 1",
  name: 'name of the message',
  offset: "position of its first byte in its direction's stream",
  length: 'size of header and payload in bytes',
  packet: 'number of the packet that carried its last byte',
  time: "that packet's time, to the millisecond",
  fields: 'its fields; `wirelint fields` lists them',
  context: 'own, or peer if bytes of the other direction were needed',
  complete: 'whether all of it was captured',
  inReplyTo: 'index of the request that it answers',
  latency: 'seconds since that request',
  request: 'the message that it answers',
  reply: 'its first answer',
  finding: 'its most severe finding (rule, severity, party, confidence, text)',
  findings: 'all its findings',
};
