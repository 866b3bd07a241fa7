import { describe, expect, it } from 'vitest';
import { CaptureClock } from '../../src/base/capture-clock.js';
import { TcpScript } from '../kit/tcp-script.js';

const START = 1_700_000_000;
const WRONG = { seconds: START + 1_000_000 };

/** Both ends have finished, with three bytes of the client still on their way. */
function finished(): TcpScript {
  return new TcpScript().handshake().fin(0, 3, 0).fin(1, 0, 0);
}

describe('one packet with a wrong time stamp', () => {
  it('does not give up connections for their silence', () => {
    const script = new TcpScript().handshake({ port: 1 }).client('abc', { port: 1 });
    script.syn({ port: 2, ...WRONG }).syn({ port: 3, seconds: START });
    script.client('def', { port: 1, at: 3 }).end();
    expect(script.streams[0]!.content[0]).toBe('abcdef');
    expect(script.streams).toHaveLength(3);
  });

  it('does not end the wait for what is out of order', () => {
    const script = finished()
      .syn({ port: 2, ...WRONG })
      .client('abc', { seconds: START })
      .end();
    expect(script.log.content[0]).toBe('abc');
    expect(
      finished()
        .syn({ port: 2, seconds: START + 5 })
        .client('abc')
        .end().log.content[0],
    ).toBe('<3>');
  });

  it('does not move the clock, three in a row do', () => {
    const clock = new CaptureClock();
    expect([100, 5000, 101, 5000, 5001, 5002, 102].map((s) => clock.at(s))).toEqual([
      100, 100, 101, 101, 101, 5002, 5002,
    ]);
  });
});
