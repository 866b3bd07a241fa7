import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { BIN, events, scratch } from '../kit/cli.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sessionPackets } from '../kit/session-packets.js';

/** A fault that no decoder expects: the number 0xfa017fa0 cannot be read from a DataView. */
const FAULT = `
const read = DataView.prototype.getUint32;
DataView.prototype.getUint32 = function (at, little) {
  const n = read.call(this, at, little);
  if (n === 0xfa017fa0) throw new TypeError('a fault was injected');
  return n;
};
`;

describe('a bug in a decoder', () => {
  const folder = scratch();
  const fault = join(folder, 'fault.mjs');
  const capture = join(folder, 'two-streams.pcap');
  writeFileSync(fault, FAULT);
  const session = (cookie: number, port: number): Uint8Array[] =>
    sessionPackets(
      [
        ...s.simpleSession(),
        s.request(s.READ, cookie, 0, 512),
        s.simple(cookie, 0, 512),
        s.clientCloses,
        s.serverCloses,
      ],
      10809,
      (n) => n,
      port,
    ).map((p) => p.frame);
  const broken = session(0xfa017fa0, 40001);
  const sound = session(7, 40002);
  const mixed = broken.flatMap((frame, i) => [frame, ...(sound[i] === undefined ? [] : [sound[i]])]);
  writeFileSync(capture, pcapFile(mixed.map((data) => ({ data }))));

  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--import', fault, BIN, ...args, capture], { encoding: 'utf8' });

  it('is an internal finding with the packet, and exit status 2; other streams go on', () => {
    const { status, stdout } = run('analyze', '-f', 'ndjson');
    expect(status).toBe(2);
    const all = events(stdout);
    const internal = all.filter((e) => e['rule'] === 'internal/error');
    expect(internal).toHaveLength(1);
    expect(internal[0]).toMatchObject({ stream: 1, severity: 'error', party: 'capture' });
    expect(internal[0]!['text']).toMatch(/^a fault was injected \(while decoding this stream, at packet \d+\)/);
    const names = all.filter((e) => e['type'] === 'message' && e['stream'] === 2).map((e) => e['name']);
    expect(names.slice(-2)).toEqual(['NBD_CMD_READ', 'NBD_SIMPLE_REPLY']);
    expect(all.at(-1)!['type']).toBe('summary');
  });

  it('fails the gate as an error of the program', () => {
    const { status, stdout } = run('check', '--fail-on', 'error');
    expect(status).toBe(2);
    expect(stdout).toContain('internal/error');
  });

  it('says how to report it', () => {
    expect(run('analyze').stdout).toMatch(/internal\/error/);
    const { stdout } = spawnSync(process.execPath, [BIN, 'explain', 'internal/error'], { encoding: 'utf8' });
    expect(stdout.replace(/\s+/g, ' ')).toContain('Please report it');
  });
});

describe('a bug where nobody waits for the result', () => {
  it('is no finding of the gate, and leaves no half report', async () => {
    const folder = scratch();
    const own = join(folder, 'own');
    mkdirSync(own);
    const fault = join(folder, 'late.mjs');
    writeFileSync(
      fault,
      `process.stdin.once('data', () => setTimeout(() => { throw new TypeError('a late fault'); }, 200));`,
    );
    for (const command of ['analyze', 'check']) {
      const child = spawn(process.execPath, ['--import', fault, BIN, command, '-o', join(own, 'report'), '-']);
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      // a capture that goes on
      child.stdin.on('error', () => undefined).write(pcapFile([]));
      const [status] = (await once(child, 'close')) as [number | null];
      expect([command, status, readdirSync(own)]).toEqual([command, 2, []]);
      expect(stderr).toMatch(/^wirelint: internal error, please report it: TypeError: a late fault[^\n]*\n$/);
    }
  });
});
