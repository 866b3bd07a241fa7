import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openStream } from '../../src/capture/source.js';
import { joined, pcapFile } from '../kit/pcap-writer.js';
import { PacketRecorder, recordChunks, recordFile } from '../kit/packet-recorder.js';

const capture = (name: string): Uint8Array => readFileSync(new URL(`../../captures/nbd/${name}`, import.meta.url));

async function recordStream(chunks: readonly Uint8Array[]): Promise<PacketRecorder> {
  const recorder = new PacketRecorder();
  await openStream('-', () => Readable.from(chunks)).read(recorder);
  return recorder;
}

function chop(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

describe('a gzip-compressed capture', () => {
  it.each(['qemu-io-script.pcap', 'nanosecond.pcap', 'dumpcap-two-interfaces.pcapng'])(
    'gives the same as the bare one: %s',
    async (name) => {
      const file = capture(name);
      const bare = recordChunks(file, 'blocks').all;
      const compressed = gzipSync(file);
      expect((await recordFile(compressed)).all).toEqual(bare);
      for (const size of [1, 1000, 1 << 20]) expect((await recordStream(chop(compressed, size))).all).toEqual(bare);
    },
  );

  it('may have several members, and zero padding behind them', async () => {
    const file = capture('qemu-io-script.pcap');
    const parts = [file.subarray(0, 10), file.subarray(10, 5000), new Uint8Array(0), file.subarray(5000)];
    const compressed = joined([...parts.map((part) => gzipSync(part)), new Uint8Array(512)]);
    expect((await recordFile(compressed)).all).toEqual(recordChunks(file, 'blocks').all);
    expect((await recordStream(chop(compressed, 7))).all).toEqual(recordChunks(file, 'blocks').all);
  });

  it('that is cut off gives the packets before the cut', async () => {
    const packets = Array.from({ length: 400 }, () => ({ data: new Uint8Array(randomBytes(500)) }));
    const file = pcapFile(packets);
    const compressed = gzipSync(file);
    const found = await recordFile(compressed.subarray(0, compressed.length / 2));
    expect(found.packets.length).toBeGreaterThan(180);
    expect(found.packets).toEqual(recordChunks(file, 'blocks').packets.slice(0, found.packets.length));
    expect(found.notes).toHaveLength(1);
    expect(found.notes[0]!.rule).toBe('capture/truncated');
    expect(found.notes[0]!.text).toMatch(/^the gzip data end after \d+ decompressed bytes, before their end mark$/);
    // Nothing that could be decompressed is lost.
    expect(found.notes[0]!.offset - (24 + found.packets.length * 516)).toBeLessThan(516);
  });

  it('that lacks only its checksum loses no packet', async () => {
    const file = capture('qemu-io-script.pcap');
    const found = await recordFile(gzipSync(file).subarray(0, -8));
    expect(found.packets).toEqual(recordChunks(file, 'blocks').packets);
    expect(found.noteIds).toEqual(['capture/truncated']);
  });

  it('with a wrong checksum loses no packet', async () => {
    const file = capture('qemu-io-script.pcap');
    const wrong = new Uint8Array(gzipSync(file));
    wrong[wrong.length - 7]! ^= 1;
    const found = await recordFile(wrong);
    expect(found.packets).toEqual(recordChunks(file, 'blocks').packets);
    expect(found.noteIds).toEqual(['capture/malformed']);
    expect(found.notes[0]!.text).toBe(
      `the gzip data are damaged after ${file.length} decompressed bytes: incorrect data check`,
    );
  });

  it('with garbage behind it says so', async () => {
    const file = capture('qemu-io-script.pcap');
    const found = await recordFile(joined([gzipSync(file), new Uint8Array(100).fill(1)]));
    expect(found.packets.length).toBeGreaterThan(20);
    expect(found.packets).toEqual(recordChunks(file, 'blocks').packets.slice(0, found.packets.length));
    expect(found.noteIds).toEqual(['capture/malformed']);
  });

  it('that is damaged in the middle gives the packets before the damage', async () => {
    const packets = Array.from({ length: 400 }, () => ({ data: new Uint8Array(randomBytes(500)) }));
    const good = gzipSync(pcapFile(packets));
    const damaged = new Uint8Array(good);
    damaged.fill(0xff, 100_000, 140_000);
    const found = await recordFile(damaged);
    expect(found.packets.length).toBeGreaterThan(100);
    expect(found.noteIds).toContain('capture/malformed');
  });

  it('that is a bomb is decompressed piece by piece, as fast as its output is taken', async () => {
    const size = 16 << 20;
    const file = new Uint8Array(24 + size);
    file.set(pcapFile([]));
    const compressed = gzipSync(file);
    expect(compressed.length).toBeLessThan(100_000);
    let packets = 0;
    let sinceBatch = 0;
    let most = 0;
    let flushing = false;
    let meanwhile = 0;
    await openStream('-', () => Readable.from([compressed])).read(
      {
        info: () => undefined,
        note: () => undefined,
        packet: () => {
          packets++;
          sinceBatch++;
          if (flushing) meanwhile++;
        },
      },
      {
        batch: async () => {
          most = Math.max(most, sinceBatch);
          sinceBatch = 0;
          flushing = true;
          await new Promise((resolve) => setTimeout(resolve, 2));
          flushing = false;
        },
      },
    );
    expect(packets).toBe(size / 16);
    expect(meanwhile).toBe(0);
    expect(most).toBeLessThanOrEqual((128 << 10) / 16);
  }, 30_000);

  it('passes on what the sink or the output throws', async () => {
    const compressed = gzipSync(capture('qemu-io-script.pcap'));
    const sink = new PacketRecorder();
    sink.packet = () => {
      throw new Error('a bug');
    };
    await expect(openStream('-', () => Readable.from([compressed])).read(sink)).rejects.toThrow('a bug');
    const failing = openStream('-', () => Readable.from([compressed]));
    await expect(
      failing.read(new PacketRecorder(), { batch: () => Promise.reject(new Error('EPIPE')) }),
    ).rejects.toThrow('EPIPE');
  });
});
