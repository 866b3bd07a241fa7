import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, copyCapture, scratch } from '../kit/cli.js';

const root = scratch();
let serial = 0;
/** Captures whose events are more than a pipe or a socket holds. */
const MANY = Array.from({ length: 16 }, (_, i) => i);

/** A folder with a capture and three FIFOs that nobody opens at their other end. */
function place(): string {
  const folder = join(root, String(++serial));
  mkdirSync(folder);
  mkdirSync(join(folder, 'many'));
  for (const path of ['good.pcap', ...MANY.map((i) => `many/${i}.pcap`)])
    copyCapture('nbd/nbdkit-async-64-inflight.pcap', join(folder, path));
  execFileSync('mkfifo', ['a.fifo', 'b.fifo', 'out.fifo'], { cwd: folder });
  return folder;
}

interface Blocked {
  readonly args: readonly string[];
  /** Standard output is a pipe, or a socket, that nobody reads. */
  readonly stdout?: 'pipe' | 'socket';
}

/** What it ends with, as a shell says it, and what lies in the folder then. */
async function interrupted(folder: string, { args, stdout }: Blocked, signal: NodeJS.Signals): Promise<number> {
  const unread = stdout === 'pipe' ? openSync(join(folder, 'out.fifo'), constants.O_RDWR) : null;
  try {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      stdio: ['pipe', unread ?? (stdout === 'socket' ? 'pipe' : 'ignore'), 'ignore'],
    });
    // one that finds a pipe full tries again and again
    await (stdout === undefined ? waiting(child.pid!) : new Promise((r) => setTimeout(r, 5000)));
    expect(child.exitCode).toBe(null);
    child.kill(signal);
    const [status, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    child.stdout?.destroy();
    return status ?? 128 + os.signals[by!];
  } finally {
    if (unread !== null) closeSync(unread);
  }
}

/** Until a process has used no time for a while: it waits for something. */
async function waiting(pid: number): Promise<void> {
  const used = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ').slice(13, 15).join();
  for (let before = '', same = 0; same < 8;) {
    await new Promise((r) => setTimeout(r, 100));
    const now = used();
    same = now === before && Number(now.split(',')[0]) > 5 ? same + 1 : 0;
    before = now;
  }
}

const BLOCKED: Readonly<Record<string, Blocked>> = {
  'in a FIFO that is to be read': { args: ['analyze', 'a.fifo'] },
  'in a FIFO that is to be read, for a file': { args: ['analyze', '-o', 'report.txt', 'a.fifo'] },
  'in a FIFO that is to be judged, for a file': { args: ['check', '-f', 'sarif=report.sarif', 'a.fifo'] },
  'in FIFOs that threads judge': { args: ['check', '-j', '2', '-f', 'sarif=report.sarif', 'a.fifo', 'b.fifo'] },
  'in a FIFO, with transcripts to be written': { args: ['check', '--update-golden', 'a.fifo'] },
  'in standard input': { args: ['check', '-f', 'sarif=report.sarif', '-'] },
  'in FIFOs with raw streams': { args: ['analyze', '-o', 'report.txt', '--raw', 'a.fifo,b.fifo'] },
  'in a FIFO that is to be written': { args: ['analyze', '-o', 'out.fifo', 'good.pcap'] },
  'in a FIFO that a report goes to': { args: ['check', '-f', 'text=out.fifo', 'good.pcap'] },
  'in a FIFO with keys': { args: ['check', '-f', 'sarif=report.sarif', '--keyring', 'a.fifo', 'good.pcap'] },
  'in a pipe that nobody reads': {
    args: ['check', '-f', 'ndjson', '-f', 'sarif=report.sarif', 'many'],
    stdout: 'pipe',
  },
  'in a socket that nobody reads': {
    args: ['check', '-f', 'ndjson', '-f', 'sarif=report.sarif', 'many'],
    stdout: 'socket',
  },
};

describe('what a command that a signal ended left unfinished', () => {
  it('is removed by the next one with the same target, unless somebody may still write it', () => {
    const folder = place();
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const old = new Date(Date.now() - 2 * 3600 * 1000);
    const names = [
      `.report.txt.${dead}.1.part`,
      `.report.txt.${dead}.2.part`,
      `.report.txt.${process.pid}.1.part`,
      `.other.txt.${dead}.1.part`,
    ];
    for (const name of names) {
      writeFileSync(join(folder, name), 'half of it');
      if (!name.includes('.2.')) utimesSync(join(folder, name), old, old);
    }
    execFileSync(process.execPath, [BIN, 'analyze', '-o', 'report.txt', 'good.pcap'], { cwd: folder });
    // not a young one, one of a process that lives, or one for another file
    const left = readdirSync(folder).filter((n) => n.startsWith('.'));
    expect(left).toEqual(names.slice(1).sort());
  });
});

describe('a signal ends a command that waits', () => {
  it.each(Object.entries(BLOCKED))('%s', { timeout: 60_000 }, async (_, blocked) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const folder = place();
      expect(await interrupted(folder, blocked, signal)).toBe(128 + os.signals[signal]);
      expect(readdirSync(folder).filter((n) => n.includes('report.'))).toEqual([]);
    }
  });
});
