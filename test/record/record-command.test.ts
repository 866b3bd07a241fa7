import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BIN, scratch, wirelint } from '../kit/cli.js';
import { everything, until } from '../kit/proxied.js';
import { recordedConnections } from '../kit/recorded.js';

const folder = scratch();
let serial = 0;
const running: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

/** A server that greets, sends back what it gets, and ends when its client does. */
async function echoServer(): Promise<string> {
  const path = join(folder, `echo${++serial}.sock`);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('hello');
    socket.pipe(socket);
  });
  servers.push(server);
  server.listen(path);
  await once(server, 'listening');
  return path;
}

/** A program that says something at $WIRELINT_SOCKET and exits with a status. */
function talk(text: string, status: number): string[] {
  const script = `
    const s = require('node:net').connect(process.env.WIRELINT_SOCKET);
    s.on('data', () => undefined); s.on('end', () => process.exit(${status})); s.on('close', () => process.exit(${status}));
    s.end(${JSON.stringify(text)});`;
  return [process.execPath, '-e', script];
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts wirelint beside this process, which serves. */
function start(
  args: readonly string[],
  command = [process.execPath, BIN],
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(command[0]!, [...command.slice(1), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  });
  running.push(child);
  const out = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (c: string) => (out.stdout += c));
  child.stderr!.setEncoding('utf8').on('data', (c: string) => (out.stderr += c));
  const ended = once(child, 'close').then(() => ({ status: child.exitCode, ...out }));
  return { child, ended };
}

function names(): { listen: string; file: string } {
  const n = ++serial;
  return { listen: join(folder, `p${n}.sock`), file: join(folder, `r${n}.pcapng`) };
}

describe('wirelint record', () => {
  it('records what a program says, and ends with its status', async () => {
    const server = await echoServer();
    const { listen, file } = names();
    const { ended } = start([
      'record',
      '--listen',
      listen,
      '--connect',
      server,
      '-w',
      file,
      '--',
      ...talk('one two', 7),
    ]);
    expect(await ended).toMatchObject({ status: 7, stdout: '', stderr: '' });
    const { connections, descriptions } = recordedConnections(readFileSync(file));
    expect(connections.map((c) => c.streams.map(String))).toEqual([['one two', 'helloone two']]);
    expect([...descriptions]).toEqual([`unix-stream:${server}`]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(listen)).toBe(false);
  });

  it('keeps the status of the program in the recording, where check can expect it', async () => {
    const server = await echoServer();
    const { listen, file } = names();
    writeFileSync(file, 'what was there');
    chmodSync(file, 0o644);
    const run = start(['record', '--listen', listen, '--connect', server, '-w', file, '--', ...talk('x', 7)]);
    expect((await run.ended).status).toBe(7);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const check = async (exitStatus: number): Promise<string> => {
      const config = join(folder, `expect-${exitStatus}.json`);
      writeFileSync(config, JSON.stringify({ allowEmpty: true, expect: [{ exitStatus }] }));
      const { status, stdout } = await start(['check', '--config', config, file]).ended;
      return `${status} ${stdout}`;
    };
    const text = await start(['analyze', file]).ended;
    expect(text.stdout).toContain('the recorded program ended with status 7');
    const events = (await start(['analyze', '-f', 'ndjson', file]).ended).stdout.trimEnd().split('\n');
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: 'summary', programs: [{ file, exitStatus: 7 }] });
    expect(await check(7)).toMatch(/^0 /);
    expect(await check(0)).toMatch(/^1 [^]*expected a program that exits with status 0, but it exited with 7/);
  });

  it('names the processes in the recording', async () => {
    if (process.platform !== 'linux') return;
    const server = await echoServer();
    const { listen, file } = names();
    const { ended } = start(['record', '--listen', listen, '--connect', server, '-w', file, '--', ...talk('x', 0)]);
    await ended;
    const [connection] = recordedConnections(readFileSync(file)).connections;
    expect(connection!.segments[0]!.comment).toContain(`server pid ${process.pid} (`);
  });

  it('gives the status of a program that a signal ended, and of one that cannot be run', async () => {
    const server = await echoServer();
    const first = names();
    const killed = start([
      'record',
      '--listen',
      first.listen,
      '--connect',
      server,
      '-w',
      first.file,
      '--',
      'sh',
      '-c',
      'kill -9 $$',
    ]);
    expect((await killed.ended).status).toBe(137);
    const second = names();
    const missing = start([
      'record',
      '--listen',
      second.listen,
      '--connect',
      server,
      '-w',
      second.file,
      '--',
      '/no/such/program',
    ]);
    expect(await missing.ended).toMatchObject({
      status: 127,
      stderr: expect.stringContaining('cannot run /no/such/program') as string,
    });
    expect(existsSync(second.listen)).toBe(false);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`stops cleanly on ${signal}`, async () => {
      const server = await echoServer();
      const { listen, file } = names();
      const { child, ended } = start(['record', '--listen', listen, '--connect', server, '-w', file]);
      await until(() => existsSync(listen));
      const { connect } = await import('node:net');
      const open = connect(listen);
      await once(open, 'data');
      const gone = everything(open);
      child.kill(signal);
      expect(await ended).toMatchObject({ status: 0, stderr: '' });
      await gone;
      expect(existsSync(listen)).toBe(false);
      expect(recordedConnections(readFileSync(file)).connections[0]!.shape).toBe('>S<SA>A<.');
    });

  it('goes on passing bytes when the disk is full, says so once, and leaves a readable file', async () => {
    const server = await echoServer();
    const { listen, file } = names();
    const script = `
      const s = require('node:net').connect(process.env.WIRELINT_SOCKET); let n = 0;
      s.on('data', (c) => (n += c.length)); s.on('end', () => process.exit(n === 5 + (8 << 20) ? 0 : 9));
      s.end(Buffer.alloc(8 << 20, 0x61));`;
    // the limit on file sizes (1 MiB) stands for a full disk
    const limited = ['bash', '-c', 'trap "" XFSZ; ulimit -f 1024; exec "$@"', 'bash', process.execPath, BIN];
    const { ended } = start(
      ['record', '--listen', listen, '--connect', server, '-w', file, '--', process.execPath, '-e', script],
      limited,
    );
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    expect(stderr.match(/the recording ends here, but connections stay open/g)).toHaveLength(1);
    // recordedConnections throws where a block is cut off
    const [connection] = recordedConnections(readFileSync(file)).connections;
    expect(connection!.streams[0].length).toBeGreaterThan(100_000);
    expect(statSync(file).size).toBeLessThanOrEqual(1 << 20);
  });

  it('writes to standard output for another program', async () => {
    const server = await echoServer();
    const { listen } = names();
    const command = `${process.execPath} ${BIN} record --listen ${listen} --connect ${server} -w - -- ${process.execPath} -e '${talk('abc', 0)[2]!.replaceAll("'", '"').replace('"abc"', '`abc`')}' | ${process.execPath} ${BIN} analyze -f ndjson -`;
    const { ended } = start([command], ['bash', '-c']);
    const { stdout } = await ended;
    expect(stdout).toMatch(/"transport":"unix".*"bytes":\{"client-to-server":3,"server-to-client":8\}/);
  });

  it('ends when nobody reads the recording any more', async () => {
    const server = await echoServer();
    const { listen } = names();
    const { child, ended } = start(['record', '--listen', listen, '--connect', server, '-w', '-']);
    await until(() => existsSync(listen));
    child.stdout!.destroy();
    const { connect } = await import('node:net');
    connect(listen).on('error', () => undefined);
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(listen)).toBe(false);
  });

  it('prints the live transcript', async () => {
    const server = await echoServer();
    const { listen } = names();
    const { ended } = start(['record', '--listen', listen, '--connect', server, '--tail', '--', ...talk('one two', 0)]);
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    expect(stdout).toMatch(/stream 1 .*unix/);
    expect(stdout).toMatch(/summary: \d+ packets, 1 stream/);
  });

  it('records TCP with the real addresses, of both versions', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer((socket) => socket.pipe(socket));
      servers.push(server);
      server.listen(0, host);
      await once(server, 'listening').catch(() => undefined);
      const where = server.address();
      if (where === null || typeof where !== 'object') continue;
      const { file } = names();
      const name = host.includes(':') ? `[${host}]` : host;
      const script = `
        const s = require('node:net').connect(process.env.WIRELINT_PORT, ${JSON.stringify(host)});
        s.on('data', () => s.end()); s.on('close', () => process.exit(0)); s.write('ping');`;
      const { ended } = start([
        ...['record', '--listen', `tcp:${name}:0`, '--connect', `tcp:${name}:${where.port}`, '-w', file],
        ...['--', process.execPath, '-e', script],
      ]);
      expect(await ended).toMatchObject({ status: 0, stderr: '' });
      const { connections, descriptions } = recordedConnections(readFileSync(file));
      expect(connections.map((c) => c.streams.map(String))).toEqual([['ping', 'ping']]);
      expect(connections[0]!.server).toMatch(new RegExp(`:${where.port}$`));
      expect([...descriptions]).toEqual([`tcp-proxy:${name}:${where.port}`]);
    }
  });

  it('refuses what cannot work, with status 2 and one line', () => {
    const cases: readonly (readonly string[])[] = [
      ['--listen', join(folder, 'x.sock')],
      ['--listen', join(folder, 'x.sock'), '--connect', join(folder, 'y.sock')],
      ['--listen', join(folder, 'x.sock'), '--connect', 'tcp:nonsense', '-w', 'f'],
      ['--listen', join(folder, 'x.sock'), '--connect', join(folder, '.', 'x.sock'), '-w', 'f'],
      ['--listen', 'tcp:1', '--connect', 'tcp:127.0.0.1:1', '-w', 'f'],
      ['--listen', join(folder, 'no', 'folder.sock'), '--connect', 'y', '-w', join(folder, 'f')],
      ['--listen', join(folder, 'x.sock'), '--connect', 'y', '-w', join(folder, 'no', 'folder.pcapng')],
      ['--listen', join(folder, 'x.sock'), '--connect', 'y', '-w', '-', '--tail'],
      ['--listen', join(folder, 'x.sock'), '--connect', 'y', '-w', join(folder, 'f'), '--port', '0'],
    ];
    for (const args of cases) {
      const { status, stderr } = wirelint(['record', ...args]);
      expect({ args, status, lines: stderr.trim().split('\n').length }).toEqual({ args, status: 2, lines: 1 });
    }
    expect(existsSync(join(folder, 'x.sock'))).toBe(false);
    expect(spawnSync(process.execPath, [BIN, 'record', '--help'], { encoding: 'utf8' }).stdout).toMatch(/--listen/);
  });
});
