import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

describe('the start of a connection', () => {
  it('tells who opened it', () => {
    const { connection } = new TcpScript().handshake().client('a').log;
    expect(connection).toMatchObject({
      id: 1,
      transport: 'tcp',
      start: 'captured',
      initiatorKnown: true,
      ordered: true,
    });
    expect(connection.endpoints).toEqual(['10.0.0.1:40000', '10.0.0.2:10809']);
    expect(connection.ports).toEqual([40000, 10809]);
    expect(connection.heard).toEqual([true, true]);
  });

  it('is known from the SYN-ACK alone: its receiver opened it', () => {
    const script = new TcpScript().synAck().server('xyz').client('abc', { ack: 3 }).end();
    expect(script.log.connection).toMatchObject({ start: 'captured', initiatorKnown: true });
    expect(script.log.connection.endpoints[0]).toBe('10.0.0.1:40000');
    expect(script.lines).toEqual(['server xyz', 'client abc', 'open']);
  });

  it('shows a hole in front of the first byte that was captured', () => {
    const script = new TcpScript().handshake().server('def', { at: 3 }).client('', { ack: 6 }).end();
    expect(script.log.content[1]).toBe('<3>def');
  });

  it('shows it also where only the SYN and the third packet of the handshake were captured', () => {
    const script = new TcpScript().syn().client('', { ack: 0 }).server('def', { at: 3 }).client('', { ack: 6 }).end();
    expect(script.log.content[1]).toBe('<3>def');
  });

  it('takes the server by its first bytes where the third packet was lost', () => {
    const script = new TcpScript().syn().client('', { ack: 3 }).server('abc', { at: 0 }).server('def', { at: 3 }).end();
    expect(script.log.content[1]).toBe('abcdef');
  });

  it('may be simultaneous', () => {
    const script = new TcpScript().syn().server('', { at: -1, ack: null, flags: 2 });
    script.client('', { at: -1, ack: 0, flags: 2 }).synAck().client('abc').server('xyz', { ack: 3 }).end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content).toEqual(['abc', 'xyz']);
  });

  it('may be captured out of order', () => {
    const script = new TcpScript().synAck().syn().server('xyz').client('abc', { ack: 3 }).end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content).toEqual(['abc', 'xyz']);
  });

  it('captured behind the first bytes opens no second stream', () => {
    const script = new TcpScript().client('abc').syn().synAck().client('def', { at: 3 }).end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content[0]).toBe('abcdef');
  });

  it('is a stream without a byte, too', () => {
    expect(new TcpScript().syn().end().lines).toEqual(['open']);
    expect(new TcpScript().client('', { at: 5 }).end().lines).toEqual(['open']);
  });
});

describe('a connection that was open before the capture', () => {
  it('begins at the first byte seen, and says that its start was missed', () => {
    const script = new TcpScript().client('def', { at: 1003, ack: 500 }).client('ghi', { at: 1006, ack: 500 }).end();
    expect(script.log.connection).toMatchObject({ start: 'missed', initiatorKnown: false });
    expect(script.log.deliveries).toMatchObject([
      { offset: 0, text: 'def', peerSeen: -1 },
      { offset: 3, text: 'ghi', peerSeen: -1 },
    ]);
  });

  it('counts what the peer has seen from the first byte seen of it', () => {
    const script = new TcpScript().client('abc', { at: 1000, ack: 500 }).server('wxyz', { at: 500, ack: 1003 });
    script.client('def', { at: 1003, ack: 504 }).end();
    expect(script.log.deliveries.map((d) => d.peerSeen)).toEqual([0, 3, 4]);
  });

  it('has its first sender as end 0', () => {
    const script = new TcpScript().server('xyz', { at: 10, ack: 700 }).client('abc', { at: 700, ack: 13 }).end();
    expect(script.log.connection.endpoints).toEqual(['10.0.0.2:10809', '10.0.0.1:40000']);
    expect(script.log.content).toEqual(['xyz', 'abc']);
  });

  it('begins with the lowest byte of its first packets', () => {
    const script = new TcpScript().client('ghi', { at: 6 }).client('abc').client('def', { at: 3 }).end();
    expect(script.log.content[0]).toBe('abcdefghi');
    expect(script.log.notes).toEqual([]);
  });

  it('ignores what lies before the first byte seen', () => {
    const script = new TcpScript().client('def', { at: 1003 });
    script.table.quiet();
    script.client('abc', { at: 1000 }).client('abcdefghi', { at: 1000 });
    expect(script.log.content[0]).toBe('defghi');
  });

  it('may end at once', () => {
    expect(new TcpScript().fin(0, 10, 0).fin(1, 20, 11).end().lines).toEqual(['client fin', 'server fin', 'closed']);
    expect(new TcpScript().rst(0, 10).end().lines).toEqual(['client reset', 'reset']);
  });
});

describe('one direction alone', () => {
  it('is rebuilt without the other one', () => {
    const script = new TcpScript()
      .synAck()
      .server('abc')
      .server('ghi', { at: 6, ack: 20 })
      .server('def', { at: 3, ack: 10 });
    script.fin(1, 9, 30).end();
    expect(script.lines).toEqual(['server abc', 'server def', 'server ghi', 'server fin', 'open']);
    expect(script.log.deliveries.map((d) => d.peerSeen)).toEqual([0, 10, 20]);
    expect(script.log.connection.heard).toEqual([false, true]);
  });
});

describe('probes', () => {
  it('that keep a connection alive deliver nothing', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 3 });
    for (let i = 0; i < 5; i++)
      script.client('', { at: 2 }).server('', { ack: 3 }).client('?', { at: 2 }).server('', { ack: 3 });
    expect(script.lines).toEqual(['client abc']);
  });

  it('of a closed window deliver their byte once', () => {
    const script = new TcpScript()
      .handshake()
      .client('abc')
      .client('d', { at: 3 })
      .server('', { ack: 3 })
      .client('d', { at: 3 });
    script.server('', { ack: 4 }).client('def', { at: 3 });
    expect(script.log.content[0]).toBe('abcdef');
    expect(script.log.notes).toEqual([]);
  });
});
