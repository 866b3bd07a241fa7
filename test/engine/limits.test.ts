import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepResult } from '../../src/engine/example.js';
import { connect } from '../../src/protocols/arca/rules/steps-a.js';
import { arca } from '../../src/protocols/arca/index.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { script } from '../../src/protocols/msgr2/script.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';
import { client, server, toy } from '../kit/toy-protocol.js';

const limitNotes = (result: StepResult): string[] =>
  result.findings.filter((f) => f.rule.id === 'capture/limit').map((f) => f.text);

/** Limits that are hit in the tests of their floor: the file, and the beginning of the test's title. */
const ELSEWHERE: Partial<Record<keyof Limits, readonly [file: string, title: string]>> = {
  packetBytes: ['test/capture/pcap-classic.test.ts', 'holds packets up to the limit'],
  blockBytes: ['test/capture/pcapng-damaged.test.ts', 'is passed over where it is longer than a limit'],
  interfaces: ['test/capture/pcapng-damaged.test.ts', 'of interfaces alone stop at the limit'],
  commentBytes: ['test/capture/pcapng.test.ts', 'keeps the first comment of a packet, and a bounded part of it'],
  annotatedBytes: [
    'test/rewrite/pcapng-back-in.test.ts',
    'says which packet a line is about where that waited for too long',
  ],
  diffMessages: ['test/compare/recordings.test.ts', 'say how many messages were not compared: diffMessages'],
  diffEdits: ['test/compare/recordings.test.ts', 'say that too many differ: diffEdits'],
  reduceBytes: ['test/rewrite/reduced-captures.test.ts', 'says where streams hold too much to be kept: reduceBytes'],
  reduceTrials: [
    'test/rewrite/reduced-captures.test.ts',
    'finds the items that are needed, and stops in time: reduceTrials',
  ],
  redactBytes: ['test/rewrite/redacted-bytes.test.ts', 'gives up what is held: redactBytes'],
  redactNames: ['test/rewrite/redacted-bytes.test.ts', 'may share names beyond redactNames'],
  diskRanges: [
    'test/rewrite/extracted-bytes.test.ts',
    'says where it forgets who wrote, and then compares nothing: diskRanges',
  ],
  contentBytes: ['test/rewrite/extracted-bytes.test.ts', 'leaves out messages of more than contentBytes'],
  queryBytes: ['test/table/query-limits.test.ts', 'queryBytes: '],
  querySpillBytes: ['test/table/query-limits.test.ts', 'querySpillBytes: '],
  queryRows: ['test/table/query-limits.test.ts', 'queryRows: '],
  queryCharacters: ['test/table/query-limits.test.ts', 'queryCharacters: '],
  pageMessages: ['test/report/page-limits.test.ts', 'pageMessages: '],
  pageFindings: ['test/report/page-limits.test.ts', 'pageFindings: '],
  pageStreams: ['test/report/page-limits.test.ts', 'pageStreams: '],
  pageFieldCharacters: ['test/report/page-limits.test.ts', 'pageFieldCharacters: '],
  pageBytes: ['test/report/page-limits.test.ts', 'pageBytes: '],
  threads: ['test/capture/text-strace.test.ts', 'threads: bounds'],
  unfinishedBytes: ['test/capture/text-strace.test.ts', 'unfinishedBytes: bounds'],
  pendingCalls: ['test/capture/text-strace.test.ts', 'pendingCalls, reorderedCalls, reorderedBytes: bound'],
  reorderedCalls: ['test/capture/text-strace.test.ts', 'pendingCalls, reorderedCalls, reorderedBytes: bound'],
  reorderedBytes: ['test/capture/text-strace.test.ts', 'pendingCalls, reorderedCalls, reorderedBytes: bound'],
  unknownCalls: ['test/capture/text-strace.test.ts', 'unknownCalls, unknownBytes: bound'],
  unknownBytes: ['test/capture/text-strace.test.ts', 'unknownCalls, unknownBytes: bound'],
  closings: ['test/capture/text-strace.test.ts', 'closings: bounds'],
  socatConnections: ['test/capture/text-socat.test.ts', 'socatConnections: '],
  pduTags: ['test/link/exported-pdu.test.ts', 'pduTags: '],
  echoFragments: ['test/link/ip.test.ts', 'echoFragments: '],
  lingerSeconds: ['test/stream/limits.test.ts', 'lingerSeconds, lingerPackets: '],
  lingerPackets: ['test/stream/limits.test.ts', 'lingerSeconds, lingerPackets: '],
  joinHeadBytes: [
    'test/cli/ring-buffer.test.ts',
    'are not held against one another where no packet stands near the beginning, and that is said',
  ],
  lineBytes: ['test/capture/text-strace.test.ts', 'keeps the head and the result of a line that is too long'],
  fragmentDatagrams: ['test/link/ip.test.ts', 'are bounded in number: fragmentDatagrams'],
  fragmentBytes: ['test/link/ip.test.ts', 'are bounded in bytes: fragmentBytes'],
  fragmentSeconds: ['test/link/ip.test.ts', 'that never complete are given up in time'],
  nestedPackets: ['test/link/tunnels.test.ts', 'nestedPackets: '],
  extensionHeaders: ['test/link/tunnels.test.ts', 'extensionHeaders: '],
  linkTags: ['test/link/tunnels.test.ts', 'linkTags: '],
  flows: ['test/stream/limits.test.ts', 'flows: '],
  openStreams: ['test/stream/limits.test.ts', 'openStreams: '],
  idleSeconds: ['test/stream/limits.test.ts', 'idleSeconds: silence ends a stream'],
  outOfOrderBytes: ['test/stream/limits.test.ts', 'outOfOrderBytes: '],
  outOfOrderSegments: ['test/stream/limits.test.ts', 'outOfOrderSegments: '],
  doubtedSegments: ['test/stream/damaged-copies.test.ts', 'doubtedSegments: '],
  lossyClosed: ['test/stream/late-bytes.test.ts', 'lossyClosed: '],
  lostRanges: ['test/stream/limits.test.ts', 'lostRanges: '],
  contestedRanges: ['test/engine/contested-bytes.test.ts', 'contestedRanges: '],
  tables: ['test/engine/limit-findings.test.ts', ''],
  ruleSizeBytes: ['test/engine/limit-findings.test.ts', ''],
  draftBytes: ['test/engine/limit-findings.test.ts', ''],
  draftRuns: ['test/engine/limit-findings.test.ts', ''],
  bufferedBytes: ['test/stream/limits.test.ts', 'bufferedBytes: '],
  gapGracePackets: ['test/stream/gap-by-ack.test.ts', ''],
  findingsPerFile: ['test/cli/hostile-captures.test.ts', ''],
  cookieRequests: ['test/engine/limit-findings.test.ts', ''],
  answeredRequests: ['test/engine/limit-findings.test.ts', ''],
  answeredLookups: ['test/engine/limit-findings.test.ts', ''],
  allocatedAreas: ['test/engine/limit-findings.test.ts', ''],
  hagglingBytes: ['test/engine/limit-findings.test.ts', ''],
  hagglingReplyBytes: ['test/engine/limit-findings.test.ts', ''],
  zstdWindowBytes: ['test/capture/zstd.test.ts', 'whose window is too large is refused'],
  authFrames: ['test/engine/limit-findings.test.ts', ''],
  namingFrames: ['test/engine/limit-findings.test.ts', ''],
  keepalives: ['test/engine/limit-findings.test.ts', ''],
  resumableSessions: ['test/engine/limit-findings.test.ts', ''],
  daemonAddresses: ['test/msgr2/names-by-maps.test.ts', 'says that it names no more addresses'],
  nonces: ['test/msgr2/secure-frames.test.ts', 'try no more nonces than allowed'],
  shardBytes: ['test/cli/shards.test.ts', 'are unpacked up to a limit'],
  strayReplies: ['test/engine/limit-findings.test.ts', ''],
  strayRequests: ['test/engine/limit-findings.test.ts', ''],
  turns: ['test/engine/limit-findings.test.ts', ''],
  doorbells: ['test/engine/limit-findings.test.ts', ''],
  orphanAnswers: ['test/engine/limit-findings.test.ts', ''],
  answerPieces: ['test/engine/limit-findings.test.ts', ''],
  rememberedOffers: ['test/engine/limit-findings.test.ts', ''],
  siblingConnections: ['test/engine/limit-findings.test.ts', ''],
  siblingsCompared: ['test/engine/limit-findings.test.ts', ''],
  chains: ['test/engine/limit-findings.test.ts', ''],
  findingsPerRule: ['test/engine/pump.test.ts', 'are summarised beyond the limit of a rule'],
  selectionMessages: ['test/select/selected-messages.test.ts', 'decides early where too many wait, and says so'],
  statsNames: ['test/measure/counting.test.ts', 'say which limits were hit'],
  tlsHandshakeBytes: ['test/tls/limits.test.ts', 'tlsHandshakeBytes: '],
  tlsWaitBytes: ['test/tls/limits.test.ts', 'tlsWaitBytes: '],
  tlsLostRecords: ['test/tls/limits.test.ts', 'tlsLostRecords: '],
  tlsTrials: ['test/tls/limits.test.ts', 'tlsTrials: '],
  tlsSessions: ['test/tls/key-log-limits.test.ts', 'tlsSessions: '],
  tlsKeyLogBytes: ['test/tls/key-log-limits.test.ts', 'tlsKeyLogBytes: '],
  tlsSecretBlocks: ['test/tls/key-log-limits.test.ts', 'tlsSecretBlocks: '],
  shownItems: ['test/base/structure.test.ts', 'shows items up to shownItems, and bytes up to shownBytes'],
  shownBytes: ['test/base/structure.test.ts', 'shows items up to shownItems, and bytes up to shownBytes'],
};

/** The others are hit here. */
const HERE: Partial<Record<keyof Limits, () => void>> = {
  probeBytes: () => {
    const noise = s.server(s.fill(5000, 0x11));
    const found = runSteps(nbd, [noise, ...nbdReplies()], { late: true, limits: { probeBytes: 512 } });
    expect(found.streams[0]!.protocol).toBe(nbd);
    expect(found.skipped[1]!.undecoded + found.skipped[1]!.resynchronised).toBe(5000);
    expect(unaccounted(found)).toEqual([0, 0]);
  },

  probeSteps: () => {
    const noise = Array.from({ length: 3000 }, (_, i) => s.server(s.u8(i & 0x0f)));
    const found = runSteps(nbd, [...noise, ...nbdReplies()], { late: true, limits: { probeSteps: 512 } });
    expect(found.streams[0]!.protocol).toBe(nbd);
    expect(unaccounted(found)).toEqual([0, 0]);
    const fromStart = runSteps(nbd, noise, { limits: { probeSteps: 512 } });
    expect(fromStart.streams[0]!.protocol).toBeNull();
    // headers only: a million gaps are one step
    const gaps = Array.from({ length: 3000 }, (_, i): Step => ({ from: i % 3 === 0 ? 'client' : 'server', gap: 10 }));
    const gone = runSteps(nbd, [...gaps, ...nbdReplies()], { late: true, limits: { probeSteps: 64 } });
    expect(gone.streams[0]!.protocol).toBe(nbd);
    expect(unaccounted(gone)).toEqual([0, 0]);
  },

  probeSearchBytes: () => {
    const noise = s.server(s.fill(5000, 0x11));
    const limits = { probeBytes: 512, probeSearchBytes: 2000 };
    const { streams, skipped } = runSteps(nbd, [noise, ...nbdReplies()], { late: true, chop: 100, limits });
    expect(streams[0]!.protocol).toBeNull();
    expect(skipped[1]!.undecoded).toBe(streams[0]!.bytes[1]);
  },

  probeCandidates: () => {
    const magics = s.server(...Array.from({ length: 100 }, () => s.u32(0x67446698)));
    const unlike = runSteps(nbd, [magics, ...nbdReplies()], { late: true, limits: { probeCandidates: 50 } });
    expect(unlike.streams[0]!.protocol).toBeNull();
    expect(limitNotes(unlike)).toEqual([expect.stringMatching(/^probeCandidates: more than 50 places/)]);
    const found = runSteps(nbd, [magics, ...nbdReplies()], { late: true });
    expect([found.streams[0]!.protocol, limitNotes(found)]).toEqual([nbd, []]);
  },

  messageBytes: () => {
    const front = new Uint8Array(400_000);
    const { steps } = script().open().message('client', { type: 42, version: 8, front });
    const result = runSteps(msgr2, steps, { port: 3300, chop: 1448, limits: { messageBytes: 200_000 } });
    const last = result.messages.at(-1)!;
    expect([last.complete, last.length > front.length]).toEqual([true, true]);
    expect(result.findings.filter((f) => f.severity !== 'note')).toEqual([]);
  },

  detailBytes: () => {
    const steps = [...s.simpleSession(), s.request(s.READ, 1, 0, 8192), s.simple(1, 0, 8192)];
    const { messages } = runSteps(nbd, steps, { limits: { detailBytes: 100 } });
    const last = messages.at(-1)!;
    expect([last.length, last.head!.length]).toEqual([16 + 8192, 100]);
  },

  hintBytes: () => {
    const steps = [server('TOY!', 'A', 1, 'N'.repeat(100)), server('N'.repeat(100)), client('Q', 1, 200)];
    const lengths = (limits: Partial<Limits>): number[] =>
      runSteps(toy, steps, { limits })
        .messages.filter((m) => m.name === 'ANSWER')
        .map((m) => m.length);
    expect(lengths({})).toEqual([202]);
    expect(lengths({ hintBytes: 50 })).toEqual([2]);
  },

  inFlight: () => {
    const limits = { inFlight: 100 };
    const reads = Array.from({ length: 1000 }, (_, i) => s.request(s.READ, i, 0, 512));
    expect(limitNotes(runSteps(nbd, [...s.simpleSession(), ...reads], { limits }))).toEqual([
      expect.stringMatching(/^inFlight: \d+ requests unanswered/),
    ]);
    const operations = script().open();
    for (let i = 1; i <= 1000; i++) operations.message('client', { seq: i, tid: i, type: MSG.OSD_OP, version: 8 });
    expect(limitNotes(runSteps(msgr2, operations.steps, { port: 3300, limits }))).toContainEqual(
      expect.stringMatching(/^inFlight: \d+ requests unanswered/),
    );
    const connects = Array.from({ length: 1000 }, (_, i) => connect(i + 1));
    expect(limitNotes(runSteps(arca, connects, { limits }))).toEqual([
      expect.stringMatching(/^inFlight: more than 100/),
    ]);
  },

  heldMessages: () => {
    const limits = { heldMessages: 100 };
    const reads = Array.from({ length: 1000 }, (_, i) => s.request(s.READ, i, 0, 512));
    const answers = Array.from({ length: 1000 }, (_, i) => s.simple(i, 0, 512));
    const unanswered = runSteps(nbd, [...s.simpleSession(), ...reads, ...answers], { limits });
    expect(limitNotes(unanswered)).toContainEqual(expect.stringMatching(/^heldMessages: \d+ requests unanswered/));
    expect(unanswered.findings.filter((f) => f.severity === 'error')).toEqual([]);
    // what was answered makes room: nothing is told of, however many they were
    const answered = reads.flatMap((r, i) => [r, answers[i]!]);
    expect(limitNotes(runSteps(nbd, [...s.simpleSession(), ...answered], { limits }))).toEqual([]);
    const operations = script().open();
    for (let i = 1; i <= 1000; i++) operations.message('client', { seq: i, tid: i, type: MSG.OSD_OP, version: 8 });
    expect(limitNotes(runSteps(msgr2, operations.steps, { port: 3300, limits }))).toContainEqual(
      expect.stringMatching(/^heldMessages: \d+ requests unanswered/),
    );
    const connects = Array.from({ length: 1000 }, (_, i) => connect(i + 1));
    expect(limitNotes(runSteps(arca, connects, { limits }))).toEqual([
      expect.stringMatching(/^heldMessages: more than 100/),
    ]);
  },

  heldBytes: () => {
    const limits = { heldBytes: 30_000 };
    const long = Array.from({ length: 5 }, () => s.option(99, s.fill(20_000)));
    const unanswered = runSteps(nbd, [...s.hello(), ...long], { limits });
    expect(limitNotes(unanswered)).toEqual([
      expect.stringMatching(/^heldBytes: options and replies of all sessions together hold more than 30000 bytes/),
    ]);
    expect(unaccounted(unanswered)).toEqual([0, 0]);
    // what was answered makes room
    const answered = long.flatMap((option) => [option, s.reply(99, 0x80000001)]);
    expect(limitNotes(runSteps(nbd, [...s.hello(), ...answered, ...s.go()], { limits }))).toEqual([]);
    // options of ordinary length are kept in any case
    const short = Array.from({ length: 5 }, () => s.option(99, s.fill(1000)));
    expect(limitNotes(runSteps(nbd, [...s.hello(), ...short], { limits: { heldBytes: 0 } }))).toEqual([]);
  },

  haggling: () => {
    const steps = [
      ...s.hello(),
      s.option(3),
      ...Array.from({ length: 20 }, (_, i) => s.reply(3, 2, s.u32(2), `${10 + i}`)),
    ];
    expect(limitNotes(runSteps(nbd, steps, { limits: { haggling: 10 } }))).toEqual([
      expect.stringMatching(/^haggling: more than 10 replies/),
    ]);
  },

  listItems: () => {
    const extents = Array.from({ length: 50 }, () => [512, 0] as const);
    const steps = [
      ...s.structuredSession({}, ['base:allocation']),
      s.request(s.BLOCK_STATUS, 1, 0, 25_600),
      s.chunk(5, 1, true, s.u32(1), ...extents.flatMap(([n, state]) => [s.u32(n), s.u32(state)])),
    ];
    const { messages } = runSteps(nbd, steps, { limits: { listItems: 10 } });
    const text = JSON.stringify(nbd.annotate(messages.at(-1)!));
    expect(text.match(/512/g)!.length).toBeLessThan(50);
  },
};

describe('limits', () => {
  it.each(Object.keys(DEFAULT_LIMITS) as (keyof Limits)[])('%s is hit by a test', (name) => {
    const [file, title] = ELSEWHERE[name] ?? [];
    if (file === undefined || title === undefined) {
      const test = HERE[name];
      expect(test, `no test hits ${name}`).toBeDefined();
      test!();
      return;
    }
    const text = readFileSync(file, 'utf8');
    if (title !== '') expect(text).toContain(`it('${title}`);
    expect(title === '' || name === 'fragmentSeconds' ? `${text} ${name}` : text).toContain(name);
  });

  it('each say which attack or accident they stop', () => {
    const text = readFileSync('src/base/limits.ts', 'utf8');
    const declared = /interface Limits \{([^}]*)\}/.exec(text)![1]!;
    const documented = declared.match(/\/\*\*[\s\S]*?\*\/\s*(\w+: number;\s*)+/g)!.join('');
    for (const name of Object.keys(DEFAULT_LIMITS)) expect(documented).toContain(`${name}: number;`);
  });
});

describe('requests that are never answered', () => {
  const flood = (cookie: (i: number) => number, limit: string): void => {
    const n = 60_000;
    const requests = Array.from({ length: n }, (_, i) => s.request(s.WRITE_ZEROES, cookie(i), 0, 512).bytes);
    const all = new Uint8Array(Buffer.concat(requests));
    const result = runSteps(nbd, [...s.simpleSession(), s.client(all)], {
      chop: 60_000,
      details: false,
      limits: { inFlight: 10_000 },
    });
    expect(limitNotes(result)).toEqual([expect.stringMatching(new RegExp(`^${limit}: \\d+ requests`))]);
  };

  it('are forgotten beyond a limit, each with its cookie or all with one', () => {
    flood((i) => i, 'inFlight');
    flood(() => 7, 'cookieRequests');
  });
});

/** Replies that nothing else looks like. */
function nbdReplies(): Step[] {
  return Array.from({ length: 40 }, (_, i) => s.data(i, 512 * i, 512));
}
