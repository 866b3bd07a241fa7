import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
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
