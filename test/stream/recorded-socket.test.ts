import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { SocketEvent } from '../../src/capture/packet.js';
import { Segment } from '../../src/link/segment.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { StreamLog, TcpScript } from '../kit/tcp-script.js';

const unix = { interfaceDescription: 'unix-stream:/run/x.sock' };

describe('a Unix socket recorded as TCP', () => {
  it('has the names of the socket and of the process', () => {
    const script = new TcpScript().syn({ ...unix, comment: 'client pid 42, server pid 7, uid 0' }).synAck(unix);
    script.client('abc', unix).end();
    expect(script.log.connection).toMatchObject({
      transport: 'unix',
      endpoints: ['unix:pid=42', 'unix:/run/x.sock'],
      ports: [0, 0],
      start: 'captured',
      ordered: true,
    });
  });

  it('tells its clients apart where no process is known', () => {
    const script = new TcpScript().handshake(unix).handshake({ ...unix, port: 40001 });
    expect(script.streams.map((s) => s.connection.endpoints[0])).toEqual([
      'unix:/run/x.sock#40000',
      'unix:/run/x.sock#40001',
    ]);
  });

  it('may be a vsock', () => {
    const script = new TcpScript().handshake({ interfaceDescription: 'unix-stream:vsock:3:1024' });
    expect(script.log.connection).toMatchObject({ transport: 'vsock' });
    expect(script.log.connection.endpoints[1]).toBe('vsock:3:1024');
  });

  it('loses what its recorder left out at once: nothing comes out of order', () => {
    const script = new TcpScript()
      .handshake(unix)
      .client('abc', unix)
      .client('ghi', { ...unix, at: 6 });
    expect(script.lines).toEqual(['client abc', 'client <3>', 'client ghi']);
  });

  it('is another one after a reset, whatever its number: recordings were put into one file', () => {
    const script = new TcpScript().handshake(unix).client('abc', unix).rst(1, 0, 3);
    script
      .handshake({ ...unix, seconds: 1_700_000_005 })
      .client('new', unix)
      .end();
    expect(script.streams.map((s) => [s.content[0], s.closedAs])).toEqual([
      ['abc', 'reset'],
      ['new', 'open'],
    ]);
  });

  it('raises nothing about TCP', () => {
    const script = new TcpScript().handshake(unix).client('abc', unix).client('xyz', unix);
    expect(script.log.notes).toEqual([]);
  });
});

describe('recorded socket calls', () => {
  const logs: StreamLog[] = [];
  const notes: string[] = [];
  const play = (events: readonly (Partial<SocketEvent> & { data?: string; wire?: number })[], flows = 10): void => {
    logs.length = 0;
    notes.length = 0;
    const table = new StreamTable(
      { ...DEFAULT_LIMITS, flows },
      (connection) => {
        const log = new StreamLog(connection);
        logs.push(log);
        return log;
      },
      (note) => notes.push(note.text),
    );
    const s = new Segment();
    for (const { data = '', wire, ...event } of events) {
      s.packet++;
      s.block = new Block(new Uint8Array(Buffer.from(data)));
      s.end = data.length;
      s.length = wire ?? data.length;
      s.socket = {
        transport: 'unix',
        connection: 'a',
        endpoints: ['unix:pid=1', 'unix:/run/x.sock'],
        rolesKnown: true,
        ordered: true,
        kind: 'data',
        from: 0,
        ...event,
      };
      table.segment(s);
    }
    table.end();
  };

  it('become streams without any TCP', () => {
    play([
      { kind: 'open' },
      { data: 'abc' },
      { from: 1, data: 'xyz' },
      { kind: 'gap', length: 5 },
      { data: 'de', wire: 4 },
      { kind: 'fin' },
      { data: 'after' },
      { kind: 'fin', from: 1 },
      { data: 'late' },
    ]);
    expect(logs).toHaveLength(1);
    expect(logs[0]!.lines).toEqual([
      'client abc',
      'server xyz',
      'client <5>',
      'client de',
      'client <2 cut>',
      'client fin',
      'server fin',
      'closed',
    ]);
    expect(logs[0]!.connection).toMatchObject({ id: 1, transport: 'unix', start: 'captured', initiatorKnown: true });
    expect(notes).toEqual(['9 bytes of sockets came after the end of their direction, and are part of no stream']);
  });

  it('of several connections are told apart, and joined late without an open', () => {
    play([
      { connection: 'a', data: 'one' },
      { connection: 'b', kind: 'open' },
      { connection: 'b', data: 'two' },
      { connection: 'a', kind: 'reset', from: 1 },
    ]);
    expect(logs.map((l) => [l.connection.start, l.content[0], l.closedAs])).toEqual([
      ['missed', 'one', 'reset'],
      ['captured', 'two', 'open'],
    ]);
  });

  it('are bounded in number', () => {
    play(
      Array.from({ length: 10 }, (_, i) => ({ connection: `c${i}`, kind: 'open' as const })),
      3,
    );
    expect(logs).toHaveLength(10);
    expect(logs.every((l) => l.closedAs === 'open')).toBe(true);
    expect(notes).toHaveLength(1);
  });
});
