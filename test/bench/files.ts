import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { WIRELINT } from './compare.js';
import { Costs, run, table } from './measure.js';
import { WORKLOADS } from './workloads.js';

/** What a run costs before it reads anything, what a small file costs, and what thousands of them cost. */
export async function files(work: string, count: number, rounds: number): Promise<string[]> {
  const folder = join(work, 'files');
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) WORKLOADS['sessions']!.write(join(folder, `${i}.pcap`), 1500);
  const one = join(folder, '0.pcap');
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['node -e 0', ['node', '-e', '0']],
    ['wirelint --help', [...WIRELINT, '--help']],
    ['wirelint check, one session of 20 packets', [...WIRELINT, 'check', one]],
    ['wirelint analyze, one session of 20 packets', [...WIRELINT, 'analyze', one]],
    [`wirelint check --jobs 1, ${count} of them`, [...WIRELINT, 'check', '--jobs', '1', folder]],
    [`wirelint check, ${count} of them`, [...WIRELINT, 'check', folder]],
  ];
  const costs = commands.map(() => new Costs());
  for (let round = 0; round < rounds; round++)
    for (const [i, [, command]] of commands.entries()) costs[i]!.add(await run(command));
  rmSync(folder, { recursive: true });
  const rows = commands.map(([name], i) => {
    const c = costs[i]!;
    return [`\`${name}\``, c.seconds.toFixed(2), c.cpu.toFixed(2), c.peakMegabytes.toFixed(0)];
  });
  return ['### Start-up, and many small captures', '', ...table(['command', 'wall s', 'cpu s', 'peak MB'], rows), ''];
}
