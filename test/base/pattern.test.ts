import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPattern, pathMatcher, patternBase, patternMatcher } from '../../src/base/pattern.js';

describe('patterns', () => {
  it.each([
    ['*.pcap', ['a.pcap', '.pcap'], ['a/b.pcap', 'a.pcapng']],
    ['**/*.pcap', ['a.pcap', 'x/y/a.pcap'], ['a.pcapng']],
    ['a/**', ['a/b', 'a/b/c'], ['b/a']],
    ['a/**/z', ['a/z', 'a/b/c/z'], ['a/bz', 'az']],
    ['a?c', ['abc'], ['ac', 'a/c', 'abbc']],
    ['[a-c]x[!0-9]', ['axy', 'cx-'], ['dxy', 'ax1', 'ax/']],
    ['[]]', [']'], ['[']],
    ['{a,b{1,2}}.txt', ['a.txt', 'b1.txt', 'b2.txt'], ['b.txt', 'a,b.txt']],
    ['a+(b).$^', ['a+(b).$^'], ['aab', 'ab.$^']],
    ['a\\*b', ['a*b'], ['axb']],
    ['[open', ['[open'], ['o']],
    ['{open', ['{open'], ['open']],
    ['!a', ['!a'], ['b']],
    ['nbd/*', ['nbd/reply-after-done'], ['pesto/x']],
    ['*a*b*c', ['abc', 'xaybzc', 'aabbabc'], ['acb', 'ab/c', 'abcd']],
    ['{*a*b,c}*d', ['abd', 'xaxbxd', 'cd'], ['ad', 'bad']],
  ])('%s', (pattern, good, bad) => {
    const matches = patternMatcher(pattern);
    for (const text of good) expect([text, matches(text)]).toEqual([text, true]);
    for (const text of bad) expect([text, matches(text)]).toEqual([text, false]);
  });

  it('are told from plain names', () => {
    expect(['a.pcap', 'a*', 'a?', '[1]a', '{a,b}', 'a+(b)'].map(isPattern)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('without a slash match file names in any folder', () => {
    const matches = pathMatcher('*.pcap');
    expect([matches('a.pcap'), matches('x/y/a.pcap'), matches('a.txt')]).toEqual([true, true, false]);
    expect(pathMatcher('./a/*.pcap')('a/b.pcap')).toBe(true);
  });

  it('have a folder that all they match lies in', () => {
    expect(patternBase('caps/old/*.pcap')).toEqual({ folder: 'caps/old', rest: '*.pcap' });
    expect(patternBase('/var/{a,b}/x')).toEqual({ folder: '/var', rest: '{a,b}/x' });
    expect(patternBase('../*')).toEqual({ folder: '..', rest: '*' });
    expect(patternBase('*')).toEqual({ folder: '', rest: '*' });
  });

  it('without a match still match the path that is written the same', () => {
    expect(pathMatcher('a[1].pcap')('a[1].pcap')).toBe(true);
    expect(pathMatcher('x/{a}+(b)\\c')('x/{a}+(b)\\c')).toBe(true);
  });

  it('agree with the plain meaning of stars', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, letters, (p, text) => {
        const plain = new RegExp(`^${p.replace(/\*+/g, '[^/]*')}$`);
        fc.pre(text !== '');
        expect(patternMatcher(p)(text)).toBe(plain.test(text));
      }),
    );
  });

  it('end, however many stars they have', () => {
    expect(patternMatcher('*'.repeat(40) + 'x')('y'.repeat(2000))).toBe(false);
    expect(patternMatcher('*a*a*a*a*a*a*a*a*a*b')('a'.repeat(30))).toBe(false);
    expect(patternMatcher(`${'*a'.repeat(20)}*b`)('a'.repeat(255))).toBe(false);
  });
});
