import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/plan.js';
import { ruleSpecUrl } from '../../src/protocols/registry.js';

/** The pages that rules may point at, each with the anchors of its headings, as they were when last looked at. */
const PAGES = JSON.parse(readFileSync('test/report/spec-pages.json', 'utf8')) as Record<string, string[]>;

/** These are about wirelint itself, and rest on nobody else's text. */
const OWN = [
  'capture/resynchronised',
  'capture/undecoded',
  'capture/mode-guessed',
  'capture/opaque',
  'capture/limit',
  'capture/continued',
  'capture/unknown-protocol',
  'capture/recording',
  'check/expectation',
  'internal/error',
];

describe('the address of the text behind a rule', () => {
  it('is there for every rule, those about wirelint itself aside', () => {
    const without = allRules().filter((r) => ruleSpecUrl(r) === null);
    expect(without.map((r) => r.id)).toEqual(OWN);
  });

  it('leads to a page, and a heading of it, that are known to exist (spec-pages.json)', () => {
    const astray = allRules().filter((r) => {
      const [page, anchor, ...more] = (ruleSpecUrl(r) ?? '').split('#');
      if (page === '') return false;
      const anchors = PAGES[page!];
      return anchors === undefined || more.length > 0 || (anchor !== undefined && !anchors.includes(anchor));
    });
    expect(astray.map((r) => `${r.id} [${r.spec}]: ${ruleSpecUrl(r)}`)).toEqual([]);
  });

  it('leads to the section that the rule names', () => {
    const to = (spec: string): string[] => [
      ...new Set(allRules().flatMap((r) => (r.spec === spec ? [ruleSpecUrl(r)!] : []))),
    ];
    const proto = 'https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md';
    expect(to('NBD protocol, "Request types (READ)"')).toEqual([`${proto}#request-types`]);
    expect(to('NBD protocol, "base:allocation metadata context"')).toEqual([
      `${proto}#baseallocation-metadata-context`,
    ]);
    expect(to('doc/dev/msgr2.rst, CLIENT_IDENT; ProtocolV2.cc, send_client_ident')).toEqual([
      'https://docs.ceph.com/en/latest/dev/msgr2/#message-flow-handshake',
    ]);
    expect(to('passt: fwd_rule.c, fwd_rule_add()')).toEqual(['https://passt.top/passt/tree/fwd_rule.c']);
  });

  it('keeps no page that no rule points at', () => {
    const used = new Set(allRules().map((r) => ruleSpecUrl(r)?.split('#')[0]));
    expect(Object.keys(PAGES).filter((page) => !used.has(page))).toEqual([]);
  });
});
