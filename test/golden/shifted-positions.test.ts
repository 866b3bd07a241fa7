/**
 * What a finding points at is part of the rule: a check that points one byte off must fail. Each mutant here moves what one rule points
 * at, wherever its check raises it, and plays the rule's breaking example; it counts as killed where the findings differ from the pins.
 */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Rule } from '../../src/base/rule.js';
import type { Evidence } from '../../src/contract/protocol.js';
import { StreamFindings } from '../../src/engine/findings.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { pinsOf, reported } from '../kit/rule-pins.js';

interface Span {
  readonly offset: number;
  readonly length: number;
}

type Mutant = readonly [name: string, moved: (span: Span) => Span];

const MUTANTS: readonly Mutant[] = [
  ['one byte later', ({ offset, length }) => ({ offset: offset + 1, length })],
  ['one byte earlier', ({ offset, length }) => ({ offset: offset - 1, length })],
  // one byte less, or one more, does not show of what reaches behind the end of the stream
  [
    'at their first byte only, or at a byte in front of nothing',
    ({ offset, length }) => (length > 0 ? { offset, length: length > 1 ? 1 : 0 } : { offset: offset - 1, length: 1 }),
  ],
];

/** Moves what `rule` points at; `seen` counts how often it was raised. */
function mutate(rule: Rule, moved: Mutant[1], seen: { times: number }): void {
  const { raise } = StreamFindings.prototype;
  vi.spyOn(StreamFindings.prototype, 'raise').mockImplementation(function (this: StreamFindings, raised, e, place) {
    if (raised !== rule) return raise.call(this, raised, e, place);
    seen.times++;
    const span = { offset: e.offset ?? e.message?.offset ?? 0, length: e.length ?? e.message?.length ?? 0 };
    const evidence: Evidence = { ...e, ...moved(span) };
    raise.call(this, raised, evidence, place);
  });
}

afterEach(() => vi.restoreAllMocks());

describe.each(PROTOCOLS.map((p) => [p.name, p] as const))('rules of %s', (_, protocol) => {
  const lines = readFileSync(pinsOf(protocol), 'utf8').split('\n');
  const pinned = (rule: Rule): string[] => lines.filter((line) => line.startsWith(`${rule.id}\t`));

  it.each(MUTANTS)('are caught where they point %s', (_name, moved) => {
    const survivors: string[] = [];
    for (const rule of protocol.rules) {
      const seen = { times: 0 };
      mutate(rule, moved, seen);
      const findings = reported(protocol, rule);
      vi.restoreAllMocks();
      expect(seen.times, `${rule.id} is not raised by its example`).toBeGreaterThan(0);
      if (findings.join('\n') === pinned(rule).join('\n')) survivors.push(rule.id);
    }
    expect(survivors).toEqual([]);
  });
});
