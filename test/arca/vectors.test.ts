import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fieldsOf, type Json } from '../../src/base/annotation.js';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import type { ArcaMessage } from '../../src/protocols/arca/messages.js';
import { play, taken, vector, type VectorName } from './vectors.js';

/** Rules that are off by default are on here. */
const LEVELS = new Map(arca.rules.filter((r) => r.off).map((r) => [r.id, r.severity] as const));

function run(steps: readonly Step[], options: StepOptions = {}): StepResult<ArcaMessage> {
  return runSteps(arca, steps, { levels: LEVELS, ...options });
}

type Shown = readonly [name: string, fields: Record<string, Json>];

function decode(names: VectorName[], options: StepOptions = {}): { shown: Shown[]; rules: string[] } {
  const result = run(play(...names), { forced: true, ...options });
  return {
    shown: result.messages.map((m) => [m.name, fieldsOf(arca.annotate(m))]),
    rules: result.findings.map((f) => f.rule.id),
  };
}

/** Checksums of the vectors (IEEE CRC-32), so that a slip of the pen in them cannot pass for a decoder's fault. */
const CHECKSUMS: Partial<Record<VectorName, number>> = {
  A01: 0x99e92e11,
  A04: 0xc026ea63,
  A06: 0x992d1b1b,
  A07: 0x5c507db9,
  A10: 0x63ac021d,
  A11g: 0x8c2fdcc7,
  A11m: 0x3eef8e62,
  B02: 0x7511ec3a,
  B03: 0xbaddc6ca,
  B04: 0x5014c4bf,
  B05: 0x7b2fe9ae,
  B06: 0xf557cc3d,
  C03: 0x5e28787e,
  C06: 0xa5be3169,
  C12g: 0x3dbc46fd,
  C12m: 0xa1a1dce6,
  C13g: 0x7bdae094,
  C17g: 0x1397fb99,
  C17m: 0x1a588eea,
  L01: 0xc953cadc,
};

describe('vectors', () => {
  it('are written down as they were published', () => {
    if (typeof crc32 !== 'function') return;
    for (const [name, sum] of Object.entries(CHECKSUMS))
      expect(crc32(vector(name as VectorName)) >>> 0, name).toBe(sum);
  });

  it.each<[VectorName, string, Record<string, Json>]>([
    ['A01', 'ListenRequest', { requestId: 42, endpoint: '0.0.0.0:8080' }],
    ['A02', 'ListenOk', { requestId: 42, listenerId: 1 }],
    ['A03', 'AcceptRequest', { requestId: 50, listenerId: 1 }],
    ['A04', 'IncomingConnection', { requestId: 50, listenerId: 1, connectionId: 7, pipeId: '7', ringSize: '4096' }],
    ['A05', 'ConnectRequest', { requestId: 43, endpoint: '8.8.8.8:443' }],
    ['A06', 'ConnectOk', { requestId: 43, listenerId: 0, connectionId: 8, shmOffset: '32743424', ringSize: '64' }],
    ['A07', 'ConnectOk', { requestId: 43, connectionId: 8, pipeId: 8, ringSize: '256' }],
    ['A09', 'AcceptErr', { requestId: 55, code: 9 }],
    ['A10', 'IncomingConnection', { requestId: 0, listenerId: 1, connectionId: 1, pipeId: 1, ringSize: '256' }],
    ['B01', 'NewPipeRequest', { ringSize: '4096' }],
    ['B02', 'NewPipeReply', { shmOffset: '32768000', ringSize: '4096', pipeId: '1' }],
    ['B03', 'NewPipeReply', { shmOffset: '32768000', ringSize: '4096' }],
    ['B04', 'FilePipeHeader', { flags: ['READ', 'CREATE'], pathLength: '9', path: '/tmp/a.tx' }],
    ['C01', 'GetArgs', {}],
    ['C02', 'Args', { args: ['fix', 'eval'] }],
    ['C03', 'Args', { result: 0, args: ['fix', 'eval'] }],
    ['C04', 'Listen', { discriminant: 3, ip: '0.0.0.0', port: 8081 }],
    ['C05', 'Listen', { discriminant: 4, ip: '0.0.0.0', port: 8081 }],
    ['C06', 'Pipe', { rxPtr: '32772112', rxLen: '1024', txPtr: '32776208', txLen: '1024' }],
    ['C07', 'Connect', { host: 'example.org', port: 80 }],
    ['C08', 'Open', { path: 'a.fix', read: true, write: false, create: false, append: false, truncate: false }],
    ['C09', 'Err', { kind: 'NotFound' }],
    ['C10', 'Exit', { code: -1 }],
  ])('%s is a %s', (name, message, fields) => {
    const { shown } = decode([name]);
    expect(shown).toHaveLength(1);
    expect(shown[0]![0]).toBe(message);
    expect(shown[0]![1]).toMatchObject(fields);
  });

  it('A08 holds two errors', () => {
    expect(decode(['A08']).shown.map(([n, f]) => [n, f.code])).toEqual([
      ['ListenErr', 98],
      ['ConnectErr', 111],
    ]);
  });

  it('B05 and B06 hold every file request and reply', () => {
    const { shown } = decode(['B04', 'B05', 'B06']);
    expect(shown.map(([n]) => n)).toEqual([
      'FilePipeHeader',
      'Read',
      'Write',
      'Seek',
      'Close',
      'Read',
      'Wrote',
      'Seeked',
      'Error',
      'Closed',
    ]);
    expect(shown[3]![1]).toMatchObject({ offset: '-42', whence: 'End' });
    expect(shown[8]![1]).toMatchObject({ errno: -2 });
  });

  it('C12 and C13 are told apart as stream and file', () => {
    expect(
      decode(['C12g', 'C12m'], { forced: false })
        .shown.map(([n]) => n)
        .sort(),
    ).toEqual(['Receive', 'Send', 'Close', 'Bytes', 'Length'].sort());
    const file = decode(['C13g', 'C13m']).shown;
    expect(file.map(([n]) => n).sort()).toEqual(['Read', 'Seek', 'Close', 'Bytes', 'Offset'].sort());
    expect(file.find(([n]) => n === 'Seek')![1]).toMatchObject({ whence: 'End', offset: '-42' });
  });

  it('C17 is one pipe of C2 with descriptors', () => {
    const { shown } = decode(['C01', 'C03', 'C17g', 'C17m'], { forced: false });
    expect(shown.map(([n]) => n)).toEqual([
      'GetArgs',
      'Args',
      'Listen',
      'Accept',
      'Receive',
      'Listener',
      'Stream',
      'Bytes',
    ]);
    expect(shown[7]![1]).toMatchObject({ data: '6869' });
  });

  it('L01 is the RPC of 2025', () => {
    const { shown, rules } = decode(['L01']);
    expect(shown.map(([n]) => n)).toEqual(['CreateBlob', 'Apply']);
    expect(rules).toContain('arca/legacy-rpc');
  });

  it.each<[VectorName, string]>([
    ['A12', 'arca/payload-too-large'],
    ['A13', 'arca/unknown-type'],
    ['A14', 'arca/payload-length'],
    ['A15', 'arca/payload-surplus'],
    ['C16', 'arca/varint-padded'],
  ])('%s raises %s', (name, rule) => {
    expect(decode([name]).rules).toContain(rule);
  });

  it('C15 is a port that is too long, or a Mkdir with bytes behind it', () => {
    const c3 = decode(['C01', 'C02', 'C04', 'C06', 'C15']).rules;
    expect(c3).toContain('arca/varint-overlong');
    expect(decode(['C01', 'C02', 'C05', 'C06', 'C15']).rules).toContain('arca/body-trailing');
  });
});

describe('whole sessions', () => {
  const rulesOf = (names: VectorName[], options: StepOptions = {}): string[] =>
    [...new Set(run(play(...names), options).findings.map((f) => f.rule.id.slice('arca/'.length)))].sort();
  const generation = (names: VectorName[]): unknown => run(play(...names)).sessions[0]!.generation;

  it('inbound, A2', () => {
    const names: VectorName[] = ['A01', 'A02', 'A03', 'A04'];
    expect(rulesOf(names)).toEqual(['connection-id-gap', 'request-id-first', 'request-id-gap']);
    expect(generation(names)).toBe('A2');
  });

  it('outbound, A3', () => {
    expect(rulesOf(['A05', 'A06'])).toEqual(['connection-id-gap', 'request-id-first']);
    expect(generation(['A05', 'A06'])).toBe('A3');
  });

  it('mixed, A3: replies in the order 1, 3, 4, 2 are right', () => {
    expect(rulesOf(['A11g', 'A11m'])).toEqual(['accept-unknown-listener', 'pipelined']);
    const { messages } = run(play('A11g', 'A11m'));
    expect(messages.map((m) => m.inReplyTo)).toEqual([0, 0, 0, 0, 1, 3, 4, 2]);
  });

  it('push model', () => {
    const names: VectorName[] = ['A01', 'A02', 'A10'];
    expect(rulesOf(names)).toEqual(['push-model', 'request-id-first']);
    expect(generation(names)).toBe('A0');
  });

  it('duplicate reply', () => {
    expect(rulesOf(['A01', 'A02', 'A02'])).toEqual(['listener-id-reused', 'reply-duplicate', 'request-id-first']);
  });

  it('new pipe, B2', () => {
    expect(rulesOf(['B01', 'B02'])).toEqual([]);
    expect(generation(['B01', 'B02'])).toBe('B2');
    expect(generation(['B01', 'B03'])).toBe('B1');
  });

  it('file pipe, B3: the last reply is one too many', () => {
    expect(rulesOf(['B04', 'B05', 'B06'])).toEqual(['file-reply-unsolicited']);
  });

  it('web server, C4: pointers are handed out again', () => {
    const next = { then: 'new connection' } as const;
    const steps = [...play('C01', 'C02', 'C05', 'C06'), next, ...taken('C14g', 'C14m'), next, ...taken('C12g', 'C12m')];
    const { findings, sessions } = run(steps);
    const ids = findings.map((f) => f.rule.id.slice('arca/'.length)).filter((id) => !id.includes('/'));
    expect(ids.filter((id) => id === 'pipe-pointer-live')).toHaveLength(1);
    expect(ids.filter((id) => id === 'close-unanswered')).toHaveLength(2);
    expect(sessions.map((s) => s.generation)).toEqual(['C4', 'C3/C4', 'C3/C4']);
  });

  it('one pipe, C2', () => {
    const closed = [
      { from: 'client', end: 'fin' },
      { from: 'server', end: 'fin' },
    ] as const;
    const { findings, sessions } = run([...play('C01', 'C03', 'C17g', 'C17m'), ...closed]);
    expect([...new Set(findings.map((f) => f.rule.id))].sort()).toContain('arca/descriptor-leak');
    expect(sessions[0]!.generation).toBe('C2');
  });
});
