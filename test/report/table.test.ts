import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/report/grid.js';
import { theme } from '../../src/report/theme.js';

const columns = [{ title: 'name' }, { title: 'number', right: true }];
const row = (i: number): string[] => [`row ${i} ${'x'.repeat(i % 7)}`, String(i * i)];

describe('tables', () => {
  it('look the same however long they are', () => {
    const lines = renderTable(
      columns,
      Array.from({ length: 1000 }, (_, i) => row(i)),
      theme(false),
    ).split('\n');
    expect(lines).toHaveLength(1000 + 4 + 1);
    const shape = (l: string): string => l.replace(/[^│]/g, '.');
    expect(new Set(lines.slice(3, -2).map(shape)).size).toBe(1);
    expect(lines[3 + 150]!.replaceAll('150', '500')).toBe(lines[3 + 500]!.replace('250000', ' 22500'));
  });

  it('hold wide characters', () => {
    const text = renderTable(columns, [['表'.repeat(10), '1']], theme(false));
    expect(text).toContain('表'.repeat(10));
    expect(renderTable(columns, [], theme(false)).split('\n')).toHaveLength(4);
  });

  it('hold as many rows as there are', () => {
    const text = renderTable(
      columns,
      Array.from({ length: 50_000 }, (_, i) => row(i)),
      theme(false),
    );
    expect(text.split('\n')).toHaveLength(50_000 + 4 + 1);
  });
});
