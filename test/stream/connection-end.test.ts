import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

const START = 1_700_000_000;

describe('a FIN that comes while bytes in front of it are missing', () => {
  it('stands where it came, not where they were given up', () => {
    const script = new TcpScript().handshake().client('abc').fin(0, 6, 0).idle(4, 7, 0).end();
    expect(script.lines).toEqual(['client abc', 'client <3>', 'client fin', 'open']);
    expect(script.log.ends).toEqual([{ from: 0, packet: 5 }]);
  });
});

describe('a FIN', () => {
  it('ends its own direction only', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('xyz', { ack: 4 });
    script.server('uvw', { at: 3, ack: 4 }).end();
    expect(script.lines).toEqual(['client abc', 'client fin', 'server xyz', 'server uvw', 'open']);
  });

  it('that is acknowledged is no byte of the stream', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('xyz', { ack: 4 });
    expect(script.log.deliveries[1]!.peerSeen).toBe(3);
  });

  it('bounds the stream: bytes beyond it are not delivered, but told of once', () => {
    const script = new TcpScript()
      .handshake()
      .fin(0, 6, 0)
      .client('defXYZ', { at: 3 })
      .client('abc')
      .client('more', { at: 6 })
      .client('more', { at: 6 });
    expect(script.lines).toEqual([
      'client note capture/undecoded 6+3',
      'client abc',
      'client def',
      'client fin',
      'client note capture/undecoded 9+1',
    ]);
  });

  it('of both ends closes the stream at once, trailing packets open no other', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('', { ack: 4, flags: 1 });
    expect(script.lines.at(-1)).toBe('closed');
    script.client('', { at: 4, ack: 1 }).client('abc', { flags: 1 }).server('', { at: 1, ack: 4 }).rst(1, 1).end();
    expect(script.streams).toHaveLength(1);
  });
});

describe('a RST', () => {
  it('refuses a connection', () => {
    const script = new TcpScript().syn().server('', { at: -5001, ack: 0, flags: 4 });
    expect(script.lines).toEqual(['server reset', 'reset']);
  });

  it('ends the stream when the capture has gone on', () => {
    const script = new TcpScript().handshake().client('abc').rst(0, 3).end();
    expect(script.lines).toEqual(['client abc', 'client reset', 'reset']);
  });

  it('does not lose what was on its way, or what the capture has late', () => {
    const script = new TcpScript()
      .handshake()
      .client('abc')
      .rst(0, 6)
      .server('xyz', { ack: 3 })
      .client('def', { at: 3 });
    script.syn({ port: 40001, seconds: START + 5 });
    expect(script.streams[0]!.lines).toEqual(['client abc', 'server xyz', 'client def', 'client reset', 'reset']);
  });

  it('closes what is still missing', () => {
    const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 }).rst(0, 9).end();
    expect(script.lines).toEqual(['client abc', 'client <3>', 'client ghi', 'client reset', 'reset']);
  });

  it('claims no bytes by its own sequence number alone', () => {
    const script = new TcpScript().handshake().client('abc').rst(0, 500).end();
    expect(script.lines).toEqual(['client abc', 'client reset', 'reset']);
  });

  it('with a sequence number far off is not believed', () => {
    const script = new TcpScript().handshake().client('abc').rst(0, 900_000_000).client('def', { at: 3 }).end();
    expect(script.lines).toEqual(['client abc', 'client def', 'open']);
  });

  it('after both FINs changes nothing', () => {
    const script = new TcpScript()
      .handshake()
      .client('', { flags: 1 })
      .server('', { ack: 1, flags: 1 })
      .rst(0, 1)
      .end();
    expect(script.lines).toEqual(['client fin', 'server fin', 'closed']);
  });
});

describe('the same addresses and ports', () => {
  it('with a new SYN are a new stream', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('', { ack: 4, flags: 1 });
    script.handshake({ isn: 77_000, peerIsn: 88_000 }).client('new', { isn: 77_000, peerIsn: 88_000 }).end();
    expect(script.streams.map((s) => [s.connection.id, s.content[0], s.closedAs])).toEqual([
      [1, 'abc', 'closed'],
      [2, 'new', 'open'],
    ]);
  });

  it('with a new SYN are a new stream also where the end of the first was not captured', () => {
    const script = new TcpScript().handshake().client('abc');
    script.handshake({ isn: 77_000, peerIsn: 88_000 }).server('new', { isn: 88_000, peerIsn: 77_000 });
    expect(script.streams.map((s) => s.content)).toEqual([
      ['abc', ''],
      ['', 'new'],
    ]);
    expect(script.streams[0]!.closedAs).toBe('open');
  });

  it('with the roles exchanged are a new stream from the other end', () => {
    const script = new TcpScript().handshake().client('', { flags: 1 }).server('', { ack: 1, flags: 1 });
    script.server('', { at: -1, ack: null, flags: 2, isn: 9000 });
    script.end();
    expect(script.streams[1]!.connection.endpoints).toEqual(['10.0.0.2:10809', '10.0.0.1:40000']);
  });

  it('with the number of the old SYN, later than both FINs, are a new stream', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('', { ack: 4, flags: 1 });
    script
      .handshake({ seconds: START + 5 })
      .client('new', { flags: 1 })
      .server('', { ack: 4, flags: 1 });
    script
      .handshake({ seconds: START + 9 })
      .client('newer')
      .end();
    expect(script.streams.map((s) => [s.content[0], s.closedAs])).toEqual([
      ['abc', 'closed'],
      ['new', 'closed'],
      ['newer', 'open'],
    ]);
  });

  it('with the number of the old SYN, while the end of the first has a hole, are a new stream', () => {
    const script = new TcpScript().handshake().fin(0, 3, 0).server('', { ack: 0, flags: 1 });
    script
      .handshake({ seconds: START + 5 })
      .client('new')
      .end();
    expect(script.streams.map((s) => s.content[0])).toEqual(['<3>', 'new']);
  });

  it('with a SYN that was sent before both FINs are the old stream, wherever the capture has it', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 });
    script
      .server('', { ack: 4, flags: 1, seconds: START + 5 })
      .syn({ seconds: START })
      .synAck()
      .client('abc')
      .end();
    expect(script.streams).toHaveLength(1);
  });

  it('with the same SYN again are the same stream', () => {
    const script = new TcpScript().syn().syn().syn().synAck().synAck().syn().client('abc').end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content[0]).toBe('abc');
  });

  it('with more data after the end are a new stream, joined late', () => {
    const script = new TcpScript().handshake().client('abc', { flags: 1 }).server('', { ack: 4, flags: 1 });
    script.client('other', { at: 70_000, ack: 9 }).end();
    expect(script.streams).toHaveLength(2);
    expect(script.streams[1]!.connection.start).toBe('missed');
    expect(script.streams[1]!.content[0]).toBe('other');
  });

  it('with sequence numbers that cannot belong to it are a new stream, if they continue each other', () => {
    const script = new TcpScript().handshake().client('abc');
    for (let i = 0; i < 6; i++) script.client('other', { at: 1_500_000_000 + 5 * i, ack: 9 });
    script.end();
    expect(script.streams.map((s) => [s.connection.start, s.content[0]])).toEqual([
      ['captured', 'abc'],
      ['missed', 'other'.repeat(4)],
    ]);
  });

  it('with a damaged sequence number here and there are the same stream', () => {
    const script = new TcpScript().handshake();
    for (let i = 0; i < 20; i++) {
      script.client('ab', { at: 2 * i });
      script.client('xx', { at: 1_500_000_000 + 12_345 * i }).client('xx', { at: -1_000_000_000 });
    }
    script.end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content[0]).toBe('ab'.repeat(20));
  });
});
