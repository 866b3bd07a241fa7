import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareRead, Costs, installed, median, run, table } from './measure.js';
import type { Workload } from './workloads.js';

interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
}

export const WIRELINT = ['node', 'dist/bin.js'];
const TCPDUMP = 'tcpdump -r F -w /dev/null';

function contestants(path: string, flows: string, keyLog: string | null): Contestant[] {
  const ours = keyLog === null ? [] : ['--tls-keylog', keyLog];
  const sharks = keyLog === null ? [] : ['-o', `tls.keylog_file:${keyLog}`];
  return [
    { name: 'wirelint check F', command: [...WIRELINT, 'check', '--allow-empty', ...ours, path] },
    { name: 'wirelint analyze -f ndjson F', command: [...WIRELINT, 'analyze', '-f', 'ndjson', ...ours, path] },
    { name: 'wirelint analyze F', command: [...WIRELINT, 'analyze', ...ours, path] },
    { name: TCPDUMP, command: ['tcpdump', '-r', path, '-w', '/dev/null'] },
    // writes each direction into a file: `-e none` ends it at once, and its console output is slower than files
    { name: 'tcpflow -r F -o D', command: ['tcpflow', '-q', '-r', path, '-o', flows] },
    { name: 'suricata -r F -S /dev/null', command: ['suricata', '-r', path, '-S', '/dev/null', '-l', flows] },
    { name: 'tshark -r F -q -z expert', command: ['tshark', ...sharks, '-r', path, '-q', '-z', 'expert'] },
    { name: 'tshark -r F', command: ['tshark', ...sharks, '-r', path] },
    { name: 'tshark -r F -T json', command: ['tshark', ...sharks, '-r', path, '-T', 'json'] },
  ];
}

export interface Comparison {
  readonly megabytes: number;
  readonly rounds: number;
  /** Parts of names: only contestants with one of them, and none with one of those. */
  readonly only: readonly string[];
  readonly without: readonly string[];
}

/**
 * Runs wirelint and its peers on one workload, one after the other, in rounds: every figure is a ratio taken in one interleaved
 * run, because absolute numbers move with whoever else uses the machine.
 */
export async function compare(workload: Workload, work: string, c: Comparison): Promise<string[]> {
  const path = join(work, 'capture.pcap');
  const flows = join(work, 'flows');
  const { bytes, packets } = workload.write(path, c.megabytes * 1e6);
  const keyLog = workload.keyLog === null ? null : join(work, 'keys.log');
  if (keyLog !== null) writeFileSync(keyLog, workload.keyLog!);
  const wanted = contestants(path, flows, keyLog).filter(
    ({ name, command }) =>
      installed(command[0]!) &&
      (c.only.length === 0 || c.only.some((o) => name.includes(o))) &&
      !c.without.some((o) => name.includes(o)),
  );
  const costs = new Map<string, Costs>(wanted.map((w) => [w.name, new Costs()]));
  const reads: number[] = [];
  for (let round = 0; round < c.rounds; round++) {
    reads.push(bareRead(path));
    for (const { name, command } of wanted) {
      mkdirSync(flows, { recursive: true });
      costs.get(name)!.add(await run(command));
      rmSync(flows, { recursive: true, force: true });
    }
  }
  rmSync(path);
  const floor = costs.get(TCPDUMP);
  const rows = [...costs].map(([name, cost]) => [
    `\`${name}\`${cost.failed ? ' (failed)' : ''}`,
    cost.seconds.toFixed(2),
    cost.cpu.toFixed(2),
    (bytes / 1e6 / cost.cpu).toFixed(0),
    cost.peakMegabytes.toFixed(0),
    floor === undefined ? '' : (cost.seconds / floor.seconds).toFixed(2),
    floor === undefined ? '' : (cost.cpu / floor.cpu).toFixed(2),
  ]);
  rows.unshift(['bare read', median(reads).toFixed(2), '', '', '', '', '']);
  return [
    `### ${workload.title}`,
    '',
    `${(bytes / 1e6).toFixed(0)} MB, ${packets} packets, median of ${c.rounds}`,
    '',
    ...table(['command', 'wall s', 'cpu s', 'MB per cpu s', 'peak MB', 'wall to tcpdump', 'cpu to tcpdump'], rows),
    '',
  ];
}

/** Whether twice the input takes about twice the time, and no more memory. */
export async function linearity(workload: Workload, work: string, megabytes: number): Promise<string[]> {
  const path = join(work, 'capture.pcap');
  const points: { cpu: number; peak: number; packets: number }[] = [];
  for (const factor of [0, 1, 2]) {
    const costs = new Costs();
    // what start-up costs, and compiling the program's hot paths, is taken off: a capture of a tenth
    const { packets } = workload.write(path, megabytes * 1e6 * (factor === 0 ? 0.1 : factor));
    for (let i = 0; i < 3; i++) costs.add(await run([...WIRELINT, 'check', '--allow-empty', path]));
    points.push({ cpu: costs.cpu, peak: costs.peakMegabytes, packets });
    rmSync(path);
  }
  const [small, one, two] = points as [(typeof points)[0], (typeof points)[0], (typeof points)[0]];
  // the growth from 0.1x to 2x over that from 0.1x to 1x would be 1.9/0.9 where it is linear
  const growth = (((two.cpu - small.cpu) / (one.cpu - small.cpu)) * 0.9) / 1.9;
  return [
    workload.title,
    String(one.packets),
    one.cpu.toFixed(2),
    two.cpu.toFixed(2),
    (two.cpu / one.cpu).toFixed(2),
    (2 * growth).toFixed(2),
    one.peak.toFixed(0),
    two.peak.toFixed(0),
  ];
}

export const LINEARITY_HEADER = [
  'workload',
  'packets (1x)',
  'cpu s, 1x',
  'cpu s, 2x',
  '2x to 1x',
  'the same without start-up',
  'peak MB, 1x',
  'peak MB, 2x',
];
