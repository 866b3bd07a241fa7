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
  it('are why a server that waits for the data of a WRITE closes', () => {
    const write = (length: number, sent: number) => [
      ...s.simpleSession(),
      s.client(s.u32(0x25609513), s.u16(0), s.u16(s.WRITE), s.u64(1), s.u64(0), s.u32(length), s.fill(sent)),
      s.serverCloses,
    ];
    expect(raised(write(0x00020000, 512))).toEqual([
      expect.stringMatching(
        /^nbd\/server-hard-disconnect server 104\+0: .*, after 512 of 131072 bytes of the data of NBD_CMD_WRITE; byte-swapped its length is 512: integers are big-endian; 1 of 1 request unanswered/,
      ),
    ]);
    expect(raised(write(0x00020000, 700))).toEqual([expect.not.stringContaining('byte-swapped')]);
  });

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
  it('is that it stands in clear behind STARTTLS, not what it answers as well', () => {
    const clientHello = s.client(s.tlsRecord(22, s.u8(1), s.u8(0), s.u16(100), s.u16(0x0303), s.fill(98, 1)));
    const serverHello = s.server(s.tlsRecord(22, s.u8(2), s.u8(0), s.u16(40), s.fill(40, 1)));
    const upgrade = [...s.hello(), ...s.starttls()];
    for (const inClear of [
      [s.reply(7, 0x80000003)],
      [s.reply(5, 0x80000001)],
      [s.ack(5), s.ack(8)],
      [s.infoExport(7, 4096, 1), s.ack(7)],
      [s.greeting()],
      [s.simple(1)],
      [s.exportInfo(4096, 1, 124), s.simple(1), s.none(1)],
      [s.server(s.fill(100, 0x41))],
    ])
      // whether the client speaks TLS before, behind it, or leaves without a word
      for (const session of [
        [...upgrade, clientHello, ...inClear, ...CLOSE],
        [...upgrade, ...inClear, clientHello, ...CLOSE],
        [...upgrade, ...inClear, clientHello, serverHello, ...CLOSE],
        [...upgrade, ...inClear, ...CLOSE],
        [...upgrade, ...inClear, s.serverCloses, s.clientCloses],
      ])
        expect(raised(session)).toEqual([
          expect.stringMatching(/^nbd\/server-plaintext-after-starttls server 38\+5: /),
        ]);
  });

  it('is that of either side where both go on in clear, and what the client asks in clear is answered as ever', () => {
    const stray = s.reply(8, 0x80000001);
    const told = raised([
      ...s.hello(),
      ...s.starttls(),
      stray,
      s.option(3),
      s.reply(3, 2, s.u32(1), 'a'),
      s.ack(8),
      ...CLOSE,
    ]);
    expect(told).toEqual([
      expect.stringMatching(/^nbd\/server-plaintext-after-starttls server 38\+5: /),
      expect.stringMatching(/^nbd\/client-plaintext-after-starttls client 20\+16: /),
      expect.stringMatching(/^nbd\/option-reply-mismatch server /),
    ]);
  });

  it('is DONE before all was sent, not what is sent behind it as well', () => {
    const ask = s.request(s.READ, 1, 0, 1024);
    for (const rest of [[s.data(1, 512, 512)], [s.data(1, 512, 512, false), s.none(1)]]) {
      const steps = [...s.structuredSession(), ask, s.data(1, 0, 512), ...rest, ...s.disconnect()];
      expect(raised(steps)).toEqual([expect.stringMatching(/^nbd\/read-incomplete server 124\+540: .* 512\.\.1024 /)]);
    }
    const twice = [...s.structuredSession(), READ, s.data(1, 0, 512), s.data(1, 0, 512), ...s.disconnect()];
    expect(raised(twice)).toEqual([expect.stringMatching(/^nbd\/reply-after-done server /)]);
  });

  it('is information that GO gives otherwise than INFO, by its name and with both values', () => {
    const answer = (option: number, size: number, flags: number) => [
      s.option(option, s.infoData('')),
      s.infoExport(option, size, flags),
      s.ack(option),
    ];
    const told = (size: number, flags: number) =>
      raised([...s.hello(), ...answer(6, 1048576, 1), ...answer(7, size, flags), ...s.disconnect()]);
    expect(told(2097152, 1)).toEqual([
      'nbd/info-go-inconsistent server 102+20: NBD_INFO_EXPORT: NBD_OPT_INFO gave a size of 1048576 bytes, NBD_OPT_GO a size of 2097152 bytes',
    ]);
    expect(told(1048576, 3)).toEqual([
      expect.stringMatching(/gave transmission flags 0x0001, NBD_OPT_GO transmission flags 0x0003$/),
    ]);
    expect(told(1048576, 1)).toEqual([]);
  });

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
