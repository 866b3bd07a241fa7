import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, copyCapture, scratch, wirelint } from '../kit/cli.js';

const root = scratch();

/** Runs `check --watch` in a folder; `until` waits for output. */
function watching(
  folder: string,
  ...args: string[]
): { child: ChildProcess; until: (what: RegExp) => Promise<string> } {
  const child = spawn(process.execPath, [BIN, 'check', '--watch', ...args, 'caps'], { cwd: folder });
  let text = '';
  let wake: () => void = () => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      wake();
    });
  const until = async (what: RegExp): Promise<string> => {
    while (!what.test(text)) await new Promise<void>((resolve) => (wake = resolve));
    const all = text;
    text = '';
    return all;
  };
  return { child, until };
}

describe('check --watch', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('judges what changes, and ends by %s', async (signal) => {
    const folder = join(root, signal);
    mkdirSync(join(folder, 'caps/deep'), { recursive: true });
    copyCapture('nbd/nbdkit-structured-sparse-df.pcap', join(folder, 'caps/a.pcap'));
    // a report in the folder that is watched is no change of it
    const { child, until } = watching(folder, '-f', 'junit=caps/report.xml', '-f', 'text');
    expect(await until(/^passed/m)).not.toContain('changed');
    copyCapture('nbd/nbdkit-out-of-range.pcap', join(folder, 'caps/deep/b.pcap'));
    expect(await until(/^failed: /m)).toContain('wirelint: caps/deep/b.pcap changed\n');
    expect(readFileSync(join(folder, 'caps/report.xml'), 'utf8')).toContain('b.pcap');
    rmSync(join(folder, 'caps/deep/b.pcap'));
    expect(await until(/^passed/m)).toContain('caps/deep/b.pcap changed');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([signal === 'SIGINT' ? 130 : 143, null]);
  });

  it('goes with nothing that is written once, or read once', () => {
    writeFileSync(join(root, 'x'), '');
    for (const args of [['-'], ['--update-golden', 'x'], ['--write-baseline', 'x']]) {
      const { status, stderr } = wirelint(['check', '--watch', ...args], { cwd: root });
      expect([status, stderr]).toEqual([2, expect.stringContaining('--watch cannot be combined with')]);
    }
  });
});
