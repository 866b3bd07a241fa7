import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BIN, events, scratch, wirelint } from '../kit/cli.js';
import { missingPrograms } from '../kit/programs.js';
import { until } from '../kit/proxied.js';

const missing = missingPrograms('nbdkit', 'qemu-io', 'socat', 'strace');
const mayTrace = missing.length === 0 && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const why =
  missing.length > 0 ? ` (skipped: ${missing.join(', ')} not installed)` : mayTrace ? '' : ' (skipped: may not trace)';

const folder = scratch();
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGTERM');
});

const at = (name: string): string => join(folder, name);

async function serve(
  socket: string,
  command: string,
  args: string[],
  errors: 'ignore' | number = 'ignore',
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', errors] });
  running.push(child);
  await until(() => existsSync(socket));
  return child;
}

/** Messages by direction, without times and places, and the findings that are no notes. */
function analyzed(...input: string[]): unknown {
  const { status, stdout } = wirelint(['analyze', '-f', 'ndjson', ...input]);
  const all = events(stdout);
  const of = (direction: string): unknown[] =>
    all
      .filter((e) => e['type'] === 'message' && e['direction'] === direction)
      .map(({ name, offset, length, fields, complete }) => ({ name, offset, length, fields, complete }));
  const streams = all.filter((e) => e['type'] === 'stream');
  return {
    status,
    protocols: streams.map((e) => e['protocol']),
    bytes: streams.map((e) => e['bytes']),
    errors: all.filter((e) => e['type'] === 'finding' && e['severity'] === 'error'),
    client: of('client-to-server'),
    server: of('server-to-client'),
  };
}

describe.skipIf(why !== '')(`one session recorded in several ways${why}`, () => {
  it('has the same messages in each of them', async () => {
    const [server, recorder, front] = [at('server.sock'), at('recorder.sock'), at('front.sock')];
    await serve(server, 'nbdkit', ['-f', '-U', server, 'memory', '1M']);
    const record = await serve(recorder, process.execPath, [
      ...[BIN, 'record', '--listen', recorder, '--connect', server, '-w', at('proxy.pcapng')],
    ]);
    const socat = await serve(
      front,
      'socat',
      ['-x', '-v', '-r', at('client.raw'), '-R', at('server.raw'), `UNIX-LISTEN:${front}`, `UNIX-CONNECT:${recorder}`],
      openSync(at('socat.txt'), 'w'),
    );
    const calls = 'trace=network,read,write,readv,writev,close,clone,clone3,dup,fcntl';
    const program = ['qemu-io', '-f', 'raw', '-c', 'write -P 66 0 32k', '-c', 'read 4k 100k', '-c', 'flush'];
    // without pipes for its output: they are Unix sockets as well
    const traced = spawnSync(
      'strace',
      [
        ...['-f', '-ttt', '-T', '-yy', '-xx', '-s', '1000000', '-e', calls, '-o', at('client.strace')],
        ...[...program, `nbd+unix:///?socket=${front}`],
      ],
      { stdio: 'ignore' },
    );
    expect(traced.status).toBe(0);
    await until(() => socat.exitCode !== null);
    record.kill('SIGINT');
    await until(() => record.exitCode !== null);
    const proxied = analyzed(at('proxy.pcapng')) as { client: unknown[]; server: unknown[] };
    expect(proxied).toMatchObject({ status: 0, protocols: ['nbd'], errors: [] });
    expect(proxied.client.length).toBeGreaterThan(8);
    expect(analyzed(at('socat.txt'))).toEqual(proxied);
    expect(analyzed('--raw', `${at('client.raw')},${at('server.raw')}`)).toEqual(proxied);
    expect(analyzed(at('client.strace'))).toEqual(proxied);
  });
});
