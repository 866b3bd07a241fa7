import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll } from 'vitest';

/** The program as it is installed; built before the tests run. */
export const BIN = resolve('dist/bin.js');
export const CAPTURES = resolve('captures');

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs wirelint as a user does, in a plain environment. */
export function wirelint(args: readonly string[], options: CliOptions = {}): CliResult {
  const result = spawnSync(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    input: options.input ?? '',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.env },
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    timeout: 60_000,
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** A folder of its own for a test file, removed when it is done. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wirelint-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Copies a capture of the repository; gives its new path. */
export function copyCapture(name: string, to: string): string {
  copyFileSync(join(CAPTURES, name), to);
  return to;
}

export function writeJson(path: string, value: unknown): string {
  writeFileSync(path, JSON.stringify(value, null, 2));
  return dirname(path);
}

/** The events of ndjson output. */
export function events(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
