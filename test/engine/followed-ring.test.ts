import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Packet } from '../../src/capture/packet.js';
import { followedRing } from '../../src/engine/joining/followed-ring.js';
import { PacketRecorder } from '../kit/packet-recorder.js';
import { pcapFile } from '../kit/pcap-writer.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A file with a packet of 60,000 bytes a second: about seventeen of them are read at once. */
function file(seconds: number, packets: number): Buffer {
  const each = Array.from({ length: packets }, (_, i) => ({
    data: new Uint8Array(60_000).fill(seconds & 255),
    seconds: seconds + i,
  }));
  return Buffer.from(pcapFile(each));
}

class Ring {
  private readonly folder = mkdtempSync(join(tmpdir(), 'wirelint-ring-'));

  constructor() {
    folders.push(this.folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: Buffer): void {
    writeFileSync(this.path(name), content);
  }

  /** Follows it up to the packet of that second; `at`: what its recorder does when the packet of a second is read. */
  async follow(last: number, at: Record<number, () => void>): Promise<{ seconds: number[]; notes: string[] }> {
    const stop = new AbortController();
    const recorder = new PacketRecorder();
    const input = followedRing('ring', this.folder, () => true);
    const done = input.open({ follow: true, signal: stop.signal }).read({
      info: () => undefined,
      note: (note) => recorder.note(note),
      packet: (packet: Packet) => {
        recorder.packet(packet);
        at[packet.seconds]?.();
        if (packet.seconds === last) stop.abort();
      },
    });
    await done;
    // each packet is filled with the second in which its file began
    for (const p of recorder.packets) expect(new Set(Buffer.from(p.data, 'hex')).size).toBe(1);
    return {
      seconds: recorder.packets.map((p) => p.seconds),
      notes: recorder.notes.map((n) => `${n.rule} ${n.text}`),
    };
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('the files of a ring', () => {
  it('are read one after the other, without a note', async () => {
    const ring = new Ring();
    ring.write('r.pcap0', file(100, 30));
    const { seconds, notes } = await ring.follow(230, {
      129: () => ring.write('r.pcap1', file(150, 20)),
      169: () => ring.write('r.pcap2', file(180, 10)),
      // the oldest is free to be written over
      189: () => ring.write('r.pcap0', file(200, 31)),
    });
    expect(seconds).toEqual([...range(100, 130), ...range(150, 170), ...range(180, 190), ...range(200, 231)]);
    expect(notes).toEqual([]);
  });

  it('one of which is written over while it is read, end for what it was', async () => {
    for (const packets of [10, 60]) {
      const ring = new Ring();
      ring.write('r.pcap0', file(100, 30));
      ring.write('r.pcap1', file(150, 3));
      const last = 199 + packets;
      const { seconds, notes } = await ring.follow(last, { 105: () => ring.write('r.pcap0', file(200, packets)) });
      const before = seconds.filter((s) => s < 150);
      expect(before).toEqual(range(100, 100 + before.length));
      expect(before.length).toBeLessThan(30);
      expect(seconds.slice(before.length)).toEqual([...range(150, 153), ...range(200, last + 1)]);
      expect(notes).toEqual([
        'capture/truncated r.pcap0: the file was written over before all of it was read; what it held beyond is lost',
      ]);
    }
  });

  it('that were lost before their turn are told of by name', async () => {
    const ring = new Ring();
    ring.write('r.pcap0', file(100, 3));
    ring.write('r.pcap1', file(150, 3));
    ring.write('r.pcap2', file(160, 3));
    const { seconds, notes } = await ring.follow(302, {
      100: () => {
        rmSync(ring.path('r.pcap1'));
        ring.write('r.pcap2', file(300, 3));
      },
    });
    expect(seconds).toEqual([...range(100, 103), ...range(300, 303)]);
    expect(notes.sort()).toEqual(
      ['r.pcap1', 'r.pcap2'].map(
        (name) => `capture/truncated ${name}: written over or removed before it was read; what it held is lost`,
      ),
    );
  });
});
