import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

/** A client that sent `abc`, which the server has acknowledged. */
function acknowledged(): TcpScript {
  return new TcpScript().handshake().client('abc').server('', { ack: 3 });
}

describe('a RST in a connection that goes on', () => {
  it('behind the next byte expected is passed over (RFC 5961, section 3.2)', () => {
    const script = acknowledged().rst(0, 5).client('def', { at: 3 }).server('xyz', { ack: 6 }).client('ghi', { at: 6 });
    expect(script.end().lines).toEqual(['client abc', 'client def', 'server xyz', 'client ghi', 'open']);
  });

  it('before the next byte expected is passed over', () => {
    const script = acknowledged().rst(0, 2).end();
    expect(script.lines).toEqual(['client abc', 'open']);
  });

  it('at the next byte captured is passed over where the peer acknowledges what was sent behind it', () => {
    const script = acknowledged().client('def', { at: 3 }).rst(0, 3).server('', { ack: 6 }).client('ghi', { at: 6 });
    expect(script.end().lines).toEqual(['client abc', 'client def', 'client ghi', 'open']);
  });

  it('ahead of what its sender still sends is passed over, however the connection ends', () => {
    const going = (): TcpScript => acknowledged().rst(0, 1003).client('def', { at: 3 }).server('xyz', { ack: 6 });
    expect(going().end().lines).toEqual(['client abc', 'client def', 'server xyz', 'open']);
    const finished = going().fin(0, 6, 3).fin(1, 3, 7).end();
    expect(finished.lines.slice(-3)).toEqual(['client fin', 'server fin', 'closed']);
  });

  it('ahead is passed over where its sender goes on reading', () => {
    const script = acknowledged().rst(0, 1003);
    for (let at = 0; at < 600; at += 3) script.server('xyz', { at, ack: 3 }).client('', { at: 3, ack: at + 3 });
    script.end();
    expect(script.streams.map((s) => [s.content[1].length, s.closedAs])).toEqual([[600, 'open']]);
  });

  it('ahead does not end the wait of a connection that is silent for a while', () => {
    const script = acknowledged().rst(0, 1003);
    for (let port = 1; port <= 300; port++) script.handshake({ port, seconds: 1_700_000_000 + port / 10 });
    script.client('def', { at: 3 }).end();
    expect(script.log.lines).toEqual(['client abc', 'client def', 'open']);
    expect(script.streams).toHaveLength(301);
  });

  it.each([2, 3, 4, 1003])('at %d proves no bytes by what it acknowledges', (at) => {
    const script = acknowledged().server('xyz').client('', { at: 3, ack: 3 }).rst(0, at, 100_000).end();
    expect(script.log.missing).toEqual([0, 0]);
    expect(script.log.content).toEqual(['abc', 'xyz']);
  });

  it('far ahead leaves no byte in no stream, and makes no second stream', () => {
    const script = acknowledged().rst(0, 1_000_000);
    for (let at = 3; at < 603; at += 3) script.client('def', { at }).server('', { ack: at + 3 });
    script.end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content[0]).toBe('abc' + 'def'.repeat(200));
    expect(script.log.closedAs).toBe('open');
  });
});

describe('a RST that ends a connection', () => {
  it('stands at the next byte expected, and ends its direction there', () => {
    expect(acknowledged().rst(0, 3).end().lines).toEqual(['client abc', 'client reset', 'reset']);
  });

  it('counts where the peer had not acknowledged all of what was captured', () => {
    const script = acknowledged().client('def', { at: 3 }).rst(0, 3).end();
    expect(script.lines).toEqual(['client abc', 'client def', 'client reset', 'reset']);
  });
});

describe('a SYN in an established connection', () => {
  const forged = { isn: 77_000, peerIsn: 88_000 };

  it('is answered by what is expected, and changes nothing (RFC 5961, section 4.2)', () => {
    const script = acknowledged().syn(forged).server('', { ack: 3 }).client('def', { at: 3 }).server('xyz', { ack: 6 });
    script.end();
    expect(script.streams).toHaveLength(1);
    expect(script.lines).toEqual(['client abc', 'client def', 'server xyz', 'open']);
  });

  it('opens another connection where the answer acknowledges it', () => {
    const script = acknowledged().syn(forged).synAck(forged).client('new', forged).end();
    expect(script.streams.map((s) => s.content[0])).toEqual(['abc', 'new']);
  });

  it('opens another connection where its sender goes on with its numbers', () => {
    const script = acknowledged().syn(forged).client('new', forged).end();
    expect(script.streams.map((s) => s.content[0])).toEqual(['abc', 'new']);
  });

  it('that is the last of the capture is a stream without a byte', () => {
    const script = acknowledged().syn(forged).end();
    expect(script.streams.map((s) => s.lines)).toEqual([['client abc', 'open'], ['open']]);
  });
});

describe('a segment of an older connection between SYN and SYN-ACK', () => {
  it('opens nothing, and its bytes are told of', () => {
    const script = new TcpScript().syn().server('old', { at: 900_000_000, ack: 700_000_000 }).synAck().client('abc');
    script.server('xyz', { ack: 3 }).end();
    expect(script.streams).toHaveLength(1);
    expect(script.log.content).toEqual(['abc', 'xyz']);
    expect(script.notes).toEqual([
      'capture/undecoded 3 bytes of packet 2 belong to no connection: they answer no SYN, and continue nothing',
    ]);
  });

  it('does not open the connection as its RST either', () => {
    const script = new TcpScript().syn().rst(1, 900_000_000, 700_000_000).synAck().client('abc').end();
    expect(script.streams.map((s) => s.lines)).toEqual([['client abc', 'open']]);
  });
});
