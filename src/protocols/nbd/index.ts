import { CLIENT, SERVER, type Side } from '../../base/input.js';
import type { Protocol, SessionContext } from '../../contract/protocol.js';
import { annotate } from './annotate.js';
import { ClientDecoder } from './client-decoder.js';
import { describe } from './describe.js';
import type { NbdMessage } from './messages.js';
import { probe } from './probe.js';
import { RULES } from './rules/index.js';
import { ServerDecoder } from './server-decoder.js';
import { NbdSession } from './session.js';
import { NbdShared } from './shared.js';

/** Network Block Device: doc/proto.md of the NetworkBlockDevice project, and its extended headers. */
export const nbd: Protocol<NbdShared> = {
  name: 'nbd',
  title: 'Network Block Device',
  ports: [10809],
  rules: RULES,
  probe,
  createShared: () => new NbdShared(),
  converse(context, output, settings) {
    const proven = settings.map((s, side) => ({ ...s, fromStart: s.fromStart && startKnown(context, side as Side) }));
    const both = [proven[CLIENT]!, proven[SERVER]!] as const;
    const session = new NbdSession(context, output, both);
    return {
      client: new ClientDecoder(output, both[CLIENT], session),
      server: new ServerDecoder(output, both[SERVER], session, session),
      session,
    };
  },
  annotate: (message) => annotate(message as NbdMessage),
  describe: (message, verbose) => describe(message as NbdMessage, verbose),
};

/** Whether the first byte of that side is known to be its first: without the packet that opened it, bytes may lack in front. */
function startKnown(context: SessionContext, side: Side): boolean {
  const { clientEnd, connection } = context;
  if (connection.startKnown === undefined || clientEnd === null) return true;
  return connection.startKnown[side === CLIENT ? clientEnd : 1 - clientEnd] ?? true;
}
