import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collect, ended, freePort, recorder, seen, start, untilItWorks } from '../kit/live.js';
import { canRecord, missingPrograms } from '../kit/programs.js';

const missing = missingPrograms('nbdkit', 'nbdinfo', 'nbdcopy');
const why =
  missing.length > 0
    ? ` (skipped: ${missing.join(', ')} not installed)`
    : canRecord()
      ? ''
      : ' (skipped: may not record packets)';

const folder = mkdtempSync(join(tmpdir(), 'wirelint-live-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(why !== '')(`a live NBD session inside TLS through tcpdump into tail${why}`, () => {
  it('is opened with a key log that grows meanwhile', async () => {
    const port = await freePort();
    const psk = join(folder, 'psk');
    const keyLog = join(folder, 'keys.log');
    writeFileSync(psk, `alice:${'5a'.repeat(32)}\n`);

    const tcpdump = await recorder(port);
    const options = ['--color', 'never', '--tls-keylog', keyLog];
    const tail = start('node', ['dist/bin.js', 'tail', ...options], ['pipe', 'pipe', 'pipe']);
    tcpdump.stdout!.pipe(tail.stdin!);
    const out = collect(tail.stdout!);

    const server = ['-f', '-p', String(port), '-i', '127.0.0.1', '--tls=require', `--tls-psk=${psk}`, 'memory', '4M'];
    start('nbdkit', server, ['ignore', 'ignore', 'ignore']);
    const uri = `nbds://alice@127.0.0.1:${port}/?tls-psk-file=${psk}`;
    const env = { SSLKEYLOGFILE: keyLog };
    await untilItWorks('nbdinfo', ['--size', uri], env);
    const copy = start('nbdcopy', ['--connections=1', '--no-extents', uri, 'null:'], ['ignore', 'ignore', 'pipe'], env);
    expect(await ended(copy)).toBe(0);

    // still recording: what happened must be visible before the pipe ends
    await seen(tail.stdout!, /NBD_CMD_DISC[\s\S]*NBD_CMD_READ[\s\S]*NBD_CMD_DISC/, out);
    expect(out.text).toMatch(/NBD_OPT_STARTTLS/);
    expect(out.text).toMatch(/TLS ServerHello +TLS 1\.3/);
    expect(out.text).toMatch(/OFFSET_DATA/);

    tcpdump.kill('SIGINT');
    expect(await ended(tail)).toBe(0);
    expect(out.text).toMatch(/TLS 1\.3 .*TLS_\w+.*, opened, close_notify by both/);
    expect(out.text).not.toMatch(/capture\/opaque|x error/);
  }, 60_000);
});
