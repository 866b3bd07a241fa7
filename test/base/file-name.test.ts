import { describe, expect, it } from 'vitest';
import { nameOfBytes, shownPath, systemPath } from '../../src/base/file-name.js';

describe('names of files', () => {
  it.each([
    ['plain', '706c61696e', 'plain'],
    ['UTF-8', 'c3a9e282acf09f9982', 'é€🙂'],
    ['a byte order mark', 'efbbbf61', '\ufeffa'],
    ['Latin-1', '636166e9', 'caf\\xe9'],
    ['a surrogate, which is no UTF-8', 'edb2a9', '\\xed\\xb2\\xa9'],
    ['cut in the middle of a character', '61e282', 'a\\xe2\\x82'],
    ['a character behind a wrong byte', 'ffc3a9', '\\xffé'],
  ])('%s come back as the same bytes', (_, hex, shown) => {
    const bytes = Buffer.from(hex, 'hex');
    const name = nameOfBytes(bytes);
    expect(Buffer.from(systemPath(name)).toString('hex')).toBe(hex);
    expect(shownPath(name)).toBe(shown);
  });

  it('are different where their bytes are', () => {
    const all = Array.from({ length: 256 }, (_, b) => nameOfBytes(Buffer.from([b])));
    expect(new Set(all).size).toBe(256);
  });
});
