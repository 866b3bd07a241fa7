import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Packet } from '../../src/capture/packet.js';
import type { CaptureOptions } from '../../src/capture/reading.js';
import { openCapture, openStream } from '../../src/capture/source.js';
import { PacketRecorder, recordChunks, recordPath, withFolder } from '../kit/packet-recorder.js';
import { joined, pcapFile, PcapngWriter } from '../kit/pcap-writer.js';

const path = (name: string): string => new URL(`../../captures/nbd/${name}`, import.meta.url).pathname;
const capture = (name: string): Uint8Array => new Uint8Array(readFileSync(path(name)));

/** A recorder that can be waited for. */
class LiveRecorder extends PacketRecorder {
  private wake: () => void = () => undefined;

  override packet(packet: Packet): void {
    super.packet(packet);
    this.wake();
  }

  async until(count: number): Promise<void> {
    while (this.packets.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

function live(
  name: string,
  options: CaptureOptions = {},
): { recorder: LiveRecorder; done: Promise<void>; stop(): void } {
  const controller = new AbortController();
  const recorder = new LiveRecorder();
  const done = openCapture(name, { ...options, signal: controller.signal }).read(recorder);
  return { recorder, done, stop: () => controller.abort() };
}

const packet = { data: Uint8Array.of(1, 2, 3, 4, 5), seconds: 1, nanos: 0 };
const file = pcapFile([packet, packet, packet]);
const record = file.subarray(24, 24 + 21);
const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.on('close', resolve));

describe('a stream', () => {
  it('hands packets out as soon as their bytes are there', async () => {
    const stream = new PassThrough();
    const recorder = new LiveRecorder();
    const done = openStream('-', () => stream).read(recorder);
    stream.write(file.subarray(0, 24));
    for (let i = 1; i <= 5; i++) {
      stream.write(record.subarray(0, 20));
      await new Promise(setImmediate);
      expect(recorder.packets).toHaveLength(i - 1);
      stream.write(record.subarray(20));
      await recorder.until(i);
    }
    stream.end(record.subarray(0, 3));
    await done;
    expect(recorder.noteIds).toEqual(['capture/truncated']);
  });

  it('calls for output to be flushed after each chunk, and waits for it', async () => {
    const steps: string[] = [];
    const recorder = new PacketRecorder();
    recorder.packet = () => void steps.push('packet');
    await openStream('-', () => Readable.from([file.subarray(0, 45), file.subarray(45)])).read(recorder, {
      batch: async () => {
        await new Promise(setImmediate);
        steps.push('flushed');
      },
      progress: (bytes, total) => void steps.push(`${bytes} of ${total}`),
    });
    expect(steps).toEqual(['packet', 'flushed', '45 of null', 'packet', 'packet', 'flushed', '87 of null']);
  });

  it('ends when the user stops, and half a packet is no finding then', async () => {
    const controller = new AbortController();
    const stream = new PassThrough();
    const recorder = new LiveRecorder();
    const done = openStream('-', () => stream, { signal: controller.signal }).read(recorder);
    stream.write(joined([file, record.subarray(0, 9)]));
    await recorder.until(3);
    controller.abort();
    await done;
    expect(recorder.packets).toHaveLength(3);
    expect(recorder.notes).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  it('is not read on behind a record that cannot be believed', async () => {
    const bad = new Uint8Array(record);
    bad.fill(0xff, 8, 12);
    const stream = new PassThrough();
    const recorder = new LiveRecorder();
    const done = openStream('-', () => stream).read(recorder);
    stream.write(joined([file, bad]));
    await done;
    expect(recorder.noteIds).toEqual(['capture/malformed']);
    expect(stream.destroyed).toBe(true);
  });

  it('passes on its own errors', async () => {
    const stream = new PassThrough();
    const done = openStream('-', () => stream).read(new PacketRecorder());
    stream.destroy(new Error('EIO'));
    await expect(done).rejects.toThrow('EIO');
  });
});

describe('a FIFO', () => {
  it('is read until its writer closes it', () =>
    withFolder(async (folder) => {
      const fifo = `${folder}/fifo`;
      execFileSync('mkfifo', [fifo]);
      const { recorder, done } = live(fifo);
      // The writer comes later than the reader.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', path('qemu-io-script.pcap'), fifo], { stdio: 'ignore' });
      await Promise.all([ended(writer), done]);
      expect(recorder.all).toEqual(recordChunks(capture('qemu-io-script.pcap'), 'blocks').all);
    }));

  it('that nobody writes to can be left', () =>
    withFolder(async (folder) => {
      const fifo = `${folder}/fifo`;
      execFileSync('mkfifo', [fifo]);
      const { recorder, done, stop } = live(fifo);
      await new Promise((resolve) => setTimeout(resolve, 20));
      stop();
      await expect(done).resolves.toBeUndefined();
      expect(recorder.infos).toEqual([]);
    }));
});

describe('a growing file', () => {
  const ng = new PcapngWriter().section().interface().packet(packet).packet(packet).packet(packet).done();
  it.each([
    ['pcap', file, 21],
    ['pcapng', ng, 40],
  ])('(%s) is followed from its first byte until the user stops', (_name, bytes, last) =>
    withFolder(async (folder) => {
      const name = `${folder}/grows`;
      writeFileSync(name, '');
      const { recorder, done, stop } = live(name, { follow: true });
      for (let at = 0; at < bytes.length; at += 30) {
        appendFileSync(name, bytes.subarray(at, at + 30));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await recorder.until(3);
      appendFileSync(name, bytes.subarray(bytes.length - last, bytes.length - 9));
      await new Promise((resolve) => setTimeout(resolve, 20));
      stop();
      await done;
      expect(recorder.all).toEqual(recordChunks(bytes, 'blocks').all);
    }),
  );

  it('that becomes shorter is over', () =>
    withFolder(async (folder) => {
      const name = `${folder}/grows`;
      writeFileSync(name, file);
      const { recorder, done } = live(name, { follow: true });
      await recorder.until(3);
      truncateSync(name, 24);
      await done;
      expect(recorder.notes.map((note) => note.text)).toEqual(['the file became shorter while it was read']);
    }));

  it('is read once and for all without being asked to follow', async () => {
    const found = await recordPath(path('nanosecond.pcap'));
    expect(found.packets).toHaveLength(40);
  });
});

describe('a regular file', () => {
  it('tells how far it is', () =>
    withFolder(async (folder) => {
      const name = `${folder}/big`;
      const big = pcapFile(Array.from({ length: 50 }, () => ({ data: new Uint8Array(60_000) })));
      const fd = openSync(name, 'w');
      writeSync(fd, big);
      closeSync(fd);
      const progress: (readonly [number, number | null])[] = [];
      await openCapture(name).read(new PacketRecorder(), { progress: (done, total) => progress.push([done, total]) });
      expect(progress.length).toBeGreaterThan(2);
      expect(progress.at(-1)).toEqual([big.length, big.length]);
    }));

  it('is left when the user stops', () =>
    withFolder(async (folder) => {
      const name = `${folder}/big`;
      writeFileSync(name, pcapFile(Array.from({ length: 100 }, () => ({ data: new Uint8Array(60_000) }))));
      const { recorder, done, stop } = live(name);
      await recorder.until(1);
      stop();
      await done;
      expect(recorder.packets.length).toBeLessThan(100);
      expect(recorder.notes).toEqual([]);
    }));
});
