import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Log } from 'sarif';
import { describe, expect, it } from 'vitest';
import { BIN, copyCapture, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const good = copyCapture('nbd/client-killed-in-flight.pcap', join(folder, 'good.pcap'));
const root = process.getuid?.() === 0;

/** Runs wirelint as a user whom permissions stop; null where there is no way to be one. */
function unprivileged(args: readonly string[]): { status: number | null; stdout: string; stderr: string } | null {
  const run = (command: string, more: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(command, more, { encoding: 'utf8', cwd: '/' });
    return { status, stdout, stderr };
  };
  if (!root) return run(process.execPath, [BIN, ...args]);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  if (run('setpriv', [...nobody, process.execPath, BIN, '--version']).status !== 0) return null;
  return run('setpriv', [...nobody, process.execPath, BIN, ...args]);
}

function complaint(args: readonly string[], cwd = folder): string {
  const { status, stderr } = wirelint(args, { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^wirelint: [^\n]*\n$/);
  return stderr;
}

describe('inputs that cannot be read', () => {
  it('a folder without a file', () => {
    mkdirSync(join(folder, 'empty'));
    expect(complaint(['analyze', 'empty'])).toContain('empty: contains no files');
  });

  it('a file or folder without permission', (context) => {
    const own = join(folder, 'closed');
    mkdirSync(join(own, 'tree/inner'), { recursive: true });
    const path = copyCapture('nbd/client-killed-in-flight.pcap', join(own, 'secret.pcap'));
    copyCapture('nbd/client-killed-in-flight.pcap', join(own, 'tree/good.pcap'));
    copyCapture('nbd/client-killed-in-flight.pcap', join(own, 'tree/inner/hidden.pcap'));
    chmodSync(path, 0);
    chmodSync(join(own, 'tree/inner'), 0);
    chmodSync(folder, 0o755);
    const analyzed = unprivileged(['analyze', path]);
    if (analyzed === null) context.skip('nobody to be but root, whom permissions do not stop');
    expect([analyzed!.status, analyzed!.stdout]).toEqual([2, '']);
    expect(analyzed!.stderr).toMatch(/^wirelint: [^\n]*permission denied\n$/);
    const checked = unprivileged(['check', join(own, 'tree')])!;
    expect(checked.status).toBe(2);
    expect(checked.stdout + checked.stderr).toMatch(/inner: permission denied/);
    chmodSync(join(own, 'tree/inner'), 0o755);
    const written = unprivileged(['analyze', '-o', join(own, 'report.txt'), join(own, 'tree/good.pcap')])!;
    if (root) {
      expect(written.status).toBe(2);
      expect(written.stderr).toMatch(/cannot write .*permission denied/);
    }
    chmodSync(path, 0o600);
  });

  it('a device without end is stopped by what it holds', () => {
    expect(complaint(['analyze', '/dev/zero'])).toContain('/dev/zero');
    expect(complaint(['analyze', '/dev/null'])).toContain('/dev/null');
  });

  it('a dangling link, and one to itself', () => {
    symlinkSync('nowhere', join(folder, 'dangling.pcap'));
    symlinkSync('self.pcap', join(folder, 'self.pcap'));
    complaint(['analyze', 'dangling.pcap']);
    complaint(['analyze', 'self.pcap']);
  });

  it('one among others does not keep the others from being read', () => {
    const { status, stdout } = wirelint(['analyze', 'missing.pcap', good], { cwd: folder });
    expect([status, stdout.includes('NBD_CMD_READ')]).toEqual([2, true]);
  });

  it('a file that was cut while nobody looked is read to its end', () => {
    const path = copyCapture('nbd/client-killed-in-flight.pcap', join(folder, 'cut.pcap'));
    truncateSync(path, statSync(path).size - 7);
    const { status, stdout } = wirelint(['analyze', path]);
    expect(status).toBe(0);
    expect(stdout.match(/capture\/truncated/g)!.length).toBeGreaterThan(0);
  });
});

describe('files that change while they are read', () => {
  const source = 'nbd/nbdkit-async-64-inflight.pcap';
  const follow = async (
    path: string,
    change: () => void,
  ): Promise<{ status: number | null; stdout: string; stderr: string }> => {
    const child = spawn(process.execPath, [BIN, 'tail', '-f', 'ndjson', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout === '') {
        setTimeout(change, 50);
        setTimeout(() => child.kill('SIGINT'), 1500);
      }
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, stdout, stderr };
  };
  const messages = (text: string): number => text.split('"type":"message"').length - 1;
  const all = messages(wirelint(['analyze', '-f', 'ndjson', copyCapture(source, join(folder, 'all.pcap'))]).stdout);

  it('deleted: what was open is read to its end', async () => {
    const path = copyCapture(source, join(folder, 'deleted.pcap'));
    const { stdout, stderr } = await follow(path, () => rmSync(path));
    expect([messages(stdout), stderr]).toEqual([all, '']);
    expect(stdout).toContain('"type":"summary"');
  });

  it('replaced: the file that was opened counts, not the one that has its name now', async () => {
    const path = copyCapture(source, join(folder, 'replaced.pcap'));
    const { stdout } = await follow(path, () => {
      writeFileSync(`${path}.new`, 'no capture at all');
      renameSync(`${path}.new`, path);
    });
    expect(messages(stdout)).toBe(all);
    expect(stdout).not.toContain('capture/malformed');
  });

  it('cut short: that is said, and ends it', async () => {
    const path = copyCapture(source, join(folder, 'shrunk.pcap'));
    const { stdout } = await follow(path, () => truncateSync(path, 100));
    expect(stdout).toContain('the file became shorter while it was read');
    expect(stdout).toContain('"type":"summary"');
  });

  it('grown by half a record: that is not there yet, for analyze', () => {
    const path = copyCapture(source, join(folder, 'grown.pcap'));
    appendFileSync(path, Buffer.alloc(7));
    const { status, stdout } = wirelint(['analyze', '-f', 'ndjson', path]);
    expect([status, messages(stdout)]).toEqual([0, all]);
    expect(stdout).toContain('capture/truncated');
  });
});

describe('configurations and keyrings', () => {
  it('without end are refused', () => {
    expect(complaint(['check', '--config', '/dev/zero', good])).toContain('too large for a configuration');
    expect(complaint(['analyze', '--keyring', '/dev/zero', good])).toContain('too large for a keyring');
    expect(complaint(['check', '--config', '.', good])).toContain('directory');
  });
});

describe('what is recorded', () => {
  it('is readable by its owner only, and so are the sockets', async () => {
    const own = join(folder, 'record');
    mkdirSync(own);
    const server = createServer((socket) => socket.end()).listen(join(own, 'server.sock'));
    await once(server, 'listening');
    const args = ['record', '--listen', `unix:${own}/client.sock`, '--connect', `unix:${own}/server.sock`];
    const child = spawn(process.execPath, [BIN, ...args, '-w', join(own, 'traffic.pcapng')], { stdio: 'ignore' });
    // the file comes a moment behind the socket: an address that is taken must not empty a recording
    const there = (name: string): boolean => existsSync(join(own, name));
    while (!(there('client.sock') && there('traffic.pcapng'))) await new Promise((r) => setTimeout(r, 25));
    const mode = (name: string): string => (statSync(join(own, name)).mode & 0o777).toString(8);
    const seen = [mode('traffic.pcapng'), mode('client.sock')];
    child.kill('SIGINT');
    await once(child, 'close');
    server.close();
    expect(seen).toEqual(['600', '600']);
    expect(mode('traffic.pcapng')).toBe('600');
  });
});

describe('check on folders', () => {
  it('ends in a loop of links, and takes names with line ends', () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'a'), { recursive: true });
    symlinkSync('..', join(tree, 'a', 'up'));
    symlinkSync('.', join(tree, 'here'));
    copyCapture('nbd/client-killed-in-flight.pcap', join(tree, 'a', 'two\nlines.pcap'));
    const { status, stdout } = wirelint(['check', tree]);
    expect(status).toBe(0);
    expect(stdout).toContain('1 capture,');
    expect(stdout).not.toContain('two\nlines');
  });
});

describe('-o', () => {
  it('on a full disk is an error, and leaves nothing', () => {
    expect(complaint(['analyze', '-o', '/dev/full', good])).toMatch(/no space left/i);
    expect(complaint(['check', '-f', 'sarif', '-o', '/dev/full', good])).toMatch(/no space left/i);
  });

  it('that fills up on the way is an error, and leaves no half report', () => {
    const own = join(folder, 'full');
    mkdirSync(own);
    const big = copyCapture('nbd/nbdkit-async-64-inflight.pcap', join(folder, 'big.pcap'));
    for (const args of [
      ['analyze', '-v', '-x'],
      ['analyze', '-f', 'json'],
      ['check', '-f', 'json'],
    ]) {
      // at most 2 KiB a file: the disk that is full, without a disk
      const command = `trap '' XFSZ; ulimit -f 4; exec "$0" "$@"`;
      const { status, stderr } = spawnSync(
        '/bin/sh',
        ['-c', command, process.execPath, BIN, ...args, '-o', join(own, 'report'), big],
        { encoding: 'utf8' },
      );
      expect([status, readdirSync(own)]).toEqual([2, []]);
      expect(stderr).toMatch(/^wirelint: cannot write [^\n]*file too large\n$/);
    }
  });

  it('never replaces an input', () => {
    const own = join(folder, 'same');
    mkdirSync(own);
    const path = copyCapture('nbd/client-killed-in-flight.pcap', join(own, 'a.pcap'));
    symlinkSync('a.pcap', join(own, 'link.pcap'));
    const before = readFileSync(path);
    for (const command of [
      ['analyze', '-o', 'a.pcap', 'a.pcap'],
      ['analyze', '-o', 'link.pcap', 'a.pcap'],
      ['check', '-o', './a.pcap', 'a.pcap'],
      ['tail', '-o', 'a.pcap', 'link.pcap'],
    ])
      expect(complaint(command, own)).toContain('it is also an input');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('keeps an older report where the input cannot be read', () => {
    const own = join(folder, 'kept');
    mkdirSync(own);
    writeFileSync(join(own, 'report.txt'), 'older');
    complaint(['analyze', '-o', 'report.txt', 'missing.pcap'], own);
    expect(readFileSync(join(own, 'report.txt'), 'utf8')).toBe('older');
    expect(readdirSync(own)).toEqual(['report.txt']);
  });

  it('leaves nothing but the report', () => {
    const own = join(folder, 'whole');
    mkdirSync(own);
    expect(wirelint(['analyze', '-o', 'report.txt', good], { cwd: own }).status).toBe(0);
    expect(readdirSync(own)).toEqual(['report.txt']);
    expect(existsSync(join(own, 'report.txt'))).toBe(true);
  });
});

describe('file names that are no UTF-8', () => {
  const own = join(folder, 'names');
  mkdirSync(own);
  const name = Buffer.from([...Buffer.from('caf'), 0xe9, ...Buffer.from('.pcap')]);
  writeFileSync(Buffer.concat([Buffer.from(`${own}/`), name]), readFileSync(good));
  const shown = 'caf\\xe9.pcap';
  /** Runs wirelint on a line of the shell: Node itself cannot pass such an argument. */
  const shell = (line: string) =>
    spawnSync('sh', ['-c', `n=$(printf 'caf\\351'); exec "$0" "$1" ${line}`, process.execPath, BIN], {
      cwd: own,
      encoding: 'utf8',
    });

  it.each([
    ['in a folder', 'check -f ndjson .', `./${shown}`],
    ['on the command line', 'check -f ndjson "$n.pcap"', shown],
    ['in a pattern', 'check -f ndjson "$n*.pcap"', shown],
    ['for analyze', 'analyze -f ndjson "$n.pcap"', shown],
    ['in a thread', 'check -j 2 -f ndjson "$n.pcap" ../good.pcap', shown],
  ])('%s', (_, line, file) => {
    const { status, stdout } = shell(line);
    expect(status).toBe(0);
    const all = stdout
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as { type: string; file: string });
    expect(all[0]).toMatchObject({ type: 'capture', file });
    expect(all.some((e) => e.type === 'message' && e.file === file)).toBe(true);
  });

  it('are carried whole by every report', () => {
    // two names that only such bytes tell apart
    const two = join(own, 'two');
    mkdirSync(two);
    for (const byte of [0xe9, 0xea])
      writeFileSync(
        Buffer.concat([Buffer.from(`${two}/a b`), Buffer.of(byte), Buffer.from('.pcap')]),
        readFileSync(good),
      );
    const report = (format: string): string => shell(`check --fail-on warning -f ${format} two`).stdout;
    const { results } = (JSON.parse(report('sarif')) as Log).runs[0]!;
    const places = results!.map((r) => r.locations![0]!.physicalLocation!.artifactLocation!.uri);
    expect([...new Set(places)]).toEqual(['two/a%20b%E9.pcap', 'two/a%20b%EA.pcap']);
    const entries = JSON.parse(report('gitlab')) as { fingerprint: string; location: { path: string } }[];
    expect([...new Set(entries.map((e) => e.location.path))]).toEqual(['two/a b\\xe9.pcap', 'two/a b\\xea.pcap']);
    expect(new Set(entries.map((e) => e.fingerprint)).size).toBe(entries.length);
    for (const format of ['junit', 'json', 'github', 'text']) {
      const text = report(format).replaceAll('\\\\', '\\');
      const found = ['a b\\xe9.pcap', 'a b\\xea.pcap', '\ufffd'].map((name) => text.includes(name));
      expect([format, ...found]).toEqual([format, true, true, false]);
    }
    rmSync(two, { recursive: true });
  });

  it('beside which a transcript lies', () => {
    shell('check --update-golden "$n.pcap"');
    expect(readdirSync(own, 'latin1').sort()).toEqual(['caf\xe9.pcap', 'caf\xe9.pcap.txt']);
    expect(shell('check --golden "$n.pcap"').status).toBe(0);
  });

  it('are named in complaints as they are in reports', () => {
    const { status, stderr } = shell('analyze "$n.none"');
    expect([status, stderr]).toEqual([2, 'wirelint: caf\\xe9.none: no such file or directory\n']);
  });
});
