import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arca } from '../../src/protocols/arca/index.js';
import type { MessageEvent } from '../../src/report/event-object.js';
import { blame, collect } from '../kit/collect.js';

interface Expected {
  readonly verdict: string;
  /** Without `arca/`; notes only where they matter. */
  readonly rules: readonly string[];
  /** Decoded independently, connection by connection: `IncomingConnection#2=L1 C1 @0x4000/4096`. */
  readonly connections: readonly { readonly guest: readonly string[]; readonly monitor: readonly string[] }[];
}

const FOLDER = fileURLToPath(new URL('../../captures/arca/', import.meta.url));
const EXPECTED = JSON.parse(readFileSync(`${FOLDER}expected.json`, 'utf8')) as Record<string, Expected>;

function short(m: MessageEvent): string {
  const f = m.fields as Record<string, string | number | undefined>;
  if (m.name.startsWith('type ')) return `${m.name.replace(' ', '')}#${f.requestId}`;
  const head = `${m.name}#${f.requestId}`;
  if (f.endpoint !== undefined) return `${head}=${f.endpoint}`;
  if (f.code !== undefined) return `${head}=${f.code}`;
  if (f.connectionId !== undefined && f.shmOffset !== undefined && f.ringSize !== undefined) {
    return `${head}=L${f.listenerId} C${f.connectionId} @0x${BigInt(f.shmOffset).toString(16)}/${f.ringSize}`;
  }
  return f.listenerId === undefined || f.connectionId !== undefined ? head : `${head}=${f.listenerId}`;
}

describe('recordings of Arca', () => {
  it.each(Object.entries(EXPECTED))('%s', async (file, expected) => {
    const { messages, findings, streams } = await collect(`${FOLDER}${file}`, { only: [arca] });
    if (expected.verdict !== 'violation') expect(blame(findings)).toEqual([]);
    const fired = new Set(findings.map((f) => f.rule));
    for (const rule of expected.rules) expect([...fired], rule).toContain(`arca/${rule}`);
    expected.connections.forEach((connection, i) => {
      for (const [who, direction] of [
        ['guest', 'client-to-server'],
        ['monitor', 'server-to-client'],
      ] as const) {
        const got = messages.filter((m) => m.stream === streams[i]!.stream && m.direction === direction).map(short);
        const want = connection[who].map((w) => w.replace(/ cut \d+\/\d+$/, ''));
        expect(got, `${who} of connection ${i + 1}`).toEqual(want);
      }
    });
  });
});
