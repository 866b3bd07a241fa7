import { expect, it } from 'vitest';
import { arca } from '../../src/protocols/arca/index.js';
import { HEADER } from '../../src/protocols/arca/family-a/layout.js';
import { ControlFrame } from '../../src/protocols/arca/family-a/message.js';
import type { ArcaMessage } from '../../src/protocols/arca/messages.js';
import { eachBroken } from '../kit/broken-messages.js';

const SESSIONS = ['a01-listen-accept-connect.pcap', 'a06-replies-overtake.pcap', 'a23-cross-listener-order.pcap'].map(
  (name) => `captures/arca/${name}`,
);

const DAMAGE: readonly (readonly [what: string, at: number, value: number, rule: string])[] = [
  ['a type that is not defined', HEADER.at.type, 99, 'unknown-type'],
  ['a payload length that no message has', HEADER.at.payloadLength + 1, 0x7f, 'payload-too-large'],
];

it.each(DAMAGE)('%s is reported once in each message, and nothing that follows from it', async (_, at, value, rule) => {
  // by the first messages the protocol is recognised
  const applies = (m: ArcaMessage, i: number): boolean => i >= 2 && m instanceof ControlFrame;
  const broken = await eachBroken(arca, SESSIONS, applies, (bytes, start) => void (bytes[start + at] = value));
  for (const { message, place, found } of broken)
    expect(found, place).toEqual([`arca/${rule} ${message.side === 0 ? 'client' : 'server'}`]);
  expect(broken.length).toBeGreaterThan(10);
});
