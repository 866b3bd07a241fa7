import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, type CheckedCapture } from '../../src/index.js';

/** What a recorder of the lab (recorder.py) made. */
interface Recorded {
  readonly sessions: readonly { readonly capture: string; readonly server: string; readonly client: string }[];
  readonly missing: readonly { readonly what: string; readonly install: string }[];
}

interface Known {
  readonly rules: readonly string[];
  readonly server: RegExp;
  /** Where it is so with some settings only. */
  readonly capture?: RegExp;
  readonly why: string;
}

/** What an implementation is known to break, and why that is no false alarm. */
const KNOWN: readonly Known[] = [
  {
    rules: ['nbd/info-go-inconsistent'],
    server: /^nbd-server 3\./,
    why: 'it answers NBD_OPT_INFO before it opens the file: the size is 0',
  },
  {
    rules: ['nbd/simple-reply-to-read'],
    server: /^nbd-server 3\.26\./,
    why: 'it refuses NBD_CMD_FLAG_DF in a simple reply, whatever was agreed on',
  },
  {
    rules: ['nbd/chunk-overlap', 'nbd/read-incomplete'],
    server: /^nbd-server 3\.26\./,
    capture: /^ns-cow--/,
    why: 'with copyonwrite, every chunk of an answer has the offset of the first one (expread())',
  },
];

/** All sessions of one server with one client. */
interface Row {
  streams: number;
  messages: number;
  /** How often, by severity and rule. */
  readonly findings: Map<string, number>;
  /** Captures with an error that nobody knows of, without a message, or with streams that no protocol was found in. */
  readonly bad: Map<string, string>;
  readonly known: Set<string>;
}

/** Judges every capture that a recorder put into a folder: a line for each pair of server and client, and what was found below it. */
export async function judgePart(folder: string): Promise<{ lines: string[]; good: boolean }> {
  const { sessions, missing } = JSON.parse(readFileSync(join(folder, 'sessions.json'), 'utf8')) as Recorded;
  const keyring = join(folder, 'lab.keyring');
  const rows = new Map<string, Row>();
  for (const { capture, server, client } of sessions) {
    const key = `${server.padEnd(30)}  ${client.padEnd(30)}`;
    const row = rows.get(key) ?? { streams: 0, messages: 0, findings: new Map(), bad: new Map(), known: new Set() };
    rows.set(key, row);
    const { captures } = await check(join(folder, capture), {
      // no configuration above the folder has a say
      config: {},
      allowEmpty: true,
      ...(existsSync(keyring) ? { keyrings: [keyring] } : {}),
    });
    for (const judged of captures) add(row, capture, server, judged);
  }
  const lines = [`  ${'server'.padEnd(30)}  ${'client'.padEnd(30)} sessions  messages  verdict`];
  for (const [key, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const verdict = row.bad.size > 0 ? 'BAD' : row.known.size > 0 ? 'clean but for what is known' : 'clean';
    lines.push(`  ${key}${String(row.streams).padStart(9)}${String(row.messages).padStart(10)}  ${verdict}`);
    for (const [what, times] of [...row.findings].sort()) lines.push(`      ${what} (${times})`);
    for (const why of row.known) lines.push(`      known: ${why}`);
    for (const [capture, why] of row.bad) lines.push(`      BAD: ${capture}: ${why}`);
  }
  for (const { what, install } of missing) lines.push(`  skipped: ${what}; ${install}`);
  return { lines, good: [...rows.values()].every((r) => r.bad.size === 0) };
}

function add(row: Row, capture: string, server: string, judged: CheckedCapture): void {
  if (judged.problem !== null) row.bad.set(capture, judged.problem);
  let messages = 0;
  for (const stream of judged.streams) {
    messages += stream.messages;
    const silent = Object.values(stream.bytes).every((bytes) => bytes === 0);
    if (stream.protocol === null && !silent) row.bad.set(capture, `stream ${stream.stream} is of no known protocol`);
  }
  row.streams += judged.streams.length;
  row.messages += messages;
  if (messages === 0) row.bad.set(capture, 'nothing was said; see its log');
  for (const { severity, rule, times, text } of judged.findings) {
    const what = `${severity} ${rule}`;
    row.findings.set(what, (row.findings.get(what) ?? 0) + times);
    if (severity !== 'error') continue;
    const known = KNOWN.find(
      (k) => k.rules.includes(rule) && k.server.test(server) && (k.capture?.test(capture) ?? true),
    );
    if (known === undefined) row.bad.set(capture, `${rule}: ${text}`);
    else row.known.add(`${known.rules.join(', ')}: ${known.why}`);
  }
}
