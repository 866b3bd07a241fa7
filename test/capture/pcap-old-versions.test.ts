import { describe, expect, it } from 'vitest';
import { recordChunks, recordFile } from '../kit/packet-recorder.js';
import { pcapFile } from '../kit/pcap-writer.js';

const packets = [
  { data: Uint8Array.of(1, 2, 3), originalLength: 90 },
  { data: new Uint8Array(60).fill(7) },
  { data: Uint8Array.of(9), originalLength: 60 },
];

/** The same with the two lengths of each packet in the other order. */
function swapped(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 24; at < file.length;) {
    const captured = view.getUint32(at + 8, true);
    view.setUint32(at + 8, view.getUint32(at + 12, true), true);
    view.setUint32(at + 12, captured, true);
    at += 16 + captured;
  }
  return file;
}

describe('pcap of an old version', () => {
  for (const version of [
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
    [543, 0],
  ] as const)
    it(`${version.join('.')} is read with its lengths in either order`, async () => {
      for (const file of [pcapFile(packets, { version }), swapped(pcapFile(packets, { version }))]) {
        const found = await recordFile(file);
        expect(found.notes).toEqual([]);
        expect(found.packets.map((p) => [p.data.length / 2, p.originalLength])).toEqual([
          [3, 90],
          [60, 60],
          [1, 60],
        ]);
        for (const chunk of [1, 24, 25, 100]) expect(recordChunks(file, 'stream', [chunk]).all).toEqual(found.all);
      }
    });

  it("with the longer packet headers of Nokia's tcpdump is refused by that name", () => {
    const plain = pcapFile(packets);
    const parts: Uint8Array[] = [plain.subarray(0, 24)];
    for (let at = 24; at < plain.length;) {
      const length = new DataView(plain.buffer, plain.byteOffset).getUint32(at + 8, true);
      parts.push(plain.subarray(at, at + 16), new Uint8Array(4), plain.subarray(at + 16, at + 16 + length));
      at += 16 + length;
    }
    const nokia = new Uint8Array(Buffer.concat(parts));
    expect(() => recordChunks(nokia, 'blocks')).toThrow("a capture of Nokia's tcpdump (convert it with editcap");
    expect(recordChunks(plain, 'blocks').packets).toHaveLength(3);
  });

  it("is not taken for Nokia's because of one damaged length, in whatever chunks it comes", () => {
    const file = pcapFile([{ data: Uint8Array.of(0, 0, 0) }, { data: Uint8Array.of(0) }], {
      littleEndian: false,
      nanoseconds: false,
    });
    new DataView(file.buffer).setUint32(24 + 8, 0);
    const whole = recordChunks(file, 'blocks').all;
    expect(whole).toEqual(recordChunks(file, 'stream', [1]).all);
    expect(whole).toMatchObject({ packets: [{ number: 1, originalLength: 3 }] });
  });
});
