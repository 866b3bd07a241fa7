import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wirelint } from '../kit/cli.js';

/** Words of a line as a shell takes them: blanks set apart, single quotes keep together, # begins a comment. */
function shellWords(line: string): string[] {
  const code = line.replace(/\s+# .*$/, '');
  return [...code.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
}

const commands = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap((m) => m[1]!.split('\n'))
    .filter((line) => line.startsWith('wirelint '));

describe('every command of docs/questions.md', () => {
  const lines = commands('docs/questions.md');

  it('is there', () => expect(lines.length).toBeGreaterThan(15));

  it.each(lines)('%s', (line) => {
    const [, ...args] = shellWords(line);
    const { status, stdout, stderr } = wirelint(args);
    if (args[0] !== 'check') expect(stderr).toBe('');
    expect(status).toBe(args[0] === 'check' ? 1 : 0);
    // an answer: one message at least, or a table
    expect(/^ +\d+ +\d+ +\d+ +[\d.:]+ /m.test(stdout) || !line.includes('analyze'), stdout).toBe(true);
    expect(stdout.length).toBeGreaterThan(100);
  });
});
