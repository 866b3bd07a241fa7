import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { COMMANDS } from '../../src/cli/commands.js';
import { manual } from '../../src/cli/manual.js';
import { TOPICS } from '../../src/cli/topics.js';
import { terminalPage } from '../../src/report/terminal-page.js';
import { theme } from '../../src/report/theme.js';
import { scratch, wirelint } from '../kit/cli.js';

const pages = TOPICS.filter((t) => t.page !== null);
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

describe('help with topics', () => {
  it('lists them beside the commands', () => {
    const { status, stdout } = wirelint(['help']);
    expect(status).toBe(0);
    const listed = /Topics \(wirelint help TOPIC\): ([\s\S]*?)\.\n/.exec(stdout)![1]!.split(/,\s+/);
    expect(listed).toEqual(TOPICS.map((t) => t.name));
    for (const { name } of COMMANDS) expect(stdout).toContain(`wirelint ${name}`);
  });

  it.each(pages)('has a page $name for a terminal', ({ page, section }) => {
    const text = terminalPage(readFileSync(`docs/${page}`, 'utf8'), section ?? null, theme(false), 80);
    expect(text?.length).toBeGreaterThan(200);
    // nothing of Markdown is left, commands to copy aside
    const prose = text!.replace(/^ {4}.*$/gm, '').replace(/`[^`\n]*(?:\n[^`\n]*)?`/g, '');
    expect(prose).not.toMatch(/^#+ |^\|---|\]\(|\*\*|```|&(?:amp|lt|gt|quot|#39);/m);
    const long = text!.split('\n').filter((line) => line.length > 80 && !line.startsWith('    '));
    expect(long).toEqual([]);
  });

  it('prints the page', () => {
    const { status, stdout, stderr } = wirelint(['help', 'exit-status']);
    const text = terminalPage(readFileSync('docs/command-line.md', 'utf8'), 'Exit status', theme(false), 100);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: text, stderr: '' });
  });

  it('finds what was meant', () => {
    const { status, stderr } = wirelint(['help', 'expresions']);
    expect([status, stderr]).toEqual([2, 'wirelint: help expresions: no such topic; did you mean expressions?\n']);
  });

  it('has no topic with the name of a command', () => {
    const names = [...TOPICS, ...COMMANDS].map((t) => t.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the manual page', () => {
  const folder = scratch();
  const page = join(folder, 'wirelint.1');

  it('has every command with every option that its help has', async () => {
    const text = (await manual(COMMANDS)).replaceAll('\\-', '-');
    writeFileSync(page, await manual(COMMANDS));
    for (const { name, usage, load } of COMMANDS) {
      const from = text.indexOf(`.SS wirelint ${usage}\n`);
      const until = text.indexOf('\n.S', from + 3);
      expect(from, name).toBeGreaterThan(0);
      const parser = (await load()).options(yargs([]));
      const { key } = (parser as unknown as { getOptions(): { key: Record<string, boolean> } }).getOptions();
      // an alias is one letter; arguments are listed by their names alone
      const options = Object.keys(key).filter(
        (o) => o.length > 1 && !/^(?:help|version)$/.test(o) && !usage.includes(o),
      );
      for (const option of options)
        expect(text.slice(from, until), `${name} --${option}`).toMatch(
          new RegExp(`^\\.B (?:-\\w, )?--${option}(?: |$)`, 'm'),
        );
    }
  });

  it.skipIf(!has('mandoc'))('has nothing that mandoc complains of', () => {
    const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'style', page], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });

  it.skipIf(!has('man'))('has nothing that groff warns of', () => {
    const { status, stderr, stdout } = spawnSync('man', ['--warnings', '-l', page], {
      encoding: 'utf8',
      env: { ...process.env, MANPAGER: 'cat' },
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('--require-complete');
  });
});
