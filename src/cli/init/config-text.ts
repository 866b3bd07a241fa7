import { count, safeJson } from '../../base/text.js';
import type { Survey } from './survey.js';

export interface FoundKeys {
  readonly keyrings: readonly string[];
  readonly tlsKeylogs: readonly string[];
}

/** The most lines of a list in a comment; the rest is only counted. */
const LISTED = 12;

/** A commented configuration for what was found in the folder. `schema`: the address of the JSON Schema. */
export function configText(survey: Survey, keys: FoundKeys, schema: string): string {
  const protocols = [...survey.messages].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    head(survey, protocols),
    `"$schema": ${json(schema)}`,
    requirement(protocols),
    [
      '// The check fails if there are more warnings than this.',
      '// "maxWarnings": 0,',
      '',
      '// Whether gaps, encrypted bytes and connections that were joined late fail the check.',
      '// "requireComplete": true,',
    ].join('\n'),
    rules(survey),
    decodeAs(survey),
    keyFiles('keyrings', keys.keyrings, 'Ceph keyrings, for decrypting msgr2 secure mode.'),
    keyFiles('tlsKeylogs', keys.tlsKeylogs, 'TLS key logs (SSLKEYLOGFILE), for decrypting TLS.'),
    [
      '// What each capture must contain, and what it must not contain.',
      '// "expect": [{ "message": "NBD_OPT_GO", "count": ">=1" }, { "absent": "NBD_REP_ERR_*" }, { "exitStatus": 0 }],',
      '',
      '// Known findings to accept for now; `wirelint check --write-baseline` adds all that currently fail the check.',
      '// "suppressions": [{ "rule": "nbd/*", "path": "old.pcap", "reason": "bug 1234", "expires": "2027-06-30" }],',
    ].join('\n'),
    ['// The lowest severity of a finding that fails the check: note, warning or error.', '"failOn": "error"'].join(
      '\n',
    ),
  ];
  return `{\n${joined(parts).replace(/^(?=.)/gm, '  ')}\n}\n`;
}

/**
 * Puts a comma after every entry but the last. The last part is not a comment, so any commented-out entry can be uncommented without adding
 * a comma.
 */
function joined(parts: readonly string[]): string {
  const isEntry = (part: string): boolean => /^[^/\s]/m.test(part);
  return parts.map((part, i) => (isEntry(part) && i < parts.length - 1 ? `${part},` : part)).join('\n\n');
}

function head(survey: Survey, protocols: readonly (readonly [string, number])[]): string {
  const found = protocols.map(([name, n]) => `${name} (${count(n, 'message')})`).join(', ');
  return [
    '// Configuration of wirelint: see `wirelint help configuration`. Paths are relative to this file.',
    `// Found here: ${count(survey.captures.length, 'capture')}${found === '' ? ', and no known protocol' : ` with ${found}`}.`,
  ].join('\n');
}

function requirement(protocols: readonly (readonly [string, number])[]): string {
  const words = '// The least number of messages of each protocol: a check that saw nothing must not pass.';
  if (protocols.length === 0) return `${words}\n// "require": { "nbd": 1 },`;
  return `${words}\n"require": { ${protocols.map(([name]) => `${json(name)}: 1`).join(', ')} }`;
}

function rules(survey: Survey): string {
  const lines = ['// Levels of rules: off, note, warning or error. `wirelint explain RULE` explains a rule.'];
  const found = [...survey.findings].sort(([a], [b]) => (a < b ? -1 : 1));
  if (found.length === 0) return [...lines, '// "rules": { "nbd/oldstyle-used": "error" },'].join('\n');
  lines.push('// Rules that the captures break at present:', '// "rules": {');
  found
    .slice(0, LISTED)
    .forEach(([id, { severity, times }], i, { length }) =>
      lines.push(`//   ${json(id)}: ${json(severity)}${i < length - 1 ? ',' : ''} // ${count(times, 'time')}`),
    );
  if (found.length > LISTED) lines.push(`//   // and ${found.length - LISTED} more: wirelint check`);
  return [...lines, '// },'].join('\n');
}

function decodeAs(survey: Survey): string {
  const lines = ['// Protocols of connections that are not recognised by content: a TCP port, unix:PATH or stream:N.'];
  const servers = [...survey.unknown].sort(([, a], [, b]) => b - a);
  if (servers.length > 0) lines.push('// Servers of streams of unknown protocols:');
  for (const [server, n] of servers.slice(0, LISTED)) lines.push(`//   ${json(server)} ${count(n, 'stream')}`);
  if (servers.length > LISTED) lines.push(`//   and ${servers.length - LISTED} more`);
  return [...lines, '// "decodeAs": ["10810=nbd"],'].join('\n');
}

function keyFiles(key: string, paths: readonly string[], words: string): string {
  if (paths.length === 0) return `// ${words}\n// "${key}": [],`;
  return `// ${words}\n"${key}": ${json(paths)}`;
}

/** JSON on one line, without anything that could end a comment or act as a terminal control sequence. */
function json(value: unknown): string {
  return safeJson(JSON.stringify(value));
}
