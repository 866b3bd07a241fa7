import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

const CONFLICT = 'tcp/overlap-conflict';

describe('overlapping segments', () => {
  it('whose copies agree raise nothing', () => {
    const script = new TcpScript().handshake();
    script.client('cdef', { at: 2 }).client('efgh', { at: 4 }).client('abcdefghij').client('bcd', { at: 1 });
    expect(script.log.content[0]).toBe('abcdefghij');
    expect(script.log.notes).toEqual([]);
  });

  it('of which the first copy was held win by the first copy', () => {
    const script = new TcpScript().handshake().client('cd', { at: 2 }).client('aXYZe');
    expect(script.log.content[0]).toBe('aXcde');
    expect(script.lines[0]).toBe(`client note ${CONFLICT} 2+2`);
  });

  it('that both waited win by the first copy', () => {
    const script = new TcpScript().handshake().client('cdef', { at: 2 }).client('cdEf', { at: 2 }).client('ab');
    expect(script.log.content[0]).toBe('abcdef');
    expect(script.lines[0]).toBe(`client note ${CONFLICT} 4+1`);
  });

  it('are noticed when the first copy was delivered already', () => {
    const script = new TcpScript().handshake().client('abcdef').client('abcXef');
    expect(script.log.content[0]).toBe('abcdef');
    expect(script.lines).toEqual(['client abcdef', `client note ${CONFLICT} 3+1`]);
  });

  it('are noticed in the last bytes of a segment, and across its borders', () => {
    const script = new TcpScript().handshake().client('abcde').client('fghij', { at: 5 });
    script.client('deFg', { at: 3 }).client('ghiJkl', { at: 6 });
    expect(script.log.content[0]).toBe('abcdefghijkl');
    expect(script.log.notes.map((n) => n.rule)).toEqual([CONFLICT, CONFLICT]);
  });

  it('are noticed in long segments that differ as a whole', () => {
    const script = new TcpScript().handshake().client('a'.repeat(1448)).client('b'.repeat(1448));
    expect(script.log.content[0]).toBe('a'.repeat(1448));
    expect(script.log.notes).toHaveLength(1);
  });

  it('are compared each with its own connection', () => {
    const script = new TcpScript();
    script.handshake({ port: 1 }).handshake({ port: 2 });
    script.client('abcdef', { port: 1 }).client('ABCDEF', { port: 2 });
    script.client('abcdef', { port: 1 }).client('ABCDEF', { port: 2 });
    expect(script.streams.flatMap((s) => s.notes)).toEqual([]);
  });

  it('are not compared where only a keep-alive repeats a byte', () => {
    const script = new TcpScript().handshake().client('abc').client('\0', { at: 2 }).client('', { at: 2 });
    script.client('def', { at: 3 });
    expect(script.lines).toEqual(['client abc', 'client def']);
  });
});
