import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { WIRELINT } from './compare.js';
import { Costs, run, table } from './measure.js';
import type { Workload } from './workloads.js';

const SQL = 'select operation, count(*) n, approx_quantile(latency, 0.99) p99 from messages group by 1 order by 1';

/** Messages a second that become tables, and that are asked of: beside `check` of the same, in one interleaved run. */
export async function tables(workload: Workload, work: string, megabytes: number, rounds: number): Promise<string[]> {
  const path = join(work, 'capture.pcap');
  const folder = join(work, 'tables');
  mkdirSync(folder, { recursive: true });
  const { bytes } = workload.write(path, megabytes * 1e6);
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['check F', ['check', '--allow-empty', path]],
    ['analyze -f ndjson F', ['analyze', '-f', 'ndjson', path]],
    ['analyze -f parquet -o D F', ['analyze', '-f', 'parquet', '-o', folder, path]],
    ['analyze -f parquet -o D -j 1 F', ['analyze', '-f', 'parquet', '-o', folder, '-j', '1', path]],
    ['query SQL F', ['query', SQL, path]],
    ['query SQL D', ['query', SQL, folder]],
  ];
  const costs = commands.map(() => new Costs());
  for (let round = 0; round < rounds; round++)
    for (const [i, [, command]] of commands.entries()) costs[i]!.add(await run([...WIRELINT, ...command]));
  const count = [...WIRELINT.slice(1), 'query', '-f', 'csv', 'select count(*) n from messages', folder];
  const messages = Number(execFileSync(WIRELINT[0]!, count, { encoding: 'utf8' }).split('\n')[1]);
  rmSync(path);
  rmSync(folder, { recursive: true });
  const rows = commands.map(([name], i) => {
    const c = costs[i]!;
    const rate = Math.round(messages / c.seconds).toLocaleString('en');
    const cells = [c.seconds.toFixed(2), c.cpu.toFixed(2), rate, c.peakMegabytes.toFixed(0)];
    return [`\`wirelint ${name}\`${c.failed ? ' (failed)' : ''}`, ...cells];
  });
  return [
    `### Tables: ${workload.title}`,
    '',
    `${(bytes / 1e6).toFixed(0)} MB, ${messages} messages, median of ${rounds}; SQL: \`${SQL}\``,
    '',
    ...table(['command', 'wall s', 'cpu s', 'messages/s', 'peak MB'], rows),
    '',
  ];
}
