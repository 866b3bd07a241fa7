import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads.js';

/**
 * Compares wirelint with other tools on generated captures. All commands of a round run one after the other and rounds are
 * repeated, so that every figure is a ratio taken in one interleaved run: absolute numbers move with the machine.
 */

interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  /** Named in the ratio columns. */
  readonly baseline?: boolean;
}

interface Measurement {
  seconds: number[];
  peakMegabytes: number;
}

const wirelint = ['node', 'dist/bin.js'];

function contestants(path: string, work: string): Contestant[] {
  return [
    { name: 'wirelint check', command: [...wirelint, 'check', '--allow-empty', '--fail-on', 'error', path] },
    { name: 'wirelint analyze -f ndjson', command: [...wirelint, 'analyze', '-f', 'ndjson', path] },
    { name: 'wirelint analyze (text)', command: [...wirelint, 'analyze', path] },
    { name: 'tcpdump -r -w /dev/null', command: ['tcpdump', '-r', path, '-w', '/dev/null'] },
    { name: 'tcpflow', command: ['tcpflow', '-q', '-r', path, '-o', join(work, 'flows'), '-e', 'none'] },
    { name: 'tshark -q -z expert', command: ['tshark', '-r', path, '-q', '-z', 'expert'] },
    { name: 'tshark (one line a packet)', command: ['tshark', '-r', path] },
    { name: 'tshark -T json', command: ['tshark', '-r', path, '-T', 'json'] },
  ].filter((c) => c.command[0] === 'node' || spawnSync('which', [c.command[0]!]).status === 0);
}

/** Wall time and peak resident memory of one command; its output goes nowhere. */
function measure(command: readonly string[]): Promise<{ seconds: number; peakMegabytes: number }> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'ignore'] });
    let peak = 0;
    const sample = (): void => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // it ended between two samples
      }
    };
    const timer = setInterval(sample, 10);
    child.on('error', reject);
    child.on('exit', () => {
      clearInterval(timer);
      resolve({ seconds: Number(process.hrtime.bigint() - start) / 1e9, peakMegabytes: peak });
    });
  });
}

/** A plain read of the file: warms the page cache, and is the floor that nothing can beat. */
function bareRead(path: string): number {
  const start = process.hrtime.bigint();
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(1 << 20);
  while (readSync(fd, buffer) > 0);
  closeSync(fd);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!;

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '348' },
    rounds: { type: 'string', default: '3' },
    workload: { type: 'string', multiple: true, default: ['nbd-bulk'] },
    only: { type: 'string', multiple: true },
    without: { type: 'string', multiple: true, default: [] },
    output: { type: 'string' },
  },
});

const megabytes = Number(values.megabytes);
const work = mkdtempSync(join(tmpdir(), 'wirelint-bench-'));
const lines: string[] = [
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
];

try {
  for (const name of values.workload) {
    const workload = WORKLOADS[name];
    if (workload === undefined) throw new Error(`no workload ${name}; there are ${Object.keys(WORKLOADS).join(', ')}`);
    const path = join(work, `${name}.pcap`);
    const { bytes, packets } = workload.write(path, megabytes * 1e6);
    const wanted = contestants(path, work).filter(
      (c) =>
        (values.only === undefined || values.only.some((o) => c.name.includes(o))) &&
        !values.without.some((o) => c.name.includes(o)),
    );
    const results = new Map<string, Measurement>(wanted.map((c) => [c.name, { seconds: [], peakMegabytes: 0 }]));
    const reads: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      reads.push(bareRead(path));
      for (const c of wanted) {
        const m = await measure(c.command);
        const r = results.get(c.name)!;
        r.seconds.push(m.seconds);
        r.peakMegabytes = Math.max(r.peakMegabytes, m.peakMegabytes);
        rmSync(join(work, 'flows'), { recursive: true, force: true });
      }
    }
    lines.push(
      '',
      `${workload.title}: ${Math.round(bytes / 1e6)} MB, ${packets} packets, median of ${values.rounds}`,
      '',
    );
    lines.push(
      '| command | seconds | MB/s | peak MB | x `tcpdump` time | x slower than bare read |',
      '|---|---|---|---|---|---|',
    );
    const tcpdump = results.get('tcpdump -r -w /dev/null');
    const row = (title: string, seconds: number, peak: string): string => {
      const ratio = tcpdump === undefined ? '' : (seconds / median(tcpdump.seconds)).toFixed(2);
      return `| ${title} | ${seconds.toFixed(2)} | ${Math.round(bytes / 1e6 / seconds)} | ${peak} | ${ratio} | ${(seconds / median(reads)).toFixed(1)} |`;
    };
    lines.push(row('bare read', median(reads), ''));
    for (const [title, r] of results) lines.push(row(title, median(r.seconds), r.peakMegabytes.toFixed(0)));
    rmSync(path);
  }
} finally {
  if (existsSync(work)) rmSync(work, { recursive: true, force: true });
}

const report = `${lines.join('\n')}\n`;
process.stdout.write(report);
if (values.output !== undefined) writeFileSync(values.output, report);
