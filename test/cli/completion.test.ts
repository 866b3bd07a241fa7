import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
symlinkSync(BIN, join(folder, 'wirelint'));
writeFileSync(join(folder, 'script'), wirelint(['completion', 'bash']).stdout);

/** What bash offers for the last of the words, which it has cut at `=` already. */
function offered(...words: string[]): string[] {
  const line = words.map((w) => `'${w}'`).join(' ');
  const code = `source script; COMP_WORDS=(wirelint ${line}); COMP_CWORD=${words.length}; _wirelint 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: '/nonexistent' };
  const { stdout } = spawnSync('bash', ['-c', code], { cwd: folder, encoding: 'utf8', env });
  return stdout.split('\n').filter((w) => w !== '');
}

describe('completion in bash', () => {
  it.each<[string[], string[]]>([
    [['an'], ['analyze']],
    [['check', '--require-c'], ['--require-complete']],
    [['check', '--rule', 'nbd/reply-unf'], ['nbd/reply-unfinished=']],
    [['check', '--rule', 'nbd/reply-unfinished', '=', 'w'], ['warning']],
    [
      ['check', '--rule', 'nbd/reply-unfinished', '='],
      ['off', 'note', 'warning', 'error'],
    ],
    [['explain', 'nbd/reply-unf'], ['nbd/reply-unfinished']],
    [
      ['analyze', '-p', 'ms'],
      ['msgr2', 'msgr1'],
    ],
    [
      ['analyze', '-p', 'nbd,ms'],
      ['nbd,msgr2', 'nbd,msgr1'],
    ],
    [['analyze', '-f', 'nd'], ['ndjson']],
    [['check', '-f', 'sa'], ['sarif']],
    [['analyze', '--where', 'fields.cook'], ['fields.cookie']],
    [['analyze', '--where', '!compl'], ['!complete']],
    [['fields', 'ar'], ['arca']],
    // files, which bash finds by itself
    [['analyze', 'cap'], []],
    [['analyze', '-o', 'cap'], []],
  ])('offers for %j: %j', (words, wanted) => {
    expect(offered(...words)).toEqual(wanted);
  });

  it('has scripts for zsh and fish, and says what else there is not', () => {
    expect(wirelint(['completion', 'zsh']).stdout).toMatch(/^#compdef wirelint\n/);
    expect(wirelint(['completion', 'fish']).stdout).toContain('complete -c wirelint');
    expect(wirelint(['completion', 'bsh'])).toMatchObject({
      status: 2,
      stderr: 'wirelint: completion bsh: did you mean bash? expected bash, zsh or fish\n',
    });
  });
});
