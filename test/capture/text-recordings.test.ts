import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFile, readText } from '../kit/socket-recorder.js';

/** Real recordings of known sessions: bytes by direction, endpoints and ends. */
interface Known {
  readonly input: string | { client: string; server: string };
  readonly connections: readonly {
    readonly bytes: readonly [number, number];
    readonly endpoints: readonly [string, string];
    readonly ends: readonly [string, string];
    readonly opened?: boolean;
  }[];
}

const KNOWN: readonly Known[] = [
  {
    input: 'captures/pesto/p58-strace-yy.strace.txt',
    connections: [
      { bytes: [179, 407], endpoints: ['unix:pid=31137', 'unix:/run/pasta/ctl.sock'], ends: ['fin', 'fin'] },
      { bytes: [67, 463], endpoints: ['unix:pid=31144', 'unix:/run/pasta/ctl.sock'], ends: ['fin', 'fin'] },
    ],
  },
  {
    input: 'captures/pesto/p66-strace-xx.strace.txt',
    connections: [{ bytes: [179, 407], endpoints: ['unix:pid=5489', 'unix:/run/pasta/ctl.sock'], ends: ['fin', ''] }],
  },
  {
    input: 'captures/pesto/p67-strace-octal.strace.txt',
    connections: [{ bytes: [123, 463], endpoints: ['unix:pid=5499', 'unix:/run/pasta/ctl.sock'], ends: ['fin', ''] }],
  },
  {
    input: 'captures/pesto/p69-strace-server-attached.strace.txt',
    connections: [
      { bytes: [67, 463], endpoints: ['unix:pid=5523', 'unix:pid=5462'], ends: ['', 'fin'] },
      { bytes: [0, 351], endpoints: ['unix:pid=5579', 'unix:pid=5462'], ends: ['fin', 'fin'] },
    ],
  },
  {
    input: 'captures/pesto/p59-socat.socat.txt',
    connections: [{ bytes: [179, 407], endpoints: ['unix:left', 'unix:right'], ends: ['', ''] }],
  },
  {
    input: { client: 'captures/pesto/p59-socat.c2s.raw', server: 'captures/pesto/p59-socat.s2c.raw' },
    connections: [{ bytes: [179, 407], endpoints: ['unix:client', 'unix:server'], ends: ['', ''] }],
  },
  {
    input: 'captures/arca/a21-strace.strace.txt',
    connections: [
      { bytes: [39, 53], endpoints: ['unix:pid=24223', 'unix:/run/arca/control.sock'], ends: ['fin', 'fin'] },
    ],
  },
  {
    input: 'captures/nbd/unix-strace-client.txt',
    connections: [{ bytes: [767, 1299], endpoints: ['unix:pid=25385', 'unix:/tmp/nbd-rec/a.sock'], ends: ['fin', ''] }],
  },
  {
    input: 'captures/nbd/unix-socat-hex.txt',
    connections: [{ bytes: [527, 761], endpoints: ['unix:left', 'unix:right'], ends: ['', ''] }],
  },
  {
    input: { client: 'captures/nbd/unix-socat-raw.client.bin', server: 'captures/nbd/unix-socat-raw.server.bin' },
    connections: [{ bytes: [13_152, 21_278], endpoints: ['unix:client', 'unix:server'], ends: ['', ''] }],
  },
];

const nameOf = (input: Known['input']): string => (typeof input === 'string' ? input : input.client);

describe('real text recordings', () => {
  for (const { input, connections } of KNOWN)
    it(`gives the streams of ${nameOf(input)} whole`, async () => {
      const found = await readFile(input);
      expect(
        found.connections.map((c) => ({
          bytes: c.streams.map((s) => s.length),
          endpoints: c.endpoints,
          ends: c.ends,
          opened: c.opened,
        })),
      ).toEqual(connections.map((c) => ({ opened: true, ...c })));
    });

  it('gives the same bytes for one session recorded five ways', async () => {
    const ways = KNOWN.filter((k) => k.connections[0]!.bytes[0] === 179).map((k) => k.input);
    expect(ways).toHaveLength(4);
    const digests = await Promise.all(
      ways.map(async (input) => {
        const [first] = (await readFile(input)).connections;
        return first!.streams.map((s) => createHash('sha256').update(s, 'latin1').digest('hex')).join(' ');
      }),
    );
    // p58, p66 and p59 (text and raw) recorded the same commands against servers in the same state
    expect(new Set(digests).size).toBe(1);
  });

  for (const { input } of KNOWN.filter((k) => typeof k.input === 'string'))
    it(`does not depend on how ${nameOf(input)} arrives`, () => {
      const bytes = readFileSync(input as string);
      const whole = readText(bytes);
      for (const chop of [1, 7, 4096]) {
        if (chop === 1 && bytes.length > 30_000) continue;
        const chopped = readText(bytes, { chop });
        expect(chopped.connections).toEqual(whole.connections);
        expect(chopped.times).toEqual(whole.times);
        expect(chopped.notes).toEqual(whole.notes);
      }
    });

  it('reads a text that ends anywhere up to its end', () => {
    for (const path of ['captures/pesto/p66-strace-xx.strace.txt', 'captures/pesto/p59-socat.socat.txt']) {
      const bytes = readFileSync(path);
      const whole = readText(bytes).connections[0]!;
      for (let length = 200; length < bytes.length; length += 37) {
        const cut = readText(bytes.subarray(0, length)).connections[0];
        for (const side of [0, 1] as const) {
          const known = (cut?.streams[side] ?? '').replace(/<\d+>$/, '');
          expect(whole.streams[side].startsWith(known)).toBe(true);
        }
      }
    }
  });

  it('never throws or hangs on damaged text', () => {
    let seed = 12_345;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed % n;
    };
    const marks = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      '<',
      '>',
      '(',
      ')',
      ',',
      '\n',
      '\0',
      '...',
      ' = ',
      'msg_iov=[',
      '\\x',
    ];
    for (const path of ['captures/pesto/p58-strace-yy.strace.txt', 'captures/pesto/p59-socat.socat.txt']) {
      const text = readFileSync(path, 'latin1');
      for (let round = 0; round < 150; round++) {
        let damaged = text;
        for (let k = random(12); k >= 0; k--) {
          const at = 400 + random(text.length - 400);
          damaged = damaged.slice(0, at) + marks[random(marks.length)]! + damaged.slice(at + random(40));
        }
        const found = readText(damaged);
        for (const connection of found.connections)
          expect(connection.streams.join('').length).toBeLessThan(text.length * 2);
      }
    }
  });
});
