import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rehearse } from '../../src/engine/rehearsal.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import type { LearnedKeys } from '../../src/protocols/msgr2/secure/key-chain.js';
import type { MessageEvent, StreamEvent } from '../../src/report/event-object.js';
import { blame, collect, type Collected } from '../kit/collect.js';

type Counts = Record<string, number>;

/** What a separate decoder found, and the daemons' own logs confirm: by direction, client first. */
interface Expected {
  readonly keyring: string;
  readonly connections: readonly {
    readonly ends: readonly [string, string];
    readonly mode: 'crc' | 'secure';
    readonly tags: readonly [Counts, Counts];
    readonly types: readonly [Counts, Counts];
    readonly sessionKey: string;
    readonly connectionSecret?: string;
  }[];
}

const folder = new URL('../../captures/msgr2/', import.meta.url).pathname;
const expected = JSON.parse(readFileSync(`${folder}secure-expect.json`, 'utf8')) as Record<string, Expected>;
const keyrings = ['secure.keyring', 'rev0-secure.keyring', 'default.keyring'].map((name) => folder + name);
const DIRECTIONS = ['client-to-server', 'server-to-client'] as const;

function count(list: readonly unknown[]): Counts {
  const out: Counts = {};
  for (const x of list) out[String(x)] = (out[String(x)] ?? 0) + 1;
  return out;
}

function streamOf(all: Collected, ends: readonly [string, string]): StreamEvent {
  const stream = all.streams.find((s) => s.client === ends[0] && s.server === ends[1]);
  expect(stream, `${ends[0]} to ${ends[1]}`).toBeDefined();
  return stream!;
}

function opaqueNotes(all: Collected): string[] {
  return all.findings.filter((f) => f.rule === 'capture/opaque').map((f) => f.text);
}

describe('recorded connections in secure mode', () => {
  for (const [file, { connections }] of Object.entries(expected)) {
    it(`${file}: tags and types of ${connections.length} connections, with the keyrings of several clusters`, async () => {
      const all = await collect(folder + file, { only: [msgr2], keyrings });
      for (const x of connections) {
        const stream = streamOf(all, x.ends);
        const mine = all.messages.filter((m) => m.stream === stream.stream && m.name !== 'BANNER');
        DIRECTIONS.forEach((direction, i) => {
          const sent = mine.filter((m) => m.direction === direction);
          expect(count(sent.map((m) => m.name)), `${x.ends[i]} tags`).toEqual(x.tags[i]);
          const types = sent.filter((m) => m.name === 'MESSAGE').map((m) => m.fields['typeCode']);
          expect(count(types), `${x.ends[i]} types`).toEqual(x.types[i]);
        });
        expect(stream.session['clientSignature'], 'client signature').toBe('verified');
        expect(stream.session['serverSignature'], 'server signature').toBe('verified');
      }
      expect(blame(all.findings)).toEqual([]);
    });

    it(`${file}: every byte of every direction is part of a message`, async () => {
      const all = await collect(folder + file, { only: [msgr2], keyrings });
      for (const x of connections) {
        const stream = streamOf(all, x.ends);
        for (const direction of DIRECTIONS) {
          const mine = all.messages.filter((m) => m.stream === stream.stream && m.direction === direction);
          let next = 0;
          for (const m of mine) {
            expect(m.offset, `${m.name} ${m.index}`).toBe(next);
            next += m.length;
          }
          expect(next).toBe(stream.bytes[direction]);
        }
      }
    });

    it(`${file}: keys appear only where secrets are asked for`, async () => {
      const keys = connections.flatMap((x) => [x.sessionKey, ...(x.connectionSecret ? [x.connectionSecret] : [])]);
      const text = JSON.stringify((await collect(folder + file, { only: [msgr2], keyrings })).events);
      expect(keys.filter((key) => text.includes(key.slice(0, 32)))).toEqual([]);
      const shown = await collect(folder + file, { only: [msgr2], keyrings, showSecrets: true });
      for (const x of connections) {
        const { session } = streamOf(shown, x.ends);
        expect(session['sessionKey']).toBe(x.sessionKey);
        if (x.mode === 'secure') expect(session['connectionSecret']).toBe(x.connectionSecret);
      }
    });
  }

  it('says own of what one direction and the keyring tell, and peer of the rest', async () => {
    const all = await collect(`${folder}secure-mon-osd.pcap`, { only: [msgr2], keyrings });
    const secret = (m: MessageEvent): boolean => m.name === 'CLIENT_IDENT' || m.name === 'SERVER_IDENT';
    const contexts = all.messages.filter(secret).map((m) => `${m.direction} ${m.context}`);
    // the login's reply holds all that the monitor's own direction needs; an OSD's ticket came over another connection
    expect(contexts.sort()).toEqual([
      'client-to-server peer',
      'client-to-server peer',
      'server-to-client own',
      'server-to-client peer',
    ]);
  });

  it('stays encrypted without keys, by the same bytes as before', async () => {
    const all = await collect(`${folder}secure-mon-osd.pcap`, { only: [msgr2] });
    expect(all.messages.some((m) => m.name === 'MESSAGE')).toBe(false);
    // the reason is one for all of them, and the bytes are in each stream's footer
    expect(opaqueNotes(all).length).toBe(1);
  });
});

describe('keys that do not open a recording', () => {
  const secure = `${folder}secure-mon-osd.pcap`;

  it('of another cluster: one note a connection, and no error of a peer', async () => {
    const all = await collect(secure, { only: [msgr2], keyrings: [`${folder}rev0-secure.keyring`] });
    const notes = opaqueNotes(all);
    expect(notes.length).toBe(2);
    expect(notes.filter((text) => /of another cluster/.test(text)).length).toBe(1);
    expect(notes.filter((text) => /its ticket for osd/.test(text)).length).toBe(1);
    expect(blame(all.findings)).toEqual([]);
  });

  it('explains a refused login by a proof that was made with another key', async () => {
    const all = await collect(`${folder}secure-wrongkey.pcap`, { only: [msgr2], keyrings });
    const proof = all.findings.filter((f) => f.rule === 'msgr2/cephx-proof');
    expect(proof.map((f) => f.severity)).toEqual(['note']);
    expect(blame(all.findings)).toEqual([]);
  });
});

describe('tickets that turn up later', () => {
  it('are found by a first pass over all inputs', async () => {
    const options = {
      limits: DEFAULT_LIMITS,
      protocols: [msgr2],
      decodeAs: [],
      streams: new Set<number>(),
      levels: new Map(),
      details: false,
      bytes: false,
      keyrings,
      showSecrets: false,
    };
    const files = Object.keys(expected).map((name) => folder + name);
    const learned = await rehearse(files, options);
    // plain data, which can go to another thread
    expect(structuredClone(learned)).toEqual(learned);
    // with no entity's key at all, the tickets alone open the connections to OSDs
    const all = await collect(`${folder}secure-mon-osd.pcap`, { only: [msgr2], learned });
    const osd = all.streams.find((s) => s.server.endsWith(':6804'))!;
    expect(osd.session['clientSignature']).toBe('verified');
    expect(all.messages.some((m) => m.stream === osd.stream && m.fields['messageType'] === 'MSG_OSD_OP')).toBe(true);
  });

  it('can be replaced by the rotating secrets that a daemon has fetched', async () => {
    const options = { limits: DEFAULT_LIMITS, protocols: [msgr2], decodeAs: [], streams: new Set<number>() };
    const rest = {
      levels: new Map(),
      details: false,
      bytes: false,
      showSecrets: false,
      keyrings: [`${folder}rev0-crc.keyring`],
    };
    const capture = `${folder}rev0-crc-boot.pcap.gz`;
    const learned = (await rehearse([capture], { ...options, ...rest }))!['msgr2'] as LearnedKeys;
    expect(learned.secrets.length).toBe(3);
    // as if every ticket had been handed out before the recording
    const all = await collect(capture, { only: [msgr2], learned: { msgr2: { ...learned, tickets: [] } } });
    const verified = all.streams.filter((s) => s.session['serverSignature'] === 'verified');
    expect(verified.length).toBeGreaterThan(5);
    expect(new Set(verified.map((s) => s.session['serverType']))).toEqual(new Set(['osd']));
    expect(blame(all.findings)).toEqual([]);
  });

  it('needs no first pass without keys, nor where nothing can be read twice', async () => {
    const options = { limits: DEFAULT_LIMITS, protocols: [msgr2], decodeAs: [], streams: new Set<number>() };
    const rest = { levels: new Map(), details: false, bytes: false, showSecrets: false };
    expect(await rehearse([`${folder}secure-mon-osd.pcap`], { ...options, ...rest, keyrings: [] })).toBeUndefined();
    expect(await rehearse(['-'], { ...options, ...rest, keyrings })).toBeUndefined();
  });
});
