import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { fieldsOf } from '../../src/base/annotation.js';
import type { Message } from '../../src/contract/message.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';

/** A message without what depends on segmentation or on the other direction: packet, time, index, links. */
function essence(protocol: Protocol, m: Message): unknown {
  return {
    name: m.name,
    side: m.side,
    offset: m.offset,
    length: m.length,
    complete: m.complete,
    hinted: m.hinted,
    fields: fieldsOf(protocol.annotate(m)),
  };
}

function bySide(protocol: Protocol, result: StepResult): [unknown[], unknown[]] {
  const sides: [unknown[], unknown[]] = [[], []];
  for (const m of result.messages) sides[m.side].push(essence(protocol, m));
  return sides;
}

function findingKeys(result: StepResult): string[] {
  return result.findings
    .map((f) => `${f.rule.id} ${f.side} ${f.offset}+${f.length} ${f.severity} ${f.confidence}`)
    .sort();
}

/** Bytes that the sides of all streams sent, and what became of them. */
export function unaccounted(result: StepResult): number[] {
  return result.streams.flatMap((record, i) =>
    ([0, 1] as const).map((side) => {
      const skipped = record.skipped[side];
      const taken = result.messages
        .filter((m) => result.streams.length === 1 || m.index <= record.messages)
        .filter((m) => m.side === side && i === 0)
        .reduce((sum, m) => sum + m.length - m.missing, 0);
      if (i > 0) return 0;
      return (
        record.bytes[side] -
        taken -
        skipped.resynchronised -
        skipped.opaque -
        skipped.undecoded -
        record.tlsOverhead[side]
      );
    }),
  );
}

/** Sessions by name; each must decode completely when nothing is lost. */
export type NamedSessions = Readonly<Record<string, () => readonly Step[]>>;

/** The properties that every protocol's decoders must have. */
export function testProperties(protocol: Protocol, sessions: NamedSessions, options: StepOptions = {}): void {
  describe(`properties of ${protocol.name}`, () => {
    for (const [name, steps] of Object.entries(sessions)) {
      it(`${name}: whatever the segmentation`, () => {
        const whole = runSteps(protocol, steps(), options);
        expect(whole.messages.length).toBeGreaterThan(0);
        expect(whole.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
        const bytewise = runSteps(protocol, steps(), { ...options, chop: 1 });
        expect(bySide(protocol, bytewise)).toEqual(bySide(protocol, whole));
        expect(findingKeys(bytewise)).toEqual(findingKeys(whole));
        fc.assert(
          fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 }), (sizes) => {
            const chopped = runSteps(protocol, steps(), { ...options, chop: (n) => sizes[n % sizes.length]! });
            expect(bySide(protocol, chopped)).toEqual(bySide(protocol, whole));
            expect(findingKeys(chopped)).toEqual(findingKeys(whole));
          }),
          { numRuns: 20 },
        );
      });

      it(`${name}: each direction alone gives the same own messages`, () => {
        const whole = runSteps(protocol, steps(), options);
        for (const [side, who] of ['client', 'server'].entries()) {
          const alone = runSteps(protocol, steps(), { ...options, oneSided: who as 'client' | 'server' });
          const own = whole.messages.filter((m) => m.side === side && !m.hinted).map((m) => essence(protocol, m));
          const got = alone.messages.filter((m) => m.side === side).map((m) => essence(protocol, m));
          const strip = (list: unknown[]): string[] =>
            list.map((x) => JSON.stringify({ ...(x as object), hinted: null }));
          const missing = new Set(strip(got));
          expect(
            strip(own).filter((m) => !missing.has(m)),
            `${who} alone`,
          ).toEqual([]);
          const blamed = alone.findings.filter(
            (f) => f.severity === 'error' && !whole.findings.some((w) => w.rule === f.rule),
          );
          expect(
            blamed.map((f) => `${f.rule.id}: ${f.text}`),
            `${who} alone`,
          ).toEqual([]);
        }
      });

      it(`${name}: cut anywhere`, () => {
        const all = steps();
        const whole = runSteps(protocol, all, options);
        const wholeErrors = new Set(whole.findings.filter((f) => f.severity === 'error').map((f) => f.rule.id));
        const total = all.reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
        const stride = Math.max(1, Math.floor(total / 400));
        for (let cut = 0; cut <= total; cut += stride) {
          const result = runSteps(protocol, cutSteps(all, cut), options);
          expect(
            result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text),
            `cut at ${cut}`,
          ).toEqual([]);
          const newErrors = result.findings.filter((f) => f.severity === 'error' && !wholeErrors.has(f.rule.id));
          expect(
            newErrors.map((f) => `${f.rule.id}: ${f.text}`),
            `cut at ${cut}`,
          ).toEqual([]);
          expect(
            unaccounted(result).filter((n) => n !== 0),
            `unaccounted bytes, cut at ${cut}`,
          ).toEqual([]);
        }
      });
    }
  });
}

/** The session up to its first `bytes` bytes, both directions counted together, as if the recording had ended there. */
export function cutSteps(steps: readonly Step[], bytes: number): Step[] {
  const out: Step[] = [];
  let left = bytes;
  for (const step of steps) {
    if (!('bytes' in step)) {
      out.push(step);
      continue;
    }
    if (step.bytes.length >= left) {
      out.push({ ...step, bytes: step.bytes.subarray(0, left) });
      return out;
    }
    left -= step.bytes.length;
    out.push(step);
  }
  return out;
}
