import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, scratch } from '../kit/cli.js';
import { HOSTILE_CAPTURES } from '../kit/hostile-captures.js';

/** How much of each attack there is; WIRELINT_HOSTILE=1000000 takes minutes. */
const AMOUNT = Number(process.env['WIRELINT_HOSTILE'] ?? 2000);
/** Megabytes of JavaScript heap that must do for all of them. */
const HEAP = 128;
/** Seconds for all of them together, on a slow machine with others. */
const PATIENCE = 60 + AMOUNT / 500;

const folder = scratch();
mkdirSync(join(folder, 'all'));
const paths = Object.entries(HOSTILE_CAPTURES).map(([name, make]) => {
  const path = join(folder, 'all', name.replace(/\W+/g, '-'));
  writeFileSync(path, make(AMOUNT));
  return path;
});

function run(...args: string[]): { status: number | null; signal: string | null; stdout: string; stderr: string } {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${HEAP}`, BIN, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      timeout: PATIENCE * 1000,
    },
  );
  return { status, signal, stdout, stderr };
}

describe('captures that an attacker wrote', () => {
  it.each([
    ['analyze', '-f', 'ndjson', '-v'],
    ['analyze', '-f', 'table'],
    ['check', '-f', 'json'],
  ])(
    'end in time and within bounded memory: %s %s %s',
    (...args) => {
      const { signal, stdout, stderr } = run(...args, ...paths);
      expect(signal).toBeNull();
      expect(stdout).not.toContain('internal/error');
      expect(stderr).not.toMatch(/internal error|heap|at .*\.js:\d+/);
      // what is no capture at all is said to be none
      for (const line of stderr.split('\n').filter((l) => l !== '')) {
        expect(line).toMatch(/^wirelint: .*gzip|^wirelint: .*: \w/);
      }
      expect(stdout.length).toBeGreaterThan(1000);
    },
    PATIENCE * 1000,
  );

  it(
    'tell which limits they hit',
    () => {
      const { stdout } = run('analyze', '-f', 'ndjson', '--rule', 'capture/limit=error', ...paths);
      const told = stdout.split('\n').filter((line) => line.includes('"capture/limit"'));
      expect(told.length).toBeGreaterThan(10);
      // a flood of them would be one more attack
      expect(told.length).toBeLessThan(3 * paths.length);
    },
    PATIENCE * 1000,
  );

  it(
    'fill no report without end: findingsPerFile',
    () => {
      const path = join(folder, 'many-findings');
      writeFileSync(path, HOSTILE_CAPTURES['msgr2: sessions with other cookies']!(50 * 2100));
      const { status, stdout } = run('check', '--rule', 'msgr2/auth-crc-mode=note', '-f', 'sarif', path);
      expect(status).toBe(0);
      expect(stdout).toMatch(/and \d+ more like these \(\d+ findings in all, limit findingsPerFile\)/);
    },
    PATIENCE * 1000,
  );

  it(
    'make no table without end',
    () => {
      const path = join(folder, 'many-streams');
      writeFileSync(path, HOSTILE_CAPTURES['a flood of SYNs']!(12_000));
      const { status, stdout } = run('analyze', '-f', 'table', path);
      expect(status).toBe(0);
      expect(stdout).toMatch(/\nand 2000 more streams\n/);
    },
    PATIENCE * 1000,
  );

  it(
    'are followed as well',
    () => {
      for (const name of ['pcapng: sections', 'headers only', 'nbd: the same violation', 'msgr2: wrong checksums']) {
        const path = paths[Object.keys(HOSTILE_CAPTURES).findIndex((n) => n.startsWith(name))]!;
        const { status, stdout } = spawnSync(
          '/bin/sh',
          ['-c', `cat "$1" | "$0" "--max-old-space-size=${HEAP}" "$2" tail -`, process.execPath, path, BIN],
          {
            encoding: 'utf8',
            maxBuffer: 1 << 30,
            timeout: PATIENCE * 1000,
          },
        );
        expect([name, status]).toEqual([name, 0]);
        expect(stdout).toContain('summary:');
      }
    },
    PATIENCE * 1000,
  );
});
