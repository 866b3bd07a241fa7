import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { AnnotatedCapture } from '../../src/report/annotated-capture.js';
import type { Event } from '../../src/report/event-object.js';
import { FileOutput } from '../../src/report/output.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { collect } from '../kit/collect.js';
import { missingPrograms } from '../kit/programs.js';
import { SETTINGS } from '../kit/settings.js';
import { captureFiles, packetFiles } from './captures.js';

const folder = scratch();

function run(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout;
}

/** The capture `name` with its comments; gives the new path. */
async function annotated(name: string, limits = DEFAULT_LIMITS): Promise<string> {
  const path = join(folder, `${name.replaceAll('/', '-')}.out`);
  const output = FileOutput.create(path, false);
  const capture = new AnnotatedCapture(output, limits, true, 'test');
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true, bytes: false }, capture);
  await analysis.run(join(CAPTURES, name), { tee: capture.tee });
  analysis.finish();
  output.finish();
  return path;
}

/** What must be the same: all but the file's own name and kind, and findings about where something stands in it. */
function comparable(events: readonly Event[]): unknown[] {
  return events
    .filter((e) => e.type !== 'capture' && e.type !== 'summary' && !(e.type === 'finding' && e.stream === null))
    .map((e) => ({ ...e, file: '' }));
}

describe('a capture written as pcapng with comments', () => {
  it('gives the same events when it is read back, for every capture of packets', async () => {
    const files = packetFiles();
    expect(files.length).toBeGreaterThan(60);
    for (const name of files) {
      const [before, after] = [await collect(join(CAPTURES, name)), await collect(await annotated(name))];
      expect(comparable(after.events), name).toEqual(comparable(before.events));
    }
  });

  it('gives the same messages for recordings of calls, which become packets', async () => {
    const files = captureFiles().filter((name) => !packetFiles().includes(name));
    expect(files.length).toBeGreaterThan(5);
    for (const name of files) {
      const [before, after] = [await collect(join(CAPTURES, name)), await collect(await annotated(name))];
      const said = (c: typeof before): unknown[] => c.messages.map((m) => [m.direction, m.name, m.fields, m.length]);
      const byDirection = (c: typeof before): unknown[] => [
        said(c).filter((m) => (m as string[])[0] === 'client-to-server'),
        said(c).filter((m) => (m as string[])[0] === 'server-to-client'),
      ];
      expect(byDirection(after), name).toEqual(byDirection(before));
    }
  });

  it('has findings first, keeps the comments of the input, and writes secrets only where they are asked for', () => {
    const path = join(folder, 'o.pcapng');
    const plain = wirelint(['analyze', '-f', 'pcapng', '-o', path, join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')]);
    expect(plain.stderr).toBe('');
    const again = join(folder, 'again.pcapng');
    expect(wirelint(['analyze', '-f', 'pcapng', '-o', again, path]).status).toBe(0);
    const secret = join(CAPTURES, 'tls/d-dsb-qemu-nbd-tls13-aes128gcm-clientcert.pcapng');
    const sizes = [[], ['--show-secrets']].map((more) => {
      const out = join(folder, `secret${more.length}.pcapng`);
      wirelint(['analyze', '-f', 'pcapng', ...more, '-o', out, secret]);
      return wirelint(['analyze', '-f', 'ndjson', out]).stdout.includes('"layer":"tls"');
    });
    expect(sizes).toEqual([false, true]);
  });

  it('says which packet a line is about where that waited for too long', async () => {
    const path = await annotated('nbd/nbdkit-simple-replies.pcap', { ...DEFAULT_LIMITS, annotatedBytes: 1 });
    expect(readFileSync(path, 'latin1')).toMatch(
      /\(packet 4, written before this was known: annotatedBytes\) #1 <- NBDMAGIC/,
    );
    expect((await collect(path)).messages.length).toBeGreaterThan(10);
  });

  it.skipIf(missingPrograms('tshark').length > 0)('is read by tshark, comments and all', () => {
    const path = join(folder, 'shark.pcapng');
    const input = join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap');
    wirelint(['analyze', '-f', 'pcapng', '-o', path, input]);
    const again = join(folder, 'shark-again.pcapng');
    wirelint(['analyze', '-f', 'pcapng', '-o', again, path]);
    const comments = (file: string): string => run('tshark', ['-r', file, '-T', 'fields', '-e', 'frame.comment']);
    expect(comments(path)).toMatch(/#1 <- NBDMAGIC/);
    expect(comments(path)).toMatch(/error nbd\/request-beyond-export \(client\)[^\n]*#10 -> NBD_CMD_READ/);
    expect(comments(again)).toMatch(/#1 <- NBDMAGIC[^\n]*#1 <- NBDMAGIC/);
    expect(run('tshark', ['-r', path, '-N', 'n', '-Y', 'frame.number==1'])).toMatch(/nbd-client/);
  });
});
