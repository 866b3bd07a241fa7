import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStream } from '../../src/capture/source.js';
import { scratch } from '../kit/cli.js';
import { accounting, analyzeBytes, type Analyzed } from '../kit/in-memory.js';
import { pcapFile, PcapngWriter } from '../kit/pcap-writer.js';
import { packetFile as file, sessionPackets, type SessionPacket } from '../kit/session-packets.js';
import { notABeginning } from './beginnings.js';
import { blamed, cutShort, errorsOf, RUNS, wholeSessions } from './sessions.js';

/** What must not depend on how the packets came: no packet numbers, times and indexes. */
function substance(a: Analyzed): { messages: unknown[]; findings: unknown[] } {
  const messages = a.messages
    .map(({ index: _i, packet: _p, time: _t, inReplyTo: _r, file: _f, ...rest }) => rest)
    // each direction in its order; how they mesh is a matter of capture order
    .sort((x, y) => x.side - y.side || x.offset - y.offset);
  const findings = a.findings
    .map((f) => `${f.rule} ${f.severity} ${f.confidence} ${f.party} ${f.direction} ${f.offset}+${f.length}`)
    .sort();
  return { messages, findings };
}

/** The same without findings that the order between the directions decides: those are likely at most. */
function certain(a: Analyzed): { messages: unknown[]; findings: unknown[] } {
  return substance({ ...a, findings: a.findings.filter((f) => f.confidence === 'certain') });
}

function frames(packets: readonly SessionPacket[]): { data: Uint8Array; nanos: number }[] {
  return packets.map((p, i) => ({ data: p.frame, nanos: i * 1_000_000 }));
}

const sessions = await wholeSessions();

describe.each(sessions.map((s) => [s.name, s] as const))('%s', (_, { steps, port }) => {
  const whole = (size: (left: number) => number = (n) => n): SessionPacket[] => sessionPackets(steps, port, size);
  const plain = analyzeBytes(file(whole()));
  const expected = substance(plain);

  it('decodes, with every byte accounted for', () => {
    expect(plain.messages.length).toBeGreaterThan(0);
    expect(plain.unaccounted).toEqual([]);
  });

  it('is the same whatever the segmentation', () => {
    expect(substance(analyzeBytes(file(whole(() => 1))))).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        let i = 0;
        const cut = analyzeBytes(file(whole(() => sizes[i++ % sizes.length]!)));
        expect(substance(cut)).toEqual(expected);
        expect(cut.unaccounted).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same whatever the order of neighbouring packets of a direction', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 8, maxLength: 60 }), (moves) => {
        const packets = whole((n) => Math.min(n, 40));
        const moved = analyzeBytes(file(shuffled(packets, moves)));
        expect(certain(moved)).toEqual(certain(plain));
        expect(moved.unaccounted).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same with packets that came twice', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 8, maxLength: 60 }), (twice) => {
        const packets = whole((n) => Math.min(n, 100)).flatMap((p, i) => (twice[i % twice.length] ? [p, p] : [p]));
        expect(substance(analyzeBytes(file(packets)))).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same in every format', async () => {
    const packets = frames(whole());
    for (const options of [{ littleEndian: false }, { nanoseconds: true }, { modified: true }])
      expect(substance(analyzeBytes(pcapFile(packets, options)))).toEqual(expected);
    expect(substance(analyzeBytes(file(whole()), 'stream'))).toEqual(expected);
    const ng = new PcapngWriter().section().interface();
    for (const p of packets) ng.packet(p);
    expect(substance(analyzeBytes(ng.done()))).toEqual(expected);
    const packed = gzipSync(file(whole()));
    for (const chunk of [packed.length, 100]) {
      const { analysis, result } = accounting();
      const live = analysis.live('capture');
      const chunks: Buffer[] = [];
      for (let at = 0; at < packed.length; at += chunk) chunks.push(packed.subarray(at, at + chunk));
      await openStream('capture', () => Readable.from(chunks)).read(live.sink);
      live.end();
      expect(substance(result)).toEqual(expected);
    }
    const path = join(folder, 'capture');
    writeFileSync(path, packed);
    const { analysis, result } = accounting();
    await analysis.run(path);
    expect(substance(result)).toEqual(expected);
  });

  it('gives each direction its own messages, alone', () => {
    const errors = errorsOf(plain);
    for (const from of ['client', 'server'] as const) {
      const way = `${from}-to-${from === 'client' ? 'server' : 'client'}`;
      const alone = analyzeBytes(file(whole().filter((p) => p.from === from)));
      // which of Ceph's messengers a connection speaks, a side that speaks v2 decides: without it, a banner of v1 is v1
      if (alone.messages.every((m) => m.protocol !== plain.messages[0]?.protocol)) continue;
      const key = (m: Analyzed['messages'][number]): string => JSON.stringify([m.name, m.offset, m.length, m.fields]);
      const got = new Set(alone.messages.filter((m) => m.direction === way).map(key));
      const own = plain.messages.filter((m) => m.direction === way && m.context === 'own').map(key);
      expect(
        own.filter((m) => !got.has(m)),
        `${from} alone`,
      ).toEqual([]);
      expect(alone.unaccounted).toEqual([]);
      expect(blamed(alone, errors), `${from} alone`).toEqual([]);
    }
  });

  it('cut at any byte is a beginning of it, and says so once', () => {
    const bytes = file(whole());
    const errors = errorsOf(plain);
    const borders = new Set<number>([24]);
    for (let at = 24; at < bytes.length;) {
      at += 16 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 8, true);
      borders.add(at);
    }
    const stride = Math.max(1, Math.floor(bytes.length / (10 * RUNS)));
    for (let cut = 25; cut < bytes.length; cut += stride) {
      const part = analyzeBytes(bytes.subarray(0, cut));
      const told = part.findings.filter((f) => f.rule === 'capture/truncated');
      expect(told, `cut at ${cut}`).toHaveLength(borders.has(cut) ? 0 : 1);
      expect(part.unaccounted, `cut at ${cut}`).toEqual([]);
      expect(blamed(part, errors), `cut at ${cut}`).toEqual([]);
      expect(notABeginning(part, plain), `cut at ${cut}`).toEqual([]);
    }
  });

  it.each([1, 5, 20])('with %d %% of its packets lost blames nobody for it', (percent) => {
    const errors = errorsOf(plain);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1400 }), fc.integer(), (mss, seed) => {
        const lost = cutShort(
          whole((n) => Math.min(n, mss)),
          percent,
          seed,
        );
        const result = analyzeBytes(file(lost));
        expect(blamed(result, errors)).toEqual([]);
        expect(result.unaccounted).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

const folder = scratch();

/** Packets with payload trade places with later ones of their direction, a few packets on; set-up and ends stay. */
function shuffled(packets: readonly SessionPacket[], moves: readonly number[]): SessionPacket[] {
  const out = [...packets];
  for (let i = 3; i < out.length; i++) {
    const j = i + moves[i % moves.length]!;
    const [a, b] = [out[i]!, out[j]];
    if (b === undefined || j === i || a.payload === 0 || b.payload === 0 || a.from !== b.from) continue;
    out[i] = b;
    out[j] = a;
    // a packet that was moved stays: carried on, it would leave the window in which it is waited for
    i = j;
  }
  return out;
}
