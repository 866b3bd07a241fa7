import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wirelint } from '../kit/cli.js';

/** Words of a line as a shell takes them: blanks set apart, quotes keep together, # begins a comment. */
function shellWords(line: string): string[] {
  const code = line.replace(/\s+# .*$/, '');
  return [...code.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
}

const commands = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap((m) => m[1]!.split('\n'))
    .filter((line) => line.startsWith('wirelint '));

/** The commands of a page that are followed by what they print. */
const answers = (file: string): (readonly [command: string, output: string])[] =>
  [...readFileSync(file, 'utf8').matchAll(/```sh\n(wirelint .*)\n```\n\n```text\n([\s\S]*?)\n```/g)].map((m) => [
    m[1]!,
    m[2]!,
  ]);

describe('every command of docs/questions.md', () => {
  const asked = answers('docs/questions.md');

  it('is there, with its answer', () => {
    expect(asked.length).toBeGreaterThan(18);
    expect(asked.map(([command]) => command)).toEqual(commands('docs/questions.md'));
  });

  it.each(asked)('%s', (command, output) => {
    const [, ...args] = shellWords(command);
    const { status, stdout, stderr } = wirelint(args);
    if (args[0] !== 'check') expect(stderr).toBe('');
    expect(status).toBe(args[0] === 'check' ? 1 : 0);
    // the lines of the page in their order; what stands for others, or for the rest of a line, is `...`
    const printed = stdout.split('\n');
    let at = 0;
    for (const line of output.split('\n')) {
      if (line === '...') continue;
      const start = line.endsWith(' ...') ? line.slice(0, -4) : null;
      const found = printed.findIndex((l, i) => i >= at && (start === null ? l === line : l.startsWith(start)));
      expect(found, `${line} in ${stdout}`).toBeGreaterThanOrEqual(at);
      at = found + 1;
    }
  });
});

/** Pages whose commands are examples over captures of this repository, without a promise of what comes out. */
describe.each(['docs/arca.md', 'docs/ceph.md', 'docs/events.md', 'docs/nbd.md', 'docs/pesto.md', 'docs/sql.md'])(
  'every command of %s',
  (file) => {
    it.each(commands(file))('%s', (line) => {
      const { status, stdout, stderr } = wirelint(shellWords(line).slice(1));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.length).toBeGreaterThan(100);
    });
  },
);

describe('links of the documents', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((name) => `docs/${name}`)];
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: readonly string[] };

  it.each(pages)('%s leads to files that are there, and in the package where it is', (page) => {
    const packed = files.some((f) => page === f || page.startsWith(`${f}/`));
    for (const [, link] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (link!.includes(':')) continue;
      const target = join(dirname(page), link!);
      expect(existsSync(target), `${page}: ${link}`).toBe(true);
      if (packed)
        expect(
          files.some((f) => target === f || target.startsWith(`${f}/`)),
          `${link} is packed`,
        ).toBe(true);
    }
  });
});
