import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { ACK, Segment, SYN } from '../../src/link/segment.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { TcpScript } from '../kit/tcp-script.js';

describe('sequence numbers', () => {
  it('wrap in the middle of a segment, and between segments out of order', () => {
    const isn = 0xffff_fff8;
    const script = new TcpScript().handshake({ isn });
    script
      .client('abcde', { isn })
      .client('klmno', { at: 10, isn })
      .client('fghij', { at: 5, isn })
      .client('pq', { at: 15, isn });
    expect(script.log.content[0]).toBe('abcdefghijklmnopq');
  });

  it('of the SYN may be the last before the wrap', () => {
    const isn = 0xffff_ffff;
    const script = new TcpScript().handshake({ isn, peerIsn: 0 });
    script.client('abc', { isn, peerIsn: 0 }).server('xyz', { ack: 3, isn: 0, peerIsn: isn });
    expect(script.log.content).toEqual(['abc', 'xyz']);
    expect(script.log.deliveries[1]!.peerSeen).toBe(3);
  });

  it('say where a stream of more than 4 GiB is', () => {
    const size = 1 << 20;
    const block = new Block(new Uint8Array(size));
    let received = 0;
    let peerSeen = 0;
    const table = new StreamTable(
      DEFAULT_LIMITS,
      () => ({
        bytes(from, _block, start, end, origin) {
          if (from === 0) received += end - start;
          else peerSeen = origin.peerSeen;
        },
        gap: () => expect.fail('gap'),
        end: () => expect.fail('end'),
        note: () => expect.fail('note'),
        close: () => undefined,
      }),
      () => undefined,
    );
    const s = new Segment();
    s.src3 = s.srcPort = 1;
    s.dst3 = s.dstPort = 2;
    s.flags = SYN;
    s.seq = 4_000_000_000;
    table.segment(s);
    s.flags = ACK;
    s.block = block;
    s.end = s.length = size;
    s.ack = 1;
    const segments = 4 * 1024 + 100;
    for (let i = 0; i < segments; i++) {
      s.seq = (4_000_000_001 + i * size) >>> 0;
      table.segment(s);
    }
    expect(received).toBe(segments * size);
    s.src3 = s.srcPort = 2;
    s.dst3 = s.dstPort = 1;
    s.seq = 1;
    s.ack = (4_000_000_001 + segments * size) >>> 0;
    s.end = s.length = 10;
    table.segment(s);
    expect(peerSeen).toBe(segments * size);
    table.end();
  });
});
