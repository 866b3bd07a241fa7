import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, CAPTURES, scratch, wirelint } from '../kit/cli.js';

const CLEAN = join(CAPTURES, 'nbd/any-sll.pcap');

describe('the command line', () => {
  it('knows its version and helps with every command', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(wirelint(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    for (const command of ['analyze', 'tail', 'check', 'rules', 'explain']) {
      const { status, stdout } = wirelint([command, '--help']);
      expect([command, status]).toEqual([command, 0]);
      expect(stdout).toContain(`wirelint ${command}`);
    }
  });

  it.each([
    [[], 'expected a command'],
    [['analyse', 'x'], 'analyze'],
    [['analyze'], 'expected a capture'],
    [['analyze', '--frobnicate', CLEAN], 'frobnicate'],
    [['analyze', '-f', 'xml', CLEAN], 'xml'],
    [['analyze', '-p', 'smb', CLEAN], 'unknown protocol "smb"'],
    [['analyze', '--rule', 'capture/opack=off', CLEAN], 'unknown rule "capture/opack"; did you mean capture/opaque?'],
    [['analyze', '--rule', 'capture/gap=loud', CLEAN], 'expected ID=off'],
    [['analyze', '-d', '70000=nbd', CLEAN], '--decode-as 70000=nbd'],
    [['analyze', '-s', 'one', CLEAN], 'stream number'],
    [['analyze', '--raw', 'one', CLEAN], 'CLIENT_FILE,SERVER_FILE'],
    [
      ['analyze', '--keyring', '/nonexistent', CLEAN],
      'cannot read the keyring /nonexistent: no such file or directory',
    ],
    [['analyze', '--config', '/nonexistent', CLEAN], 'cannot read the configuration /nonexistent'],
    [['analyze', '-o', '/nonexistent/x', CLEAN], 'cannot write /nonexistent/x: no such file or directory'],
    [['analyze', '/nonexistent'], '/nonexistent: no such file or directory'],
    [['analyze', 'package.json/x'], 'package.json/x: a part of the path is not a directory'],
    [['explain', 'nbd/nothing-like-it-at-all'], 'unknown rule'],
    [['explain', 'nbd/request-beyond'], 'unknown rule "nbd/request-beyond"; did you mean nbd/request-beyond-export?'],
    [['explain'], 'missing argument; --help'],
    [['reduce', CLEAN], 'missing --keep and --write; --help'],
    [['rules', 'no-such-thing'], 'no rule matches'],
    [['check'], 'expected a capture'],
    [['check', '-f', 'xml', CLEAN], 'unknown format "xml"'],
    [['check', '-f', 'sarif', '-f', 'text', CLEAN], 'two reports'],
    [['check', '--require', 'smb', CLEAN], 'unknown protocol "smb"'],
    [['check', '--max-warnings', 'many', CLEAN], '--max-warnings many'],
    [['check', '--jobs', '0', CLEAN], '--jobs 0'],
  ])('refuses %j in one line', (args, text) => {
    const { status, stdout, stderr } = wirelint(args);
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^wirelint: [^\n]*\n$/);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('says what a file is that is no capture, and goes on with the others', () => {
    const { status, stdout, stderr } = wirelint(['analyze', 'package.json', CLEAN]);
    expect(status).toBe(2);
    expect(stderr).toBe('wirelint: package.json: looks like JSON text\n');
    expect(stdout).toContain('NBD_CMD_READ');
    expect(stdout).toContain('summary: 40 packets');
  });

  it('takes folders and patterns where it takes several captures', () => {
    const folder = join(scratch(), 'captures');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.pcap'), readFileSync(CLEAN));
    writeFileSync(join(folder, 'notes.txt'), 'no capture');
    for (const given of [folder, `${folder}/*.pcap`]) {
      const { status, stdout, stderr } = wirelint(['stats', '-f', 'json', given]);
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ files: 1, packets: 40 });
      expect(wirelint(['analyze', '-f', 'ndjson', given]).stdout).toContain('"packets":40');
    }
  });

  it('takes the last of several values for one option', () => {
    const { status, stdout } = wirelint(['analyze', '-f', 'json', '-f', 'ndjson', '-s', '1', '-s', '2', CLEAN]);
    expect([status, stdout.slice(0, 17)]).toEqual([0, '{"type":"capture"']);
    expect(stdout).toContain('"type":"stream"');
  });

  it('counts only the streams that were asked for', () => {
    const { stdout } = wirelint(['analyze', '-f', 'ndjson', '-s', '9', CLEAN]);
    expect(stdout).toMatch(/"packets":40,"streams":0,"messages":0,.*"protocols":\{\}\}\n$/);
    expect(wirelint(['check', '-s', '9', CLEAN]).status).toBe(1);
  });

  it('ends quietly when the reader goes away', async () => {
    const child = spawn(process.execPath, [BIN, 'analyze', '-x', '-v', CLEAN, CLEAN, CLEAN, CLEAN, CLEAN, CLEAN]);
    let stderr = '';
    child.stderr.on('data', (d: Buffer) => (stderr += d.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((done) => child.on('close', done));
    expect([status, stderr]).toEqual([0, '']);
  });

  it('completes commands and the options of one', () => {
    expect(wirelint(['--get-yargs-completions', 'wirelint', '']).stdout).toContain('analyze');
    expect(wirelint(['--get-yargs-completions', 'wirelint', 'check', '--']).stdout).toContain('--require-complete');
  });
});

describe('output', () => {
  const folder = scratch();

  it('reads standard input', () => {
    const { status, stdout } = wirelint(['analyze', '-f', 'ndjson', '-'], { input: readFileSync(CLEAN) });
    expect(status).toBe(0);
    expect(stdout).toContain('"type":"capture","file":"-"');
    expect(stdout).toContain('"name":"NBD_CMD_READ"');
  });

  it('takes file names that begin with a dash', () => {
    writeFileSync(join(folder, '-x.pcap'), readFileSync(CLEAN));
    expect(wirelint(['analyze', '--', '-x.pcap'], { cwd: folder })).toMatchObject({ status: 0, stderr: '' });
    expect(wirelint(['tail', '-'], { input: readFileSync(CLEAN) }).stdout).toContain('NBD_CMD_READ');
  });

  it('colours only where it is asked to, and never what comes from NO_COLOR environments', () => {
    expect(wirelint(['analyze', CLEAN]).stdout).not.toContain('\x1b');
    expect(wirelint(['analyze', '--color', 'always', CLEAN]).stdout).toContain('\x1b[');
    expect(wirelint(['analyze', '--color', 'never', CLEAN]).stdout).not.toContain('\x1b');
  });

  it('writes a file that is complete or not there', () => {
    const path = join(folder, 'out.txt');
    expect(wirelint(['analyze', '-o', path, CLEAN])).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(path, 'utf8')).toBe(wirelint(['analyze', CLEAN]).stdout);
    writeFileSync(path, 'old');
    expect(wirelint(['analyze', '-o', path, 'package.json']).status).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(wirelint(['analyze', '-o', '/dev/full', CLEAN])).toMatchObject({
      status: 2,
      stderr: 'wirelint: cannot write /dev/full: no space left on device\n',
    });
  });

  it('gives the same text in every time zone and locale, but for the start in local time', () => {
    const elsewhere = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', COLUMNS: '40' };
    const start = / {3}from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} (\S+)\n/;
    const here = wirelint(['analyze', '-x', CLEAN], { env: { TZ: 'UTC' } }).stdout;
    const there = wirelint(['analyze', '-x', CLEAN], { env: elsewhere }).stdout;
    expect(there.replace(start, '')).toBe(here.replace(start, ''));
    expect([start.exec(here)?.[1], start.exec(there)?.[1]]).toEqual(['UTC', '+13:45']);
    // what is kept must be the same wherever it is made
    const kept = join(folder, 'kept.txt');
    wirelint(['analyze', '-x', CLEAN, '-o', kept], { env: elsewhere });
    expect(start.exec(readFileSync(kept, 'utf8'))?.[1]).toBe('UTC');
  });

  it('names captures by the last part of their path, unless two share it', () => {
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'b'));
    for (const d of ['a', 'b']) writeFileSync(join(folder, d, 'x.pcap'), readFileSync(CLEAN));
    expect(wirelint(['analyze', 'a/x.pcap'], { cwd: folder }).stdout).toMatch(/^x\.pcap {3}pcap/);
    expect(wirelint(['analyze', 'a/x.pcap', 'b/x.pcap'], { cwd: folder }).stdout).toMatch(/^a\/x\.pcap {3}pcap/);
  });
});

describe('a mistake on the command line', () => {
  it.each([
    [['x.pcap'], 'x.pcap is not a command; try: wirelint analyze x.pcap'],
    [['--protocl', 'nbd', 'x'], 'the command must come first; try: wirelint analyze --protocol nbd x'],
    [['anlyze', 'x'], 'unknown command "anlyze"; did you mean analyze?'],
    [['analyze', '--protocl', 'nbd', 'x'], 'unknown option --protocl; did you mean --protocol?'],
    [['tail', '-f', 'jsn'], '--format jsn: expected text, ndjson'],
    [['rules', '-f', 'jsn'], '--format jsn: did you mean json? expected text, table, json, markdown'],
    [
      ['analyze', '-p', 'nbdd', 'x'],
      'unknown protocol "nbdd"; did you mean nbd? known: nbd, msgr2, msgr1, pesto, arca',
    ],
    [['check', '--rule', 'nbd/zzz*=off', 'x'], 'no rule matches "nbd/zzz*"; `wirelint rules` lists them'],
    [
      ['analyze', '-s', '99', join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')],
      '--stream 99: there is no such stream; there is only stream 1',
    ],
  ])('%j is answered with what to type', (args, says) => {
    const { status, stderr } = wirelint(args);
    expect([status, stderr]).toEqual([2, `wirelint: ${says}\n`]);
  });

  it('is none in `help COMMAND`, and in a pattern of rules', () => {
    expect(wirelint(['help', 'analyze']).stdout).toBe(wirelint(['analyze', '--help']).stdout);
    const off = wirelint(['check', '--rule', 'nbd/*=off', join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')]);
    expect(off.status).toBe(0);
  });
});
