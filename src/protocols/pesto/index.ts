import type { Conversation, DecoderSettings, Output, Protocol, SessionContext } from '../../contract/protocol.js';
import { annotate, describe } from './annotate.js';
import { ClientDecoder } from './client-decoder.js';
import { Turns } from './draft.js';
import { Histories } from './history.js';
import { probe } from './probe.js';
import { LISTEN_RULES } from './rules/forwarding-listen.js';
import { TARGET_RULES } from './rules/forwarding-target.js';
import { HELLO_RULES } from './rules/hello.js';
import { LIST_RULES } from './rules/list.js';
import { SESSION_RULES } from './rules/session.js';
import { UPDATE_RULES } from './rules/update.js';
import { ServerDecoder } from './server-decoder.js';
import { PestoSession } from './session.js';

function converse(
  context: SessionContext<Histories>,
  output: Output,
  settings: readonly [DecoderSettings, DecoderSettings],
): Conversation {
  // what does not show how connections begin (process ids, raw files, PDUs) may hold several of them in one stream
  const several = !context.connection.ordered || !context.connection.initiatorKnown;
  const turns = new Turns();
  const server = new ServerDecoder(output, settings[1], turns);
  const client = new ClientDecoder(output, settings[0], turns, server, several);
  return { client, server, session: new PestoSession(context, output, server, client, several) };
}

/** The control protocol of passt and pasta. */
export const pesto: Protocol<Histories> = {
  name: 'pesto',
  title: 'pesto, the control protocol of passt and pasta: forwarding tables over a Unix socket',
  ports: [],
  rules: [...HELLO_RULES, ...LIST_RULES, ...LISTEN_RULES, ...TARGET_RULES, ...UPDATE_RULES, ...SESSION_RULES],
  messageNames: () => ['HELLO', 'PIF', 'RULE', 'PIF_END', 'DRAFT'],
  probe,
  createShared: () => new Histories(),
  converse,
  annotate,
  describe,
};
