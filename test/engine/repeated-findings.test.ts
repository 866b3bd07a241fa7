import { describe, expect, it } from 'vitest';
import { rule } from '../../src/protocols/nbd/rules/rule.js';
import type { Rule, Severity } from '../../src/base/rule.js';
import type { Finding } from '../../src/engine/event.js';
import { StreamFindings, type RuleLevels } from '../../src/engine/findings.js';
import { newRecord } from '../../src/engine/stream-record.js';
import { Origin } from '../../src/base/origin.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Connection } from '../../src/stream/byte-stream.js';

const CONNECTION: Connection = {
  id: 1,
  transport: 'unix',
  endpoints: ['a', 'b'],
  ports: [0, 0],
  start: 'captured',
  initiatorKnown: true,
  ordered: true,
  heard: [true, true],
  vlan: -1,
  comment: '',
};
const NOTHING = { text: '', steps: () => [] };

function ruleOf(id: string, severity: Severity, again?: Rule['again']): Rule {
  const made = rule(id, severity, 'either', 'either', {
    title: '',
    meaning: '',
    spec: '',
    breaks: NOTHING,
    keeps: NOTHING,
  });
  return { ...made, ...(again !== undefined && { again }) };
}

/** Raises these in a stream, one a packet, and ends it. */
function raised(
  list: readonly (readonly [Rule, string, (Severity | undefined)?])[],
  options: { readonly levels?: RuleLevels; readonly suppress?: (f: Finding) => boolean } = {},
): { told: string[]; repeated: string[]; findings: number } {
  const told: string[] = [];
  const record = newRecord('file', CONNECTION, new Origin());
  const findings = new StreamFindings(
    record,
    options.levels ?? new Map(),
    DEFAULT_LIMITS,
    (f) => told.push(`${f.packet} ${f.severity} ${f.text}`),
    options.suppress,
  );
  list.forEach(([rule, text, severity], i) => {
    const place = { packet: i + 1, seconds: 0, nanos: 0 };
    findings.raise(rule, { text, ...(severity !== undefined && { severity }) }, place);
    findings.flush();
  });
  findings.close({ packet: 0, seconds: 0, nanos: 0 });
  const repeated = record.repeated.map(
    (r) => `${r.finding.packet}..${r.lastPacket} ${r.times} times${r.others.map((o) => `, ${o}`).join('')}`,
  );
  return { told, repeated, findings: record.findings.note + record.findings.warning + record.findings.error };
}

describe('what a stream gives cause for again', () => {
  const odd = ruleOf('odd', 'warning');
  const wrong = ruleOf('wrong', 'error');

  it('is told at once, at its first place, and counted from there on', () => {
    expect(raised([1, 2, 3, 4].map((n) => [odd, `READ at ${n}`] as const))).toEqual({
      told: ['1 warning READ at 1'],
      repeated: ['1..4 4 times'],
      findings: 1,
    });
  });

  it('is another thing where more than numbers differs', () => {
    const { told, repeated } = raised([
      [odd, 'no section for HOST'],
      [odd, 'no section for SPLICE'],
      [odd, 'no section for HOST'],
    ]);
    expect(told).toEqual(['1 warning no section for HOST', '2 warning no section for SPLICE']);
    expect(repeated).toEqual(['1..3 2 times']);
  });

  it('is evidence one by one where it is an error', () => {
    const { told, repeated } = raised([1, 2, 3].map((n) => [wrong, `reply ${n}`] as const));
    expect(told).toHaveLength(3);
    expect(repeated).toEqual([]);
  });

  it('is told no more often where the user makes a warning an error', () => {
    const levels = new Map([[odd.id, 'error' as const]]);
    expect(
      raised(
        [1, 2].map((n) => [odd, `READ at ${n}`] as const),
        { levels },
      ).told,
    ).toEqual(['1 error READ at 1']);
  });

  it('is one thing whatever it names, where the rule is about a habit, and named in its count', () => {
    const habit = ruleOf('habit', 'error', 'habit');
    const { told, repeated } = raised([
      [habit, 'refuses FLUSH', 'warning'],
      [habit, 'refuses TRIM', 'note'],
      [habit, 'refuses CACHE', 'note'],
      [habit, 'refuses TRIM', 'note'],
      [habit, 'loses FLUSH'],
      [habit, 'loses FLUSH'],
    ]);
    expect(told).toEqual(['1 warning refuses FLUSH', '5 error loses FLUSH', '6 error loses FLUSH']);
    expect(repeated).toEqual(['1..4 4 times, refuses TRIM, refuses CACHE']);
  });

  it('is told again where it is graver than before', () => {
    const habit = ruleOf('habit', 'warning', 'habit');
    const { told } = raised([
      [habit, 'refuses TRIM', 'note'],
      [habit, 'refuses FLUSH'],
      [habit, 'refuses CACHE', 'note'],
    ]);
    expect(told).toEqual(['1 note refuses TRIM', '2 warning refuses FLUSH']);
  });

  it('is told each time where each place has to be seen', () => {
    const hole = ruleOf('hole', 'note', 'each');
    expect(raised([1, 2].map((n) => [hole, `${n} bytes lost`] as const)).told).toHaveLength(2);
  });

  it('is not counted where it is suppressed', () => {
    const { told, repeated } = raised(
      [1, 2].map((n) => [odd, `READ at ${n}`] as const),
      { suppress: () => true },
    );
    expect([told, repeated]).toEqual([[], []]);
  });
});
