import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import {
  client,
  CLOSE,
  END,
  entry,
  hello,
  pastaList,
  reading,
  rule,
  section,
  server,
  SERVER_CLOSE,
  WEB,
} from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';

/** What is raised, as `RULE PARTY OFFSET+LENGTH`, in one piece and byte by byte. */
function raised(steps: readonly Step[]): string[] {
  const told = (chop?: number): string[] =>
    runSteps(pesto, steps, { transport: 'unix', ...(chop === undefined ? {} : { chop }) })
      .findings.filter((f) => f.party !== 'capture')
      .map((f) => `${f.rule.id.slice('pesto/'.length)} ${f.party} ${f.offset}+${f.length}`);
  const whole = told();
  expect(told(1)).toEqual(whole);
  return whole;
}

describe('a fault of pesto', () => {
  const cases: Record<string, readonly [steps: readonly Step[], ...findings: string[]]> = {
    'is a table that is there twice, not its name as well': [
      reading(hello(), entry(1, [WEB]), entry(1), entry(3), END),
      'pif-duplicate-id server 213+1',
    ],
    'is a table too many, not that servers have none like it': [
      reading(hello(), entry(1), entry(2), entry(3), entry(4, [], { name: 'X' }), END),
      'pif-unexpected server 157+1',
      'pif-too-many server 431+137',
    ],
    'is one value of all tables': [
      reading(hello(), entry(1, [], { caps: 0x7f }), entry(3, [], { caps: 0x7f }), END),
      'caps-unknown server 149+4',
    ],
    'is a server without any family, not every rule of its table': [
      reading(hello(), entry(1, [WEB, rule({ first: 9, addr: '10.0.0.1' })], { caps: 0x0c }), END),
      'caps-no-family server 149+4',
    ],
    'is a wrong table id, not that the right one lacks': [
      [server(pastaList()), client(section(0x42, [WEB]), section(3), END), ...SERVER_CLOSE],
      'client-unknown-pif client 0+1',
      'update-rejected client 66+1',
    ],
    'stands where the list ends': [
      [server(hello(), entry(1, [WEB]), entry(3)), ...SERVER_CLOSE],
      'server-close-in-list server 350+0',
    ],
    'stands where the update ends': [
      [server(pastaList()), client(section(1, [WEB]), section(3)), ...CLOSE],
      'update-truncated client 66+0',
    ],
  };
  it.each(Object.entries(cases))('%s', (_, [steps, ...findings]) => {
    expect(raised(steps)).toEqual(findings);
  });
});
