import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import {
  a2,
  accept,
  acceptErr,
  CLOSED,
  connect,
  connectErr,
  connectOk,
  incoming,
  listen,
  listening,
  listenOk,
} from '../../src/protocols/arca/rules/steps-a.js';
import {
  fileClose,
  fileClosed,
  fileData,
  fileHeader,
  fileRead,
  fileSeek,
  fileSeeked,
  newPipe,
  onePipe,
  pipeReply,
} from '../../src/protocols/arca/rules/steps-b.js';
import {
  c2Bytes,
  c2Read,
  c2Started,
  closeFile,
  editing,
  listenOn,
  mkdir,
  ack,
  open,
  pipe,
  started,
  talking,
  write,
  written,
} from '../../src/protocols/arca/rules/steps-c.js';
import { testProperties, unaccounted } from '../kit/properties.js';

const SERVER_LIFE: readonly Step[] = [
  ...listening(),
  accept(2, 1),
  connect(3),
  connectOk(3, 1),
  listen(4, '127.0.0.1:81'),
  listenOk(4, 2),
  incoming(2, 1, 2),
  accept(5, 2),
  accept(6, 9),
  acceptErr(6, 9),
  connect(7, '10.0.0.1:9'),
  connectErr(7, 111),
  incoming(5, 2, 3),
  ...CLOSED,
];
const BIG = 'x'.repeat(9000);

testProperties(arca, {
  'control frames, A3': () => SERVER_LIFE,
  'control frames, A2': () => [...a2(), connect(2), connectOk(2, 2, { pipe: 2 }), ...CLOSED],
  'new pipes, B2': () => [...onePipe(), newPipe(64), pipeReply(2, { ring: 64 }), newPipe(), pipeReply(3), ...CLOSED],
  'control pipe, C4': () => [
    ...started(),
    mkdir('a/b/c'),
    ack(),
    open('a/b/c/d'),
    pipe(1),
    listenOn(),
    pipe(2),
    ...CLOSED,
  ],
  'stream pipe': () => [...talking(), ...talking(), ...CLOSED],
  'one pipe, C2': () => [...c2Started(), c2Read(64), c2Bytes('hello'), ...CLOSED],
});

// one direction of these says too little to be recognised without being told
testProperties(
  arca,
  {
    'file pipe, B3': () => [
      fileHeader('/etc/hosts'),
      fileSeek(-4, 2),
      fileSeeked(96),
      fileRead(64),
      fileData('more'),
      fileClose(),
      fileClosed(),
      ...CLOSED,
    ],
    'file pipe with data that is not gathered': () => [...editing(), write(BIG), written(9000), closeFile(), ...CLOSED],
  },
  { forced: true },
);

const change = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 6 });

function damaged(steps: readonly Step[], changes: readonly (readonly [number, number])[]): Step[] {
  const out = steps.map((s) => ('bytes' in s ? { ...s, bytes: s.bytes.slice() } : s));
  const data = out.filter((s) => 'bytes' in s);
  for (const [at, value] of changes) {
    const { bytes } = data[at % data.length]!;
    bytes[(at >> 3) % bytes.length] = value;
  }
  return out;
}

describe('bytes that nobody should send', () => {
  const sessions = [
    SERVER_LIFE,
    [...onePipe(), newPipe(), pipeReply(2)],
    [fileHeader(), fileRead(16), fileData('hello'), fileClose(), fileClosed()],
    [...started(), mkdir('a/b'), ack(), open('a.fix'), pipe(1)],
    [...editing(), write(BIG), written(9000)],
    [...c2Started(), c2Read(64), c2Bytes('hello')],
  ];

  it.each(sessions.map((s, i) => [i, s] as const))(
    'session %i: never breaks decoding, every byte is accounted for',
    (_, steps) => {
      fc.assert(
        fc.property(
          change,
          fc.integer({ min: 1, max: 64 }),
          fc.boolean(),
          fc.boolean(),
          (changes, chop, late, forced) => {
            const result = runSteps(arca, damaged(steps, changes), { chop, late, forced });
            expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
            expect(unaccounted(result)).toEqual([0, 0]);
            for (const m of result.messages) {
              const end = arca.annotate(m).reduce((n, a) => Math.max(n, a.at + a.length), 0);
              expect(end, m.name).toBeLessThanOrEqual(m.length);
              expect(() => arca.describe(m, true)).not.toThrow();
            }
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it.each(sessions.map((s, i) => [i, s] as const))('session %i: holes anywhere blame nobody', (_, steps) => {
    const before = new Set(runSteps(arca, steps).findings.map((f) => f.rule.id));
    const data = steps.filter((s) => 'bytes' in s);
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 40 }), (which, at, length) => {
        const victim = data[which % data.length]!;
        const start = at % victim.bytes.length;
        const end = Math.min(victim.bytes.length, start + length);
        const played = steps.flatMap((s): Step[] => {
          if (s !== victim) return [s];
          const { from, bytes } = victim;
          return [
            ...(start > 0 ? [{ from, bytes: bytes.subarray(0, start) }] : []),
            { from, gap: end - start },
            ...(end < bytes.length ? [{ from, bytes: bytes.subarray(end) }] : []),
          ];
        });
        const result = runSteps(arca, played, { forced: true });
        const errors = result.findings.filter((f) => f.severity === 'error' && !before.has(f.rule.id));
        expect(errors.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
        expect(unaccounted(result)).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(sessions.map((s, i) => [i, s] as const))('session %i: field trees cover every byte', (_, steps) => {
    for (const m of runSteps(arca, steps, { forced: true }).messages) {
      const covered = new Uint8Array(m.head!.length);
      for (const a of arca.annotate(m)) covered.fill(1, a.at, a.at + a.length);
      expect(covered.indexOf(0), m.name).toBe(-1);
    }
  });

  it('random bytes under --decode-as', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600 }), fc.boolean(), (a, b, late) => {
        const steps: Step[] = [{ from: 'client', bytes: a }, { from: 'server', bytes: b }, ...CLOSED];
        const result = runSteps(arca, steps, { forced: true, late, chop: 7 });
        expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
        expect(unaccounted(result)).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
