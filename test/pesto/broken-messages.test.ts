import { describe, expect, it } from 'vitest';
import { pesto } from '../../src/protocols/pesto/index.js';
import { HELLO, PIF } from '../../src/protocols/pesto/layout.js';
import { Hello, Pif, type PestoMessage } from '../../src/protocols/pesto/messages.js';
import { blame, BreakableSession } from '../kit/broken-messages.js';

const SESSIONS = ['p03-add-tcp.pcap', 'tcp-bridge.pcap', 'p52-tap-tcp.pcapng'];

const DAMAGE: readonly (readonly [
  what: string,
  applies: (m: PestoMessage) => boolean,
  at: number,
  value: number,
  rule: string,
])[] = [
  ['names of tables of another size', (m) => m instanceof Hello, HELLO.at.pifNameSize + 3, 112, 'pif-name-size'],
  ['names of interfaces of another size', (m) => m instanceof Hello, HELLO.at.ifnamsiz + 3, 24, 'ifnamsiz'],
  ['a table that no server has', isListed, PIF.at.pif, 9, 'pif-unexpected'],
  ['capabilities that are not defined', isListed, PIF.at.caps, 0x80, 'caps-unknown'],
];

function isListed(m: PestoMessage): boolean {
  return m instanceof Pif && m.side === 1;
}

describe.each(DAMAGE)('%s', (_, applies, at, value, rule) => {
  it('are told of once, and nothing that follows from it', async () => {
    let broken = 0;
    for (const name of SESSIONS) {
      const session = await BreakableSession.of(pesto, `captures/pesto/${name}`);
      for (const message of session.messages.filter(applies)) {
        const findings = session.broken(message, (bytes, start) => void (bytes[start + at] = value));
        if (findings === null) continue;
        broken++;
        expect(blame(findings), `${name}: ${message.name} at ${message.offset}`).toEqual([`pesto/${rule} server`]);
      }
    }
    expect(broken).toBeGreaterThan(1);
  });
});
