import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Packet } from '../../src/capture/packet.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { ipv4, tcp } from '../kit/frames.js';
import { StreamLog } from '../kit/tcp-script.js';

const CHECKSUM = 16;
const FIN_ACK = 0x11;
const SYN_ACK = 0x12;
const RST_ACK = 0x14;

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

/** Segments of a client, whose first byte has the number 1001, and of a server. */
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
    return this.transmit(tcp(payload, { seq: 1001 + at, flags }), sum);
  }

  /** The server has everything before `ack`. */
  acknowledge(ack: number, sum: Sum, flags = 0x10, payload = ''): this {
    const segment = tcp(payload, { seq: flags === SYN_ACK ? 5000 : 5001, ack: 1001 + ack, flags, sourcePort: 10809 });
    new DataView(segment.buffer).setUint16(2, 40000);
    return this.transmit(segment, sum, [10, 0, 0, 2, 10, 0, 0, 1]);
  }

  private transmit(segment: Uint8Array, sum: Sum, addresses?: readonly number[]): this {
    const view = new DataView(segment.buffer);
    const right = checksum(segment, 'whole');
    const field = { right, wrong: right ^ 0x0101, 'left to the card': checksum(segment, 'pseudo header'), none: 0 };
    view.setUint16(CHECKSUM, field[sum]);
    const bytes = ipv4(segment);
    if (addresses !== undefined) bytes.set(addresses, 12);
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

describe('what a segment with a wrong checksum says besides its bytes', () => {
  it.each([
    ['its FIN', FIN_ACK],
    ['its RST', RST_ACK],
  ])('does not count once a right copy without it has come: %s', (_, flags) => {
    const wire = new Wire().send('abc', 0, 'right').send('def', 3, 'wrong', flags);
    wire.send('def', 3, 'right').send('ghi', 6, 'right');
    expect(wire.end()).toEqual({ content: 'abcdefghi', notes: [] });
    expect(wire.log[0]!.closedAs).toBe('open');
  });

  it('does not count where the stream goes on without a better copy: its FIN', () => {
    const wire = new Wire().send('abc', 0, 'right').send('def', 3, 'wrong', FIN_ACK).send('ghi', 6, 'right');
    expect(wire.end()).toEqual({ content: 'abcdefghi', notes: [] });
    expect(wire.log[0]!.lines).not.toContain('client fin');
  });

  it('ends the stream where nothing comes behind it: its FIN', () => {
    for (const acked of [null, 6, 7]) {
      const wire = new Wire().send('abc', 0, 'right').send('def', 3, 'wrong', FIN_ACK);
      if (acked !== null) wire.acknowledge(acked, 'right');
      expect(wire.end()).toEqual({ content: 'abcdef', notes: [] });
      expect(wire.log[0]!.lines.slice(-2)).toEqual(['client fin', 'open']);
    }
  });

  it('is no place far ahead in the stream: its number', () => {
    for (const at of [5000, 2 ** 29]) {
      const wire = new Wire().send('abc', 0, 'right').send('xyz', at, 'wrong').send('def', 3, 'right');
      const { content, notes } = wire.end();
      expect(content).toBe('abcdef');
      if (at === 5000)
        expect(notes).toEqual([
          expect.stringMatching(/^3 bytes of packet 4, whose checksum is wrong, lie behind the end/),
        ]);
    }
  });

  it('proves no loss: what it acknowledges, with payload or without', () => {
    for (const payload of ['', 'reply']) {
      const wire = new Wire().acknowledge(0, 'right', SYN_ACK).send('abc', 0, 'right');
      wire.acknowledge(700, 'wrong', 0x10, payload);
      expect(wire.end()).toEqual({ content: 'abc', notes: [] });
    }
    const right = new Wire().acknowledge(0, 'right', SYN_ACK).send('abc', 0, 'right').acknowledge(700, 'right');
    expect(right.end().content).toBe('abc<697>');
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
