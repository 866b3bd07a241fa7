import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { ACK, Segment, SYN } from '../../src/link/segment.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { GivenUp } from '../../src/stream/given-up.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { TcpScript } from '../kit/tcp-script.js';

const START = 1_700_000_000;

describe('limits', () => {
  it('outOfOrderBytes: the hole is given up when more wait behind it, and it is said once', () => {
    const script = new TcpScript({ outOfOrderBytes: 10 }).handshake();
    for (let i = 0; i < 8; i++) script.client('abcd', { at: 4 + 8 * i });
    expect(script.log.content[0].startsWith('<4>abcd<4>abcd')).toBe(true);
    expect(script.log.notes).toHaveLength(1);
    expect(script.log.notes[0]).toMatchObject({ rule: 'capture/limit' });
    expect(script.log.notes[0]!.text).toMatch(/^outOfOrderBytes: more than 10 bytes/);
    script.end();
    expect(script.log.content[0]).toBe('<4>abcd'.repeat(8));
  });

  it('outOfOrderSegments: the same for many small ones', () => {
    const script = new TcpScript({ outOfOrderSegments: 5 }).handshake();
    for (let i = 0; i < 20; i++) script.client('x', { at: 1 + 2 * i });
    expect(script.log.notes.map((n) => n.text.split(':')[0])).toEqual(['outOfOrderSegments']);
    expect(script.log.content[0]).toBe('<1>x'.repeat(15));
  });

  it('lostRanges: what comes too late for the oldest holes is not told of, and that is said once', () => {
    const script = new TcpScript({ lostRanges: 4 }).handshake();
    for (let i = 0; i < 9; i++) script.client('abcd', { at: 4 + 8 * i });
    script.table.quiet();
    expect(script.log.notes.map((n) => n.text.split(':')[0])).toEqual(['lostRanges']);
    script.client('late', { at: 0 }).client('late', { at: 64 });
    expect(script.log.notes.map((n) => n.text.slice(0, 30))).toEqual([
      'lostRanges: more than 4 holes ',
      '4 bytes of packet 14 came afte',
    ]);
  });

  it('lingerSeconds, lingerPackets: a connection that is over but for a hole is not kept open for ever', () => {
    const late = (limits: Partial<Limits>, pause: number, packets: number): string[] => {
      const script = new TcpScript(limits).handshake().client('abcd').client('ijkl', { at: 8 });
      script.fin(0, 12, 0).fin(1, 0, 4);
      for (let i = 0; i <= packets; i++) script.client('x', { port: 50_000, at: i, seconds: START + pause });
      script.client('efgh', { at: 4, seconds: START + pause });
      script.end();
      return script.notes;
    };
    const told = expect.stringMatching(/^.*4 bytes of packet \d+ came when .* limits lingerSeconds and lingerPackets$/);
    expect(late({}, 0, 1)).not.toContainEqual(told);
    expect(late({ lingerPackets: 5 }, 0, 10)).toContainEqual(told);
    expect(late({ lingerSeconds: 5 }, 10, 10)).toContainEqual(told);
  });

  it('bufferedBytes: held over all connections together', () => {
    const script = new TcpScript({ bufferedBytes: 4000 });
    for (let i = 0; i < 6; i++) script.handshake({ port: 40000 + i }).client('abcd', { at: 4, port: 40000 + i });
    // a held segment counts with what it costs besides its bytes, so that one-byte segments count too
    for (let i = 0; i < 3; i++) script.client('efgh', { at: 12, port: 40000 + i });
    expect(script.streams.map((s) => s.notes.length)).toEqual([0, 1, 1, 0, 0, 0]);
    script.end();
    expect(script.streams.map((s) => s.content[0])).toEqual([
      ...Array.from({ length: 3 }, () => '<4>abcd<4>efgh'),
      ...Array.from({ length: 3 }, () => '<4>abcd'),
    ]);
  });

  it('flows: the longest idle connection is given up, closed ones and bare SYNs before those with data', () => {
    const script = new TcpScript({ flows: 4 });
    script.handshake({ port: 1 }).client('a', { port: 1 });
    script.handshake({ port: 2 }).client('', { port: 2, flags: 1 }).server('', { port: 2, ack: 1, flags: 1 });
    for (let port = 10; port < 30; port++) script.syn({ port });
    script.client('b', { port: 1, at: 1 }).end();
    expect(script.streams[0]!.content[0]).toBe('ab');
    expect(script.streams).toHaveLength(22);
    expect(script.notes).toEqual([
      'capture/limit flows: more than 4 connections at once; the longest idle ones are given up',
    ]);
    expect(script.streams.every((s) => s.closedAs !== null)).toBe(true);
  });

  it('openStreams: the connection that was idle longest makes room for another, and says so when it goes on', () => {
    const script = new TcpScript({ openStreams: 3 });
    for (let port = 1; port <= 20; port++) script.handshake({ port }).client('a', { port });
    expect(script.streams.filter((s) => s.closedAs === null)).toHaveLength(3);
    expect(script.streams.every((s) => s.content[0] === 'a' && !s.neglected)).toBe(true);
    expect(script.notes.map((n) => n.slice(0, 80))).toEqual([
      'capture/limit openStreams: more than 3 connections are followed at once; the lon',
    ]);
    script.client('c', { port: 1, at: 1 }).end();
    const last = script.streams.at(-1)!;
    expect([last.content[0], last.connection.start]).toEqual(['c', 'missed']);
    expect(last.notes.map((n) => [n.rule, n.text.split(':')[0]])).toEqual([['capture/limit', 'openStreams']]);
    expect(script.streams.every((s) => s.closedAs !== null)).toBe(true);
  });

  it('openStreams: where all take turns, some are followed to their end and the others only counted', () => {
    const script = new TcpScript({ openStreams: 3 });
    const ports = [1, 2, 3, 4, 5];
    for (const port of ports) script.handshake({ port });
    for (let at = 0; at < 200; at++) for (const port of ports) script.client('x', { port, at });
    const ends = script.streams.filter((s) => s.closedAs === null);
    expect(ends.filter((s) => !s.neglected)).toHaveLength(3);
    expect(ends.filter((s) => s.neglected)).toHaveLength(2);
    for (const s of ends) expect(s.content[0].length).toBeGreaterThan(150);
    script.end();
    expect(script.streams.length).toBeLessThan(100);
    const total = script.streams.reduce((n, s) => n + s.content[0].length + s.missing[0], 0);
    expect(total).toBe(1000);
    expect(script.notes).toHaveLength(1);
  });

  it('openStreams: among those that take turns, one that is silent for a minute still makes room', () => {
    const script = new TcpScript({ openStreams: 3 });
    const ports = [1, 2, 3, 4, 5];
    for (const port of ports) script.handshake({ port });
    for (let at = 0; at < 100; at++) for (const port of ports) script.client('x', { port, at });
    script.handshake({ port: 6 }).client('y', { port: 6 });
    expect(script.streams.at(-1)!.neglected).toBe(true);
    // one wrong time stamp would say the same
    for (const port of [8, 9]) script.syn({ port, seconds: START + 61 });
    script.handshake({ port: 7, seconds: START + 61 }).client('z', { port: 7 });
    expect(script.streams.at(-1)!.neglected).toBe(false);
  });

  it('idleSeconds: silence ends a stream when others are opened; what goes on is another one, and says so', () => {
    const script = new TcpScript({ idleSeconds: 100 });
    script.handshake({ port: 1 }).client('abc', { port: 1 });
    script.syn({ port: 2, seconds: START + 101 });
    expect(script.streams[0]!.closedAs).toBeNull();
    // one time stamp alone may be wrong
    script.syn({ port: 3 }).syn({ port: 4 });
    expect(script.streams[0]!.closedAs).toBe('open');
    expect(script.notes).toEqual([]);
    script.client('', { port: 1, at: 3 }).client('def', { port: 1, at: 3 });
    script.table.quiet();
    expect(script.streams[1]!.content[0]).toBe('def');
    expect(script.streams[1]!.connection.start).toBe('missed');
    expect(script.streams[1]!.notes.map((n) => n.rule)).toEqual(['capture/limit']);
  });

  it('idleSeconds: silence alone does not split a connection', () => {
    const script = new TcpScript({ idleSeconds: 100 }).handshake().client('abc');
    script.client('def', { at: 3, seconds: START + 100_000 }).end();
    expect(script.log.content[0]).toBe('abcdef');
  });
});

describe('a flood', () => {
  it('of 300,000 SYNs is bounded, and a connection with data survives it', () => {
    let open = 0;
    let most = 0;
    let bytes = 0;
    const notes: string[] = [];
    const table = new StreamTable(
      { ...DEFAULT_LIMITS, flows: 1000 },
      () => {
        most = Math.max(most, ++open);
        return {
          bytes: (_from, _block, start, end) => void (bytes += end - start),
          gap: () => expect.fail('gap'),
          end: () => expect.fail('end'),
          note: () => expect.fail('note'),
          close: () => void open--,
        };
      },
      (note) => notes.push(note.text),
    );
    const s = new Segment();
    s.block = new Block(new Uint8Array(100));
    s.dst3 = 9;
    s.dstPort = 10809;
    const send = (source: number, flags: number, seq: number, length: number): void => {
      s.packet++;
      s.src3 = source;
      s.srcPort = 1 + (source % 60_000);
      s.flags = flags;
      s.seq = seq;
      s.end = s.length = length;
      table.segment(s);
    };
    send(0x0b000000, SYN, 0, 0);
    send(0x0b000000, ACK, 1, 100);
    for (let i = 0; i < 300_000; i++) send(0x0a000000 + i, SYN, i * 7919, 0);
    send(0x0b000000, ACK, 101, 100);
    expect(bytes).toBe(200);
    expect(most).toBeLessThanOrEqual(1001);
    table.end();
    expect(open).toBe(0);
    expect(notes).toHaveLength(1);
  });
});

it('holes that were given up are remembered in bounded number, however they are filled', () => {
  const holes = new GivenUp(DEFAULT_LIMITS.lostRanges);
  const bytes = 10 * DEFAULT_LIMITS.lostRanges;
  holes.add(0, bytes);
  for (let at = 1; at < bytes; at += 2) holes.fill(at, at + 1);
  expect(holes.full).toBe(true);
  holes.add(2_000_000, 2_000_010);
  expect(holes.fill(2_000_000, 2_000_010)).toBe(10);
  // one byte each is left of those that are remembered
  expect(holes.fill(0, bytes)).toBeLessThanOrEqual(DEFAULT_LIMITS.lostRanges);
});
