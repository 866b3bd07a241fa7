import type { Entry } from './command.js';

export const COMMANDS: readonly Entry[] = [
  {
    name: 'analyze',
    usage: 'analyze [capture..]',
    describe: 'Decode captures and print annotated transcripts that show protocol violations',
    load: async () => (await import('./analyze.js')).analyze,
  },
  {
    name: 'tail',
    usage: 'tail [source..]',
    describe: 'Decode a live capture, for example: wirelint tail -i eth0 port 10809',
    load: async () => (await import('./tail.js')).tail,
  },
  {
    name: 'check',
    usage: 'check [input..]',
    describe: 'Check captures in CI: reports, and an exit status that says whether they pass',
    load: async () => (await import('./check.js')).check,
  },
  {
    name: 'stats',
    usage: 'stats [capture..]',
    describe: 'Print statistics: latency, sizes, rates, queue depth, errors',
    load: async () => (await import('./stats.js')).stats,
  },
  {
    name: 'query',
    usage: 'query <sql> [input..]',
    describe: 'Query messages, findings and streams with SQL',
    load: async () => (await import('./query.js')).query,
  },
  {
    name: 'diff',
    usage: 'diff [capture..]',
    describe: 'Compare two captures: which messages and findings differ, and how',
    load: async () => (await import('./diff.js')).diff,
  },
  {
    name: 'reduce',
    usage: 'reduce <capture>',
    describe: 'Find the smallest capture that still shows a finding',
    load: async () => (await import('./reduce.js')).reduce,
  },
  {
    name: 'merge',
    usage: 'merge [report..]',
    describe: 'Combine the reports of several shards (check --shard)',
    load: async () => (await import('./merge.js')).merge,
  },
  {
    name: 'redact',
    usage: 'redact <capture>',
    describe: 'Write a copy that is safe to share: payloads, names and addresses are replaced, findings stay',
    load: async () => (await import('./redact.js')).redact,
  },
  {
    name: 'extract',
    usage: 'extract [capture]',
    describe: 'Extract bytes from a capture: what one side sent, an NBD disk, or Ceph objects',
    load: async () => (await import('./extract.js')).extract,
  },
  {
    name: 'record',
    usage: 'record [program..]',
    describe: 'Record a Unix socket or TCP port with a proxy between client and server',
    load: async () => (await import('./record.js')).record,
  },
  {
    name: 'extcap',
    usage: 'extcap',
    describe: 'Add Unix sockets to the interfaces of Wireshark: wirelint extcap --install',
    load: async () => (await import('./extcap.js')).extcap,
  },
  {
    name: 'init',
    usage: 'init [folder]',
    describe: 'Write a commented configuration file for the captures in a folder',
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
    describe: 'List the fields of messages that --where can use',
    load: async () => (await import('./fields.js')).fields,
  },
  {
    name: 'explain',
    usage: 'explain <id>',
    describe: 'Explain a rule, with a session that breaks it and one that keeps it',
    load: async () => (await import('./explain.js')).explain,
  },
  {
    name: 'help',
    usage: 'help [topic]',
    describe: 'Show help for a command or a topic',
    load: async () => (await import('./help.js')).helpWith(COMMANDS),
  },
  {
    name: 'completion',
    usage: 'completion [shell]',
    describe: 'Print a completion script for bash, zsh or fish',
    load: async () => (await import('./completion.js')).completion,
  },
];
