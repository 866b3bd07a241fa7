import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { DataFrame, type Frame } from '../../src/protocols/msgr2/message.js';
import { script } from '../../src/protocols/msgr2/script.js';

const data = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31) & 0xff);

function traffic(revision: 0 | 1, from = 10): Uint8Array {
  return E.concat(
    E.message({ revision, seq: from, type: 42, version: 1, front: data(50), data: data(500) }),
    E.frame(TAG.ACK, [E.u64(0)], { revision }),
    E.message({ revision, seq: from + 1, type: 42, version: 1, front: data(60) }),
    E.message({ revision, seq: from + 2, type: 42, version: 1 }),
  );
}

const loud = (findings: ReturnType<typeof runSteps>['findings']) =>
  findings.filter((f) => f.severity === 'error' || f.rule.id.startsWith('internal/')).map((f) => f.text);

describe('a connection joined late', () => {
  it.each([0, 1] as const)('is decoded from the first whole frame on, revision %i', (revision) => {
    const bytes = traffic(revision);
    const first =
      bytes.length -
      traffic(revision).subarray(E.message({ revision, front: data(50), data: data(500) }).length).length;
    for (let from = 0; from <= first; from += 7) {
      const steps: Step[] = [{ from: 'client', bytes: bytes.subarray(from) }];
      const { messages, findings, streams } = runSteps(msgr2, steps, { late: true, port: 3300 });
      expect(streams[0]!.protocol, `from ${from}`).toBe(msgr2);
      const names = messages.map((m) => m.name);
      expect(names.slice(-3), `from ${from}`).toEqual(['ACK', 'MESSAGE', 'MESSAGE']);
      expect((messages.at(-1) as Frame).revision).toBe(revision);
      expect(loud(findings)).toEqual([]);
    }
  });

  it('is not taken up by zeros, whose checksum is right', () => {
    const steps: Step[] = [{ from: 'client', bytes: new Uint8Array(4096) }];
    const { messages, streams } = runSteps(msgr2, steps, { late: true });
    expect(messages).toEqual([]);
    expect(streams[0]!.protocol).toBeNull();
  });

  it('passes over zeros in front of a frame', () => {
    const bytes = E.concat(new Uint8Array(333), traffic(1));
    const { messages, skipped, findings } = runSteps(msgr2, [{ from: 'client', bytes }], { late: true });
    expect(messages.length).toBe(4);
    expect(skipped.reduce((n, s) => n + s.resynchronised, 0)).toBe(333);
    expect(findings.map((f) => f.rule.id)).toContain('capture/resynchronised');
  });
});

describe('bytes that the capture lost', () => {
  const open = (revision: 0 | 1) => script(revision).openLossless().steps;

  it.each([0, 1] as const)('inside the data leave the next frames whole, revision %i', (revision) => {
    const big = E.message({ revision, seq: 1, front: data(50), data: data(5000) });
    for (const [at, length] of [
      [200, 1000],
      [1000, 3000],
      [big.length - 40, 40],
    ] as const) {
      const steps: Step[] = [
        ...open(revision),
        { from: 'client', bytes: big.subarray(0, at) },
        { from: 'client', gap: length },
        { from: 'client', bytes: E.concat(big.subarray(at + length), traffic(revision, 2)) },
      ];
      const { messages, findings } = runSteps(msgr2, steps);
      const cut = messages.find((m) => m.missing > 0)!;
      expect([cut.complete, cut.missing, cut.length]).toEqual([false, length, big.length]);
      expect(messages.slice(-4).map((m) => m.name)).toEqual(['MESSAGE', 'ACK', 'MESSAGE', 'MESSAGE']);
      expect(loud(findings)).toEqual([]);
    }
  });

  it('inside a header are passed over by the length that the preamble announced', () => {
    const one = E.message({ seq: 1, front: data(50) });
    const steps: Step[] = [
      ...open(1),
      { from: 'client', bytes: one.subarray(0, 40) },
      { from: 'client', gap: 20 },
      { from: 'client', bytes: E.concat(one.subarray(60), traffic(1, 2)) },
    ];
    const { messages, skipped, findings } = runSteps(msgr2, steps);
    expect(messages.slice(-4).map((m) => m.name)).toEqual(['MESSAGE', 'ACK', 'MESSAGE', 'MESSAGE']);
    expect(skipped[0]!.undecoded).toBe(one.length - 20);
    expect(loud(findings)).toEqual([]);
  });

  it('across several frames are followed by a search', () => {
    const bytes = E.concat(traffic(1, 1), traffic(1, 4), traffic(1, 7));
    for (let at = 1; at < 600; at += 13) {
      const steps: Step[] = [
        ...open(1),
        { from: 'client', bytes: bytes.subarray(0, at) },
        { from: 'client', gap: 900 },
        { from: 'client', bytes: bytes.subarray(at + 900) },
      ];
      const { messages, findings } = runSteps(msgr2, steps);
      const last = messages.filter((m) => m instanceof DataFrame && m.complete).at(-1) as DataFrame;
      expect(last.seq, `at ${at}`).toBe(9);
      expect(loud(findings), `at ${at}`).toEqual([]);
    }
  });
});
