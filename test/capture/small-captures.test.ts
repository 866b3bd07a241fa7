import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SMALL_BYTES } from '../../src/capture/small-capture.js';
import { openCapture } from '../../src/capture/source.js';
import { recordChunks, recordFile, recordPath, withFolder, PacketRecorder } from '../kit/packet-recorder.js';
import { pcapFile } from '../kit/pcap-writer.js';

/** A capture of so many bytes: one packet of 100 bytes, and another one. */
function captureOf(size: number): Uint8Array {
  return pcapFile([{ data: new Uint8Array(100).fill(1) }, { data: new Uint8Array(size - 24 - 16 - 100 - 16).fill(2) }]);
}

describe('a small capture', () => {
  it.each([-1, 0, 1, 2])('is read like any other, with %d bytes more than are read at once', async (more) => {
    const file = captureOf(SMALL_BYTES + more);
    expect(file).toHaveLength(SMALL_BYTES + more);
    const { packets, notes } = await recordFile(file);
    expect({ packets, notes }).toEqual({ packets: recordChunks(file, 'blocks').packets, notes: [] });
    expect(packets.map((p) => p.data.length / 2)).toEqual([100, file.length - 156]);
  });

  it.each([10, 3000, SMALL_BYTES - 200])('says that its last packet is cut off, of %d bytes', async (rest) => {
    const file = captureOf(SMALL_BYTES + 100).subarray(0, 140 + rest);
    const { packets, notes } = await recordFile(file);
    expect(packets).toHaveLength(1);
    expect(notes).toEqual(recordChunks(file, 'blocks').notes);
    expect(notes).toHaveLength(1);
  });

  it('is not disturbed where another one is read while its packets are taken', async () => {
    const path = 'captures/nbd/client-killed-in-flight.pcap';
    const alone = await recordPath(path);
    const others: Promise<PacketRecorder>[] = [];
    const recorder = new PacketRecorder();
    await openCapture(path).read({
      info: (info) => recorder.info(info),
      note: (note) => recorder.note(note),
      packet: (packet) => {
        others.push(recordPath('captures/nbd/late-join-structured.pcap'));
        recorder.packet(packet);
      },
    });
    expect(recorder.packets).toEqual(alone.packets);
    for (const other of await Promise.all(others)) expect(other.packets.length).toBeGreaterThan(1);
  });

  it('need not be read where it was read already', () =>
    withFolder(async (folder) => {
      const content = readFileSync('captures/nbd/client-killed-in-flight.pcap');
      const found = await recordPath(`${folder}/gone.pcap`, { content });
      writeFileSync(`${folder}/there.pcap`, content);
      expect(found.packets).toEqual((await recordPath(`${folder}/there.pcap`)).packets);
      expect(found.packets.length).toBeGreaterThan(1);
    }));
});
