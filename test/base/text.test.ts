import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import { badUtf8At, byteSize, quote, safeText, wireText, safeJson } from '../../src/base/text.js';

describe('text from the wire', () => {
  it('keeps well-formed UTF-8 and escapes every other byte', () => {
    expect(wireText(new Uint8Array(Buffer.from('béta-日本')))).toBe('béta-日本');
    expect(wireText(unhex('61 ff 62'))).toBe('a\\xffb');
    expect(wireText(unhex('c080'))).toBe('\\xc0\\x80');
    expect(wireText(unhex('eda080'))).toBe('\\xed\\xa0\\x80');
    expect(wireText(unhex('f09f98'))).toBe('\\xf0\\x9f\\x98');
    expect(wireText(unhex('e697a5 e6'))).toBe('日\\xe6');
  });

  it('finds the first byte that is not UTF-8 where a strict decoder fails', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let ok = true;
        try {
          strict.decode(bytes);
        } catch {
          ok = false;
        }
        const at = badUtf8At(bytes);
        expect(at === -1).toBe(ok);
        if (at > 0) expect(badUtf8At(bytes, 0, at)).toBe(-1);
      }),
    );
  });
});

describe('safe text', () => {
  it.each([
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\nb\r\tc', 'a\\x0ab\\x0d\\x09c'],
    ['\x9b31m', '\\x9b31m'],
    ['evil\u202etxt.exe', 'evil\\u{202e}txt.exe'],
    ['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
    ['\ufeffx', '\\u{feff}x'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\u{d800}'],
    ['日本 é', '日本 é'],
  ])('%j', (text, safe) => {
    expect(safeText(text)).toBe(safe);
  });

  it('never lets a control or format character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        expect(safeText(text)).not.toMatch(/\p{Cc}|\u202e|\u2066|\p{Cs}/u);
        expect(quote(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it('quotes', () => {
    expect(quote('say "hi" \\ there')).toBe('"say \\"hi\\" \\\\ there"');
    expect(quote('x'.repeat(300), 5)).toBe('"xxxxx…"');
  });
});

describe('safeJson', () => {
  it('says the same with escapes for what terminals and eyes fall for', () => {
    const value = { name: 'a\u009b2J\u202eb\u{e0041}\n\u007f', plain: 'caf\u00e9 \u{1f600}' };
    for (const indent of [0, 2]) {
      const json = safeJson(JSON.stringify(value, null, indent));
      expect(JSON.parse(json)).toEqual(value);
      expect(json).toContain('\\u009b2J\\u202eb\\udb40\\udc41\\n\\u007f');
      expect(json).toContain('caf\u00e9 \u{1f600}');
    }
  });
});

describe('sizes for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1234, '1.2 KiB'],
    [40_000, '39 KiB'],
    [1_048_064, '1 MiB'],
    [4_294_967_296, '4 GiB'],
    [4_700_000_000, '4.4 GiB'],
  ])('%d', (n, text) => {
    expect(byteSize(n)).toBe(text);
  });
});
