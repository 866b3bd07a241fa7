import type { VariableName } from './variables.js';

/** Descriptions of a condition's variables, for people. */
export const MEANINGS: Readonly<Record<VariableName, string>> = {
  file: 'the input as it was named',
  stream: 'number of the stream, from 1',
  protocol: 'nbd, msgr2, ...',
  client: "the client's address, such as 10.0.0.1:40001",
  server: "the server's address",
  direction: 'client-to-server, server-to-client or unknown',
  index: "number among the stream's messages, from 1",
  name: 'name of the message',
  offset: "place of its first byte in its direction's stream",
  length: 'bytes of header and payload',
  packet: 'number of the packet that brought its last byte',
  time: "that packet's time, to the millisecond",
  fields: 'its fields; `wirelint fields` lists them',
  context: 'own, or peer where the other direction had to help',
  complete: 'whether all of it was captured',
  inReplyTo: 'index of the request that it answers, else null',
  latency: 'seconds since that request, else null',
  request: 'the message that it answers, or null',
  reply: 'its first answer, or null',
  finding: 'its gravest finding (rule, severity, party, confidence, text), or null',
  findings: 'all of them',
};
