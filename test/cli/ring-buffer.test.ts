import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, events, scratch, wirelint } from '../kit/cli.js';
import { writePiece } from '../kit/pcap-pieces.js';

const WHOLE = join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap');
const root = scratch();
let serial = 0;

/** A folder with the capture cut behind these packets, in files of these names. */
function ring(names: readonly string[], cuts: readonly number[]): string {
  const folder = join(root, String(++serial));
  mkdirSync(folder);
  names.forEach((name, i) => writePiece(WHOLE, join(folder, name), cuts[i]!, cuts[i + 1]));
  return folder;
}

const NAMES = ['r_00001_20261120150519.pcap', 'r_00002_20261120150519.pcap', 'r_00003_20261120150520.pcap'];

/** Moves the packets of a piece by some seconds. */
function later(path: string, seconds: number): void {
  const bytes = readFileSync(path);
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    bytes.writeUInt32LE(bytes.readUInt32LE(at) + seconds, at);
  writeFileSync(path, bytes);
}

/** Gives a piece's connection another client's port. */
function otherPort(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  const old = Buffer.from([from >> 8, from & 0xff]);
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    for (const port of [at + 16 + 34, at + 16 + 36])
      if (bytes.subarray(port, port + 2).equals(old)) bytes.writeUInt16BE(to, port);
  writeFileSync(path, bytes);
}

/** The files of each recording, by their names in the folder. */
function captures(folder: string): string[][] {
  const { stdout } = wirelint(['analyze', '-f', 'ndjson', '.'], { cwd: folder });
  return events(stdout)
    .filter((e) => e['type'] === 'capture')
    .map((e) => ((e['parts'] ?? [e['file']]) as string[]).map((path) => basename(path)));
}

/** Everything but the names of files. */
function content(stdout: string): unknown[] {
  return events(stdout).map(({ file: _, parts: __, ...event }) => event);
}

describe('captures that continue one another', () => {
  it('say the same as the whole', () => {
    const whole = content(wirelint(['analyze', '-f', 'ndjson', WHOLE]).stdout);
    const folder = ring(NAMES, [0, 12, 24]);
    const joined = wirelint(['analyze', '-f', 'ndjson', folder]);
    expect(joined.status).toBe(0);
    expect(content(joined.stdout)).toEqual(whole);
    expect(events(joined.stdout)[0]).toMatchObject({
      file: join(folder, NAMES[0]!),
      parts: NAMES.map((n) => join(folder, n)),
    });
  });

  it('are found by their content, whatever they are called, in whatever order they come, packed or not', () => {
    const folder = ring(['z.pcap', 'm.pcap', 'a.pcap'], [0, 12, 24]);
    writeFileSync(join(folder, 'm.gz'), gzipSync(readFileSync(join(folder, 'm.pcap'))));
    renameSync(join(folder, 'm.gz'), join(folder, 'm.pcap'));
    const { stdout } = wirelint(['check', '-f', 'ndjson', 'a.pcap', 'm.pcap', 'z.pcap'], { cwd: folder });
    const all = events(stdout);
    expect(all[0]).toMatchObject({ file: 'z.pcap', parts: ['z.pcap', 'm.pcap', 'a.pcap'] });
    expect(all.at(-1)).toMatchObject({ packets: 40, streams: 1 });
  });

  it('fail the gate as one, with the file and packet of each finding', () => {
    const folder = ring(NAMES, [0, 12, 24]);
    const { status, stdout } = wirelint(['check', folder]);
    expect(status).toBe(1);
    expect(stdout).toContain(`packet 19 (packet 7 of ${NAMES[1]})`);
    expect(stdout).toContain('and 2 more files, joined');
    expect(wirelint(['check', '-f', 'github', '.'], { cwd: folder }).stdout).toContain(`file=${NAMES[1]}`);
  });

  it('give the same reports with any number of jobs', { timeout: 120_000 }, () => {
    const folder = ring([...NAMES, 'other.pcap'], [0, 12, 24, 0]);
    for (const format of ['ndjson', 'text', 'sarif'])
      expect(wirelint(['check', '-j', '2', '-f', format, folder]).stdout).toBe(
        wirelint(['check', '-j', '1', '-f', format, folder]).stdout,
      );
  });

  it('have one transcript, beside the first file', () => {
    const folder = ring(NAMES, [0, 12, 24]);
    wirelint(['check', '--update-golden', folder]);
    const text = readFileSync(join(folder, `${NAMES[0]}.txt`), 'utf8');
    expect(text).toContain(`-- ${NAMES[1]}, from packet 13 on`);
    const { stdout } = wirelint(['check', '--golden', folder]);
    expect(stdout).not.toContain('differs');
    const kept = join(folder, '..', `${basename(folder)}.txt`);
    wirelint(['analyze', folder, '-o', kept]);
    expect(readFileSync(kept, 'utf8')).toBe(text);
  });

  it('stay apart where that is asked for', () => {
    const folder = ring(NAMES, [0, 12, 24]);
    const apart = events(wirelint(['check', '--join', 'never', '-f', 'ndjson', folder]).stdout);
    expect(apart.filter((e) => e['type'] === 'capture')).toHaveLength(3);
    expect(apart.some((e) => 'parts' in e || e['rule'] === 'capture/continued')).toBe(false);
  });

  it('stay apart where bytes between them are missing, and that is said', () => {
    const folder = ring(['a.pcap', 'b.pcap'], [0, 12]);
    writePiece(WHOLE, join(folder, 'b.pcap'), 20);
    const all = events(wirelint(['analyze', '-f', 'ndjson', folder]).stdout);
    const said = all.filter((e) => e['rule'] === 'capture/continued');
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({
      file: join(folder, 'b.pcap'),
      severity: 'warning',
      party: 'capture',
      stream: null,
    });
    expect(said[0]!['text']).toMatch(/^it may continue a\.pcap, .*127\.0\.0\.1:48220/);
  });

  it('are not made of a capture and a part of it, or of one that is named twice', () => {
    const folder = ring(['late.pcap'], [20]);
    writePiece(WHOLE, join(folder, 'whole.pcap'), 0);
    const all = events(wirelint(['analyze', '-f', 'ndjson', folder, join(folder, 'late.pcap')]).stdout);
    expect(all.filter((e) => e['type'] === 'capture')).toHaveLength(3);
    expect(all.some((e) => 'parts' in e || e['rule'] === 'capture/continued')).toBe(false);
  });

  it('are joined where the next file begins with what was sent again', () => {
    const folder = ring(['a.pcap', 'b.pcap'], [0, 20]);
    // packets 19 and 20 are in both files, as where two recorders take turns
    writePiece(WHOLE, join(folder, 'b.pcap'), 20);
    const b = readFileSync(join(folder, 'b.pcap'));
    const again = join(folder, 'again.pcap');
    writePiece(WHOLE, again, 18, 20);
    const repeated = readFileSync(again).subarray(24);
    rmSync(again);
    // their times are those of the first packet of the second file
    for (let at = 0; at < repeated.length; at += 16 + repeated.readUInt32LE(at + 8)) b.copy(repeated, at, 24, 32);
    writeFileSync(join(folder, 'b.pcap'), Buffer.concat([b.subarray(0, 24), repeated, b.subarray(24)]));
    expect(captures(folder)).toEqual([['a.pcap', 'b.pcap']]);
  });

  it('stay apart without a word where they are recordings of the same machines made later', () => {
    for (const names of [
      ['lab-1.pcap', 'lab-2.pcap'],
      ['lab-20261120-150519.pcap', 'lab-20261120-150530.pcap'],
      ['read.pcap', 'write.pcap'],
    ]) {
      const folder = ring(names, [0, 12]);
      writePiece(WHOLE, join(folder, names[1]!), 20);
      later(join(folder, names[1]!), 10);
      expect(captures(folder)).toEqual(names.map((n) => [n]));
      expect(wirelint(['check', '-f', 'ndjson', folder]).stdout).not.toContain('capture/continued');
    }
  });

  it('are joined across a long silence by names and bytes, not by bytes alone', () => {
    const alike = ring(['ring-20261120-150519.pcap', 'ring-20261120-150619.pcap'], [0, 20]);
    later(join(alike, 'ring-20261120-150619.pcap'), 60);
    expect(captures(alike)).toEqual([['ring-20261120-150519.pcap', 'ring-20261120-150619.pcap']]);
    const other = ring(['a.pcap', 'b.pcap'], [0, 20]);
    later(join(other, 'b.pcap'), 60);
    expect(captures(other)).toEqual([['a.pcap'], ['b.pcap']]);
  });

  it('are joined where several recorders write side by side into one folder', () => {
    const folder = ring(['eth0.pcap', 'eth0.pcap1', 'eth0.pcap2'], [0, 12, 24]);
    for (const [i, name] of ['eth1.pcap', 'eth1.pcap1', 'eth1.pcap2'].entries()) {
      const path = join(folder, name);
      writePiece(WHOLE, path, [0, 12, 24][i]!, [12, 24][i]);
      otherPort(path, 48220, 50000);
    }
    expect(captures(folder)).toEqual([
      ['eth0.pcap', 'eth0.pcap1', 'eth0.pcap2'],
      ['eth1.pcap', 'eth1.pcap1', 'eth1.pcap2'],
    ]);
  });

  it('are joined where a packet that is larger than what is read first begins the next file', () => {
    const folder = ring(['a.pcap', 'b.pcap'], [0, 20]);
    const b = readFileSync(join(folder, 'b.pcap'));
    // an ethernet frame of no known type
    const large = Buffer.alloc(16 + 70_000);
    b.copy(large, 0, 24, 32);
    large.writeUInt32LE(70_000, 8);
    large.writeUInt32LE(70_000, 12);
    large.writeUInt16BE(0x88b5, 16 + 12);
    writeFileSync(join(folder, 'b.pcap'), Buffer.concat([b.subarray(0, 24), large, b.subarray(24)]));
    expect(captures(folder)).toEqual([['a.pcap', 'b.pcap']]);
  });

  it('are not held against one another where no packet stands near the beginning, and that is said', () => {
    const folder = ring(['a.pcap', 'b.pcap'], [0, 20]);
    const block = (type: number, body: Buffer): Buffer => {
      const whole = Buffer.alloc(12 + body.length);
      whole.writeUInt32LE(type, 0);
      whole.writeUInt32LE(whole.length, 4);
      body.copy(whole, 8);
      whole.writeUInt32LE(whole.length, whole.length - 4);
      return whole;
    };
    const section = block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'));
    const device = block(1, Buffer.from('0100000000000400', 'hex'));
    const b = readFileSync(join(folder, 'b.pcap'));
    const data = b.subarray(40, 40 + (b.readUInt32LE(32) & ~3));
    const head = Buffer.alloc(20);
    head.writeUInt32LE(data.length, 12);
    head.writeUInt32LE(data.length, 16);
    const packet = block(6, Buffer.concat([head, data]));
    const custom = Array.from({ length: 5 }, () => block(0x0bad, Buffer.alloc(1 << 20)));
    writeFileSync(join(folder, 'b.pcap'), Buffer.concat([section, device, ...custom, packet]));
    const said = events(wirelint(['check', '-f', 'ndjson', folder]).stdout).filter(
      (e) => e['rule'] === 'capture/limit',
    );
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ file: join(folder, 'b.pcap'), severity: 'warning' });
    expect(said[0]!['text']).toMatch(/limit joinHeadBytes/);
  });
});
