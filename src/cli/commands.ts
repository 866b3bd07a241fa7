import type { Entry } from './command.js';

export const COMMANDS: readonly Entry[] = [
  {
    name: 'analyze',
    usage: 'analyze [capture..]',
    describe: 'Decode captures into annotated transcripts, violations in place',
    load: async () => (await import('./analyze.js')).analyze,
  },
  {
    name: 'tail',
    usage: 'tail [source..]',
    describe: 'The same, live: wirelint tail -i eth0 port 10809',
    load: async () => (await import('./tail.js')).tail,
  },
  {
    name: 'check',
    usage: 'check [input..]',
    describe: 'CI gate: judge captures, folders, globs; reports and exit status',
    load: async () => (await import('./check.js')).check,
  },
  {
    name: 'stats',
    usage: 'stats [capture..]',
    describe: 'Numbers instead of lines: latency, sizes, rates, queue depth, errors',
    load: async () => (await import('./stats.js')).stats,
  },
  {
    name: 'query',
    usage: 'query <sql> [input..]',
    describe: 'SQL over messages, findings and streams',
    load: async () => (await import('./query.js')).query,
  },
  {
    name: 'diff',
    usage: 'diff [capture..]',
    describe: 'Two recordings side by side: which messages and findings differ, and in what',
    load: async () => (await import('./diff.js')).diff,
  },
  {
    name: 'reduce',
    usage: 'reduce <capture>',
    describe: 'The smallest capture that still shows a finding',
    load: async () => (await import('./reduce.js')).reduce,
  },
  {
    name: 'merge',
    usage: 'merge [report..]',
    describe: 'Put the reports of shards (check --shard) together',
    load: async () => (await import('./merge.js')).merge,
  },
  {
    name: 'redact',
    usage: 'redact <capture>',
    describe: 'A copy that is safe to share: payloads, names and addresses replaced, the findings unchanged',
    load: async () => (await import('./redact.js')).redact,
  },
  {
    name: 'extract',
    usage: 'extract [capture]',
    describe: 'Bytes out of a capture: what a side sent, the disk of NBD sessions, objects of Ceph',
    load: async () => (await import('./extract.js')).extract,
  },
  {
    name: 'record',
    usage: 'record [program..]',
    describe: 'Record a Unix socket (or TCP port) between its client and its server',
    load: async () => (await import('./record.js')).record,
  },
  {
    name: 'extcap',
    usage: 'extcap',
    describe: 'A Unix socket as an interface of Wireshark: wirelint extcap --install',
    load: async () => (await import('./extcap.js')).extcap,
  },
  {
    name: 'init',
    usage: 'init [folder]',
    describe: 'Write a commented configuration for the captures in a folder',
    load: async () => (await import('./init.js')).init,
  },
  {
    name: 'rules',
    usage: 'rules [pattern]',
    describe: 'List the rules',
    load: async () => (await import('./rules.js')).rules,
  },
  {
    name: 'fields',
    usage: 'fields [protocol] [message]',
    describe: 'List what --where can ask of messages',
    load: async () => (await import('./fields.js')).fields,
  },
  {
    name: 'explain',
    usage: 'explain <id>',
    describe: 'What a rule means, with sessions that break and keep it',
    load: async () => (await import('./explain.js')).explain,
  },
  {
    name: 'help',
    usage: 'help [topic]',
    describe: 'Help with a command, or with a topic',
    load: async () => (await import('./help.js')).helpWith(COMMANDS),
  },
  {
    name: 'completion',
    usage: 'completion [shell]',
    describe: 'Print a completion script for bash, zsh or fish',
    load: async () => (await import('./completion.js')).completion,
  },
];
