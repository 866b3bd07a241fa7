import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIN } from '../../src/link/segment.js';
import { TcpScript } from '../kit/tcp-script.js';

interface Piece {
  readonly from: 0 | 1;
  readonly at: number;
  readonly text: string;
  readonly fin: boolean;
}

const content = fc.string({ unit: fc.constantFrom(...'abcdeghjkmopqstuvwxyz0123456789'), maxLength: 120 });
const isn = fc.oneof(fc.constantFrom(0, 0xffff_ffff, 0xffff_ffc0, 0x7fff_ffc0, 0x8000_0000), fc.nat(0xffff_ffff));

/** The stream cut at the given places, possibly with overlapping pieces. */
function pieces(from: 0 | 1, text: string, cuts: readonly number[], overlap: number): Piece[] {
  const places = [...new Set([0, ...cuts.map((c) => c % (text.length + 1)), text.length])].sort((a, b) => a - b);
  const out: Piece[] = [];
  for (let i = 0; i + 1 < places.length; i++) {
    const at = Math.max(places[i]! - (i % 3 === 2 ? overlap : 0), 0);
    out.push({ from, at, text: text.slice(at, places[i + 1]!), fin: false });
  }
  out.push({ from, at: text.length, text: '', fin: true });
  return out;
}

/** Moves each item by a few places at most, as captures do. */
function jumble<T>(items: readonly T[], keys: readonly number[], reach: number): T[] {
  return items
    .map((item, i) => ({ item, key: i + ((keys[i % Math.max(keys.length, 1)] ?? 0) % (reach + 1)) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const session = fc.record({
  client: content,
  server: content,
  clientCuts: fc.array(fc.nat(), { maxLength: 12 }),
  serverCuts: fc.array(fc.nat(), { maxLength: 12 }),
  overlap: fc.nat(20),
  keys: fc.array(fc.nat(), { maxLength: 40 }),
  doubled: fc.array(fc.nat(), { maxLength: 8 }),
  isn,
  peerIsn: isn,
});

function interleaved(s: {
  client: string;
  server: string;
  clientCuts: number[];
  serverCuts: number[];
  overlap: number;
}): Piece[] {
  const a = pieces(0, s.client, s.clientCuts, s.overlap);
  const b = pieces(1, s.server, s.serverCuts, s.overlap);
  const all: Piece[] = [];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] !== undefined) all.push(a[i]!);
    if (b[i] !== undefined) all.push(b[i]!);
  }
  return all;
}

function play(script: TcpScript, piece: Piece, isns: { isn: number; peerIsn: number }): void {
  const { isn, peerIsn } = isns;
  const spec = { at: piece.at, ack: 0, flags: piece.fin ? FIN : 0 };
  if (piece.from === 0) script.client(piece.text, { ...spec, isn, peerIsn });
  else script.server(piece.text, { ...spec, isn: peerIsn, peerIsn: isn });
}

describe('whatever becomes of the packets on their way', () => {
  it('the same bytes come out: any segmentation, order, duplication, sequence numbers', () => {
    fc.assert(
      fc.property(session, (s) => {
        const script = new TcpScript().handshake(s);
        let list = jumble(interleaved(s), s.keys, 1000);
        for (const d of s.doubled) list.push(list[d % list.length]!);
        list = jumble(list, [...s.keys].reverse(), 30);
        for (const piece of list) play(script, piece, s);
        script.end();
        expect(script.streams).toHaveLength(1);
        expect(script.log.content).toEqual([s.client, s.server]);
        expect(script.log.notes).toEqual([]);
        expect(script.lines.filter((l) => !/^(client|server) [a-z0-9]+$/.test(l) || / fin$/.test(l)).sort()).toEqual([
          'client fin',
          'closed',
          'server fin',
        ]);
      }),
      { numRuns: 400 },
    );
  });

  it('every byte is delivered once or announced as missing, in its place', () => {
    fc.assert(
      fc.property(session, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (s, lost) => {
        const script = new TcpScript({ gapGracePackets: 4 }).handshake(s);
        const list = jumble(
          interleaved(s).filter((piece, i) => piece.fin || !lost[i % lost.length]),
          s.keys,
          3,
        );
        for (const piece of list) play(script, piece, s);
        script.end();
        [s.client, s.server].forEach((whole, from) => {
          let at = 0;
          for (const part of script.log.content[from]!.match(/<\d+>|[a-z0-9]+/g) ?? []) {
            const gap = /^<(\d+)>$/.exec(part)?.[1];
            if (gap === undefined) expect(part).toBe(whole.slice(at, at + part.length));
            at += gap === undefined ? part.length : Number(gap);
          }
          expect(at).toBe(whole.length);
        });
      }),
      { numRuns: 400 },
    );
  });

  it('cut packets lose exactly what was cut', () => {
    fc.assert(
      fc.property(session, fc.nat(12), (s, snap) => {
        const script = new TcpScript().handshake(s);
        for (const piece of jumble(interleaved(s), s.keys, 6)) {
          const { isn, peerIsn } = s;
          const spec = { at: piece.at, ack: 0, flags: piece.fin ? FIN : 0, length: piece.text.length };
          const text = piece.text.slice(0, snap);
          if (piece.from === 0) script.client(text, { ...spec, isn, peerIsn });
          else script.server(text, { ...spec, isn: peerIsn, peerIsn: isn });
        }
        script.end();
        [s.client, s.server].forEach((whole, from) => {
          const length = script.log.content[from]!.replace(/<(\d+) cut>/g, (_, n: string) =>
            '.'.repeat(Number(n)),
          ).length;
          expect(length).toBe(whole.length);
          expect(script.log.content[from]).not.toMatch(/<\d+>/);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('hostile segments neither throw nor deliver behind the end, and limits hold', () => {
    const anySegment = fc.record({
      from: fc.constantFrom(0, 1),
      at: fc.oneof(fc.integer({ min: -20, max: 60 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 })),
      ack: fc.option(fc.oneof(fc.integer({ min: -20, max: 60 }), fc.nat(0xffff_ffff))),
      flags: fc.nat(0x1f),
      text: content,
      extra: fc.nat(100),
      port: fc.constantFrom(1, 2, 3),
    });
    fc.assert(
      fc.property(fc.array(anySegment, { maxLength: 60 }), (segments) => {
        const script = new TcpScript({
          flows: 2,
          outOfOrderBytes: 200,
          outOfOrderSegments: 5,
          bufferedBytes: 3000,
          gapGracePackets: 3,
        });
        for (const { from, text, extra, ...spec } of segments) {
          const s = { ...spec, length: text.length + (extra > 90 ? extra : 0) };
          if (from === 0) script.client(text, s);
          else script.server(text, s);
        }
        script.end();
        for (const stream of script.streams) expect(stream.closedAs).not.toBeNull();
        expect(script.streams.map((s) => s.connection.id).sort((a, b) => a - b)).toEqual(
          script.streams.map((_, i) => i + 1),
        );
      }),
      { numRuns: 500 },
    );
  });
});
