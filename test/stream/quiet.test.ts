import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

describe('a live capture in which nothing comes for a while', () => {
  it('delivers what waits behind a hole, and what was acknowledged counts as lost', () => {
    const script = new TcpScript().handshake().client('ab').client('ef', { at: 4 });
    expect(script.log.content[0]).toBe('ab');
    script.table.quiet();
    expect(script.log.content[0]).toBe('ab<2>ef');
    script.server('', { at: 0, ack: 9 });
    script.table.quiet();
    expect(script.log.content[0]).toBe('ab<2>ef<3>');
    script.client('j', { at: 9 });
    expect(script.log.content[0]).toBe('ab<2>ef<3>j');
    expect(script.log.closedAs).toBeNull();
  });

  it('closes a connection that is over but for a hole', () => {
    const script = new TcpScript().handshake().client('ab').fin(0, 4, 0).fin(1, 0, 5);
    expect(script.log.closedAs).toBeNull();
    script.table.quiet();
    expect(script.log.lines.slice(-4)).toEqual(['server fin', 'client <2>', 'client fin', 'closed']);
    script.table.quiet();
  });
});
