import { describe, expect, it } from 'vitest';
import { globExpression, isGlob, pathMatcher } from '../../src/base/glob.js';

describe('globs', () => {
  it.each([
    ['*.pcap', ['a.pcap', '.pcap'], ['a/b.pcap', 'a.pcapng']],
    ['**/*.pcap', ['a.pcap', 'x/y/a.pcap'], ['a.pcapng']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a']],
    ['a/**/z', ['a/z', 'a/b/c/z'], ['a/bz', 'az']],
    ['a?c', ['abc'], ['ac', 'a/c', 'abbc']],
    ['[a-c]x[!0-9]', ['axy', 'cx-'], ['dxy', 'ax1', 'ax/']],
    ['[]]', [']'], ['[']],
    ['{a,b{1,2}}.txt', ['a.txt', 'b1.txt', 'b2.txt'], ['b.txt', 'a,b.txt']],
    ['a+(b).$^|\\', ['a+(b).$^|\\'], ['aab', 'a+(b)x$^|\\']],
    ['[open', ['[open'], ['o']],
    ['{open', ['{open'], ['open']],
    ['nbd/*', ['nbd/reply-after-done'], ['pesto/x']],
  ])('%s', (pattern, good, bad) => {
    const expression = globExpression(pattern);
    for (const text of good) expect([text, expression.test(text)]).toEqual([text, true]);
    for (const text of bad) expect([text, expression.test(text)]).toEqual([text, false]);
  });

  it('are told from plain names', () => {
    expect(['a.pcap', 'a*', 'a?', 'a[1]', '{a}'].map(isGlob)).toEqual([false, true, true, true, true]);
  });

  it('without a slash match file names in any folder', () => {
    const matches = pathMatcher('*.pcap');
    expect([matches('a.pcap'), matches('x/y/a.pcap'), matches('a.txt')]).toEqual([true, true, false]);
    expect(pathMatcher('./a/*.pcap')('a/b.pcap')).toBe(true);
  });

  it('take linear time on hostile patterns that people write by accident', () => {
    const before = performance.now();
    expect(globExpression('*'.repeat(40) + 'x').test('y'.repeat(2000))).toBe(false);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
