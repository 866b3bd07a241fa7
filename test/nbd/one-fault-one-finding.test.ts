import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

const CLOSE: readonly Step[] = [s.clientCloses, s.serverCloses];
const INFO = [s.u16(0), s.u64(4096), s.u16(1)];
const ASKED = [...s.hello(), s.option(7, s.infoData('a'))];
const READ = s.request(s.READ, 1, 0, 512);

/** What is raised, as `RULE PARTY OFFSET+LENGTH: TEXT` without notes, and the same in segments of 1 and 7 bytes. */
function raised(steps: readonly Step[]): string[] {
  const told = (chop?: number): string[] =>
    runSteps(nbd, steps, { close: 'closed', ...(chop === undefined ? {} : { chop }) })
      .findings.filter((f) => f.severity !== 'note')
      .map((f) => `${f.rule.id} ${f.party} ${f.offset}+${f.length}: ${f.text}`);
  const whole = told();
  for (const chop of [1, 7]) expect([...told(chop)].sort()).toEqual([...whole].sort());
  return whole;
}

describe('integers in the wrong byte order', () => {
  const cases: Record<string, readonly [steps: readonly Step[], finding: RegExp]> = {
    'the type of a reply': [
      [...ASKED, s.reply(7, 0x03000000, ...INFO), s.ack(7), ...CLOSE],
      /^nbd\/unknown-reply-type server 30\+4: .*; byte-swapped it is NBD_REP_INFO: integers are big-endian$/,
    ],
    'the option in a reply, every time': [
      [...ASKED, s.reply(0x07000000, 3, ...INFO), s.reply(0x07000000, 1), ...CLOSE],
      /^nbd\/option-reply-mismatch server 26\+4: .*; byte-swapped it is NBD_OPT_GO: integers are big-endian$/,
    ],
    'the length of a reply': [
      [
        ...ASKED,
        s.server(
          new Uint8Array(Buffer.from('0003e889045565a9', 'hex')),
          s.u32(7),
          s.u32(3),
          s.u32(0x0c000000),
          ...INFO,
        ),
        s.ack(7),
        ...CLOSE,
      ],
      /^nbd\/info-export-bad-length server 34\+4: .*; byte-swapped its length is 12: integers are big-endian$/,
    ],
    'the type of a chunk': [
      [...s.structuredSession(), READ, s.chunk(0x0100, 1, true, s.u64(0), s.fill(512)), ...s.disconnect()],
      /^nbd\/unknown-chunk-type server 130\+2: .*; byte-swapped it is OFFSET_DATA: integers are big-endian$/,
    ],
    'an error': [
      [...s.simpleSession(), READ, s.simple(1, 0x16000000), ...s.disconnect()],
      /^nbd\/unknown-error-value server 108\+4: .*; byte-swapped it is NBD_EINVAL: integers are big-endian$/,
    ],
    'a command': [
      [...s.simpleSession(), s.request(0x0300, 1), s.simple(1, s.EINVAL), ...s.disconnect()],
      /^nbd\/unknown-command client 34\+2: .*; byte-swapped it is NBD_CMD_FLUSH: integers are big-endian$/,
    ],
  };
  it.each(Object.entries(cases))('are one fault, and named: %s', (_, [steps, finding]) => {
    expect(raised(steps).filter((f) => !f.includes('hard-disconnect'))).toEqual([expect.stringMatching(finding)]);
  });

  it("are one fault of the client, and one of the server that goes on: the client's flags", () => {
    expect(raised([s.greeting(), s.clientFlags(0x03000000), ...s.go(), ...s.disconnect()])).toEqual([
      expect.stringMatching(/^nbd\/client-unknown-flag client 0\+4: .*; byte-swapped they are 0x00000003: /),
      expect.stringMatching(/^nbd\/server-kept-bad-client server /),
    ]);
  });
});

describe('one fault of an answer', () => {
  it('is content outside of what was asked for, not that it lacks inside as well', () => {
    const steps = [...s.structuredSession(), READ, s.data(1, 512, 512), ...s.disconnect()];
    expect(raised(steps)).toEqual([expect.stringMatching(/^nbd\/chunk-out-of-bounds server 124\+540: /)]);
  });

  it('is a length over every limit, not what it would reach to', () => {
    const head = new Uint8Array(Buffer.from('668e33ef', 'hex'));
    const chunk = s.server(head, s.u16(1), s.u16(1), s.u64(1), s.u32(0x08020000), s.u64(0), s.fill(512));
    expect(raised([...s.structuredSession(), READ, chunk]).slice(0, 1)).toEqual([
      expect.stringMatching(/^nbd\/chunk-over-max-payload server 140\+4: /),
    ]);
    expect(raised([...s.structuredSession(), READ, chunk]).join()).not.toContain('chunk-out-of-bounds');
  });

  it('is a second answer, at its header', () => {
    const steps = [...s.simpleSession(), READ, s.simple(1, 0, 512), s.simple(1, 0, 512), ...s.disconnect()];
    expect(raised(steps)).toEqual([expect.stringMatching(/^nbd\/reply-after-done server 632\+16: /)]);
  });
});
