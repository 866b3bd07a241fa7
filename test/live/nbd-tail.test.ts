import { describe, expect, it } from 'vitest';
import { collect, ended, freePort, recorder, seen, start, untilItWorks } from '../kit/live.js';
import { canRecord, missingPrograms } from '../kit/programs.js';

const missing = missingPrograms('nbdkit', 'qemu-io', 'nbdinfo');
const why =
  missing.length > 0
    ? ` (skipped: ${missing.join(', ')} not installed)`
    : canRecord()
      ? ''
      : ' (skipped: may not record packets)';

describe.skipIf(why !== '')(`a live NBD session through tcpdump into tail${why}`, () => {
  it('is printed while it happens and ends with a summary', async () => {
    const port = await freePort();
    const tcpdump = await recorder(port);
    const tail = start('node', ['dist/bin.js', 'tail', '--color', 'never'], ['pipe', 'pipe', 'pipe']);
    tcpdump.stdout!.pipe(tail.stdin!);
    const out = collect(tail.stdout!);

    start('nbdkit', ['-f', '-p', String(port), '-i', '127.0.0.1', 'memory', '4M'], ['ignore', 'ignore', 'ignore']);
    const uri = `nbd://127.0.0.1:${port}`;
    await untilItWorks('nbdinfo', ['--size', uri]);
    const io = start('qemu-io', [
      '-f',
      'raw',
      '-c',
      'write -P 7 65536 4096',
      '-c',
      'read -P 7 65536 4096',
      '-c',
      'flush',
      uri,
    ]);
    expect(await ended(io)).toBe(0);

    // still recording: what happened must be visible before the pipe ends
    await seen(tail.stdout!, /NBD_CMD_DISC[\s\S]*NBD_CMD_DISC/, out);
    expect(out.text).toMatch(/NBD_OPT_GO/);
    expect(out.text).toMatch(/NBD_CMD_WRITE .*offset 65536 {2}length 4096/);
    expect(out.text).toMatch(/NBD_CMD_READ .*offset 65536 {2}length 4096/);

    tcpdump.kill('SIGINT');
    expect(await ended(tail)).toBe(0);
    expect(out.text).toMatch(/nbd/);
    expect(out.text).not.toMatch(/x error/);
  }, 60_000);
});
