import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Packet } from '../../src/capture/packet.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { ipv4, tcp } from '../kit/frames.js';
import { StreamLog } from '../kit/tcp-script.js';

const CHECKSUM = 16;

/** The TCP checksum over the pseudo header of `ipv4` (RFC 9293, section 3.1), word by word. */
function checksum(segment: Uint8Array, part: 'whole' | 'pseudo header'): number {
  const pseudo = [10, 0, 0, 1, 10, 0, 0, 2, 0, 6, segment.length >> 8, segment.length & 0xff];
  const bytes = part === 'whole' ? [...pseudo, ...segment, 0] : pseudo;
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return part === 'whole' ? ~sum & 0xffff : sum;
}

type Sum = 'right' | 'wrong' | 'left to the card' | 'none';

/** Segments of one client, whose first byte has the number 1001. */
class Wire {
  readonly log: StreamLog[] = [];
  private readonly table: StreamTable;
  private readonly link: LinkDecoder;
  private readonly packet = new Packet();

  constructor(limits: Partial<Limits> = {}, setUp: Sum = 'right') {
    const all = { ...DEFAULT_LIMITS, ...limits };
    this.table = new StreamTable(
      all,
      (connection) => {
        this.log.push(new StreamLog(connection));
        return this.log.at(-1)!;
      },
      () => undefined,
    );
    this.link = new LinkDecoder(
      all,
      (s) => this.table.segment(s),
      () => undefined,
    );
    this.send('', -1, setUp, 0x02).send('', 0, setUp);
  }

  send(payload: string, at: number, sum: Sum, flags = 0x10): this {
    const segment = tcp(payload, { seq: 1001 + at, flags });
    const view = new DataView(segment.buffer);
    const right = checksum(segment, 'whole');
    const field = { right, wrong: right ^ 0x0101, 'left to the card': checksum(segment, 'pseudo header'), none: 0 };
    view.setUint16(CHECKSUM, field[sum]);
    const bytes = ipv4(segment);
    const p = this.packet;
    p.number++;
    p.linkType = 101;
    p.block = new Block(bytes);
    p.start = 0;
    p.end = p.originalLength = bytes.length;
    p.seconds = 1_700_000_000;
    this.link.packet(p);
    return this;
  }

  end(): { content: string; notes: string[] } {
    this.table.end();
    const { content, notes } = this.log[0]!;
    return { content: content[0], notes: notes.map((n) => n.text) };
  }
}

describe('a copy whose checksum is wrong', () => {
  it('loses to the right one that comes behind it', () => {
    const wire = new Wire()
      .send('abc', 0, 'right')
      .send('dXf', 3, 'wrong')
      .send('def', 3, 'right')
      .send('ghi', 6, 'right');
    expect(wire.end()).toEqual({
      content: 'abcdefghi',
      notes: [expect.stringMatching(/^packet 4 has a wrong checksum, and other bytes than packet 5, which is decoded/)],
    });
  });

  it('loses to the right one that came before it', () => {
    const wire = new Wire()
      .send('abc', 0, 'right')
      .send('def', 3, 'right')
      .send('dXf', 3, 'wrong')
      .send('ghi', 6, 'right');
    expect(wire.end()).toEqual({
      content: 'abcdefghi',
      notes: [expect.stringMatching(/^packet 5 has a wrong checksum, and other bytes than the copy before it/)],
    });
  });

  it('loses to the right one, of the first bytes as well', () => {
    const wire = new Wire().send('aXc', 0, 'wrong').send('abc', 0, 'right').send('def', 3, 'right');
    expect(wire.end()).toEqual({
      content: 'abcdef',
      notes: [expect.stringMatching(/^packet 3 has a wrong checksum, and other bytes than packet 4, which is decoded/)],
    });
  });

  it('ends nothing, be it a RST or a FIN', () => {
    for (const flags of [0x14, 0x11]) {
      const wire = new Wire().send('abc', 0, 'right').send('', 3, 'wrong', flags).send('def', 3, 'right');
      expect(wire.end()).toEqual({ content: 'abcdef', notes: [] });
      expect(wire.log[0]!.closedAs).toBe('open');
    }
  });

  it('with the same bytes is nothing to tell of', () => {
    const wire = new Wire().send('abc', 0, 'right').send('def', 3, 'wrong').send('def', 3, 'right');
    expect(wire.end()).toEqual({ content: 'abcdef', notes: [] });
  });

  it('doubtedSegments: waits in bounded number; beyond, all are decoded as they are', () => {
    const wire = new Wire({ doubtedSegments: 3 }).send('a', 0, 'right');
    for (let at = 1; at < 8; at++) wire.send('b', at, 'wrong');
    expect(wire.log[0]!.content[0]).toBe('abbbbbbb');
    expect(wire.end().notes).toEqual([expect.stringMatching(/^doubtedSegments: more than 3 segments/)]);
  });

  it('is decoded where no other comes', () => {
    const wire = new Wire().send('abc', 0, 'right').send('def', 3, 'wrong').send('ghi', 6, 'right');
    expect(wire.end()).toEqual({ content: 'abcdefghi', notes: [] });
  });
});

describe('checksums that the recording host left to its network card', () => {
  it.each(['left to the card', 'none'] as const)('are no wrong ones: %s', (sum) => {
    const wire = new Wire().send('abc', 0, 'right').send('def', 3, sum).send('ghi', 6, 'right');
    // delivered at once, and not held back until the end
    expect(wire.log[0]!.content[0]).toBe('abcdefghi');
  });

  it('of a direction that has only wrong ones mean nothing', () => {
    const wire = new Wire({}, 'wrong').send('abc', 0, 'wrong').send('def', 3, 'wrong');
    expect(wire.log[0]!.content[0]).toBe('abcdef');
    expect(wire.end()).toEqual({ content: 'abcdef', notes: [] });
  });
});
