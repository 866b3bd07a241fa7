import { describe, expect, it } from 'vitest';
import { NotACapture } from '../../src/capture/packet.js';
import { readText } from '../kit/socket-recorder.js';

const hex = (text: string): string =>
  ` ${Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')}`;

/** A block as `socat -x -v` prints it. */
function block(arrow: '<' | '>', from: number, text: string, fraction = '000213718'): string {
  const head = `${arrow} 2026/11/20 14:55:25.${fraction}  length=${text.length} from=${from} to=${from + text.length - 1}\n`;
  const lines = text.match(/[^\n]{0,15}\n|[^\n]{1,16}/g) ?? [];
  return `${head}${lines.map((l) => `${hex(l).padEnd(48)}  ${l.replace(/[^ -~]/g, '.')}\n`).join('')}--\n`;
}

/** A block as `socat -x` prints it. */
function plain(arrow: '<' | '>', from: number, text: string): string {
  return `${arrow} 2026/11/20 14:55:25.000213718  length=${text.length} from=${from} to=${from + text.length - 1}\n${hex(text)}\n`;
}

describe('socat -x', () => {
  it('reads both forms', () => {
    for (const form of [block, plain]) {
      const { connections, captureInfo } = readText(
        form('<', 0, 'hello, this is more than a line\nand another\n\n') +
          form('>', 0, '\0\x01 -- \n') +
          form('<', 45, 'x'),
      );
      expect(captureInfo).toEqual({ format: 'socat', linkTypes: [], resolution: 'us' });
      expect(connections).toHaveLength(1);
      expect(connections[0]).toMatchObject({
        opened: true,
        rolesKnown: false,
        streams: ['\0\x01 -- \n', 'hello, this is more than a line\nand another\n\nx'],
        ends: ['', ''],
      });
    }
  });

  it('takes nine digits for microseconds unless they cannot be', () => {
    expect(readText(block('<', 0, 'a')).times).toEqual([1795186525.213718, 1795186525.213718]);
    expect(readText(block('<', 0, 'a', '213718')).times[0]).toBe(1795186525.213718);
    expect(readText(block('<', 0, 'a', '213718001')).times[0]).toBeCloseTo(1795186525.213718, 6);
  });

  it('starts a connection where a direction begins anew', () => {
    const one = block('<', 0, 'hello') + block('>', 0, 'hi');
    expect(readText(one + one + block('<', 5, '!')).connections.map((c) => c.streams)).toEqual([
      ['hi', 'hello'],
      ['hi', 'hello!'],
    ]);
  });

  it('gives up certainty where an older connection goes on', () => {
    const { connections, notes } = readText(
      block('<', 0, 'hello') +
        block('>', 0, 'hi') +
        block('<', 0, 'hello, friend') +
        block('>', 2, 'more') +
        block('>', 999, '?'),
    );
    expect(connections.map((c) => c.streams)).toEqual([
      ['hi<-1>more', 'hello<-1>'],
      ['<-1>', 'hello, friend<-1>'],
    ]);
    expect(notes.join('\n')).toMatch(/several were open at once/);
    expect(notes.join('\n')).toMatch(/1 block that fit no connection/);
  });

  it('keeps holes as gaps of their size', () => {
    const late = readText(block('<', 100, 'abc') + block('<', 110, 'xyz') + block('>', 7, 'q'));
    expect(late.connections.map((c) => c.streams)).toEqual([['q', 'abc<7>xyz']]);
    expect(late.connections[0]!.opened).toBe(false);
    const short = readText(block('<', 0, 'abcdef').replace('66', 'zz') + block('<', 6, 'g'));
    expect(short.connections[0]!.streams[1]).toBe('abcde<1>g');
    expect(short.notes.join('\n')).toMatch(/1 block not shown whole: 1 B/);
  });

  it('reads past what socat itself says, also behind data', () => {
    const text =
      '2026/11/20 14:55:20 socat[77] N listening on AF=1 "/run/a"\n' +
      plain('>', 0, 'abc').trimEnd() +
      '2026/11/20 14:55:26 socat[77] E read(5, 0x55, 8192): Connection reset by peer\n' +
      plain('<', 0, 'def');
    expect(readText(text).connections.map((c) => c.streams)).toEqual([['abc', 'def']]);
  });

  it('says where the text ends inside a block', () => {
    const text = block('<', 0, 'a'.repeat(100)).slice(0, 150);
    const { connections, notes } = readText(text);
    expect(connections[0]!.streams[1]).toMatch(/^a{20,30}<7\d>$/);
    expect(notes.join('\n')).toMatch(/capture\/truncated: the text ends inside the block of line 1/);
  });

  it('refuses the text of -v alone, which has no bytes', () => {
    expect(() => readText('> 2026/11/20 16:06:36.000064320  length=14 from=0 to=13\nhello\nworld\n..')).toThrow(
      NotACapture,
    );
  });

  it('socatConnections: says whose later blocks it cannot place', () => {
    const one = block('<', 0, 'hello') + block('>', 0, 'hi');
    const { notes } = readText(one.repeat(9) + block('<', 77, '?'), { limits: { socatConnections: 4 } });
    expect(notes.filter((n) => n.startsWith('capture/limit'))).toEqual([
      'capture/limit: socatConnections: more than 4 connections; blocks that belong to none of the newest may be those of the 5 oldest',
    ]);
    // nothing was lost
    expect(readText(one.repeat(9), { limits: { socatConnections: 4 } }).notes.join('\n')).not.toContain(
      'capture/limit',
    );
  });

  it('does not gather a block that claims to have no end', () => {
    const before = process.memoryUsage().rss;
    const head = '> 2026/11/20 16:06:36.000064320  length=999999999999999 from=0 to=999999999999998\n';
    const line = Buffer.from(`${hex('0123456789abcdef')}\n`);
    const lines = Buffer.alloc(line.length * 200_000, line);
    const { connections } = readText(Buffer.concat([Buffer.from(head), lines]));
    expect(connections[0]!.streams[0].startsWith('0123456789abcdef')).toBe(true);
    expect(connections[0]!.events.length).toBeGreaterThan(10);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
  });
});
