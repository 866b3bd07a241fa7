import { CLIENT, SERVER } from '../../base/input.js';
import { FramedDecoder } from '../../contract/framed-decoder.js';
import { LimitNotes } from '../../contract/limit-notes.js';
import type { Conversation, DecoderSettings, Output, Protocol, SessionContext } from '../../contract/protocol.js';
import { annotate, describe } from './annotate.js';
import { ClientFraming } from './decoder/client-framing.js';
import { ServerFraming } from './decoder/server-framing.js';
import { Histories } from './session/history.js';
import type { PestoMessage } from './messages.js';
import { probe } from './probe.js';
import { REDACTION } from './redaction.js';
import { LISTEN_RULES } from './rules/forwarding-listen.js';
import { TARGET_RULES } from './rules/forwarding-target.js';
import { HELLO_RULES } from './rules/hello.js';
import { LIST_RULES } from './rules/list.js';
import { SESSION_RULES } from './rules/session.js';
import { UPDATE_RULES } from './rules/update.js';
import { PestoSession } from './session/session.js';
import { specUrl } from './spec-url.js';
import { ClientTold, ServerTold, Turns } from './told.js';

function converse(
  context: SessionContext<Histories>,
  output: Output,
  settings: readonly [DecoderSettings, DecoderSettings],
): Conversation<PestoMessage> {
  // recordings that do not show how connections begin (by process ids, raw files, PDUs) may have several of them in one stream
  const several = !context.connection.ordered || !context.connection.initiatorKnown;
  const turns = new Turns();
  const limits = new LimitNotes(output);
  const told = { client: new ClientTold(), server: new ServerTold() };
  const client = new ClientFraming(told.client, told.server, turns, limits, several);
  const [forClient, forServer] = settings;
  return {
    client: new FramedDecoder(CLIENT, output, forClient, client),
    server: new FramedDecoder(SERVER, output, forServer, new ServerFraming(told.server, turns, limits)),
    session: new PestoSession(context, output, settings, told, limits, several),
  };
}

/** The control protocol of passt and pasta. */
export const pesto: Protocol<Histories, PestoMessage> = {
  name: 'pesto',
  title: 'pesto, the control protocol of passt and pasta: forwarding tables over a Unix socket',
  nameWidth: 8,
  ports: [],
  rules: [...HELLO_RULES, ...LIST_RULES, ...LISTEN_RULES, ...TARGET_RULES, ...UPDATE_RULES, ...SESSION_RULES],
  specUrl,
  messageNames: () => ['HELLO', 'PIF', 'RULE', 'PIF_END', 'DRAFT'],
  probe,
  createShared: () => new Histories(),
  converse,
  redaction: REDACTION,
  annotate,
  describe,
};
