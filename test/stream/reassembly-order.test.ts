import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

describe('segments in order', () => {
  it('are delivered as they come, each with its packet', () => {
    const script = new TcpScript().handshake().client('abc').client('def', { at: 3 });
    expect(script.lines).toEqual(['client abc', 'client def']);
    expect(script.log.deliveries.map((d) => d.packet)).toEqual([4, 5]);
  });

  it('end with the FINs of both ends, once', () => {
    const script = new TcpScript().handshake().client('abc').server('xy', { ack: 3 });
    script.fin(0, 3, 2).fin(1, 2, 4).client('', { at: 4, ack: 3 }).end();
    expect(script.lines).toEqual(['client abc', 'server xy', 'client fin', 'server fin', 'closed']);
    expect(script.streams).toHaveLength(1);
  });

  it('of a connection that is still open are closed at the end of the capture', () => {
    expect(new TcpScript().handshake().client('abc').end().lines).toEqual(['client abc', 'open']);
  });

  it('may carry data on the SYN and on the FIN', () => {
    const script = new TcpScript().client('early', { at: -1, ack: null, flags: 2 });
    script.synAck().fin(0, 5, 0, ' late').end();
    expect(script.lines).toEqual(['client early', 'client  late', 'client fin', 'open']);
  });
});

describe('segments out of order', () => {
  it('wait for the hole to be filled, and keep their own packets', () => {
    const script = new TcpScript().handshake().client('ghi', { at: 6 }).client('def', { at: 3 });
    expect(script.streams[0]!.lines).toEqual([]);
    script.client('abc', { at: 0 });
    expect(script.lines).toEqual(['client abc', 'client def', 'client ghi']);
    expect(script.log.deliveries.map((d) => d.packet)).toEqual([6, 5, 4]);
  });

  it('may fill several holes at once', () => {
    const script = new TcpScript().handshake().client('c', { at: 2 }).client('e', { at: 4 }).client('g', { at: 6 });
    script.client('abcdef');
    expect(script.log.content[0]).toBe('abcdefg');
  });

  it('may bring the FIN before the bytes in front of it', () => {
    const script = new TcpScript().handshake().fin(0, 6, 0).client('def', { at: 3 }).fin(0, 3, 0, 'def').client('abc');
    expect(script.lines).toEqual(['client abc', 'client def', 'client fin']);
  });

  it('say what their sender had received when it first sent them', () => {
    const script = new TcpScript().handshake();
    script.server('0123456789', { ack: 0 });
    script.client('def', { at: 3, ack: 10 }).client('abc', { at: 0, ack: 4 }).client('abc', { at: 0, ack: 10 });
    script.client('ghi', { at: 6, ack: 10 });
    expect(script.log.deliveries.map((d) => [d.text, d.peerSeen])).toEqual([
      ['0123456789', 0],
      ['abc', 4],
      ['def', 10],
      ['ghi', 10],
    ]);
  });
});

describe('segments that come again', () => {
  it('are delivered once', () => {
    const script = new TcpScript().handshake().client('abc').client('abc').client('bc', { at: 1 }).client('abcdef');
    expect(script.lines).toEqual(['client abc', 'client def']);
  });

  it('are delivered once also when they had to wait', () => {
    const script = new TcpScript()
      .handshake()
      .client('def', { at: 3 })
      .client('def', { at: 3 })
      .client('ef', { at: 4 });
    script.client('abc').client('def', { at: 3 });
    expect(script.log.content[0]).toBe('abcdef');
    expect(script.log.notes).toEqual([]);
  });

  it('are no second connection when everything was recorded twice', () => {
    const script = new TcpScript();
    script.syn().syn().synAck().synAck().client('', { ack: 0 }).client('', { ack: 0 });
    script.client('abc').client('abc').fin(0, 3, 0).fin(0, 3, 0).fin(1, 0, 4).fin(1, 0, 4);
    script.client('', { at: 4, ack: 1 }).client('', { at: 4, ack: 1 }).end();
    expect(script.streams).toHaveLength(1);
    expect(script.lines).toEqual(['client abc', 'client fin', 'server fin', 'closed']);
  });
});
