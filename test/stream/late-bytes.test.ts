import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { TcpScript } from '../kit/tcp-script.js';

const GRACE = DEFAULT_LIMITS.gapGracePackets;

/** `abc`, a hole of three bytes that was given up, `ghi`. */
function holed(): TcpScript {
  const script = new TcpScript().handshake().client('abc').client('ghi', { at: 6 });
  return script.server('', { ack: 9 }).idle(GRACE + 1, 9, 0);
}

describe('bytes whose place in the stream was given up', () => {
  it('are told of when they come, once', () => {
    const script = holed().client('def', { at: 3 }).client('def', { at: 3 });
    expect(script.lines.slice(3)).toEqual(['client note capture/limit 3+3']);
    expect(script.log.content[0]).toBe('abc<3>ghi');
  });

  it('are told of in pieces', () => {
    const script = holed().client('e', { at: 4 }).client('cdefg', { at: 2 });
    expect(script.lines.slice(3)).toEqual(['client note capture/limit 4+1', 'client note capture/limit 2+2']);
  });

  it('are nothing to tell of where they were delivered before', () => {
    const script = holed().client('abc').client('ghi', { at: 6 });
    expect(script.lines.slice(3)).toEqual([]);
  });

  it('are waited for a little when the connection is over', () => {
    const script = holed().fin(0, 9, 0).fin(1, 0, 10).client('def', { at: 3 }).end();
    expect(script.lines.slice(3)).toEqual(['client fin', 'server fin', 'client note capture/limit 3+3', 'closed']);
  });
});

describe('bytes in front of the first packet of a connection joined late', () => {
  it('are told of once', () => {
    const script = new TcpScript().client('def', { at: 3 });
    script.table.quiet();
    script.client('abc', { at: 0 }).client('bcdef', { at: 1 });
    expect(script.lines).toEqual(['client def', 'client note capture/undecoded 0+3']);
  });
});

describe('bytes that come when their connection had been closed', () => {
  const START = 1_700_000_000;
  /** Closed, and missing `def`. */
  const over = (limits: Partial<Limits> = {}): TcpScript =>
    new TcpScript(limits)
      .handshake()
      .client('abc')
      .client('ghi', { at: 6 })
      .server('', { ack: 9 })
      .fin(0, 9, 0)
      .fin(1, 0, 10);
  /** Segments of another connection. */
  const others = (script: TcpScript, packets: number): TcpScript => {
    for (let i = 0; i < packets; i++) script.client('x', { at: i, port: 50_000, seconds: START });
    return script;
  };
  const late = (bytes: number, packet: number): string =>
    `capture/limit ${bytes} bytes of packet ${packet} came when their connection, which misses them, had been closed: limits lingerSeconds and lingerPackets`;

  it('lingerPackets: are told of once, as far as it misses them', () => {
    const script = others(over({ lingerPackets: 3 }), 4)
      .client('bcdefg', { at: 1 })
      .client('def', { at: 3 })
      .end();
    expect(script.log.content[0]).toBe('abc<3>ghi');
    expect(script.notes).toEqual([late(3, 13)]);
  });

  it('lingerSeconds: are told of where they come later than that', () => {
    const script = over({ lingerSeconds: 1 }).client('x', { port: 50_000, seconds: START + 2 });
    script.client('def', { at: 3 }).end();
    expect(script.notes).toEqual([late(3, 10)]);
  });

  it('are waited for by default', () => {
    const script = others(over(), 10).client('def', { at: 3, seconds: START }).end();
    expect(script.log.content[0]).toBe('abcdefghi');
    expect(script.notes).toEqual([]);
  });

  it('are nothing to tell of where it has them', () => {
    const script = others(over({ lingerPackets: 3 }), 4)
      .client('abc')
      .client('ghi', { at: 6 })
      .server('')
      .end();
    expect(script.notes).toEqual([]);
  });

  it('are told of where they lie in front of its first byte', () => {
    const script = new TcpScript().client('def', { at: 3 }).server('', { ack: 6 }).fin(0, 6, 0).fin(1, 0, 7);
    script.table.quiet();
    script.client('abcd', { at: 0 }).end();
    expect(script.notes).toEqual([
      'capture/undecoded 3 bytes of packet 5 lie in front of the first byte of their direction, and came when their connection had been closed',
    ]);
  });

  it('lossyClosed: are counted whole where it is forgotten which are missing', () => {
    const script = over({ lingerPackets: 1, lossyClosed: 1 });
    const other = { port: 50_000 };
    script
      .handshake(other)
      .client('ghi', { ...other, at: 6 })
      .fin(0, 9, 0);
    script
      .client('', { ...other, at: 10, flags: 4 })
      .client('', { port: 60_000 })
      .client('', { port: 60_000 });
    script.client('cdef', { at: 2 }).end();
    expect(script.notes).toEqual([
      'capture/limit 4 bytes of packet 17 came when their connection had been closed, and which bytes that misses had been forgotten: limit lossyClosed',
    ]);
  });
});
