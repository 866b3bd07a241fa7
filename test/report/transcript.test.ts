import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { playSteps, type StepOptions } from '../../src/engine/example.js';
import type { Step } from '../../src/base/rule.js';
import { Transcript, type TranscriptOptions } from '../../src/report/transcript.js';
import { client, server, toy } from '../kit/toy-protocol.js';

function transcript(
  steps: readonly Step[],
  options: Partial<TranscriptOptions> = {},
  step: StepOptions = {},
): string[] {
  let out = '';
  playSteps(
    toy,
    steps,
    step,
    new Transcript((t) => (out += t), { colors: false, verbose: false, hex: false, ...options }),
  );
  return out.split('\n');
}

const session = [server('TOY!'), client('Q', 1, 2, 'Q', 2, 0), server('A', 1, 'xy'), server('A', 2, 'N', 3, 'abc')];

describe('the transcript', () => {
  it('shows a session line by line', () => {
    expect(transcript(session)).toMatchInlineSnapshot(`
      [
        "",
        "stream 1   tcp 192.0.2.1:40001 -> 192.0.2.2:10809   toy (magic)",
        "stream     #  packet         time  message",
        "     1     1       2     0.000000  <- TOY                           id 0  size 0",
        "     1     2       3     0.001000  -> QUESTION                      id 1  size 2",
        "     1     3       3     0.001000  -> QUESTION                      id 2  size 0",
        "                                   x error toy/zero-size (client)",
        "                                     size is 0",
        "                                     client stream bytes 5..6   see: wirelint explain toy/zero-size",
        "     1     4       4     0.002000  <- ANSWER                        id 1  size 2  re #2",
        "     1     5       5     0.003000  <- ANSWER                        id 2  size 0  re #3",
        "     1     6       5     0.003000  <- NOTE                          id 0  size 3",
        "end of stream 1: open, 6 messages, 1 error; client decoded alone, server with its help; nothing missing",
        "  2 answers",
        "",
      ]
    `);
  });

  it('says the same in colours', () => {
    const coloured = transcript(session, { colors: true });
    expect(coloured.join('')).toContain('\x1b[');
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(transcript(session));
  });

  it('adds the annotated bytes with -x', () => {
    expect(transcript(session.slice(0, 2), { hex: true })).toMatchInlineSnapshot(`
      [
        "",
        "stream 1   tcp 192.0.2.1:40001 -> 192.0.2.2:10809   toy (magic)",
        "stream     #  packet         time  message",
        "     1     1       2     0.000000  <- TOY                           id 0  size 0",
        "        000000  54",
        "        000001  4f                                                id  0",
        "        000002  59                                                size  0 bytes",
        "        000003  21",
        "     1     2       3     0.001000  -> QUESTION                      id 1  size 2",
        "        000000  51",
        "        000001  01                                                id  1",
        "        000002  02                                                size  2 bytes",
        "     1     3       3     0.001000  -> QUESTION                      id 2  size 0",
        "        000000  51",
        "        000001  02                                                id  2",
        "        000002  00                                                size  0 bytes",
        "                ^^",
        "                                   x error toy/zero-size (client)",
        "                                     size is 0",
        "                                     client stream bytes 5..6   see: wirelint explain toy/zero-size",
        "end of stream 1: open, 3 messages, 1 error; both directions decoded alone; nothing missing",
        "  0 answers",
        "",
      ]
    `);
  });

  it('says more with -v', () => {
    expect(transcript(session.slice(0, 3), { verbose: true })).toMatchInlineSnapshot(`
      [
        "",
        "stream 1   tcp 192.0.2.1:40001 -> 192.0.2.2:10809   toy (magic)",
        "stream     #  packet         time  message",
        "     1     1       2     0.000000  <- TOY                           id 0  size 0  [bytes 0..4]",
        "     1     2       3     0.001000  -> QUESTION                      id 1  size 2  [bytes 0..3]",
        "     1     3       3     0.001000  -> QUESTION                      id 2  size 0  [bytes 3..6]",
        "                                   x error toy/zero-size (client)",
        "                                     size is 0",
        "                                     client stream bytes 5..6   see: wirelint explain toy/zero-size",
        "     1     4       4     0.002000  <- ANSWER                        id 1  size 2  re #2  [bytes 4..8; decoded with the peer]",
        "end of stream 1: open, 4 messages, 1 error; client decoded alone, server with its help; nothing missing",
        "  1 answers",
        "",
      ]
    `);
  });

  it('lists a stream that nobody knows with its first bytes', () => {
    expect(transcript([client('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'), server('HTTP/1.1 200 OK\r\n')]))
      .toMatchInlineSnapshot(`
      [
        "",
        "stream 1   tcp 192.0.2.1:40001 -> 192.0.2.2:10809   unknown protocol, 37 B there, 17 B back, open",
        "  -> 47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|",
        "     48 6f 73 74 3a 20 65 78  61 6d 70 6c 65 2e 6f 72  |Host: example.or|",
        "  <- 48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|",
        "     0a                                                |.|",
        "",
      ]
    `);
  });

  it('names the stream on each line, and in a heading once', () => {
    const lines = transcript([server('TOY!'), client('Q', 1, 1), { then: 'new connection' }, server('TOY!')]);
    expect(lines.filter((l) => /^stream \d/.test(l)).length).toBe(2);
    expect(lines.filter((l) => /^ +2 +1 /.test(l)).length).toBe(1);
  });

  it('breaks lines where the terminal ends, and marks the bytes of a finding', () => {
    const lines = transcript([server('TOY!'), client('Q', 2, 0)], { width: 80, hex: true });
    // rows of bytes have one width everywhere
    const isDump = (line: string): boolean => /^ {8}[0-9a-f]{6} {2}/.test(line);
    for (const line of lines) if (!isDump(line)) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(lines.filter((l) => l.includes('^^')).map((l) => l.trim())).toEqual(['^^']);
    expect(lines.some((l) => l.endsWith('see: wirelint explain toy/zero-size'))).toBe(true);
  });
});
