import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.js';
import { runSteps, settingOf } from '../../src/engine/example.js';

const KEBAB = /^[a-z0-9]+\/[a-z0-9]+(-[a-z0-9]+)*$/;

/** Runs the examples of every rule of a protocol: the breaking one raises exactly that rule, the keeping one nothing. */
export function testRuleExamples(protocol: Protocol): void {
  describe(`rules of ${protocol.name}`, () => {
    it('are well declared', () => {
      const ids = protocol.rules.map((r) => r.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const rule of protocol.rules) {
        expect(rule.id, rule.id).toMatch(KEBAB);
        expect(rule.id.startsWith(`${protocol.name}/`), rule.id).toBe(true);
        expect(rule.title.length, rule.id).toBeGreaterThan(8);
        expect(rule.meaning.length, rule.id).toBeGreaterThan(40);
        expect(rule.spec, rule.id).not.toBe('');
        expect(rule.breaks, `${rule.id} needs a breaking example`).toBeDefined();
        expect(rule.keeps, `${rule.id} needs a keeping example`).toBeDefined();
      }
    });

    for (const rule of protocol.rules) {
      // a rule that is off by default must be switched on to be seen
      const levels = rule.off ? new Map([[rule.id, rule.severity]] as const) : new Map();
      const { breaks, keeps } = rule;
      if (breaks !== undefined) {
        it(`${rule.id}: ${breaks.text}`, () => {
          const { findings } = runSteps(protocol, breaks.steps(), { ...settingOf(breaks), levels });
          const ids = findings.map((f) => f.rule.id);
          expect(ids).toContain(rule.id);
          const others = findings.filter(
            (f) => f.rule !== rule && f.severity !== 'note' && !rule.also?.includes(f.rule.id),
          );
          expect(others.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
          const own = findings.filter((f) => f.rule === rule);
          // a rule that either side can break blames the one that broke it
          const parties = rule.party === 'either' ? ['client', 'server', 'either'] : [rule.party];
          for (const f of own) expect(parties).toContain(f.party);
          for (const id of rule.also ?? []) expect(ids, `also: ${id} is not raised`).toContain(id);
        });
      }
      if (keeps !== undefined) {
        it(`${rule.id} kept: ${keeps.text}`, () => {
          const { findings } = runSteps(protocol, keeps.steps(), { ...settingOf(keeps), levels });
          const loud = findings.filter((f) => f.severity !== 'note' || f.rule === rule);
          expect(loud.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
        });
      }
    }
  });
}
