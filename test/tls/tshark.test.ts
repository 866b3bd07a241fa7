import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import type { StreamRecord } from '../../src/engine/event.js';
import { Plaintext } from '../kit/plaintext.js';
import { missingPrograms } from '../kit/programs.js';
import { SETTINGS } from '../kit/settings.js';

const FOLDER = 'captures/tls';
const missing = missingPrograms('tshark');
const why = missing.length > 0 ? ' (skipped: tshark not installed)' : '';

/** The application data of each stream and sender, as tshark follows them; by `STREAM ADDRESS:PORT`, streams from 1. */
function followed(capture: string, keyLog: string, streams: number): Map<string, Buffer> {
  const taps = Array.from({ length: streams }, (_, i) => ['-z', `follow,tls,raw,${i}`]).flat();
  const args = ['-r', capture, '-o', `tls.keylog_file:${keyLog}`, '-q', ...taps];
  const { stdout } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const out = new Map<string, Buffer>();
  let stream = 0;
  const nodes = ['', ''];
  for (const line of stdout.split('\n')) {
    const at = /^Filter: tcp\.stream eq (\d+)/.exec(line);
    if (at !== null) stream = Number(at[1]) + 1;
    const node = /^Node ([01]): (\S+)$/.exec(line);
    if (node !== null) nodes[Number(node[1])] = node[2]!;
    // what node 1 sent is indented
    const data = /^(\t?)([0-9a-f]+)$/.exec(line);
    if (data === null || stream === 0) continue;
    const key = `${stream} ${nodes[data[1]!.length]!}`;
    out.set(key, Buffer.concat([out.get(key) ?? Buffer.alloc(0), Buffer.from(data[2]!, 'hex')]));
  }
  return out;
}

describe.skipIf(why !== '')(`plaintext and tshark's${why}`, () => {
  it('are the same bytes, where tshark gives as much', async () => {
    let same = 0;
    for (const file of readdirSync(FOLDER).filter((f) => f.endsWith('.pcap'))) {
      const keyLog = join(FOLDER, file.replace(/\.pcap$/, '.keylog'));
      if (!existsSync(keyLog)) continue;
      const plaintext = new Plaintext();
      const records: StreamRecord[] = [];
      const analysis = new Analysis(
        { ...SETTINGS, tlsKeylogs: [keyLog] },
        {
          capture: () => undefined,
          message: () => undefined,
          finding: () => undefined,
          data: (s, side, offset, bytes, start, end) => plaintext.data(s, side, offset, bytes, start, end),
          stream: (s) => records.push(s),
          summary: () => undefined,
        },
      );
      await analysis.run(join(FOLDER, file));
      analysis.finish();
      const theirs = followed(join(FOLDER, file), keyLog, records.length);
      for (const record of records)
        for (const side of [0, 1] as const) {
          const ours = plaintext.of(record.id, side, record.tlsFrom[side]);
          const end = side === 0 ? record.clientEnd : record.clientEnd === 0 ? 1 : 0;
          const other = theirs.get(`${record.id} ${record.connection.endpoints[end]}`);
          if (other === undefined) continue;
          const where = `${file} stream ${record.id} ${side}: ${ours.length} and ${other.length} bytes`;
          expect(other.length, where).toBeLessThanOrEqual(ours.length);
          if (other.length < ours.length) continue;
          expect(ours.equals(other), where).toBe(true);
          same++;
        }
    }
    expect(same).toBeGreaterThan(10);
  }, 120_000);
});
