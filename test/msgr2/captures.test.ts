import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import type { MessageEvent } from '../../src/report/event-object.js';
import { blame, collect, type Collected } from '../kit/collect.js';

type Counts = Record<string, number>;

/** What a separate decoder found, and the daemons' own logs confirm: by direction, client first. */
interface Expected {
  readonly ends: readonly [string, string];
  readonly tags: readonly [Counts, Counts];
  readonly types: readonly [Counts, Counts];
  /** First and last sequence number, and how many. */
  readonly seqs: readonly [readonly number[] | null, readonly number[] | null];
}

const folder = new URL('../../captures/msgr2/', import.meta.url).pathname;
const expected = JSON.parse(readFileSync(`${folder}expect.json`, 'utf8')) as Record<string, Expected[]>;

function count(list: readonly (string | undefined)[]): Counts {
  const out: Counts = {};
  for (const x of list) if (x !== undefined) out[x] = (out[x] ?? 0) + 1;
  return out;
}

/** A connection's messages by the end that sent them: a stream that was joined late may not know which is its client. */
function byEnd(all: Collected, ends: readonly [string, string]): [MessageEvent[], MessageEvent[]] {
  const stream = all.streams.find(
    (s) => (s.client === ends[0] && s.server === ends[1]) || (s.client === ends[1] && s.server === ends[0]),
  );
  expect(stream, `${ends[0]} to ${ends[1]}`).toBeDefined();
  const of = (direction: string) =>
    all.messages.filter((m) => m.stream === stream!.stream && m.direction === direction && m.name !== 'BANNER');
  const forward = of('client-to-server');
  const back = of('server-to-client');
  return stream!.client === ends[0] ? [forward, back] : [back, forward];
}

describe('recorded Ceph connections', () => {
  for (const [file, connections] of Object.entries(expected)) {
    it(`${file}: tags, types and numbers of ${connections.length} connections`, async () => {
      const all = await collect(folder + file, { only: [msgr2] });
      for (const x of connections) {
        const known = byEnd(all, x.ends);
        const sides = known[0].length + known[1].length > 0 ? known : null;
        // roles that nobody can tell are `unknown`: then both directions are compared together
        const total = (a: Counts, b: Counts): Counts =>
          [...new Set([...Object.keys(a), ...Object.keys(b)])].reduce<Counts>(
            (sum, k) => ({ ...sum, [k]: (a[k] ?? 0) + (b[k] ?? 0) }),
            {},
          );
        if (sides === null) {
          const stream = all.streams.find((s) => x.ends.includes(s.client) && x.ends.includes(s.server))!;
          const mine = all.messages.filter((m) => m.stream === stream.stream);
          expect(count(mine.map((m) => m.name)), x.ends[0]).toEqual(total(...x.tags));
          continue;
        }
        for (const i of [0, 1] as const) {
          expect(count(sides[i].map((m) => m.name)), `${x.ends[i]} tags`).toEqual(x.tags[i]);
          const messages = sides[i].filter((m) => m.name === 'MESSAGE');
          expect(count(messages.map((m) => String(m.fields['typeCode']))), `${x.ends[i]} types`).toEqual(x.types[i]);
          const seqs = messages.map((m) => Number(m.fields['seq']));
          if (x.seqs[i] !== null && seqs.length > 0) {
            expect([seqs[0], seqs.at(-1), seqs.length], `${x.ends[i]} numbers`).toEqual(x.seqs[i]);
          }
        }
      }
    });
  }

  it.each(Object.keys(expected))('%s: no error is blamed on a peer', async (file) => {
    const all = await collect(folder + file, { only: [msgr2] });
    const errors = blame(all.findings).filter((text) => !text.startsWith('msgr2/banner-v1-peer'));
    expect(errors).toEqual([]);
  });

  it('pairs OSD operations with their replies', async () => {
    const all = await collect(`${folder}crc-latejoin.pcap.gz`, { only: [msgr2] });
    const replies = all.messages.filter((m) => m.fields['messageType'] === 'MSG_OSD_OPREPLY');
    expect(replies.length).toBeGreaterThan(90);
    const byIndex = new Map(all.messages.map((m) => [`${m.stream} ${m.index}`, m]));
    for (const m of replies) {
      if (m.inReplyTo === null) continue;
      const request = byIndex.get(`${m.stream} ${m.inReplyTo}`)!;
      expect(request.fields['messageType']).toBe('MSG_OSD_OP');
      expect(request.fields['tid']).toBe(m.fields['tid']);
    }
    expect(replies.filter((m) => m.inReplyTo !== null).length).toBeGreaterThan(90);
  });

  it('explains the fault captures', async () => {
    const rules = async (file: string) =>
      (await collect(folder + file, { only: [msgr2] })).findings.map((f) => f.rule).sort();
    expect(await rules('crc-wrongkey.pcap')).toContain('msgr2/auth-refused');
    expect(await rules('none-client-cephx.pcap')).toContain('msgr2/auth-refused');
    expect(await rules('crc-reset.pcap.gz')).toContain('msgr2/reset-received');
    expect(await rules('v1client-to-v2port.pcap')).toContain('msgr2/banner-v1-peer');
    expect(await rules('default-watch.pcap')).toContain('capture/opaque');
  });

  it('annotates every message down to its last byte', async () => {
    const files = ['crc-omap.pcap.gz', 'rev0-crc-boot.pcap.gz', 'crc-reset.pcap.gz', 'default-watch.pcap'];
    for (const file of files) {
      const all = await collect(folder + file, { only: [msgr2] });
      for (const m of all.messages) {
        if (m.name !== 'MESSAGE') expect(Object.keys(m.fields), `${file} ${m.name}`).not.toContain('rest');
        expect(m.context).toBe('own');
      }
    }
  });
});
