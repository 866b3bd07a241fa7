import { CLIENT, SERVER } from '../../base/input.js';
import { FramedDecoder } from '../../contract/framed-decoder.js';
import type { Protocol } from '../../contract/protocol.js';
import { PORT_V1 } from '../ceph/constants.js';
import { operation, outcome } from '../ceph/operation.js';
import { VARYING } from '../ceph/varying.js';
import { annotate } from './annotate.js';
import { messageNames } from './constants.js';
import { describe } from './describe.js';
import { Msgr1Framing } from './framing.js';
import { Control, DataMessage, type Msgr1Message } from './messages.js';
import { probe } from './probe.js';
import { REDACTION } from './redaction.js';
import { RULES } from './rules/frames.js';
import { Clusters, Msgr1Session } from './session.js';
import { specUrl } from './spec-url.js';

/** Ceph's messenger, version 1, which old kernels speak, and monitors on port 6789. */
export const msgr1: Protocol<Clusters, Msgr1Message> = {
  name: 'msgr1',
  title: "Ceph's messenger v1, the protocol of old kernel clients and of port 6789",
  nameWidth: 14,
  ports: [PORT_V1],
  rules: RULES,
  specUrl,
  messageNames,
  probe,
  createShared: (_options, limits) => new Clusters(limits),
  converse: (context, output, settings) => ({
    client: new FramedDecoder(CLIENT, output, settings[CLIENT], new Msgr1Framing(CLIENT)),
    server: new FramedDecoder(SERVER, output, settings[SERVER], new Msgr1Framing(SERVER)),
    session: new Msgr1Session(context, output, settings),
  }),
  redaction: REDACTION,
  varying: VARYING,
  handshake: { has: (message) => !(message instanceof DataMessage || message instanceof Control), then: 'messages' },
  operation: (message) => (message instanceof DataMessage ? operation(message) : null),
  outcome: (message) => (message instanceof DataMessage ? outcome(message) : { last: true, error: null }),
  annotate,
  describe,
};
