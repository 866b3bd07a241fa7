import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FindingEvent } from '../../src/report/event-object.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { DiskImage, type Author } from '../../src/rewrite/disk-image.js';
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

/** Who wrote and read does not matter here. */
const BY = {} as Author;

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
      /^! warning disk\/read-conflict \(capture, likely\) stream 1 #\d+ at packet \d+\n {2}at \d+ of the disk 0x7a was read where #\d+ \(packet \d+\) had left 0x61/m,
    );
    const json = wirelint(['extract', '--disk', '-o', join(folder, 'corrupt.raw'), '-f', 'ndjson', path]).stdout;
    const found = JSON.parse(json) as FindingEvent;
    expect(found).toMatchObject({ type: 'finding', rule: 'disk/read-conflict', severity: 'warning', stream: 1 });
    // the read's answer, and the write
    expect(found.related).toHaveLength(1);
    expect(found.related[0]).toBeLessThan(found.message!);
  });

  it('compares a read only with writes that had been answered before it was asked for', () => {
    const disk = new DiskImage(new Memory(), DEFAULT_LIMITS);
    const mark = disk.write(0, Buffer.from('aaaa'), BY);
    disk.read(0, Buffer.from('bbbb'), 4, BY, 5);
    expect(disk.conflictCount).toBe(0);
    mark.answered = 6;
    disk.read(0, Buffer.from('bbbb'), 4, BY, 6);
    expect(disk.conflictCount).toBe(0);
    disk.read(0, Buffer.from('aaab'), 4, BY, 7);
    expect(disk.conflicts).toMatchObject([{ offset: 3, read: 0x62, written: 0x61 }]);
    disk.discard(2, 2);
    disk.read(2, Buffer.from('zz'), 2, BY, 8);
    disk.read(0, null, 2, BY, 9);
    expect(disk.conflictCount).toBe(2);
  });

  it('says where it forgets who wrote, and then compares nothing: diskRanges', () => {
    const disk = new DiskImage(new Memory(), { ...DEFAULT_LIMITS, diskRanges: 2 });
    for (let i = 0; i < 3; i++) disk.write(2 * i, Buffer.from('a'), BY).answered = 1;
    expect(disk.forgot).toBe(true);
    disk.read(0, Buffer.from('b'), 1, BY, 9);
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

  it('are those of sessions in secure mode, too', () => {
    const objects = join(folder, 'secure');
    const keyring = join(CAPTURES, 'msgr2/rev0-secure.keyring');
    // its packets up to the 150th of a recording of librados that wrote objects oN of N bytes
    const capture = join(import.meta.dirname, 'secure-writes.pcapng');
    expect(wirelint(['extract', '--objects', objects, '--keyring', keyring, capture]).stdout).toMatch(/^14 objects\n/);
    for (const n of [1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65]) {
      const written = Uint8Array.from({ length: n }, (_, i) => 1 + 7 * i);
      expect([...readFileSync(join(objects, `o${n}`))]).toEqual([...written]);
    }
    expect(wirelint(['extract', '--objects', objects, capture]).status).toBe(2);
  });

  it('have names that stay in their folder', () => {
    expect(safeFileName('rbd_data.5f1a.0000000000000001')).toBe('rbd_data.5f1a.0000000000000001');
    for (const name of ['../../etc/passwd', '.hidden', '', 'a/b', 'a\0b', 'x'.repeat(4000), '-rf']) {
      expect(safeFileName(name)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._=+@~-]{0,250}$/);
    }
    expect(safeFileName('a/b')).not.toBe(safeFileName('a_b'));
  });
});
