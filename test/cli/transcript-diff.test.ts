import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transcriptDiff } from '../../src/cli/check/transcript-diff.js';

const text = (...lines: string[]): string => lines.map((l) => `${l}\n`).join('');

describe('the diff of transcripts', () => {
  it('is empty where nothing differs', () => {
    expect(transcriptDiff('a\n', 'a\n', 'x', 'y')).toBe('');
  });

  it('shows changes with three lines around them', () => {
    const before = text('1', '2', '3', '4', '5', '6', '7', '8', '9');
    const after = text('1', '2', '3', '4', 'five', '6', '7', '8', '9', '10');
    expect(transcriptDiff(before, after, 'x', 'y').split('\n')).toEqual([
      '--- x',
      '+++ y',
      '@@ -2,8 +2,9 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+five',
      ' 6',
      ' 7',
      ' 8',
      ' 9',
      '+10',
      '',
    ]);
  });

  it('splits changes that lie far apart', () => {
    const lines = Array.from({ length: 40 }, (_, i) => String(i));
    const after = lines.map((l) => (l === '2' || l === '35' ? `${l}!` : l));
    const hunks = transcriptDiff(text(...lines), text(...after), 'x', 'y').match(/^@@.*@@$/gm);
    expect(hunks).toEqual(['@@ -1,6 +1,6 @@', '@@ -33,7 +33,7 @@']);
  });

  it('tells a missing line end', () => {
    expect(transcriptDiff('a', 'a\n', 'x', 'y')).toContain('-a\n\\ No newline at end of file');
  });

  it('does not search for ever in texts that have nothing in common', () => {
    const a = text(...Array.from({ length: 20_000 }, (_, i) => `a${i}`));
    const b = text(...Array.from({ length: 20_000 }, (_, i) => `b${i}`));
    const diff = transcriptDiff(a, b, 'x', 'y');
    expect(diff.split('\n').length).toBeLessThan(500);
    expect(diff).toContain('more than 1000 lines differ of 20000 and 20000');
  });

  it('leads from one text to the other', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        expect(patched(a, transcriptDiff(text(...a), text(...b), 'x', 'y'))).toEqual(b);
      }),
    );
  });
});

/** Applies a unified diff as patch(1) does, strictly. */
function patched(before: readonly string[], diff: string): string[] {
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      while (at < start) out.push(before[at++]!);
      continue;
    }
    const body = line.slice(1);
    if (line.startsWith('+')) {
      out.push(body);
      continue;
    }
    expect(before[at++]).toBe(body);
    if (line.startsWith(' ')) out.push(body);
  }
  return [...out, ...before.slice(at)];
}
