import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { canRecord, missingPrograms } from '../kit/programs.js';

const missing = missingPrograms('nbdkit', 'qemu-io', 'nbdinfo');
const why =
  missing.length > 0
    ? ` (skipped: ${missing.join(', ')} not installed)`
    : canRecord()
      ? ''
      : ' (skipped: may not record packets)';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(
  command: string,
  args: string[],
  stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'],
): ChildProcess {
  const child = spawn(command, args, { stdio });
  running.push(child);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when what the child writes matches; fails after some seconds with what it wrote. */
function seen(stream: NodeJS.ReadableStream, pattern: RegExp, collected: { text: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in: ${collected.text}`)), 15_000);
    const look = (): void => {
      if (!pattern.test(collected.text)) return;
      clearTimeout(timer);
      resolve();
    };
    stream.on('data', look);
    look();
  });
}

function collect(stream: NodeJS.ReadableStream): { text: string } {
  const out = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (out.text += chunk));
  return out;
}

describe.skipIf(why !== '')(`a live NBD session through tcpdump into tail${why}`, () => {
  it('is printed while it happens and ends with a summary', async () => {
    const port = await freePort();
    const tcpdump = start('tcpdump', [
      '-i',
      'lo',
      '--immediate-mode',
      '-B',
      '65536',
      '-U',
      '-w',
      '-',
      'tcp',
      'port',
      String(port),
    ]);
    const tail = start('node', ['dist/bin.js', 'tail', '--color', 'never'], ['pipe', 'pipe', 'pipe']);
    tcpdump.stdout!.pipe(tail.stdin!);
    const recorder = collect(tcpdump.stderr!);
    const out = collect(tail.stdout!);
    await seen(tcpdump.stderr!, /listening on/, recorder);

    start('nbdkit', ['-f', '-p', String(port), '-i', '127.0.0.1', 'memory', '4M'], ['ignore', 'ignore', 'ignore']);
    const uri = `nbd://127.0.0.1:${port}`;
    for (let i = 0; ; i++) {
      const [code] = (await once(start('nbdinfo', ['--size', uri]), 'exit')) as [number];
      if (code === 0) break;
      if (i > 50) throw new Error('nbdkit did not start');
      await new Promise((r) => setTimeout(r, 100));
    }
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
    expect(((await once(io, 'exit')) as [number])[0]).toBe(0);

    // still recording: what happened must be visible before the pipe ends
    await seen(tail.stdout!, /NBD_CMD_DISC[\s\S]*NBD_CMD_DISC/, out);
    expect(out.text).toMatch(/NBD_OPT_GO/);
    expect(out.text).toMatch(/NBD_CMD_WRITE .*offset 65536 {2}length 4096/);
    expect(out.text).toMatch(/NBD_CMD_READ .*offset 65536 {2}length 4096/);

    tcpdump.kill('SIGINT');
    expect(((await once(tail, 'exit')) as [number])[0]).toBe(0);
    expect(out.text).toMatch(/nbd/);
    expect(out.text).not.toMatch(/x error/);
  }, 60_000);
});
