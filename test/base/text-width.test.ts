import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth, wrapText } from '../../src/base/text-width.js';

describe('the width of text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['😀', 2],
    ['', 0],
  ])('%j takes %i columns', (text, width) => expect(textWidth(text)).toBe(width));
});

describe('breaking text', () => {
  it('keeps a field and its value together', () => {
    expect(wrapText('cookie 2  offset 1048064  length 1024', 12, 20)).toEqual([
      'cookie 2',
      'offset 1048064',
      'length 1024',
    ]);
  });

  it('breaks between words where a field is longer than a line', () => {
    expect(wrapText('flags HAS_FLAGS SEND_FLUSH SEND_FUA', 10, 16)).toEqual([
      'flags',
      'HAS_FLAGS',
      'SEND_FLUSH',
      'SEND_FUA',
    ]);
  });

  it('leaves the first line empty where nothing fits there', () => {
    expect(wrapText('  unbreakable', 4, 20)).toEqual(['', 'unbreakable']);
  });

  it('never loses or breaks a word, and fills no line beyond its room unless a word alone does', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}( {1,2}[a-z]{1,12})*$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 5, max: 30 }), (parts, first, rest) => {
        const text = parts.join(' ');
        const lines = wrapText(text, first, rest);
        expect(lines.join(' ').split(/ +/).filter(Boolean)).toEqual(text.split(/ +/).filter(Boolean));
        lines.slice(1).forEach((line) => expect(line.length <= rest || !line.includes(' ')).toBe(true));
      }),
    );
  });
});
