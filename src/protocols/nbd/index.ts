import { CLIENT, SERVER } from '../../base/input.js';
import { FramedDecoder } from '../../contract/framed-decoder.js';
import type { Protocol } from '../../contract/protocol.js';
import { annotate, writeFields } from './annotate.js';
import { IANA_PORT } from './constants.js';
import { contents } from './contents.js';
import { ClientFraming } from './decoder/client-framing.js';
import { describe, writeDescription } from './describe.js';
import { REQUEST_KIND, type NbdMessage } from './messages.js';
import { messageNames } from './names.js';
import { operation, outcome } from './session/operation.js';
import { probe, relative } from './probe.js';
import { IN_CLEAR } from './in-clear.js';
import { REDACTION } from './redaction.js';
import { resize } from './resize.js';
import { RULES } from './rules/index.js';
import { ServerFraming } from './decoder/server-framing.js';
import { Facts } from './session/facts.js';
import { NbdSession } from './session/session.js';
import { NbdShared } from './session/shared.js';
import { TlsTold } from './told.js';
import { specUrl } from './spec-url.js';

/** Network Block Device: doc/proto.md of the NetworkBlockDevice project, and its extended headers. */
export const nbd: Protocol<NbdShared, NbdMessage> = {
  name: 'nbd',
  title: 'Network Block Device',
  ports: [IANA_PORT],
  nameWidth: 26,
  rules: RULES,
  specUrl,
  messageNames,
  varying: { ignored: [], mapped: ['cookie'] },
  probe,
  relative,
  createShared: () => new NbdShared(),
  converse(context, output, settings) {
    const tls = new TlsTold();
    const facts = new Facts(context, output, settings, tls);
    const session = new NbdSession(facts, context.shared);
    const client = new ClientFraming(session.notices, tls, context.heldBytes);
    const server = new ServerFraming(session.notices, tls, context.heldBytes, facts.clientTold);
    return {
      client: new FramedDecoder(CLIENT, output, settings[CLIENT], client, 'bytes'),
      server: new FramedDecoder(SERVER, output, settings[SERVER], server, 'bytes'),
      session,
    };
  },
  handshake: { has: (message) => message.kind < REQUEST_KIND, then: 'transmission' },
  operation,
  outcome,
  contents,
  resize,
  redaction: REDACTION,
  inClear: IN_CLEAR,
  annotate,
  writeFields,
  fieldsStay: true,
  describe,
  writeDescription,
};
