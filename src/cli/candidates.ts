import { PROTOCOLS } from '../protocols/registry.js';
import { CHECK_FORMATS } from './check/formats.js';
import { COMMANDS } from './commands.js';
import { allRules } from './plan.js';
import { TOPICS } from './topics.js';

const LEVELS = ['off', 'note', 'warning', 'error'];

/**
 * Completions for the last of `words`, a command line that begins with `wirelint`: rules, protocols and fields, which yargs does not know
 * as choices. Null: ask yargs. Empty: complete a file name.
 */
export async function candidates(words: readonly string[]): Promise<readonly string[] | null> {
  const [, command = ''] = words;
  let current = words.at(-1) ?? '';
  // bash passes `=` as a separate word
  const parts = [...words.slice(2, -1)];
  if (current === '=') current = '';
  const levels = parts.at(-1) === '=' || words.at(-1) === '=';
  const before = parts.filter((w) => w !== '=').at(levels && words.at(-1) !== '=' ? -2 : -1) ?? '';
  if (words.length <= 2) return null;
  const option = levels && !before.startsWith('-') ? (parts.filter((w) => w !== '=').at(-2) ?? '') : before;
  switch (option) {
    case '--rule':
      return levels ? LEVELS : rules(current);
    case '-p':
    case '--protocol':
      return listed(
        current,
        PROTOCOLS.map((p) => p.name),
      );
    case '--require':
      return PROTOCOLS.map((p) => p.name);
    case '-d':
    case '--decode-as':
      return levels ? PROTOCOLS.map((p) => p.name) : [];
    case '-f':
    case '--format':
      return command === 'check' ? (levels ? [] : CHECK_FORMATS) : null;
    case '--where':
      return fields(current);
  }
  if (option.startsWith('--') && FILES.has(option)) return [];
  if (current.startsWith('-')) return null;
  if (command === 'explain') return allRules().map((r) => r.id);
  if (command === 'fields') return parts.length === 0 ? PROTOCOLS.map((p) => p.name) : [];
  if (command === 'completion') return ['bash', 'zsh', 'fish'];
  if (command === 'help') return [...COMMANDS, ...TOPICS].map((known) => known.name);
  return CHOICES.has(option) ? null : [];
}

/** Options that take a file. */
const FILES = new Set(['--output', '--keyring', '--tls-keylog', '--config', '--raw']);
/** Options whose choices yargs knows by itself. */
const CHOICES = new Set(['--color', '--join', '--fail-on', '--severity', '--party', '--time', '-t', '-f', '--format']);

function rules(current: string): string[] {
  const ids = allRules().map((r) => r.id);
  const at = current.indexOf('=');
  return at < 0 ? ids.map((id) => `${id}=`) : LEVELS.map((level) => `${current.slice(0, at)}=${level}`);
}

function listed(current: string, names: readonly string[]): string[] {
  const lead = current.slice(0, current.lastIndexOf(',') + 1);
  return names.map((name) => lead + name);
}

/** The names that can complete the end of an expression. */
async function fields(current: string): Promise<string[]> {
  const { fieldCatalogue } = await import('../select/field-catalogue.js');
  const { VARIABLES } = await import('../select/variables.js');
  const lead = current.replace(/[\w.]*$/, '');
  const names = [...VARIABLES.map((v) => v.name), ...[...fieldCatalogue().names()].map((name) => `fields.${name}`)];
  return names.map((name) => lead + name);
}
