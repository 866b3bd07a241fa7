import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
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

  it('give the same reports with any number of jobs', () => {
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
    expect(wirelint(['analyze', folder]).stdout).toBe(text);
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
});
