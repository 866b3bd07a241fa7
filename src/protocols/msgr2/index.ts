import { PORT_V2 } from '../ceph/constants.js';
import { messageNames, type TAG } from './constants.js';
import { CLIENT, otherSide, SERVER, type Side } from '../../base/input.js';
import type { Limits } from '../../base/limits.js';
import { FramedDecoder } from '../../contract/framed-decoder.js';
import type { Protocol, ProtocolOptions } from '../../contract/protocol.js';
import { annotate, writeFields } from './annotate.js';
import { contents } from './contents.js';
import { VARYING } from '../ceph/varying.js';
import { FrameReader } from './decoder/frame-reader.js';
import { Msgr2Framing } from './decoder/msgr2-framing.js';
import { below, describe } from './describe.js';
import { DataFrame, type Msgr2Message } from './message.js';
import { plainOf } from './plain-twin.js';
import { probe, relative } from './probe.js';
import { IN_CLEAR } from './in-clear.js';
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
import { Told } from './told.js';

/** Frames of an open session. All others belong to the handshake. */
const EXCHANGED: ReadonlySet<string> = new Set<keyof typeof TAG>(['MESSAGE', 'KEEPALIVE2', 'KEEPALIVE2_ACK', 'ACK']);

/** Ceph's messenger, version 2 (msgr2.0 and msgr2.1). */
export const msgr2: Protocol<SharedSessions, Msgr2Message> = {
  name: 'msgr2',
  title: "Ceph's messenger v2 (msgr2.0, msgr2.1)",
  nameWidth: 18,
  ports: [PORT_V2],
  rules: RULES,
  specUrl,
  messageNames,
  probe,
  relative,
  validate(options) {
    for (const path of options.keyrings) readKeyring(path);
  },
  createShared: (options, limits) => new SharedSessions(limits, keyChain(options, limits)),
  learned: (shared) => shared.keys?.learned(),
  converse(context, output, settings) {
    const known = context.clientEnd !== null;
    const chain = context.shared.keys;
    const transcripts = [
      new Transcript(settings[CLIENT].fromStart),
      new Transcript(settings[SERVER].fromStart),
    ] as const;
    const exchange = chain === null ? null : new KeyExchange(chain, output, transcripts);
    const told = [new Told(), new Told()] as const;
    const decoder = <S extends Side>(side: S): FramedDecoder<Msgr2Message, S> => {
      const reader = new FrameReader(side, told[side], output, settings[side], known, exchange);
      const keys = exchange === null ? null : { exchange, transcript: transcripts[side] };
      const firstOpaque = (): boolean => context.shared.first('opaque', context.file);
      const framing = new Msgr2Framing(side, told[side], told[otherSide(side)], reader, keys, firstOpaque);
      return new FramedDecoder(side, output, settings[side], framing);
    };
    const session = new Msgr2Session(context, output, settings, exchange);
    return { client: decoder(CLIENT), server: decoder(SERVER), session };
  },
  varying: VARYING,
  redaction: REDACTION,
  inClear: IN_CLEAR,
  contents: (message) => contents(message),
  handshake: { has: (message) => !EXCHANGED.has(message.name), then: 'messages' },
  plain: (message, captured) => plainOf(message, captured),
  operation: (message) => (message instanceof DataFrame ? operation(message) : null),
  outcome: (message) => (message instanceof DataFrame ? outcome(message) : { last: true, error: null }),
  annotate,
  writeFields,
  describe,
  below,
};

/** The keys of the run, or null if there are none. */
function keyChain(options: ProtocolOptions, limits: Readonly<Limits>): KeyChain | null {
  const learned = options.learned?.['msgr2'] as LearnedKeys | undefined;
  if (options.keyrings.length === 0 && learned === undefined) return null;
  const entries = options.keyrings.flatMap((path) => readKeyring(path));
  return new KeyChain(entries, limits.resumableSessions, options.showSecrets, learned);
}
