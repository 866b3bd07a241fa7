import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import {
  ALT,
  bytesOf,
  client,
  CLOSE,
  END,
  entry,
  hello,
  pastaList,
  rule,
  section,
  server,
  WEB,
} from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';
import { unaccounted } from '../kit/properties.js';

const LIST = bytesOf(
  hello(),
  entry(1, [WEB, rule({ first: 7000, proto: 17 })]),
  entry(3, [rule({ first: 3000, ifname: 'lo' })]),
  END,
);
const UPDATE = bytesOf(section(1, [WEB, ALT]), section(3), END);

/** Overwrites single bytes. */
function damaged(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const out = bytes.slice();
  for (const [at, value] of changes) out[at % out.length] = value;
  return out;
}

/** Takes a piece out of a stream and says so. */
function withHole(from: 'client' | 'server', bytes: Uint8Array, at: number, length: number): Step[] {
  const start = at % bytes.length;
  const end = Math.min(bytes.length, start + length);
  const steps: Step[] = [{ from, gap: end - start }];
  if (start > 0) steps.unshift({ from, bytes: bytes.subarray(0, start) });
  if (end < bytes.length) steps.push({ from, bytes: bytes.subarray(end) });
  return steps;
}

const changes = fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { maxLength: 6 });

describe('bytes that nobody should send', () => {
  it('never break decoding, and are all accounted for', () => {
    fc.assert(
      fc.property(changes, changes, fc.integer({ min: 1, max: 90 }), fc.boolean(), (inList, inUpdate, chop, late) => {
        const steps = [server(damaged(LIST, inList)), client(damaged(UPDATE, inUpdate)), ...CLOSE];
        const result = runSteps(pesto, steps, { chop, late, forced: true });
        expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
        expect(unaccounted(result)).toEqual([0, 0]);
        for (const m of result.messages) {
          const end = pesto.annotate(m).reduce((n, a) => Math.max(n, a.at + a.length), 0);
          expect(end).toBeLessThanOrEqual(m.length);
          expect(() => pesto.describe(m, true)).not.toThrow();
        }
      }),
      { numRuns: 400 },
    );
  });

  it('random bytes are refused, or decoded without an internal error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.uint8Array({ maxLength: 400 }),
        fc.boolean(),
        (a, b, forced) => {
          const steps: Step[] = [];
          if (a.length > 0) steps.push(server(a));
          if (b.length > 0) steps.push(client(b));
          const result = runSteps(pesto, [...steps, ...CLOSE], { forced });
          if (!forced) expect(result.messages).toEqual([]);
          expect(result.findings.filter((f) => f.rule.id.startsWith('internal/'))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('holes in a recording', () => {
  it('blame nobody, wherever they are', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: 1, max: 200 }), fc.boolean(), (at, length, inList) => {
        const steps = inList
          ? [...withHole('server', LIST, at, length), client(UPDATE), ...CLOSE]
          : [server(LIST), ...withHole('client', UPDATE, at, length), ...CLOSE];
        const result = runSteps(pesto, steps, { forced: true });
        const blamed = result.findings.filter((f) => f.severity === 'error' || f.rule.id.startsWith('internal/'));
        expect(blamed.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
        expect(unaccounted(result)).toEqual([0, 0]);
      }),
      { numRuns: 400 },
    );
  });

  it('inside rules are stepped over, because the sizes are known', () => {
    const rules = Array.from({ length: 5 }, (_, i) => rule({ first: 1000 + i }));
    const update = bytesOf(section(1, rules), section(3), END);
    const steps = [server(pastaList()), ...withHole('client', update, 5 + 56 + 10, 100), ...CLOSE];
    const { messages, skipped } = runSteps(pesto, steps);
    expect(messages.filter((m) => m.side === 0).map((m) => [m.name, m.offset])).toEqual([
      ['PIF', 0],
      ['RULE', 5],
      ['RULE', 5 + 3 * 56],
      ['RULE', 5 + 4 * 56],
      ['PIF', 5 + 5 * 56],
      ['PIF_END', 5 + 5 * 56 + 5],
    ]);
    expect(skipped[0]!.undecoded).toBe(12);
  });

  it('in a table header are left at the next one', () => {
    const steps = [...withHole('server', LIST, 60, 40), ...CLOSE];
    const { messages } = runSteps(pesto, steps);
    expect(messages.map((m) => `${m.name} ${pesto.describe(m, false)}`)).toEqual([
      'HELLO version 2',
      'PIF 3 SPLICE  caps IPV4 IPV6 TCP UDP SCAN IFNAME  count 1',
      'RULE 1/1 SPLICE  TCP [*]%lo:3000 => 3000',
      'PIF_END ',
    ]);
  });

  it('a list that was joined late is taken up at the next table', () => {
    const { messages } = runSteps(pesto, [server(LIST.subarray(100)), client(UPDATE), ...CLOSE], { late: true });
    expect(messages.map((m) => m.name)).toEqual(['PIF', 'RULE', 'PIF_END', 'PIF', 'RULE', 'RULE', 'PIF', 'PIF_END']);
  });
});

describe('names from the wire', () => {
  it('cannot change what a terminal shows, nor what an object is', () => {
    for (const name of ['\x1b[2J', '__proto__', 'a\nb', 'HOST\u202e']) {
      const rules = [rule({ first: 80, ifname: '\x1b]0;x\x07' })];
      const steps = [
        server(hello(), entry(1, rules, { name: Buffer.from(name) }), END),
        client(section(1), END),
        ...CLOSE,
      ];
      const { findings, descriptions, sessions, messages } = runSteps(pesto, steps);
      const shown = [
        ...findings.map((f) => f.text),
        ...descriptions.flat(),
        ...messages.map((m) => pesto.describe(m, true)),
        ...messages.flatMap((m) => pesto.annotate(m).map((a) => a.text ?? '')),
      ];
      for (const text of shown) expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      expect(Object.keys(sessions[0]!['tables'] as object)).toEqual([name]);
    }
  });
});
