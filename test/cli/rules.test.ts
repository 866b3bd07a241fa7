import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/plan.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { catalogue } from '../../src/report/rule-catalogue.js';
import { rulePage } from '../../src/report/rule-page.js';
import { wirelint } from '../kit/cli.js';

const PAGE = 'docs/rules.md';
const PLAIN = { colors: false, verbose: false, hex: false };

describe('the documentation of the rules', () => {
  it(`in ${PAGE} is current ('npm run golden' writes it)`, () => {
    const page = catalogue(allRules());
    if (process.env['UPDATE_GOLDEN']) writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8') === page, 'run the tests with UPDATE_GOLDEN=1: npm run golden').toBe(true);
  });

  it('has an entry for every rule, and each once', () => {
    const headings = catalogue(allRules()).match(/^### .*$/gm);
    expect([...headings!].sort()).toEqual(
      allRules()
        .map((r) => `### ${r.id}`)
        .sort(),
    );
  });

  it('has no anchor twice', () => {
    const anchors = allRules().map((r) => r.id.replace('/', ''));
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  it('shows every rule in the example that breaks it, and not in the one that keeps it', () => {
    const wrong: string[] = [];
    for (const protocol of PROTOCOLS) {
      for (const rule of protocol.rules) {
        const page = rulePage(rule, protocol, PLAIN);
        const [, broken, kept] = page.split(/^A session that (?:breaks|keeps) it: .*$/m);
        if (!broken?.includes(` ${rule.id} (`) || kept === undefined || kept.includes(` ${rule.id} (`))
          wrong.push(rule.id);
        if (page.includes('wirelint explain')) wrong.push(`${rule.id}: sends the reader where he is`);
        if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(page)) wrong.push(`${rule.id}: control characters`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('rules', () => {
  it('lists all, or those that match', () => {
    expect(wirelint(['rules']).stdout.trimEnd().split('\n')).toHaveLength(1 + allRules().length);
    const some = wirelint(['rules', 'capture/*']).stdout.trimEnd().split('\n').slice(1);
    expect(some.length).toBeGreaterThan(10);
    for (const line of some) expect(line).toMatch(/^capture\/[a-z-]+ +(note|warning|error)/);
    const server = allRules().filter((r) => r.party === 'server' && r.severity === 'note');
    expect(wirelint(['rules', '--party', 'server', '--severity', 'note']).stdout.trimEnd().split('\n')).toHaveLength(
      1 + server.length,
    );
    expect(wirelint(['rules', 'not captured']).stdout).toContain('capture/gap');
  });

  it('speaks JSON, tables and Markdown', () => {
    const { rules } = JSON.parse(wirelint(['rules', '--format', 'json', 'capture/gap']).stdout) as { rules: unknown[] };
    expect(rules).toEqual([
      expect.objectContaining({
        id: 'capture/gap',
        severity: 'note',
        party: 'capture',
        needs: 'capture',
        default: true,
      }),
    ]);
    expect(wirelint(['rules', '--format', 'table', 'capture/gap']).stdout).toMatch(/│ capture\/gap │ note /);
    expect(wirelint(['rules', '--format', 'markdown']).stdout).toBe(catalogue(allRules()));
  });
});

describe('explain', () => {
  it('shows what a rule means, with its sessions', () => {
    const rule = PROTOCOLS[0]!.rules[0]!;
    const { status, stdout } = wirelint(['explain', rule.id]);
    expect([status, stdout]).toEqual([0, rulePage(rule, PROTOCOLS[0]!, PLAIN)]);
    expect(stdout).toContain(rule.breaks!.text);
    expect(wirelint(['explain', 'capture/gap']).stdout).toContain('nobody: it is about the capture');
  });
});
