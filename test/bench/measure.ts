import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

/** What running a command once took. */
export interface Cost {
  /** Wall time. */
  readonly seconds: number;
  /** Processor time, user and system, over all threads: what other users of the machine disturb least. */
  readonly cpu: number;
  readonly peakMegabytes: number;
  readonly status: number | null;
}

const GNU_TIME = '/usr/bin/time';

/** Costs of one run of a command; its output goes nowhere. Needs GNU time. */
export function run(command: readonly string[], cwd?: string): Promise<Cost> {
  if (!existsSync(GNU_TIME)) throw new Error(`the benchmark needs GNU time (${GNU_TIME})`);
  const out = join(tmpdir(), `wirelint-bench-time.${process.pid}`);
  return new Promise((resolve, reject) => {
    const args = ['-q', '-o', out, '-f', '%e %U %S %M', ...command];
    const child = spawn(GNU_TIME, args, { stdio: 'ignore', cwd });
    child.on('error', reject);
    child.on('exit', (status) => {
      const [seconds, user, system, kilobytes] = readFileSync(out, 'utf8').trim().split(' ').map(Number);
      rmSync(out, { force: true });
      resolve({ seconds: seconds!, cpu: user! + system!, peakMegabytes: kilobytes! / 1024, status });
    });
  });
}

/** The costs of several runs. */
export class Costs {
  private readonly runs: Cost[] = [];

  add(cost: Cost): void {
    this.runs.push(cost);
  }

  get seconds(): number {
    return median(this.runs.map((r) => r.seconds));
  }

  get cpu(): number {
    return median(this.runs.map((r) => r.cpu));
  }

  get peakMegabytes(): number {
    return Math.max(...this.runs.map((r) => r.peakMegabytes));
  }

  get failed(): boolean {
    return this.runs.some((r) => r.status !== 0);
  }
}

/** A plain read of the file in seconds: warms the page cache, and is the floor that nothing can beat. */
export function bareRead(path: string): number {
  const start = process.hrtime.bigint();
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(1 << 20);
  while (readSync(fd, buffer) > 0);
  closeSync(fd);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

export function median(xs: readonly number[]): number {
  return quantile(xs, 0.5);
}

export function quantile(xs: readonly number[], q: number): number {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

export function installed(program: string): boolean {
  return program === 'node' || spawnSync('which', [program]).status === 0;
}

/** The machine in plain words. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores of ${model}, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}

/** First line of what a program says of its version. */
export function versionOf(program: string): string {
  const option = program === 'suricata' ? '-V' : '--version';
  const { stdout, stderr } = spawnSync(program, [option], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim().split('\n')[0]!;
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}
