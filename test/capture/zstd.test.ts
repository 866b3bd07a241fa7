import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { NotACapture } from '../../src/capture/packet.js';
import { openStream } from '../../src/capture/source.js';
import { headOf, type CaptureHead } from '../../src/engine/joining/capture-ends.js';
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

/** A frame's header with a window of 128 KiB times 2^`doublings`. */
const header = (doublings = 0): number[] => [0x28, 0xb5, 0x2f, 0xfd, 0x00, (7 + doublings) << 3];

function block(type: 0 | 1, size: number, last: boolean): number[] {
  const word = (size << 3) | (type << 1) | (last ? 1 : 0);
  return [word & 255, (word >> 8) & 255, word >> 16];
}

/** Stored, not compressed, in blocks of at most so many bytes. */
function stored(bytes: Uint8Array, size: number): Uint8Array {
  const blocks = chop(bytes, size);
  const parts = blocks.flatMap((b, i) => [Uint8Array.from(block(0, b.length, i === blocks.length - 1)), b]);
  return joined([Uint8Array.from(header()), ...parts]);
}

describe('a zstd-compressed capture', () => {
  const file = capture('qemu-io-script.pcap');
  const compressed = capture('qemu-io-script.pcap.zst');
  const bare = recordChunks(file, 'blocks');

  it('gives the same as the bare one, in pieces of any size', async () => {
    expect((await recordFile(compressed)).all).toEqual(bare.all);
    for (const size of [1, 7, 1000, 1 << 20])
      expect((await recordStream(chop(compressed, size))).all).toEqual(bare.all);
  });

  it('may have several frames, some of them for applications only', async () => {
    const skipped = Uint8Array.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]);
    const parts = [stored(file.subarray(0, 10), 3), skipped, stored(file.subarray(10), 700)];
    for (const size of [1, 50, 1 << 20]) expect((await recordStream(chop(joined(parts), size))).all).toEqual(bare.all);
  });

  it('that is cut off gives the packets before the cut, and says so', async () => {
    const whole = stored(file, 500);
    const found = await recordFile(whole.subarray(0, whole.length - 700));
    expect(found.packets.length).toBeGreaterThan(20);
    expect(found.packets).toEqual(bare.packets.slice(0, found.packets.length));
    expect(found.noteIds).toEqual(['capture/truncated']);
    expect(found.notes[0]!.text).toMatch(/^the zstd data end after \d+ decompressed bytes, before their end mark$/);
  });

  it('that is damaged gives the packets before the damage', async () => {
    const whole = stored(file, 500);
    // a reserved type of block
    whole[6 + 503 * 5] = 0x06;
    const found = await recordFile(whole);
    expect(found.packets).toEqual(bare.packets.slice(0, found.packets.length));
    expect(found.noteIds).toEqual(['capture/malformed']);
    expect(found.notes[0]!.text).toMatch(/^the zstd data are damaged after 2500 decompressed bytes: /);
  });

  it('with garbage behind it says so', async () => {
    const found = await recordFile(joined([compressed, new Uint8Array(100).fill(1)]));
    expect(found.packets).toEqual(bare.packets);
    expect(found.noteIds).toEqual(['capture/malformed']);
  });

  it('of something else is named with its wrapping', async () => {
    const text = stored(new TextEncoder().encode('{"a": 1}'.padEnd(600)), 600);
    await expect(recordFile(text)).rejects.toThrow(new NotACapture('looks like zstd-compressed JSON text'));
  });

  it('whose window is too large is refused by the name of the limit, or told of where it comes late', async () => {
    const huge = Uint8Array.from([...header(14), ...block(0, 1, true), 0]);
    const words = `a window of ${2 ** 31} bytes (limit zstdWindowBytes: ${DEFAULT_LIMITS.zstdWindowBytes}; unpack it first: zstd -d --long=31 FILE)`;
    await expect(recordFile(huge)).rejects.toThrow(new NotACapture(`zstd-compressed: ${words}`));
    const found = await recordFile(joined([compressed, huge]));
    expect(found.packets).toEqual(bare.packets);
    expect(found.notes.map((n) => n.text)).toEqual([
      `the zstd data are damaged after ${file.length} decompressed bytes: ${words}`,
    ]);
  });

  it('that is a bomb is decompressed block by block, as fast as its output is taken', async () => {
    const blocks = 128;
    const zeros = Array.from({ length: blocks }, (_, i) => [...block(1, 128 << 10, i === blocks - 1), 0]);
    const bomb = joined([stored(pcapFile([]), 24), Uint8Array.from([...header(), ...zeros.flat()])]);
    let packets = 0;
    let sinceBatch = 0;
    let most = 0;
    await openStream('-', () => Readable.from([bomb])).read(
      {
        info: () => undefined,
        note: () => undefined,
        packet: () => {
          packets++;
          sinceBatch++;
        },
      },
      {
        batch: () => {
          most = Math.max(most, sinceBatch);
          sinceBatch = 0;
          return Promise.resolve();
        },
      },
    );
    expect(packets).toBe((blocks * (128 << 10)) / 16);
    expect(most).toBeLessThanOrEqual((128 << 10) / 16);
  });

  it('shows its first packets without being read whole', () => {
    const path = new URL('../../captures/nbd/qemu-io-script.pcap', import.meta.url).pathname;
    const head = headOf(path) as CaptureHead;
    expect(head.first).toBeGreaterThan(0);
    expect((headOf(`${path}.zst`) as CaptureHead).first).toBe(head.first);
  });
});
