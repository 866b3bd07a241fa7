import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordChunks, recordFile, type Chunks } from '../kit/packet-recorder.js';
import { pcapFile } from '../kit/pcap-writer.js';

/**
 * Regular files are read in blocks, streams through pcap-parser: both must find the same, in good files and in damaged ones,
 * however the bytes arrive.
 */
const folder = new URL('../../captures/nbd/', import.meta.url).pathname;
const captures = readdirSync(folder).filter((name) => name.endsWith('.pcap'));

function outcome(read: () => { all: unknown }): unknown {
  try {
    return read().all;
  } catch (e) {
    return String(e);
  }
}

function expectSame(file: Uint8Array, chunks: Chunks, limits = {}): void {
  const blocks = outcome(() => recordChunks(file, 'blocks', undefined, limits));
  expect(outcome(() => recordChunks(file, 'stream', chunks, limits))).toEqual(blocks);
  expect(outcome(() => recordChunks(file, 'blocks', chunks, limits))).toEqual(blocks);
}

const small = readFileSync(join(folder, 'snaplen-96.pcap'));
const chunkSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 20,
});

describe('block reader and pcap-parser agree', () => {
  it('finds captures to compare', () => {
    expect(captures.length).toBeGreaterThan(5);
  });

  it.each(captures)('on %s', async (name) => {
    const file = readFileSync(join(folder, name));
    const found = await recordFile(file);
    expect(found.packets.length).toBeGreaterThan(0);
    const small = file.length < 100_000 ? [[7], [1]] : [];
    for (const chunks of [[file.length], [65_536], [24, 16, 1000], ...small])
      expect(recordChunks(file, 'stream', chunks).all).toEqual(found.all);
  });

  it('on every prefix of a capture', () => {
    for (let end = 0; end <= small.length; end++) expectSame(small.subarray(0, end), [end % 3 === 0 ? 100 : 4096]);
  }, 60_000);

  it('on captures with damaged bytes, in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(small.length - 25), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        chunkSizes,
        fc.nat(small.length),
        (damage, chunks, cut) => {
          const file = new Uint8Array(small.subarray(0, small.length - (cut % 200)));
          for (const [at, value] of damage) if (24 + at < file.length) file[24 + at] = value;
          expectSame(file, chunks);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it('on captures with damaged record lengths and small limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 30 }),
        fc.record({ littleEndian: fc.boolean(), nanoseconds: fc.boolean() }),
        fc.nat(30),
        fc.integer({ min: 0, max: 300 }),
        chunkSizes,
        (packets, options, which, length, chunks) => {
          const file = pcapFile(
            packets.map((data) => ({ data })),
            options,
          );
          let at = 24;
          for (let i = 0; i < which && i < packets.length; i++) at += 16 + packets[i]!.length;
          if (at + 16 <= file.length) new DataView(file.buffer).setUint32(at + 8, length, options.littleEndian);
          expectSame(file, chunks, { packetBytes: 150 });
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it('on captures with damaged file headers', () => {
    for (let at = 0; at < 24; at++)
      for (const value of [0, 1, 0xff]) {
        const file = new Uint8Array(small);
        file[at] = value;
        expectSame(file, [100]);
      }
  });
});
