import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import type { Finding, StreamRecord } from '../../src/engine/event.js';
import { Plaintext } from '../kit/plaintext.js';
import { SETTINGS } from '../kit/settings.js';

/** Real sessions over TLS with their key logs, and the plaintext that an independent program made of them (see captures/manifest.tsv). */
const FOLDER = 'captures/tls';

interface Side {
  readonly bytes: number;
  readonly sha256: string;
}

interface Stream {
  readonly stream: number;
  readonly messages: Record<string, number>;
  readonly clearPrefix?: { readonly c2s: number; readonly s2c: number };
  readonly plain?: { readonly c2s: Side; readonly s2c: Side };
  readonly tls?: string | null;
  readonly cipher?: string | null;
  readonly sni?: string | null;
  readonly keyUpdates?: { readonly c2s: number; readonly s2c: number };
  readonly closeNotify?: { readonly c2s: boolean; readonly s2c: boolean };
  readonly findingsOfThePlaintext: Record<string, number> | null;
}

interface Expectation {
  readonly capture: string;
  readonly keylog: string | null;
  readonly streams: readonly Stream[];
  readonly messagesWithResync?: Record<string, number>;
}

/** Captures with holes, whose plaintext goes on behind them. */
const HOLES = new Set(['d-keyupdate-lost-packets']);

describe('TLS opened with a key log', () => {
  const cases = readdirSync(FOLDER).filter((f) => f.endsWith('.expect.json'));
  expect(cases.length).toBeGreaterThan(14);
  for (const file of cases) {
    const name = file.slice(0, -'.expect.json'.length);
    const expected = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Expectation;
    if (!existsSync(join(FOLDER, expected.capture))) continue;
    it(name, async () => {
      const plaintext = new Plaintext();
      const counts = new Map<number, Record<string, number>>();
      const findings: Finding[] = [];
      const records: StreamRecord[] = [];
      const tls = new Map<number, unknown>();
      const analysis = new Analysis(
        { ...SETTINGS, details: true, tlsKeylogs: expected.keylog === null ? [] : [join(FOLDER, expected.keylog)] },
        {
          capture: () => undefined,
          message: (s, m) => {
            const c = counts.get(s.id) ?? {};
            counts.set(s.id, c);
            c[m.name] = (c[m.name] ?? 0) + 1;
          },
          finding: (f) => findings.push(f),
          data: (s, side, offset, bytes, start, end) => plaintext.data(s, side, offset, bytes, start, end),
          stream: (s) => {
            records.push(s);
            tls.set(s.id, s.tls?.summary());
          },
          summary: () => undefined,
        },
      );
      await analysis.run(join(FOLDER, expected.capture));
      analysis.finish();
      for (const s of expected.streams) {
        const record = records.find((r) => r.id === s.stream)!;
        if (!HOLES.has(name)) {
          expect(counts.get(s.stream) ?? {}).toEqual(s.messages);
          for (const [key, side] of [
            ['c2s', 0],
            ['s2c', 1],
          ] as const) {
            const want = s.plain?.[key];
            if (want === undefined || want.bytes === 0) continue;
            const got = plaintext.of(s.stream, side, record.tlsFrom[side]);
            expect(got.length, `${key} of stream ${s.stream}`).toBe(want.bytes);
            expect(createHash('sha256').update(got).digest('hex')).toBe(want.sha256);
          }
        }
        const facts = tls.get(s.stream);
        if (s.tls !== undefined && s.tls !== null) {
          expect(facts).toMatchObject({ version: `TLS ${s.tls}`, cipherSuite: s.cipher, serverName: s.sni });
          if (!HOLES.has(name))
            expect(facts).toMatchObject({
              client: { keyUpdates: s.keyUpdates!.c2s, closeNotify: s.closeNotify!.c2s },
              server: { keyUpdates: s.keyUpdates!.s2c, closeNotify: s.closeNotify!.s2c },
            });
        }
        const wanted = Object.keys(s.findingsOfThePlaintext ?? {});
        const loud = findings.filter(
          (f) => f.stream?.id === s.stream && f.severity !== 'note' && !wanted.includes(f.rule.id),
        );
        expect(loud.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
      }
      if (expected.messagesWithResync !== undefined) expect(counts.get(1)).toEqual(expected.messagesWithResync);
    });
  }
});
