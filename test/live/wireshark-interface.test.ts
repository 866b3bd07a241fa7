import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BIN, scratch, wirelint } from '../kit/cli.js';
import { missingPrograms } from '../kit/programs.js';
import { recordedConnections } from '../kit/recorded.js';

const missing = missingPrograms('tshark', 'dumpcap');
const why = missing.length > 0 ? ` (skipped: ${missing.join(', ')} missing)` : '';
const folder = scratch();
const running: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

/** Runs a program with extcap folders of this test's own; its text is both outputs. */
function start(command: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  running.push(child);
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (c: string) => (said.text += c));
  return { child, said, ended: once(child, 'close').then(() => child.exitCode) };
}

describe('what Wireshark asks an extcap', () => {
  it('is answered in its grammar', () => {
    expect(wirelint(['extcap', '--extcap-interfaces', '--extcap-version=4.0']).stdout).toMatch(
      /^extcap \{version=\d+\.\d+\.\d+\}.*\ninterface \{value=wirelint\}\{display=wirelint: Unix socket\}\n$/,
    );
    const asked = ['extcap', '--extcap-interface', 'wirelint'];
    expect(wirelint([...asked, '--extcap-dlts']).stdout).toBe('dlt {number=101}{name=RAW}{display=Raw IP}\n');
    const config = wirelint([...asked, '--extcap-config'])
      .stdout.trimEnd()
      .split('\n');
    expect(config.map((l) => /\{call=(.*?)\}/.exec(l)?.[1])).toEqual(['--listen', '--connect', '--port']);
  });

  it('is answered by a link to wirelint in the extcap folder, too: Wireshark names no command', () => {
    const asked = wirelint(['--extcap-interfaces', '--extcap-version=4.0']);
    expect(asked.stdout).toContain('interface {value=wirelint}');
    expect(wirelint(['--extcap-config', '--extcap-interface=wirelint']).stdout).toContain('{call=--listen}');
  });

  it('takes the absence of a capture filter for valid, and every filter for invalid', () => {
    const asked = ['extcap', '--extcap-interface', 'wirelint', '--extcap-capture-filter'];
    expect(wirelint([...asked, '']).stdout).toBe('');
    expect(wirelint([...asked, 'port 1']).stdout).toContain('does not support capture filters');
  });

  it.each([
    [['extcap'], '--install'],
    [['extcap', '--extcap-interface', 'eth0', '--extcap-dlts'], 'unknown interface eth0'],
    [['extcap', '--extcap-interface', 'wirelint', '--capture'], 'requires --fifo'],
    [['extcap', '--extcap-interface', 'wirelint', '--capture', '--fifo', 'f'], 'set the addresses'],
  ])('%j is told what is missing', (args, words) => {
    const { status, stderr } = wirelint(args);
    expect(status).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe.skipIf(missing.length > 0)(`tshark captures a Unix socket through wirelint${why}`, () => {
  it('once it is installed', async () => {
    // a quote and a blank in the folder's name must not end the script's words
    const home = join(folder, "it's home");
    mkdirSync(home);
    const env = { HOME: home };
    const chosen = join(home, 'chosen');
    const installed = start(process.execPath, [BIN, 'extcap', '--install'], { ...env, WIRESHARK_EXTCAP_DIR: chosen });
    expect(await installed.ended).toBe(0);
    const written = installed.said.text.trimEnd().split('\n');
    expect(written).toEqual(
      [join(home, '.local/lib/wireshark/extcap'), join(home, '.config/wireshark/extcap'), chosen].map((f) =>
        join(f, 'wirelint'),
      ),
    );
    for (const path of written) expect(readFileSync(path, 'utf8')).toContain(`extcap "$@"`);

    const list = start('tshark', ['-D'], env);
    await list.ended;
    expect(list.said.text).toContain('wirelint (wirelint: Unix socket)');

    const at = { listen: join(folder, 'p'), server: join(folder, 's') };
    const server = createServer((socket) => socket.end('hello'));
    servers.push(server);
    server.listen(at.server);
    await once(server, 'listening');
    const file = join(home, 'out.pcapng');
    const options = [`extcap.wirelint.listen:${at.listen}`, `extcap.wirelint.connect:${at.server}`];
    const shark = start('tshark', ['-i', 'wirelint', ...options.flatMap((o) => ['-o', o]), '-w', file], env);
    await answered(at.listen, shark);
    // the recording has the whole connection when its last packet is in the file
    while (!settled(file)) await tick(shark);
    shark.child.kill('SIGINT');
    expect(await shark.ended, shark.said.text).toBe(0);
    const { connections, descriptions } = recordedConnections(readFileSync(file));
    expect(connections.map((c) => c.streams.map(String))).toEqual([['', 'hello']]);
    expect([...descriptions]).toEqual([`unix-stream:${at.server}`]);
  });
});

type Started = ReturnType<typeof start>;

async function tick(program: Started): Promise<void> {
  if (program.child.exitCode !== null) throw new Error(`ended early: ${program.said.text}`);
  await new Promise((r) => setTimeout(r, 10));
}

/** Connects as soon as somebody listens, and reads until the server closes. */
async function answered(path: string, program: Started): Promise<void> {
  for (;;) {
    const got = await new Promise<string | null>((done) => {
      let text = '';
      const socket = connect(path);
      socket.setEncoding('utf8').on('data', (c: string) => (text += c));
      socket.on('error', () => done(null)).on('end', () => done(text));
    });
    if (got !== null) {
      expect(got).toBe('hello');
      return;
    }
    await tick(program);
  }
}

function settled(file: string): boolean {
  try {
    return readFileSync(file).includes('hello');
  } catch {
    return false;
  }
}
