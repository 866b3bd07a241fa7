import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { TcpScript } from '../kit/tcp-script.js';

const GRACE = DEFAULT_LIMITS.gapGracePackets;

describe('a hole', () => {
  it('is declared lost when it was acknowledged and enough packets went by, with its exact size', () => {
    const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 });
    script.server('', { ack: 9 }).idle(GRACE - 1, 9, 0);
    expect(script.lines).toEqual(['client abc']);
    script.idle(2, 9, 0);
    expect(script.lines).toEqual(['client abc', 'client <3>', 'client ghi']);
  });

  it('is filled by bytes that the capture has late', () => {
    const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 });
    script
      .server('', { ack: 9 })
      .idle(GRACE - 2, 9, 0)
      .client('def', { at: 3 })
      .idle(3 * GRACE, 9, 0)
      .end();
    expect(script.log.content[0]).toBe('abcdefghi');
  });

  it('that nobody acknowledged is waited for', () => {
    const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 });
    for (let i = 0; i < 3 * GRACE; i++) script.client('', { at: 9, ack: 0 });
    expect(script.lines).toEqual(['client abc']);
    script.client('def', { at: 3 });
    expect(script.log.content[0]).toBe('abcdefghi');
  });

  it('is closed by the end of the capture', () => {
    const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 }).end();
    expect(script.lines).toEqual(['client abc', 'client <3>', 'client ghi', 'open']);
  });

  it('at the end of a stream is known by its acknowledgement', () => {
    const script = new TcpScript()
      .handshake()
      .client('abc')
      .server('', { ack: 40 })
      .idle(GRACE + 2, 40, 0);
    expect(script.lines).toEqual(['client abc', 'client <37>']);
    script.client('def', { at: 40 });
    expect(script.log.content[0]).toBe('abc<37>def');
  });

  it('at the end of a stream is told at the end of the capture', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 40 }).end();
    expect(script.lines).toEqual(['client abc', 'client <37>', 'open']);
  });

  it('of a single byte at the end is a FIN that was not captured', () => {
    const script = new TcpScript()
      .handshake()
      .client('abc')
      .server('', { ack: 4 })
      .idle(3 * GRACE, 4, 0)
      .end();
    expect(script.lines).toEqual(['client abc', 'open']);
  });

  it('before a FIN is told when both ends have finished', () => {
    const script = new TcpScript().handshake().client('abc').fin(0, 6, 0).server('', { ack: 7 }).fin(1, 0, 7);
    expect(script.lines).toEqual(['client abc', 'server fin']);
    script.end();
    expect(script.lines).toEqual(['client abc', 'server fin', 'client <3>', 'client fin', 'closed']);
  });

  it('is told soon after both ends have finished, by whatever packet comes then', () => {
    const script = new TcpScript().handshake().client('abc').fin(0, 6, 0).fin(1, 0, 7);
    script.syn({ port: 40001, seconds: 1_700_000_005 });
    expect(script.streams[0]!.lines.at(-1)).toBe('closed');
  });

  it('does not stay open because another one follows: both are closed in the same while', () => {
    const script = new TcpScript().handshake();
    for (let i = 0; i < 20; i++) script.client('ab', { at: 4 * i });
    script.server('', { ack: 80 }).idle(2 * GRACE + 2, 80, 0);
    expect(script.log.content[0]).toBe('ab<2>'.repeat(20));
  });

  it('never reaches beyond the FIN', () => {
    const script = new TcpScript().handshake().client('abc').fin(0, 6, 0).client('far', { at: 5000 }).end();
    expect(script.lines).toEqual([
      'client abc',
      'client note capture/undecoded 5000+3',
      'client <3>',
      'client fin',
      'open',
    ]);
  });

  it('of more than 2 GiB is told where the direction comes into sight late', () => {
    const script = new TcpScript().synAck();
    const step = 500_000_000;
    for (let i = 1; i <= 8; i++) script.server('', { at: 0, ack: i * step }).server('', { at: 0, ack: i * step });
    script.client('abc', { at: 8 * step }).server('', { at: 0, ack: 8 * step + 3 });
    for (let i = 0; i < 3 * GRACE; i++) script.server('', { at: 0, ack: 8 * step + 3 });
    expect(script.log.content[0]).toBe(`<${8 * step}>abc`);
  });

  it('is not made by one damaged acknowledgement', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 500_000_000 });
    script
      .server('', { ack: 3 })
      .idle(3 * GRACE, 3, 0)
      .client('def', { at: 3 })
      .end();
    expect(script.log.content[0]).toBe('abcdef');
  });

  it.each([[1], [2]])('is not made by what is too far ahead, said %i times, when the next ones say less', (times) => {
    const script = new TcpScript().handshake().client('abc');
    for (let i = 0; i < times; i++) script.server('', { ack: 5000 });
    for (let at = 3; at < 3 * GRACE; at += 3) script.client('def', { at }).server('', { ack: at + 3 });
    expect(script.end().log.missing).toEqual([0, 0]);
  });

  it('is not made at the end of the capture by what was taken back', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 5000 }).server('', { ack: 3 });
    expect(script.end().lines).toEqual(['client abc', 'open']);
  });

  it('is made by what is said again behind older acknowledgements, in one piece', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 40 });
    for (let i = 0; i < 4 * GRACE; i++) script.server('', { ack: i % GRACE < 8 ? 30 : 40 });
    expect(script.lines).toEqual(['client abc', 'client <37>']);
  });

  it('is not made by packets of another connection', () => {
    const script = new TcpScript().handshake().client('abc');
    for (let i = 0; i < 3; i++) script.server('', { at: 2 ** 30 + 2 ** 29, ack: 5000 });
    script.end();
    expect(script.lines).toEqual(['client abc', 'open']);
  });

  it('may be a large one, if two packets say so', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 500_000_000 });
    script.idle(GRACE + 4, 500_000_000, 0).client('def', { at: 500_000_000 });
    expect(script.log.content[0]).toBe('abc<499999997>def');
  });

  it('is not claimed in a direction that was not captured', () => {
    const script = new TcpScript().syn();
    for (let i = 0; i < 3 * GRACE; i++) script.client('x', { at: i, ack: 100 * i });
    script.end();
    expect(script.log.missing).toEqual([0, 0]);
    expect(script.log.deliveries.at(-1)!.peerSeen).toBe(100 * (3 * GRACE - 1));
  });
});

describe('what the snapshot length cut off', () => {
  it('is a gap at once, the stream goes on behind it', () => {
    const script = new TcpScript().handshake().client('abc', { length: 10 }).client('def', { at: 10, length: 5 });
    script.client('ghi', { at: 15 });
    expect(script.lines).toEqual(['client abc', 'client <7 cut>', 'client def', 'client <2 cut>', 'client ghi']);
  });

  it('is a gap also where nothing at all of a packet was kept', () => {
    const script = new TcpScript().handshake().client('', { length: 10 }).client('abc', { at: 10, length: 12 });
    expect(script.log.content[0]).toBe('<10 cut>abc<9 cut>');
  });

  it('of segments out of order is a gap where it lies', () => {
    const script = new TcpScript().handshake();
    script.client('kl', { at: 10, length: 10 }).client('', { at: 20, length: 5 }).client('yz', { at: 25 });
    script.client('ab', { at: 0, length: 10 });
    expect(script.log.content[0]).toBe('ab<8 cut>kl<8 cut><5 cut>yz');
  });

  it('is taken from another copy that waits', () => {
    const script = new TcpScript().handshake();
    script.client('cd', { at: 2, length: 8 }).client('cdefgh', { at: 2 }).client('ab');
    expect(script.log.content[0]).toBe('abcdefgh<2 cut>');
  });

  it('may lie before a FIN', () => {
    const script = new TcpScript().handshake().client('abc', { length: 10, flags: 1 });
    expect(script.lines).toEqual(['client abc', 'client <7 cut>', 'client fin']);
  });
});
