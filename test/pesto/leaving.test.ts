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
  rule as forward,
  section,
  server,
  SERVER_CLOSE,
  updating,
  WEB,
  rule,
} from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';

function found(...steps: Step[]): string[] {
  return runSteps(pesto, steps).findings.map((f) => `${f.severity[0]} ${f.rule.id.replace('pesto/', '')}`);
}

describe('a client without a word', () => {
  it('that reads the list and leaves is nothing to tell of', () => {
    expect(found(server(pastaList()), ...CLOSE)).toEqual([]);
  });

  it('that leaves with bytes unread has not read the list', () => {
    const reset: Step[] = [{ from: 'client', end: 'reset' }];
    expect(found(server(pastaList()), ...reset)).toEqual(['w client-left-early']);
  });

  it('that leaves where the list gives it reason to is not blamed', () => {
    const steps: Step[] = [server(hello({ version: 3 }), entry(1), END), { from: 'client', end: 'reset' }];
    expect(found(...steps)).toEqual(['w unsupported-version']);
  });
});

describe('what is said of a client', () => {
  it('has its place in bytes that are there', () => {
    const sessions: Step[][] = [
      [server(pastaList()), { pause: 6 }, ...CLOSE],
      [server(hello({ version: 1 }), entry(1, [forward({ version: 1, first: 80 })]), END), { pause: 6 }, ...CLOSE],
      [...updating(section(1, [WEB]), section(3), END).slice(0, 2), { pause: 6 }, ...SERVER_CLOSE],
      [...updating(section(1, [WEB, ALT]), section(3), END).slice(0, 2), { from: 'server', end: 'reset' }],
    ];
    for (const steps of sessions) {
      const { findings, messages } = runSteps(pesto, steps);
      expect(findings.length).toBeGreaterThan(0);
      for (const f of findings) {
        const end = Math.max(0, ...messages.filter((m) => m.side === f.side).map((m) => m.endOffset));
        expect(f.offset + f.length, f.rule.id).toBeLessThanOrEqual(end);
      }
    }
  });
});

describe('an update that leaves a table out', () => {
  const texts = (...update: Uint8Array[]): string =>
    runSteps(pesto, updating(...update))
      .findings.map((f) => f.text)
      .join('\n');

  it('loses its rules, where it is taken', () => {
    expect(texts(section(3), END)).toContain('its rule is lost');
  });

  it('loses nothing, where it is refused', () => {
    const text = texts(section(3, [rule({ first: 0, to: 1 })]), END);
    expect(text).toContain('changes nothing');
    expect(text).toContain('would be lost');
    expect(text).not.toContain('is lost');
    // a wrong id stands for the right one
    expect(texts(section(2), END)).not.toContain('would be lost');
  });
});

describe('an update that is cut inside its first five bytes', () => {
  it.each([1, 2, 3, 4])('after %d', (n) => {
    const { findings, sessions } = runSteps(pesto, [
      server(pastaList()),
      client(section(1, [WEB]).subarray(0, n)),
      ...CLOSE,
    ]);
    expect(findings.map((f) => f.rule.id)).toContain('pesto/update-truncated');
    expect(sessions[0]).toMatchObject({ update: 'truncated' });
  });

  it('must leave the tables as they were', () => {
    const next: Step[] = [{ then: 'new connection' }, server(hello(), entry(1, [ALT]), entry(3), END), ...CLOSE];
    expect(found(server(pastaList()), client(bytesOf(END).fill(1)), ...CLOSE, ...next)).toContain(
      'e truncated-update-applied',
    );
  });
});

describe('a client of version 2 at a server of version 1', () => {
  const web = forward({ version: 1, first: 8080 });
  const dns = forward({ version: 1, first: 53, proto: 17 });
  const list = (...rules: Uint8Array[]): Uint8Array => bytesOf(hello({ version: 1 }), entry(1, rules), entry(3), END);
  /** What such a client takes for the rules of HOST: the first bytes behind the header, 56 for each. */
  const misread = (from: Uint8Array, rules: number): Uint8Array => from.subarray(157, 157 + 56 * rules);

  it.each([1, 2])('sends back what it misread of %d rules, with one of its own behind', (n) => {
    const listed = list(...[web, dns].slice(0, n));
    const update = client(Uint8Array.of(1, 0, 0, 0, n + 1), misread(listed, n), forward({ first: 4444 }), END);
    const { findings, messages } = runSteps(pesto, [server(listed), update, ...CLOSE]);
    expect(findings.map((f) => f.rule.id)).toEqual(['pesto/version-obsolete', 'pesto/update-version-skew']);
    expect(messages.filter((m) => m.name === 'RULE' && m.side === 0).map((m) => m.length)).toEqual(
      Array(n + 1).fill(56),
    );
  });

  it('is none where the short rules fit to the byte', () => {
    const update = client(section(1, [web, dns, forward({ version: 1, first: 4444 })]), section(3), END);
    expect(found(server(list(web, dns)), update, ...CLOSE)).toEqual(['n version-obsolete']);
  });

  it('is none where a short rule is wrong', () => {
    const update = client(section(1, [web, forward({ version: 1, first: 9, last: 8 })]), section(3), END);
    expect(found(server(list(web)), update, ...CLOSE)).toEqual([
      'n version-obsolete',
      'e rule-range-inverted',
      'w update-rejected',
    ]);
  });
});
