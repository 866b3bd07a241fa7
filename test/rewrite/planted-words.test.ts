import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { scratch, wirelint } from '../kit/cli.js';
import { cat, ethernet, ipv4, u16 } from '../kit/frames.js';
import { PcapngWriter } from '../kit/pcap-writer.js';
import { sessionPackets, type SessionPacket } from '../kit/session-packets.js';

const folder = scratch();
const text = (words: string): Uint8Array => Buffer.from(words);

/** Every word of which nothing may be left. */
const PLANTED = ['plantedexport', 'planteddisk', 'plantedquery', 'plantedoption', 'plantederror', 'plantedstream'];
const OUTSIDE = [
  'plantedcomment',
  'plantedinterface',
  'planteddatagram',
  'plantedsecret',
  'plantedblock',
  'plantedgarbage',
];

/** A session of NBD with words in all that its peers say, and packets and blocks with words around it. */
function planted(): Uint8Array {
  const nbd = [
    ...s.hello(),
    s.option(99, text('plantedoption')),
    s.reply(99, 0x80000001, text('plantederror')),
    ...s.structured(),
    ...s.setMeta(['x-plantedquery:one'], 'plantedexport'),
    ...s.go({ name: 'plantedexport' }),
    s.client(s.request(s.WRITE, 1, 0, 1024).bytes, text('planteddisk'.padEnd(1024, '.'))),
    s.simple(1),
    s.client(text('plantedgarbage'.repeat(3))),
  ];
  const unknown = [s.client(text('plantedstream\r\n')), s.server(text('plantedstream too\r\n'))];
  const packets = [...sessionPackets(nbd, 10809, () => 7), ...sessionPackets(unknown, 2525, () => 100, 40001)];
  const named = (p: SessionPacket): Uint8Array => {
    const frame = p.frame.slice();
    frame.set(text('\x02MACS1\x02MACS2'), 0);
    return frame;
  };
  const datagram = ethernet(
    0x0800,
    ipv4(cat(u16(53), u16(53), u16(30), u16(0), text('planteddatagram')), { protocol: 17 }),
  );
  const file = new PcapngWriter().section().interface({ name: 'plantedinterface', description: 'plantedinterface' });
  packets.forEach((p, i) =>
    file.packet({ data: named(p), nanos: i * 1000, ...(i === 3 ? { comment: 'plantedcomment' } : {}) }),
  );
  file.packet({ data: datagram, nanos: 9_000_000 });
  file.block(0x0bad, text('plantedblock'));
  return file.done();
}

describe('words that were planted in a capture', () => {
  it.each([[], ['--keep-equal']])('are in no byte of its copy, nor in what is read of it %j', (...options) => {
    const input = join(folder, 'planted.pcapng');
    const out = join(folder, 'copy.pcapng');
    writeFileSync(input, planted());
    const before = wirelint(['analyze', '-x', '-v', input]).stdout;
    for (const word of ['plantedexport', 'plantedquery', 'plantederror']) expect(before).toContain(word);
    const { status, stdout, stderr } = wirelint(['redact', input, '-w', out, ...options.flat()]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1 packet of no TCP left out');
    expect(stdout).toContain('1 comment left out');
    expect(stdout).toContain('1 stream of no known protocol: all bytes are zeros');
    const bytes = readFileSync(out);
    const shown = wirelint(['analyze', '-x', '-v', out]).stdout;
    for (const word of [...PLANTED, ...OUTSIDE, 'MACS1', 'MACS2']) {
      expect(bytes.includes(word), word).toBe(false);
      expect(bytes.includes(Buffer.from(word, 'utf16le')), word).toBe(false);
      expect(shown).not.toContain(word);
    }
    expect(bytes.includes(Buffer.from([10, 0, 0, 1, 10, 0, 0, 2]))).toBe(false);
    // streams again, across the segments of seven bytes
    for (const [i, side] of [
      ['1', 'client'],
      ['1', 'server'],
      ['2', 'client'],
    ] as const) {
      const stream = join(folder, `${i}-${side}.bin`);
      expect(wirelint(['extract', '-s', i, '--direction', side, '-o', stream, out]).status).toBe(0);
      for (const word of [...PLANTED, ...OUTSIDE]) expect(readFileSync(stream).includes(word), word).toBe(false);
    }
  });
});
