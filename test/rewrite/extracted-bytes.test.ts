import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { DiskImage } from '../../src/rewrite/disk-image.js';
import { DiskExtract, safeFileName } from '../../src/rewrite/extract.js';
import type { RandomFile } from '../../src/rewrite/sparse-file.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';

const folder = scratch();
/** qemu-io 7.2 against nbdkit's file plugin: writes, zeroes, a read; recorded with tcpdump. */
const WRITES = 'test/rewrite/qemu-io-writes.pcap.gz';

/** The server's file after that session. */
function serversFile(): Buffer {
  const disk = Buffer.alloc(4 << 20);
  disk.fill(0x61, 0, 64 << 10);
  disk.fill(0x62, 100 << 10, 107 << 10);
  disk.fill(0, 20 << 10, 28 << 10);
  disk.fill(0x63, 1 << 20, (1 << 20) + (128 << 10));
  return disk;
}

class Memory implements RandomFile {
  bytes = Buffer.alloc(0);
  get length(): number {
    return this.bytes.length;
  }
  write(position: number, bytes: Uint8Array): void {
    if (position + bytes.length > this.length) this.truncate(position + bytes.length);
    this.bytes.set(bytes, position);
  }
  read(position: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    out.set(this.bytes.subarray(position, position + length));
    return out;
  }
  truncate(length: number): void {
    this.bytes = Buffer.concat([this.bytes.subarray(0, length), Buffer.alloc(Math.max(0, length - this.length))]);
  }
}

describe('the disk of a session', () => {
  it('equals the file of the server that was written', () => {
    const path = join(folder, 'image.raw');
    const { status, stdout, stderr } = wirelint(['extract', '--disk', '-o', path, WRITES]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe('4 MiB: 207 KiB written, 64 KiB read in 1 stream\n');
    expect(readFileSync(path).equals(serversFile())).toBe(true);
    expect(statSync(path).blocks * 512).toBeLessThan(1 << 20);
  });

  it('shows a read that denies what was written before', () => {
    const capture = gunzipSync(readFileSync(WRITES));
    // the reply to the read of the first 64 KiB: the last run of so many 0x61, up to the zeros
    const at = capture.lastIndexOf(Buffer.alloc(4096, 0x61));
    capture[at + 100] = 0x7a;
    const path = join(folder, 'corrupt.pcap');
    writeFileSync(path, capture);
    const { stdout } = wirelint(['extract', '--disk', '-o', join(folder, 'corrupt.raw'), path]);
    expect(stdout).toMatch(
      /^conflict at \d+: stream 1 #\d+ \(packet \d+\) read 0x7a, stream 1 #\d+ \(packet \d+\) had left 0x61/m,
    );
  });

  it('compares a read only with writes that had been answered before it was asked for', () => {
    const disk = new DiskImage(new Memory(), DEFAULT_LIMITS);
    const mark = disk.write(0, Buffer.from('aaaa'), 'w');
    disk.read(0, Buffer.from('bbbb'), 4, 'r', 5);
    expect(disk.conflictCount).toBe(0);
    mark.settled = 6;
    disk.read(0, Buffer.from('bbbb'), 4, 'r', 6);
    expect(disk.conflictCount).toBe(0);
    disk.read(0, Buffer.from('aaab'), 4, 'r', 7);
    expect(disk.conflicts).toMatchObject([{ offset: 3, read: 0x62, written: 0x61 }]);
    disk.discard(2, 2);
    disk.read(2, Buffer.from('zz'), 2, 'r', 8);
    disk.read(0, null, 2, 'r', 9);
    expect(disk.conflictCount).toBe(2);
  });

  it('says where it forgets who wrote, and then compares nothing: diskRanges', () => {
    const disk = new DiskImage(new Memory(), { ...DEFAULT_LIMITS, diskRanges: 2 });
    for (let i = 0; i < 3; i++) disk.write(2 * i, Buffer.from('a'), 'w').settled = 1;
    expect(disk.forgot).toBe(true);
    disk.read(0, Buffer.from('b'), 1, 'r', 9);
    expect(disk.conflictCount).toBe(0);
  });
});

describe('what one side sent', () => {
  it('leaves out messages of more than contentBytes', async () => {
    const disk = new DiskExtract(new Memory(), { ...DEFAULT_LIMITS, contentBytes: 4096 });
    const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: false, bytes: false }, disk);
    await analysis.run(WRITES);
    analysis.finish();
    expect(disk.report().join('\n')).toMatch(/contentBytes: messages of more than 4 KiB left out/);
    expect(disk.report()[0]).toBe('4 MiB: 8 KiB written, 0 B read in 1 stream');
  });

  it.each([
    ['nbdkit-tls13-aes256gcm', 'client', 'c2s'],
    ['nbdkit-tls13-aes256gcm', 'server', 's2c'],
  ])('%s: the %s in plain', (name, direction, end) => {
    const path = join(folder, `${name}.${end}`);
    const log = join(CAPTURES, `tls/${name}.keylog`);
    const input = join(CAPTURES, `tls/${name}.pcap`);
    const got = wirelint(['extract', '-s', '1', '--direction', direction, '--tls-keylog', log, '-o', path, input]);
    expect([got.status, got.stderr]).toEqual([0, '']);
    const plain = readFileSync(path);
    // the program that sent it has kept what went through TLS; what was said in clear before stands in front of it
    const kept = readFileSync(join(CAPTURES, `tls/${name}.${end}.bin`));
    expect(plain.subarray(plain.length - kept.length).equals(kept)).toBe(true);
  });

  it('has holes where bytes were not captured, and lists them', () => {
    const path = join(folder, 'holes.bin');
    const input = join(CAPTURES, 'nbd/snaplen-96.pcap');
    const { stdout } = wirelint(['extract', '-s', '1', '--direction', 'server', '-o', path, input]);
    const holes = [...stdout.matchAll(/^hole (\d+)\.\.(\d+): \d+ bytes? not captured$/gm)];
    expect(holes.length).toBeGreaterThan(0);
    const bytes = readFileSync(path);
    for (const [, start, end] of holes)
      expect(bytes.subarray(Number(start), Number(end)).every((b) => b === 0)).toBe(true);
  });

  it('is asked for in one way only, of a stream that is there', () => {
    const input = join(CAPTURES, 'nbd/nbdkit-simple-replies.pcap');
    const out = join(folder, 'none.bin');
    for (const args of [
      ['--direction', 'server', '-o', out],
      ['-o', out],
      ['--disk', '--direction', 'server', '-s', '1', '-o', out],
      ['--disk'],
      ['-s', '9', '--direction', 'server', '-o', out],
    ])
      expect(wirelint(['extract', input, ...args]).status, args.join(' ')).toBe(2);
    expect(readdirSync(folder)).not.toContain('none.bin');
  });
});

describe('objects of Ceph', () => {
  it('become files with what was written into them', () => {
    const objects = join(folder, 'objects');
    const { stdout } = wirelint(['extract', '--objects', objects, join(CAPTURES, 'msgr2/crc-reset.pcap.gz')]);
    expect(stdout).toMatch(/^8 objects\n/);
    expect(readFileSync(join(objects, 's0')).length).toBe(600);
  });

  it('have names that stay in their folder', () => {
    expect(safeFileName('rbd_data.5f1a.0000000000000001')).toBe('rbd_data.5f1a.0000000000000001');
    for (const name of ['../../etc/passwd', '.hidden', '', 'a/b', 'a\0b', 'x'.repeat(4000), '-rf']) {
      expect(safeFileName(name)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._=+@~-]{0,250}$/);
    }
    expect(safeFileName('a/b')).not.toBe(safeFileName('a_b'));
  });
});
