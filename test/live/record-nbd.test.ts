import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BIN, events, scratch, wirelint } from '../kit/cli.js';
import { canRecord, missingPrograms } from '../kit/programs.js';
import { until } from '../kit/proxied.js';
import { recordedConnections } from '../kit/recorded.js';

const missing = missingPrograms('nbdkit', 'qemu-io', 'nbdcopy', 'nbdinfo');
const why = missing.length > 0 ? ` (skipped: ${missing.join(', ')} not installed)` : '';
const sharks = missingPrograms('tshark');

const folder = scratch();
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGTERM');
});

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

async function nbdkit(name: string, ...args: string[]): Promise<string> {
  const path = join(folder, `${name}.sock`);
  start('nbdkit', '-f', '-U', path, ...args);
  await until(() => existsSync(path));
  return path;
}

/** Runs wirelint record until its program ends. */
function record(
  server: string,
  file: string,
  ...program: string[]
): { status: number | null; stderr: string; stdout: string } {
  const listen = `${file}.sock`;
  const args = [
    BIN,
    'record',
    '--listen',
    listen,
    '--connect',
    server,
    '--port',
    '10809',
    '-w',
    file,
    '--',
    ...program,
  ];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
}

/** The messages of a capture without what depends on where and when it was recorded. */
function messages(file: string, ...args: string[]): unknown[] {
  const { status, stdout, stderr } = wirelint(['analyze', '-f', 'ndjson', ...args, file]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return events(stdout)
    .filter((e) => e['type'] === 'message')
    .map(({ name, direction, offset, length, fields, inReplyTo, complete, context }) => ({
      name,
      direction,
      offset,
      length,
      fields,
      inReplyTo,
      complete,
      context,
    }));
}

function findings(file: string): unknown[] {
  return events(wirelint(['analyze', '-f', 'ndjson', file]).stdout).filter(
    (e) => e['type'] === 'finding' && e['severity'] !== 'note',
  );
}

const QEMU_IO = ['write -P 65 0 64k', 'read 0 4k', 'write -z 8k 4k', 'discard 16k 8k', 'flush', 'read 60k 8k'];

/** Arguments that let qemu-io do the same things at any address, one after the other. */
function qemuIo(uri: string): string[] {
  return ['qemu-io', '-f', 'raw', ...QEMU_IO.flatMap((c) => ['-c', c]), uri];
}

describe.skipIf(missing.length > 0)(`recording NBD over a Unix socket${why}`, () => {
  it('records qemu-io whole and without a finding', async () => {
    const server = await nbdkit('a', 'memory', '1M');
    const file = join(folder, 'qemu-io.pcapng');
    const uri = `nbd+unix:///?socket=${file}.sock`;
    expect(record(server, file, ...qemuIo(uri))).toMatchObject({ status: 0, stderr: '' });
    expect(findings(file)).toEqual([]);
    const names = messages(file).map((m) => (m as { name: string }).name);
    for (const name of [
      'NBDMAGIC',
      'NBD_OPT_GO',
      'NBD_CMD_WRITE',
      'NBD_CMD_WRITE_ZEROES',
      'NBD_CMD_TRIM',
      'NBD_CMD_DISC',
    ])
      expect(names).toContain(name);
    const { connections } = recordedConnections(readFileSync(file));
    expect(connections.map((c) => c.shape.replace(/[<>]\./g, ''))).toEqual([expect.stringMatching(/^>S<SA>A.*F/)]);
  });

  it('carries ten clients at once', async () => {
    const server = await nbdkit('b', 'pattern', '16M');
    const file = join(folder, 'ten.pcapng');
    const uri = `nbd+unix:///?socket=${file}.sock`;
    const copies = Array.from({ length: 10 }, () => `nbdcopy --connections=1 '${uri}' null: & P="$P $!"`).join('\n');
    const result = record(server, file, 'sh', '-c', `${copies}\nfor p in $P; do wait $p || exit 1; done`);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    const { connections } = recordedConnections(readFileSync(file));
    expect(connections).toHaveLength(10);
    for (const { streams } of connections) expect(streams[1].length).toBeGreaterThan(16 << 20);
    expect(findings(file)).toEqual([]);
  });

  it.skipIf(sharks.length > 0)(
    `writes what tshark opens without a remark${sharks.length > 0 ? ' (skipped: no tshark)' : ''}`,
    async () => {
      const server = await nbdkit('c', 'memory', '1M');
      const file = join(folder, 'shark.pcapng');
      const uri = `nbd+unix:///?socket=${file}.sock`;
      expect(record(server, file, ...qemuIo(uri)).status).toBe(0);
      const tshark = (...args: string[]): string =>
        spawnSync('tshark', ['-r', file, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE', ...args], {
          encoding: 'utf8',
          maxBuffer: 64 << 20,
        }).stdout;
      expect(
        tshark('-Y', 'tcp.analysis.flags or tcp.checksum.status == 0 or ip.checksum.status == 0 or _ws.malformed'),
      ).toBe('');
      const [connection] = recordedConnections(readFileSync(file)).connections;
      const followed = tshark('-q', '-z', 'follow,tcp,raw,0')
        .split('\n')
        .filter((line) => /^\t?[0-9a-f]+$/.test(line));
      const bytes = (lines: string[]): string => lines.map((l) => l.trim()).join('');
      expect(bytes(followed.filter((l) => !l.startsWith('\t')))).toBe(connection!.streams[0].toString('hex'));
      expect(bytes(followed.filter((l) => l.startsWith('\t')))).toBe(connection!.streams[1].toString('hex'));
      expect(tshark('-Y', 'nbd').length).toBeGreaterThan(0);
    },
  );

  const may = missing.length === 0 && canRecord();
  it.skipIf(!may)(
    `holds the same messages as tcpdump saw over TCP${may ? '' : ' (skipped: may not record packets)'}`,
    async () => {
      const port = 20_000 + (process.pid % 20_000);
      const pcap = join(folder, 'tcp.pcap');
      const dump = start(
        'tcpdump',
        '-i',
        'lo',
        '-s',
        '0',
        '-U',
        '--immediate-mode',
        '-B',
        '65536',
        '-w',
        pcap,
        'port',
        String(port),
      );
      let said = '';
      dump.stderr!.on('data', (c: Buffer) => (said += c.toString()));
      await until(() => /listening on/.test(said));
      start('nbdkit', '-f', '-i', '127.0.0.1', '-p', String(port), 'memory', '1M');
      await until(() => spawnSync('nbdinfo', ['--size', `nbd://127.0.0.1:${port}`]).status === 0);
      const [command, ...args] = qemuIo(`nbd://127.0.0.1:${port}`);
      expect(spawnSync(command!, args).status).toBe(0);
      const server = await nbdkit('d', 'memory', '1M');
      const file = join(folder, 'unix.pcapng');
      expect(record(server, file, ...qemuIo(`nbd+unix:///?socket=${file}.sock`)).status).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      dump.kill('SIGTERM');
      await until(() => dump.exitCode !== null || dump.signalCode !== null);
      // attempts of nbdinfo come first: the last stream is that of qemu-io
      const streams = events(wirelint(['analyze', '-f', 'ndjson', pcap]).stdout).filter((e) => e['type'] === 'stream');
      const last = Math.max(...streams.map((e) => e['stream'] as number));
      const withoutCookies = (list: unknown[]): unknown[] =>
        list.map((m) => {
          const {
            fields,
            inReplyTo: _inReplyTo,
            ...rest
          } = m as { fields: Record<string, unknown>; inReplyTo: unknown };
          const { cookie: _cookie, ...others } = fields;
          return { ...rest, fields: others };
        });
      // by direction: which of two directions comes first on the wire is not the same twice; qemu's cookies are addresses
      for (const direction of ['client-to-server', 'server-to-client']) {
        const of = (list: unknown[]): unknown[] =>
          withoutCookies(list.filter((m) => (m as { direction: string }).direction === direction));
        const overTcp = of(messages(pcap, '-s', String(last)));
        expect(overTcp.length).toBeGreaterThan(8);
        expect(of(messages(file))).toEqual(overTcp);
      }
    },
  );
});
