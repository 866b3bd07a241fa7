import { messageNames } from './constants.js';
import { CLIENT, otherSide, SERVER } from '../../base/input.js';
import type { Limits } from '../../base/limits.js';
import type { Protocol, ProtocolOptions } from '../../contract/protocol.js';
import { annotate } from './annotate.js';
import { contents } from './contents.js';
import { VARYING } from '../ceph/varying.js';
import { Msgr2Decoder } from './decoder.js';
import { below, describe } from './describe.js';
import { Announced } from './frame-reader.js';
import { hintsFrom } from './hints.js';
import { DataFrame } from './message.js';
import { probe, relative } from './probe.js';
import { REDACTION } from './redaction.js';
import { RULES } from './rules/index.js';
import { Msgr2Session } from './session/session.js';
import { SharedSessions } from './session/shared.js';
import { KeyChain, type LearnedKeys } from './secure/key-chain.js';
import { operation, outcome } from '../ceph/operation.js';
import { KeyExchange } from './secure/key-exchange.js';
import { readKeyring } from './secure/keyring.js';
import { Transcript } from './secure/transcript.js';
import { specUrl } from './spec-url.js';

/** Ceph's messenger, version 2 (msgr2.0 and msgr2.1). */
export const msgr2: Protocol<SharedSessions> = {
  name: 'msgr2',
  title: "Ceph's messenger v2 (msgr2.0, msgr2.1)",
  nameWidth: 18,
  ports: [3300],
  rules: RULES,
  specUrl,
  messageNames,
  probe,
  relative,
  validate(options) {
    for (const path of options.keyrings) readKeyring(path);
  },
  createShared: (options, limits) => new SharedSessions(limits.resumableSessions, keyChain(options, limits)),
  learned: (shared) => shared.keys?.learned(),
  converse(context, output, settings) {
    const said = [new Announced(), new Announced()] as const;
    const known = context.clientEnd !== null;
    const chain = context.shared.keys;
    const transcripts = [
      new Transcript(settings[CLIENT].fromStart),
      new Transcript(settings[SERVER].fromStart),
    ] as const;
    const exchange = chain === null ? null : new KeyExchange(chain, output, transcripts);
    const [client, server] = ([CLIENT, SERVER] as const).map((side) => {
      const keys = exchange === null ? null : { exchange, transcript: transcripts[side] };
      const hints = hintsFrom(said[otherSide(side)]);
      const firstOpaque = () => context.shared.first('opaque', context.file);
      return new Msgr2Decoder(side, said[side], output, settings[side], hints, known, keys, firstOpaque);
    }) as [Msgr2Decoder, Msgr2Decoder];
    return { client, server, session: new Msgr2Session(context, output, settings, exchange) };
  },
  varying: VARYING,
  redaction: REDACTION,
  contents: (message) => contents(message),
  operation: (message) => (message instanceof DataFrame ? operation(message) : null),
  outcome: (message) => (message instanceof DataFrame ? outcome(message) : { last: true, error: null }),
  annotate,
  describe,
  below,
};

/** Keys of the run, or null where there are none. */
function keyChain(options: ProtocolOptions, limits: Readonly<Limits>): KeyChain | null {
  const learned = options.learned?.['msgr2'] as LearnedKeys | undefined;
  if (options.keyrings.length === 0 && learned === undefined) return null;
  const entries = options.keyrings.flatMap((path) => readKeyring(path));
  return new KeyChain(entries, limits.resumableSessions, options.showSecrets, learned);
}
