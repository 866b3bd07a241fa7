import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { NotACapture } from '../../src/capture/packet.js';
import type { ProbeInput, Protocol } from '../../src/contract/protocol.js';
import { arca } from '../../src/protocols/arca/index.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import type { Connection } from '../../src/stream/byte-stream.js';
import { collect } from '../kit/collect.js';
import { Dice, foreignTraffic, type Foreign } from './foreign-traffic.js';

/*
 * How often does the probe claim what is not Arca's? The bounded run is part of the tests. The large one:
 *   CLAIMS_MEGABYTES=100 CLAIMS_SEED=1 CLAIMS_CAPTURES=FOLDER npx vitest run test/arca/false-claims.test.ts
 * CLAIMS_CAPTURES names a folder of recordings; those in folders or files named after Arca are left out.
 */
const MEGABYTES = Number(process.env.CLAIMS_MEGABYTES ?? 2);
const FOLDER = process.env.CLAIMS_CAPTURES ?? 'captures';
const LARGE = process.env.CLAIMS_MEGABYTES !== undefined;
const SEED = Number(process.env.CLAIMS_SEED ?? 0xa2ca);
const TIMEOUT = 600_000;

function connection(start: 'captured' | 'missed'): Connection {
  return {
    id: 1,
    transport: 'tcp',
    endpoints: ['192.0.2.1:40000', '192.0.2.2:9'],
    ports: [40000, 9],
    start,
    initiatorKnown: start === 'captured',
    ordered: true,
    heard: [true, true],
    vlan: -1,
    comment: '',
  };
}

/** Lets the bytes arrive in growing portions, as the classifier does; true where any look ends in a claim. */
function isClaimed(client: Uint8Array, server: Uint8Array, start: 'captured' | 'missed'): boolean {
  const c = connection(start);
  const most = Math.max(client.length, server.length);
  for (let n = 1; ; n = Math.min(most, n < 64 ? n + 1 : n * 2)) {
    const last = n >= most;
    const input: ProbeInput = {
      connection: c,
      bytes: [client.subarray(0, n), server.subarray(0, n)],
      at: [0, 0],
      ended: [last, last],
      cut: [false, false],
      classification: {},
      limits: DEFAULT_LIMITS,
      limited: () => undefined,
    };
    const result = arca.probe(input);
    if (result !== null && result !== 'more') return true;
    if (result === null || last) return false;
  }
}

class Count {
  streams = 0;
  looks = 0;
  bytes = 0;
  readonly wrong: string[] = [];

  /** Looks at a stream from its start, from arbitrary offsets, and at each direction alone. */
  look(f: Foreign, dice: Dice): void {
    this.streams++;
    this.bytes += f.client.length + f.server.length;
    const none = new Uint8Array(0);
    const tries: [Uint8Array, Uint8Array, 'captured' | 'missed'][] = [
      [f.client, f.server, 'captured'],
      [f.server, f.client, 'captured'],
      [f.client, none, 'captured'],
      [none, f.server, 'captured'],
    ];
    for (let i = 0; i < 6; i++) {
      const a = f.client.subarray(dice.below(f.client.length + 1));
      const b = f.server.subarray(dice.below(f.server.length + 1));
      tries.push([a, b, 'missed'], [a, none, 'missed'], [none, b, 'captured']);
    }
    for (const [a, b, start] of tries) {
      if (a.length + b.length === 0) continue;
      this.looks++;
      if (isClaimed(a, b, start)) this.wrong.push(`${f.kind}: ${hexOf(a)} | ${hexOf(b)} (${start})`);
    }
  }

  report(what: string): void {
    if (!LARGE) return;
    console.log(
      `${what}: ${this.wrong.length} wrong claims in ${this.streams} streams, ${this.looks} looks, ${(this.bytes / 1e6).toFixed(1)} MB`,
    );
  }
}

function hexOf(b: Uint8Array): string {
  return [...b.subarray(0, 40)].map((x) => x.toString(16).padStart(2, '0')).join('');
}

/** Keeps the bytes of every stream of a recording, as far as the classifier buffers them. */
function collector(): { spy: Protocol; streams: Map<string, Foreign> } {
  const streams = new Map<string, Foreign>();
  const spy: Protocol = {
    ...nbd,
    probe({ connection: c, bytes, cut }) {
      const key = `${c.id} ${cut.join()}`;
      streams.set(key, { kind: c.endpoints.join(' -> '), client: bytes[0].slice(), server: bytes[1].slice() });
      return 'more';
    },
  };
  return { spy, streams };
}

function recordings(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      if (/arca/i.test(name)) return [];
      return statSync(path).isDirectory() ? recordings(path) : [path];
    })
    .filter((path) => /\.(pcap|pcapng)(\.gz)?$|strace.*\.txt$|socat.*\.txt$/.test(path));
}

describe('wrong claims', () => {
  it(
    'none in generated traffic',
    () => {
      const count = new Count();
      const dice = new Dice(SEED + 1);
      for (const f of foreignTraffic(SEED, MEGABYTES * 1e6)) count.look(f, dice);
      count.report('generated');
      expect(count.wrong).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'none in recordings of other protocols',
    async () => {
      expect(existsSync(FOLDER)).toBe(true);
      const count = new Count();
      const dice = new Dice(SEED + 2);
      const claimed: string[] = [];
      for (const path of recordings(FOLDER)) {
        const { spy, streams } = collector();
        try {
          await collect(path, { only: [spy] });
        } catch (error) {
          if (error instanceof NotACapture) continue;
          throw error;
        }
        for (const f of streams.values()) count.look(f, dice);
        const alone = await collect(path, { only: [arca] });
        for (const s of alone.streams) if (s.protocol !== null) claimed.push(`${path} stream ${s.stream}`);
      }
      count.report('recorded');
      expect(count.streams).toBeGreaterThan(10);
      expect(count.wrong).toEqual([]);
      expect(claimed).toEqual([]);
    },
    TIMEOUT,
  );
});
