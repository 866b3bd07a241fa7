import { expect, it } from 'vitest';
import { pesto } from '../../src/protocols/pesto/index.js';
import { HELLO, PIF } from '../../src/protocols/pesto/layout.js';
import { Hello, Pif, type PestoMessage } from '../../src/protocols/pesto/messages.js';
import { eachBroken } from '../kit/broken-messages.js';

const SESSIONS = ['p03-add-tcp.pcap', 'tcp-bridge.pcap', 'p52-tap-tcp.pcapng'].map((name) => `captures/pesto/${name}`);

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

it.each(DAMAGE)('%s are reported once, and nothing that follows from it', async (_, applies, at, value, rule) => {
  const broken = await eachBroken(pesto, SESSIONS, applies, (bytes, start) => void (bytes[start + at] = value));
  for (const { place, found } of broken) expect(found, place).toEqual([`pesto/${rule} server`]);
  expect(broken.length).toBeGreaterThan(1);
});
