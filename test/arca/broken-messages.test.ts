import { describe, expect, it } from 'vitest';
import { arca } from '../../src/protocols/arca/index.js';
import { HEADER } from '../../src/protocols/arca/family-a/layout.js';
import { ControlFrame } from '../../src/protocols/arca/family-a/message.js';
import { blame, BreakableSession } from '../kit/broken-messages.js';

const SESSIONS = ['a01-listen-accept-connect.pcap', 'a06-replies-overtake.pcap', 'a23-cross-listener-order.pcap'];

const DAMAGE: readonly (readonly [what: string, at: number, value: number, rule: string])[] = [
  ['a type that is not defined', HEADER.at.type, 99, 'unknown-type'],
  ['a payload length that no message has', HEADER.at.payloadLength + 1, 0x7f, 'payload-too-large'],
];

describe.each(DAMAGE)('%s', (_, at, value, rule) => {
  it('is told of once in each message, and nothing that follows from it', async () => {
    let broken = 0;
    for (const name of SESSIONS) {
      const session = await BreakableSession.of(arca, `captures/arca/${name}`);
      // by the first message the protocol is recognised
      for (const message of session.messages.slice(2)) {
        if (!(message instanceof ControlFrame)) continue;
        const findings = session.broken(message, (bytes, start) => void (bytes[start + at] = value));
        if (findings === null) continue;
        broken++;
        const who = message.side === 0 ? 'client' : 'server';
        expect(blame(findings), `${name}: ${message.name}, number ${message.index}`).toEqual([`arca/${rule} ${who}`]);
      }
    }
    expect(broken).toBeGreaterThan(10);
  });
});
