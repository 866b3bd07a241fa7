import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';

/** What every registered protocol has to bring: this fails for a new one until it has it. */
describe.each(PROTOCOLS.map((p) => [p.name, p] as const))('%s', (name, protocol) => {
  it('has its folder and nothing else under that name', () => {
    expect(existsSync(`src/protocols/${name}/index.ts`)).toBe(true);
    expect(PROTOCOLS.filter((p) => p.name === name)).toHaveLength(1);
    expect(protocol.title).not.toBe('');
  });

  it('has captures, each named in the manifest', () => {
    const listed = new Set(
      readFileSync('captures/manifest.tsv', 'utf8')
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    const files = readdirSync(`captures/${name}`);
    expect(files.length).toBeGreaterThan(0);
    const known = files.filter((f) => /\.(pcap|pcapng|txt)$/.test(f) && !/\.pcap(ng)?\.txt$/.test(f));
    expect(known.filter((f) => !listed.has(`${name}/${f}`))).toEqual([]);
  });

  it('has a golden transcript', () => {
    expect(readdirSync(`test/golden/${name}`).length).toBeGreaterThan(0);
  });

  it('has rules, each with two examples, and shows them in the catalogue', () => {
    expect(protocol.rules.length).toBeGreaterThan(0);
    const page = readFileSync('docs/rules.md', 'utf8');
    for (const rule of protocol.rules) {
      expect(rule.breaks, rule.id).toBeDefined();
      expect(rule.keeps, rule.id).toBeDefined();
      expect(page.includes(rule.id), `${rule.id} in docs/rules.md`).toBe(true);
    }
  });

  it('never mistakes an empty or silent connection for its own', () => {
    const connection = {
      id: 1,
      transport: 'tcp' as const,
      endpoints: ['a:1', 'b:2'] as const,
      ports: [1, 2] as const,
      start: 'captured' as const,
      initiatorKnown: true,
      ordered: true,
      heard: [true, true] as const,
      vlan: -1,
      comment: '',
    };
    for (const text of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'SSH-2.0-OpenSSH_9.2\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ]) {
      const bytes = new Uint8Array(Buffer.from(text.padEnd(200, text), 'latin1'));
      const result = protocol.probe({
        connection,
        bytes: [bytes, bytes],
        at: [0, 0],
        ended: [true, true],
        cut: [false, false],
        classification: {},
        limits: DEFAULT_LIMITS,
        limited: () => undefined,
      });
      expect(result === null || result === 'more' || result.score < 0.5, text).toBe(true);
    }
  });
});
