import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, linearity, LINEARITY_HEADER } from './compare.js';
import { files } from './files.js';
import { live } from './live.js';
import { installed, machine, table, versionOf } from './measure.js';
import { tables } from './tables.js';
import { WORKLOADS } from './workloads.js';

const USAGE = `npm run bench -- [options]
  --part compare|linear|tables|files|live   what to measure, repeatable (default: compare)
  --workload NAME                    repeatable; ${Object.keys(WORKLOADS).join(', ')}
  --megabytes N                      size of each capture (default: 348; for linear: of the smaller one)
  --rounds N                         interleaved rounds (default: 3)
  --only TEXT, --without TEXT        contestants by a part of their name, repeatable
  --rate N, --seconds N              live: reads a second, repeatable (default: 1000, 4000), and how long (default: 60)
  --files N                          how many small captures (default: 2000)
  --output FILE                      also write the report there`;

const strings = { type: 'string', multiple: true } as const;
const { values } = parseArgs({
  options: {
    part: { ...strings, default: ['compare'] },
    workload: { ...strings, default: ['nbd-bulk'] },
    megabytes: { type: 'string', default: '348' },
    rounds: { type: 'string', default: '3' },
    only: { ...strings, default: [] },
    without: { ...strings, default: [] },
    rate: { ...strings, default: ['1000', '4000'] },
    seconds: { type: 'string', default: '60' },
    files: { type: 'string', default: '2000' },
    output: { type: 'string' },
    help: { type: 'boolean' },
  },
});

async function report(work: string): Promise<string[]> {
  const megabytes = Number(values.megabytes);
  const rounds = Number(values.rounds);
  const peers = ['tcpdump', 'tcpflow', 'suricata', 'tshark'].filter(installed).map(versionOf);
  const lines = [`${new Date().toISOString().slice(0, 10)}: ${machine()}; ${peers.join('; ')}`, ''];
  const workloads = values.workload.map((name) => {
    const workload = WORKLOADS[name];
    if (workload === undefined) throw new Error(`no workload ${name}\n${USAGE}`);
    return workload;
  });
  if (values.part.includes('compare')) {
    const { only, without } = values;
    for (const w of workloads) lines.push(...(await compare(w, work, { megabytes, rounds, only, without })));
  }
  if (values.part.includes('linear')) {
    const rows: string[][] = [];
    for (const w of workloads) rows.push(await linearity(w, work, megabytes));
    lines.push(`### Twice the input (\`check\`, ${megabytes} and ${2 * megabytes} MB)`, '');
    lines.push(...table(LINEARITY_HEADER, rows), '');
  }
  if (values.part.includes('tables'))
    for (const w of workloads) lines.push(...(await tables(w, work, megabytes, rounds)));
  if (values.part.includes('files')) lines.push(...(await files(work, Number(values.files), rounds)));
  if (values.part.includes('live')) lines.push(...(await live(values.rate.map(Number), Number(values.seconds))));
  return lines;
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const work = mkdtempSync(join(tmpdir(), 'wirelint-bench-'));
  try {
    const text = `${(await report(work)).join('\n')}\n`;
    process.stdout.write(text);
    if (values.output !== undefined) writeFileSync(values.output, text);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
