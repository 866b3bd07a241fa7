import { describe, expect, it } from 'vitest';
import { textWidth } from '../../src/base/text-width.js';
import { renderTable } from '../../src/report/grid.js';
import { theme } from '../../src/report/theme.js';

const columns = [{ title: 'capture' }, { title: 'messages', right: true }, { title: 'findings' }, { title: 'first' }];
const rows = [
  [
    'captures/nbd/nbdkit-out-of-range.pcap',
    '28',
    '8 errors, 2 warnings',
    'captures/nbd/nbdkit-out-of-range.pcap, packet 19',
  ],
  ['表表表表.pcap', '1', 'none', ''],
];
const at = (width: number | null): string[] => renderTable(columns, rows, theme(false), width).trimEnd().split('\n');
const words = (lines: readonly string[]): string[] =>
  lines
    .join(' ')
    .split(/[ │─┌┬┐├┼┤└┴┘]+/)
    .filter((w) => w !== '')
    .sort();

describe('tables within the width of a terminal', () => {
  it.each([160, 130, 110, 100, 80, 60])('hold every word whole in %i columns', (width) => {
    const lines = at(width);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
    const whole = new Set(words(at(null)));
    for (const word of words(lines)) expect(whole).toContain(word);
    for (const word of rows.flatMap((row) => row.join(' ').split(' ')))
      if (word !== '') expect(words(lines)).toContain(word);
  });

  it('are broken between words first, and become paragraphs then', () => {
    expect(at(110)[0]).toMatch(/^┌/);
    expect(at(80)).toEqual([
      'captures/nbd/nbdkit-out-of-range.pcap  messages 28',
      '    findings 8 errors, 2 warnings',
      '    first captures/nbd/nbdkit-out-of-range.pcap, packet 19',
      '表表表表.pcap  messages 1  findings none',
    ]);
    // no empty line in front of a word that is wider than the terminal
    expect(at(30)[0]).toBe('captures/nbd/nbdkit-out-of-range.pcap');
  });
});
