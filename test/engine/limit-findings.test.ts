import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { runSteps, type StepOptions } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import * as a from '../../src/protocols/arca/rules/steps-a.js';
import * as b from '../../src/protocols/arca/rules/steps-b.js';
import * as c from '../../src/protocols/arca/rules/steps-c.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { script } from '../../src/protocols/msgr2/script.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as p from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';
import { unaccounted } from '../kit/properties.js';
import { client as toyClient, server as toyServer, toy } from '../kit/toy-protocol.js';

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

interface Case {
  readonly protocol: Protocol;
  readonly limits?: Partial<Limits>;
  readonly steps: () => readonly Step[];
  /** What the finding says. */
  readonly says: RegExp;
  readonly options?: StepOptions;
  /** Errors that the session itself deserves. */
  readonly deserves?: readonly string[];
}

/** The same step, by a sender that had seen more than the capture has shown so far. */
function ahead(step: Step): Step {
  return 'bytes' in step ? { ...step, seen: 1_000_000 } : step;
}

/** The same step, without the payload of its request. */
function headerOf(step: Step): Step {
  return 'bytes' in step ? { ...step, bytes: step.bytes.subarray(0, 28) } : step;
}

/** Sessions that keep the rules, with more in flight, listed or kept than the limit allows. */
const CASES: Readonly<Record<string, Case>> = {
  'nbd: requests in flight, simple replies': {
    protocol: nbd,
    limits: { inFlight: 10 },
    steps: () => [
      ...s.simpleSession(),
      ...many(100, (i) => s.request(s.WRITE, i, 512 * i, 512)),
      ...many(100, (i) => s.simple(i, 0)),
    ],
    says: /^inFlight: \d+ requests unanswered/,
  },
  'nbd: requests in flight, structured replies': {
    protocol: nbd,
    limits: { inFlight: 10 },
    steps: () => [
      ...s.structuredSession(),
      ...many(100, (i) => s.request(s.READ, i, 512 * i, 512)),
      ...many(100, (i) => s.chunk(1, i, true, s.u64(512 * i), s.fill(512))),
    ],
    says: /^inFlight: \d+ requests unanswered/,
  },
  'nbd: requests in flight with one cookie': {
    protocol: nbd,
    limits: { cookieRequests: 10 },
    steps: () => [
      ...s.simpleSession(),
      ...many(100, (i) => s.request(s.WRITE, 7, 512 * i, 512)),
      ...many(100, () => s.simple(7, 0)),
    ],
    says: /^cookieRequests: 90 requests with the cookie of 10 others in flight were forgotten/,
    deserves: ['nbd/cookie-reused'],
  },
  'nbd: answered requests': {
    protocol: nbd,
    limits: { answeredRequests: 5 },
    steps: () => [
      ...s.simpleSession(),
      ...many(20, (i) => [s.request(s.WRITE, i, 512 * i, 512), s.simple(i, 0)]).flat(),
      ...many(20, (i) => s.simple(i, 0)),
    ],
    says: /^answeredRequests: not every answered request is remembered/,
    deserves: ['nbd/reply-after-done', 'nbd/reply-unknown-cookie'],
  },
  'nbd: replies to nothing': {
    protocol: nbd,
    limits: { answeredLookups: 5 },
    steps: () => [...s.simpleSession(), ...many(20, (i) => s.simple(i, 0))],
    says: /^answeredLookups: not every answered request is remembered/,
    deserves: ['nbd/reply-unknown-cookie'],
  },
  'nbd: allocated areas': {
    protocol: nbd,
    limits: { allocatedAreas: 5 },
    steps: () => [
      ...s.structuredSession({}, ['base:allocation']),
      s.request(s.BLOCK_STATUS, 1, 0, 10_240),
      s.chunk(5, 1, true, s.u32(1), ...many(20, (i) => s.join(s.u32(512), s.u32(3 * (i & 1))))),
      s.request(s.WRITE, 2, 18 * 512, 512),
      s.error(2, 28),
    ],
    says: /^allocatedAreas: more than 5 areas are allocated/,
  },
  'nbd: options without answers': {
    protocol: nbd,
    limits: { haggling: 5 },
    steps: () => [
      ...s.hello(),
      ...many(20, () => s.option(6, s.infoData('x'))).map((step) => s.unseen(step, 18)),
      ...many(20, () => [s.infoExport(6, 65536, s.ALL_FLAGS), s.ack(6)]).flat(),
    ],
    says: /^haggling: more than 5 options wait/,
    deserves: ['nbd/option-pipelined'],
  },
  'nbd: replies to one option': {
    protocol: nbd,
    limits: { haggling: 5 },
    steps: () => [
      ...s.hello(),
      s.option(3),
      ...many(20, (i) => s.reply(3, 2, s.u32(2), `e${i % 10}${i}`.slice(0, 2))),
      s.ack(3),
    ],
    says: /^haggling: more than 5 replies to one option/,
  },
  'nbd: information in very many replies': {
    protocol: nbd,
    limits: { haggling: 5 },
    steps: () => [
      ...s.hello(),
      s.option(7, s.infoData('', [3])),
      ...many(20, (i) => s.reply(7, 3, s.u16(0x8000 + i))),
      s.infoExport(7, 65536, s.ALL_FLAGS),
      s.ack(7),
    ],
    says: /^haggling: more than 5 replies to one option/,
  },
  'nbd: a long option': {
    protocol: nbd,
    limits: { hagglingBytes: 50 },
    steps: () => [...s.hello(), s.option(6, s.infoData('x'.repeat(100))), s.reply(6, 0x80000006), ...s.go()],
    says: /^hagglingBytes: more than 50 bytes of one option;/,
  },
  'nbd: a long reply': {
    protocol: nbd,
    limits: { hagglingBytes: 50 },
    steps: () => [...s.hello(), s.option(3), s.reply(3, 2, s.u32(100), 'x'.repeat(100)), s.ack(3), ...s.go()],
    says: /^hagglingBytes: more than 50 bytes of one reply;/,
  },
  'nbd: information in very long replies': {
    protocol: nbd,
    limits: { hagglingReplyBytes: 800 },
    steps: () => [
      ...s.hello(),
      s.option(7, s.infoData('', [3])),
      ...many(20, (i) => s.reply(7, 3, s.u16(0x8000 + i), s.fill(200))),
      s.infoExport(7, 65536, s.ALL_FLAGS),
      s.ack(7),
    ],
    says: /^hagglingReplyBytes: more than 800 bytes of replies/,
  },
  'nbd: contexts': {
    protocol: nbd,
    limits: { haggling: 5 },
    steps: () => [
      ...s.hello(),
      ...s.structured(),
      ...s.setMeta(many(20, (i) => `x:${i}`)),
      ...s.go(),
      s.request(s.BLOCK_STATUS, 1, 0, 512),
      ...many(20, (i) => s.chunk(5, 1, i === 19, s.u32(i + 1), s.u32(512), s.u32(0))),
    ],
    says: /^haggling: more than 5 replies to one option/,
  },
  'nbd: queries': {
    protocol: nbd,
    limits: { listItems: 5 },
    steps: () => [...s.hello(), ...s.structured(), ...s.setMeta(many(20, (i) => `x${i}:y`)), ...s.go()],
    says: /^listItems: an option of more than 5 items/,
  },
  'nbd: exports listed': {
    protocol: nbd,
    limits: { listItems: 5 },
    steps: () => [...s.hello(), s.option(3), ...many(20, (i) => s.reply(3, 2, s.u32(3), String(100 + i))), s.ack(3)],
    says: /^listItems: more than 5 exports in one listing/,
  },
  'nbd: kinds of information': {
    protocol: nbd,
    limits: { listItems: 5 },
    steps: () => [
      ...s.hello(),
      s.option(7, s.infoData('', [3])),
      ...many(20, (i) => s.reply(7, 3, s.u16(0x8000 + i))),
      s.infoExport(7, 65536, s.ALL_FLAGS),
      s.ack(7),
    ],
    says: /^listItems: more than 5 kinds of information/,
  },
  'nbd: exports asked about': {
    protocol: nbd,
    limits: { listItems: 5 },
    steps: () => [
      ...s.hello(),
      ...many(10, (i) => [s.option(6, s.infoData(`e${i}`)), s.infoExport(6, 65536, s.ALL_FLAGS), s.ack(6)]).flat(),
      ...s.go({ name: 'e9', size: 65536, blocks: null }),
    ],
    says: /^listItems: more than 5 exports asked about/,
  },
  'nbd: extents': {
    protocol: nbd,
    limits: { listItems: 5 },
    steps: () => [
      ...s.structuredSession({}, ['base:allocation']),
      s.request(s.BLOCK_STATUS, 1, 0, 10_240),
      s.chunk(5, 1, true, s.u32(1), ...many(20, (i) => s.join(s.u32(512), s.u32(3 * (i & 1))))),
    ],
    says: /^listItems: more than 5 extents in one chunk/,
  },
  'nbd: pieces of one answer': {
    protocol: nbd,
    steps: () => [
      ...s.structuredSession({ size: 4 << 20 }),
      s.request(s.READ, 1, 0, 5000 * 512),
      ...many(5000, (i) => s.chunk(2, 1, i === 4999, s.u64(512 * i), s.u32(512))),
    ],
    says: /^answerPieces: one answer in more than 4096 pieces/,
  },
  'nbd: answers to unknown requests': {
    protocol: nbd,
    options: { oneSided: 'server' },
    steps: () => [...s.structuredSession(), ...many(1100, (i) => s.chunk(1, i, false, s.u64(0), s.fill(512)))],
    says: /^orphanAnswers: more than 1024 answers at once/,
  },
  'nbd: replies before their requests': {
    protocol: nbd,
    limits: { strayReplies: 5 },
    steps: () => [
      ...s.structuredSession(),
      ...many(20, (i) => ahead(s.none(i))),
      ...many(20, (i) => s.request(s.WRITE_ZEROES, i, 0, 512)),
    ],
    says: /^strayReplies: more than 5 replies wait for their requests/,
  },
  'nbd: exports whose contexts are listed': {
    protocol: nbd,
    limits: { rememberedOffers: 5 },
    steps: () => [
      ...s.hello(),
      ...s.structured(),
      ...many(20, (i) => [
        s.option(9, s.metaData(`e${i}`, [])),
        s.reply(9, 4, s.u32(0), 'base:allocation'),
        s.ack(9),
      ]).flat(),
      ...s.go({ name: 'e1' }),
    ],
    says: /^rememberedOffers: more than 5 exports with metadata contexts/,
  },
  'nbd: more connections side by side than are compared': {
    protocol: nbd,
    limits: { siblingsCompared: 1 },
    steps: () => [
      ...s.simpleSession({ flags: s.ALL_FLAGS }),
      s.request(s.READ, 1, 0, 512),
      s.simple(1, 0, 512),
      { then: 'new connection', meanwhile: true },
      ...s.simpleSession({ flags: s.ALL_FLAGS }),
      s.request(s.READ, 1, 0, 512),
      s.simple(1, 0, 512),
      { then: 'new connection', meanwhile: true },
      ...s.simpleSession({ flags: s.ALL_FLAGS }),
      s.request(s.READ, 1, 0, 512),
      s.simple(1, 0, 512),
    ],
    says: /^siblingsCompared: more than 1 connections of one client/,
  },
  'nbd: places that may be the next message': {
    protocol: nbd,
    limits: { chains: 2 },
    steps: () => [
      ...s.simpleSession(),
      { from: 'client', gap: 100 },
      // the headers of WRITEs, one behind the other, whose data would reach far
      ...many(8, (i) => headerOf(s.request(s.WRITE, i, 0, 65536 + 512 * i))),
    ],
    says: /^chains: more than 2 places may be the next message of the client/,
  },
  'nbd: connections side by side': {
    protocol: nbd,
    limits: { siblingConnections: 1 },
    steps: () => [
      ...s.simpleSession({ flags: s.ALL_FLAGS }),
      s.request(s.READ, 1, 0, 512),
      s.simple(1, 0, 512),
      { then: 'new connection', meanwhile: true },
      ...s.simpleSession({ flags: s.ALL_FLAGS }),
      s.request(s.READ, 1, 0, 512),
      s.simple(1, 0, 512),
    ],
    says: /^siblingConnections: more than 1 connections at once/,
  },

  'msgr2: keepalives': {
    protocol: msgr2,
    steps: () =>
      many(100, (i) => i).reduce((m, i) => m.keepalive('client', TAG.KEEPALIVE2, 1000 + i), script().open()).steps,
    says: /^keepalives: more than 64 keepalives/,
  },
  'msgr2: authentication frames': {
    protocol: msgr2,
    steps: () => [...script().banners().hellos().steps, ...many(30, () => script().request().steps).flat()],
    says: /^authFrames: more than 16 authentication frames/,
    deserves: ['msgr2/auth-pipelined', 'msgr2/auth-round', 'msgr2/auth-retry', 'msgr2/frame-not-allowed'],
  },
  'msgr2: names of a session': {
    protocol: msgr2,
    limits: { namingFrames: 5 },
    steps: () => [...script().login().steps, ...many(8, () => script().reconnect().steps.slice(-1)).flat()],
    says: /^namingFrames: more than 5 frames/,
  },
  'msgr2: sessions that may be resumed': {
    protocol: msgr2,
    limits: { resumableSessions: 3 },
    steps: () => [
      ...many(8, (i) => {
        const one = script()
          .login()
          .idents({ lossy: false, cookie: BigInt(i + 1), globalSeq: i + 1 }, { cookie: BigInt(i + 1) }).steps;
        return [...one, { then: 'new connection' } as Step];
      }).flat(),
      ...script().login().reconnect({ clientCookie: 1n, serverCookie: 1n, globalSeq: 20 }).steps,
    ],
    says: /^resumableSessions: more than 3 sessions/,
  },
  'msgr2: requests in flight': {
    protocol: msgr2,
    limits: { inFlight: 10 },
    steps: () =>
      many(100, (i) => i).reduce(
        (m, i) => m.message('client', { seq: i + 1, tid: i + 1, type: 42, version: 8 }),
        script().open(),
      ).steps,
    says: /^inFlight: \d+ requests unanswered/,
    deserves: ['msgr2/front-truncated', 'msgr2/front-short'],
  },

  'arca: requests': {
    protocol: arca,
    limits: { inFlight: 5 },
    steps: () => [...a.listening(), ...many(20, (i) => a.accept(i + 2, 1))],
    says: /^inFlight: more than 5 requests wait/,
  },
  'arca: listeners': {
    protocol: arca,
    limits: { inFlight: 5 },
    steps: () => [
      ...many(10, (i) => [a.listen(i + 1, `0.0.0.0:${i + 1000}`), a.listenOk(i + 1, i + 1)]).flat(),
      a.accept(11, 9),
      a.incoming(11, 9, 1),
    ],
    says: /^inFlight: more than 5 listeners/,
  },
  'arca: addresses': {
    protocol: arca,
    limits: { listItems: 5 },
    steps: () => many(10, (i) => [a.listen(i + 1, `0.0.0.0:${i + 1000}`), a.listenOk(i + 1, i + 1)]).flat(),
    says: /^listItems: more than 5 addresses/,
  },
  'arca: regions': {
    protocol: arca,
    limits: { listItems: 5 },
    steps: () => many(10, (i) => [a.connect(i + 1), a.connectOk(i + 1, i + 1)]).flat(),
    says: /^listItems: more than 5 regions/,
  },
  'arca: accepts on unknown listeners': {
    protocol: arca,
    options: { late: true, forced: true },
    steps: () => [a.connect(7), a.connectOk(7, 1), ...many(4200, (i) => a.accept(i + 8, 77))],
    says: /^strayRequests: more than 4096 accepts/,
  },
  'arca: replies without requests': {
    protocol: arca,
    steps: () => [
      ...many(3, (i) => [a.connect(i + 1), a.connectOk(i + 1, i + 1)]).flat(),
      ...many(1100, (i) => ahead(a.connectErr(i + 4, 5))),
      ...many(1100, (i) => a.connect(i + 4)),
    ],
    says: /^strayReplies: more than 1024 replies wait/,
  },
  'arca: pushed connections': {
    protocol: arca,
    limits: { strayReplies: 64 },
    steps: () => [...a.listening(), ...many(80, (i) => a.incoming(0, 1, i + 1))],
    says: /^strayReplies: more than 64 pushed connections/,
  },
  'arca: pipes that are asked for': {
    protocol: arca,
    steps: () => [...b.onePipe(), ...many(1100, () => b.newPipe())],
    says: /^turns: more than 1024 requests wait/,
  },
  'arca: pipes before they are asked for': {
    protocol: arca,
    limits: { strayReplies: 256 },
    steps: () => [...b.onePipe(), ...many(300, (i) => ahead(b.pipeReply(i + 2))), ...many(300, () => b.newPipe())],
    says: /^strayReplies: more than 256 replies wait/,
  },
  'arca: bells': {
    protocol: arca,
    limits: { doorbells: 64 },
    steps: () => many(50, (i) => [b.newPipe(), b.pipeReply(i + 1)]).flat(),
    says: /^doorbells: more than 64 bells/,
  },
  'arca: descriptors': {
    protocol: arca,
    limits: { inFlight: 5 },
    steps: () => [
      ...c.c2Started(8),
      ...many(20, (i) => [c.c2Open(`f${i}`), c.c2File(i + 9)]).flat(),
      c.c2Close(25),
      c.c2Ack(),
    ],
    says: /^inFlight: more than 5 descriptors/,
  },
  'arca: announced pipes': {
    protocol: arca,
    limits: { listItems: 5 },
    steps: () => [...c.started(), ...many(20, (i) => [c.open(`f${i}`), c.pipe(i)]).flat()],
    says: /^listItems: more than 5 pipes were announced/,
  },

  'pesto: tables': {
    protocol: pesto,
    steps: () => [
      p.server(p.hello(), ...many(20, (i) => p.entry(i + 1)), p.END),
      p.client(...many(20, (i) => p.section(i + 1)), p.END),
      ...p.CLOSE,
    ],
    says: /^tables: more than 16 tables/,
    deserves: ['pesto/pif-too-many'],
  },
  'pesto: a long run behind the list': {
    protocol: pesto,
    steps: () => [p.server(p.pastaList(), new Uint8Array(1000)), ...p.CLOSE],
    says: /^draftBytes: a run of more than 64 bytes/,
    deserves: ['pesto/server-data-after-list'],
  },
  'pesto: many runs behind list and update': {
    protocol: pesto,
    steps: () => [
      p.server(p.pastaList()),
      p.client(p.section(1), p.section(3), p.END),
      ...many(20, () => [p.server(Uint8Array.of(0)), p.client(Uint8Array.of(1))]).flat(),
      ...p.CLOSE,
    ],
    says: /^draftRuns: more than 8 runs/,
    deserves: ['pesto/server-data-after-list', 'pesto/client-data-after-update', 'pesto/client-omits-pif'],
  },
  'pesto: rules that leave their size open': {
    protocol: pesto,
    limits: { ruleSizeBytes: 100 },
    options: { oneSided: 'client', chop: 30, forced: true },
    steps: () => [
      p.server(p.pastaList()),
      p.client(
        p.section(
          1,
          many(20, () => p.rule({ first: 0, proto: 0, ifname: new Uint8Array(16) })),
        ),
        p.END,
      ),
      ...p.CLOSE,
    ],
    says: /^ruleSizeBytes: more than 100 bytes/,
  },
  'pesto: an update before the list': {
    protocol: pesto,
    limits: { listItems: 5 },
    options: { forced: true },
    steps: () => [
      p.server(p.hello()),
      p.client(
        p.section(
          1,
          many(20, (i) => p.rule({ first: 1000 + i })),
        ),
        p.section(3),
        p.END,
      ),
      p.server(p.pastaList().subarray(20)),
      ...p.CLOSE,
    ],
    says: /^listItems: more than 5 messages of the client/,
  },
  'pesto: connections to one server': {
    protocol: pesto,
    limits: { listItems: 3 },
    steps: () => many(6, () => [p.server(p.pastaList()), { then: 'new connection', meanwhile: true } as Step]).flat(),
    says: /^listItems: more than 3 connections to one server/,
  },
};

describe('bytes that are gathered', () => {
  it('hintBytes: what waits too long is decoded without the peer, and that is told once', () => {
    const steps = [
      toyServer('TOY!', 'A', 1),
      ...many(20, () => toyServer('N'.repeat(20))),
      toyClient('Q', 1, 9),
      toyServer('A', 2),
      ...many(20, () => toyServer('N'.repeat(20))),
    ];
    const { findings } = runSteps(toy, steps, { limits: { hintBytes: 50 } });
    const told = findings.filter((f) => f.rule.id === 'capture/limit').map((f) => f.text);
    expect(told).toEqual([expect.stringMatching(/^hintBytes: more than 50 bytes of the server waited/)]);
  });

  it('bufferedBytes: held over all streams; what is given up blames nobody', () => {
    const front = new Uint8Array(100_000);
    const { steps } = script()
      .open()
      .message('client', { type: 42, version: 8, front })
      .message('client', { seq: 2, tid: 2 });
    const result = runSteps(msgr2, steps, { port: 3300, chop: 1000, limits: { bufferedBytes: 20_000 } });
    expect(result.findings.filter((f) => f.severity === 'error').map((f) => f.text)).toEqual([]);
    const gathered = runSteps(
      toy,
      many(60, (i) => toyServer(i === 0 ? 'TOY!N' : '', i === 0 ? 250 : 65, 'x'.repeat(3))),
      {
        limits: { bufferedBytes: 6000 },
        chop: 1,
      },
    );
    const told = gathered.findings.filter((f) => f.rule.id === 'capture/limit').map((f) => f.text);
    expect(told).toEqual([expect.stringMatching(/^bufferedBytes: all streams together gather more than 6000 bytes/)]);
    expect(unaccounted(gathered)).toEqual([0, 0]);
  });
});

describe('a limit that is hit', () => {
  it.each(Object.entries(CASES))('%s: is told once, and blames nobody', (_, one) => {
    const { protocol, steps, limits = {}, options = {}, says, deserves = [] } = one;
    const { findings } = runSteps(protocol, steps(), {
      port: protocol.name === 'msgr2' ? 3300 : 10809,
      ...options,
      limits,
    });
    const told = findings.filter((f) => f.rule.id === 'capture/limit' && says.test(f.text));
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBe(new Set(told.map((f) => f.stream)).size);
    const blame = findings.filter((f) => f.severity === 'error' && !deserves.includes(f.rule.id));
    expect(blame.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
  });
});
