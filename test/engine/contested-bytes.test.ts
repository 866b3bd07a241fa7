import { describe, expect, it } from 'vitest';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { packetFile, sessionPackets, type SessionPacket } from '../kit/session-packets.js';

/** Client and server of NBD; the reply has the magic of nothing. */
const steps = [...s.simpleSession(), s.request(s.READ, 1, 0, 512), s.server(s.u32(0x6744_6699), s.u32(0), s.u64(1))];

/** A copy of the segment with its last byte changed. */
function altered(packet: SessionPacket): SessionPacket {
  const frame = packet.frame.slice();
  frame[frame.length - 1]! ^= 0xff;
  return { ...packet, frame };
}

function findingsOf(packets: readonly SessionPacket[]): string[] {
  return analyzeBytes(packetFile(packets))
    .findings.filter((f) => f.rule.startsWith('nbd/') && f.severity !== 'note')
    .map((f) => `${f.rule} ${f.severity} ${f.confidence}`);
}

describe('bytes of which two copies differ', () => {
  // the reply comes in two segments, so that the copy of the first is there before it is whole
  const packets = sessionPackets(steps, 10809, (left) => (left === 16 ? 3 : left));
  const at = packets.findLastIndex((p) => p.from === 'server' && p.payload > 0) - 1;

  it('make what rests on them likely, and no error', () => {
    const certain = findingsOf(packets);
    expect(certain).toContainEqual(expect.stringMatching(/ error certain$/));
    const contested = findingsOf([...packets.slice(0, at + 1), altered(packets[at]!), ...packets.slice(at + 1)]);
    expect(contested.map((f) => f.split(' ').slice(1).join(' '))).toEqual(contested.map(() => 'warning likely'));
    expect(contested.map((f) => f.split(' ')[0])).toEqual(certain.map((f) => f.split(' ')[0]));
  });

  it('contestedRanges: are remembered in bounded number, and that is said once', () => {
    const bytes = sessionPackets(
      [...s.simpleSession(), s.request(s.WRITE, 1, 0, 512), s.client(s.fill(512, 7))],
      10809,
      () => 4,
    );
    const twice = bytes.flatMap((p) => (p.from === 'client' && p.payload > 0 ? [p, altered(p)] : [p]));
    const told = analyzeBytes(packetFile(twice)).findings.filter((f) => f.text.startsWith('contestedRanges'));
    expect(told.map((f) => f.text)).toEqual([
      expect.stringMatching(/^contestedRanges: copies differ in more than 64 places of this stream/),
    ]);
  });
});
