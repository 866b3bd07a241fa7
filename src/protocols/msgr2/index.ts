import { CLIENT, SERVER } from '../../base/input.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import type { Protocol } from '../../contract/protocol.js';
import { annotate } from './annotate.js';
import { Msgr2Decoder } from './decoder.js';
import { describe } from './describe.js';
import { Announced } from './frame-reader.js';
import { hintsFrom } from './hints.js';
import { probe } from './probe.js';
import { RULES } from './rules/index.js';
import { Msgr2Session } from './session/session.js';
import { SharedSessions } from './session/shared.js';

/** Ceph's messenger, version 2 (msgr2.0 and msgr2.1). */
export const msgr2: Protocol<SharedSessions> = {
  name: 'msgr2',
  title: "Ceph's messenger v2 (msgr2.0, msgr2.1)",
  ports: [3300],
  rules: RULES,
  probe,
  createShared: () => new SharedSessions(DEFAULT_LIMITS.inFlight),
  converse(context, output, settings) {
    const said = [new Announced(), new Announced()] as const;
    const known = context.clientEnd !== null;
    const client = new Msgr2Decoder(CLIENT, said[CLIENT], output, settings[CLIENT], hintsFrom(said[SERVER]), known);
    const server = new Msgr2Decoder(SERVER, said[SERVER], output, settings[SERVER], hintsFrom(said[CLIENT]), known);
    return { client, server, session: new Msgr2Session(context, output, settings) };
  },
  annotate,
  describe,
};
