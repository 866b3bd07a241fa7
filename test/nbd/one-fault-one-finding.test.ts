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

describe('what follows from a fault', () => {
  const simple = (...steps: Step[][]) => [...s.simpleSession(), ...steps.flat(), ...s.disconnect()];
  const chunks = (...steps: Step[]) => [...s.structuredSession({}, ['base:allocation']), ...steps, ...s.disconnect()];
  const FLUSH = [s.request(s.FLUSH, 2), s.simple(2)];
  const LEAVE = [s.option(2), s.ack(2), ...CLOSE];
  const STATUS = s.request(s.BLOCK_STATUS, 1, 0, 65536);
  const wide = (...steps: Step[]) => [
    ...s.extendedSession({ flags: 0x1ded }, ['base:allocation']),
    ...steps,
    ...s.xdisconnect(),
  ];
  const refused = s.xchunk(0x8001, 1, 0, true, s.u32(22), s.u16(0));
  const zero = [...s.hello(), ...s.go({ blocks: [1, 4096, 1000] }), READ, s.simple(1, 0, 512), ...s.disconnect()];

  const cases: Record<string, readonly [steps: readonly Step[], ...findings: string[]]> = {
    'an acknowledgement of GO twice is not one without information': [
      [...s.hello(), ...s.go(), s.ack(7), READ, s.simple(1, 0, 512), ...s.disconnect()],
      'option-reply-unsolicited server 104+20',
    ],
    'INFO without the export is not another one than GO': [
      [...s.hello(), s.option(6, s.infoData('')), s.infoBlocks(6), s.ack(6), ...s.go(), ...s.disconnect()],
      'info-export-missing server 52+20',
    ],
    'a maximum payload that cannot be binds nobody': [zero, 'max-payload-below-preferred server 48+4'],
    'newstyle to a server of oldstyle, which never answers, is given up': [
      [s.oldstyle(), s.clientFlags(3), ...ASKED.slice(2), s.clientCloses, s.serverCloses],
      'oldstyle-on-newstyle-port server 8+8',
      'newstyle-after-oldstyle client 0+4',
    ],
    'a simple reply to a READ is not an error that should be structured': [
      chunks(READ, s.simple(1, s.EINVAL)),
      'simple-reply-to-read server 183+16',
    ],
    'ENOTSUP without FAST_ZERO, EOVERFLOW with it': [
      simple(
        [s.request(s.WRITE_ZEROES, 1, 0, 512), s.simple(1, s.ENOTSUP)],
        [s.request(s.WRITE_ZEROES, 2, 0, 512, s.FAST_ZERO), s.simple(2, s.EOVERFLOW)],
      ),
      'enotsup-without-fast-zero server 104+16',
      'fast-zero-eoverflow server 120+16',
    ],
    'a position of an error in a FLUSH lies outside of nothing': [
      chunks(s.request(s.FLUSH, 1), s.errorOffset(1, s.EIO, 0)),
      'chunk-type-for-command server 189+2',
    ],
    'a command that is not defined is answered all the same': [
      simple([s.request(9, 1), s.simple(1)], FLUSH),
      'unknown-command client 34+2',
      'bad-request-accepted server 104+16',
    ],
    'data behind the answer to a command that is not defined are anything': [
      simple([s.request(9, 1, 0, 512), s.simple(1, 0, 100)], FLUSH),
      'unknown-command client 34+2',
      'bad-request-accepted server 104+16',
    ],
    'an id that was never handed out stands for the one that lacks': [
      chunks(STATUS, s.status(1, 9, [[65536, 0]])),
      'block-status-unknown-context server 203+4',
    ],
    'a request beyond the export is answered in its own length': [
      chunks(s.request(s.BLOCK_STATUS, 1, 0, 2097152), s.status(1, 1, [[2097152, 3]])),
      'request-beyond-export client 103+12',
    ],
    'the upper half of a status is not its reserved bits': [
      wide(s.xrequest(s.BLOCK_STATUS, 1, 0, 65536), s.xstatus(1, 0, 1, [[65536, 0x100000000n]])),
      'block-status-ext-high-bits server 223+16',
    ],
    'a payload that is none has no effect length': [
      wide(s.xrequest(s.BLOCK_STATUS, 1, 0, 10, s.PAYLOAD_LEN, s.fill(10)), refused),
      'bs-payload-malformed client 119+10',
    ],
    'EXPORT_NAME after extended headers is not one without GO': [
      [...s.hello(), ...s.extended(), s.option(1, 'a'), s.exportInfo(4096, 1), ...s.xdisconnect()],
      'export-name-after-extended client 20+17',
    ],
    'GO refused after extended headers': [
      [
        ...[...s.hello(), ...s.extended(), s.option(7, s.infoData('')), s.reply(7, 0x80000001)],
        ...[s.option(7, s.infoData('')), s.reply(7, 0x8000000a), ...LEAVE],
      ],
      'go-unsup-after-extended server 38+20',
      'ext-reqd-after-extended server 58+20',
    ],
    'TLS required for STARTTLS is no refusal of it': [
      [...s.hello(), s.option(5), s.reply(5, 0x80000005), ...LEAVE],
      'tls-reqd-for-abort-or-starttls server 18+20',
    ],
    'STARTTLS without fixed newstyle, of either side': [
      [...s.hello(2, 2), s.option(5), s.serverCloses, s.clientCloses],
      'starttls-without-fixed client 4+16',
    ],
    'an INFO in answer to STARTTLS': [
      [...s.hello(), s.option(5), s.infoExport(5, 65536, 1), s.reply(5, 0x80000001), ...LEAVE],
      'starttls-reply-invalid server 30+4',
    ],
    'a reply to EXPORT_NAME, and an option behind it': [
      [...s.hello(2, 2), s.option(1, 'a'), s.reply(1, 0x80000006), s.serverCloses, s.clientCloses],
      'reply-to-export-name server 26+4',
    ],
    'behind a RESIZE both errors fit what lies beyond': [
      [
        ...s.simpleSession({ flags: 0x0f6d }),
        ...[s.request(s.RESIZE, 1, 524288), s.simple(1), s.request(s.READ, 2, 786432, 512), s.simple(2, s.ENOSPC)],
        ...s.disconnect(),
      ],
      'request-beyond-export client 72+12',
    ],
  };
  it.each(Object.entries(cases))('is not told again: %s', (_, [steps, ...findings]) => {
    const told = raised(steps).map((text) => text.slice('nbd/'.length, text.indexOf(':')));
    expect(told).toEqual(findings);
  });

  it('is no note about the server either, where a request reaches beyond the export', () => {
    const steps = chunks(s.request(s.BLOCK_STATUS, 1, 0, 2097152), s.status(1, 1, [[2097152, 3]]));
    expect(runSteps(nbd, steps).findings.map((f) => f.rule.id)).toEqual(['nbd/request-beyond-export']);
  });

  it('is no note about the option either, where the end of the session names it', () => {
    const { findings } = runSteps(nbd, [...s.hello(), s.option(3), s.serverCloses, s.clientCloses]);
    expect(findings.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([
      expect.stringMatching(/^nbd\/server-hard-disconnect-haggling: .*; NBD_OPT_LIST unanswered$/),
    ]);
  });
});

describe('a reply whose acknowledgement number does not cover its request', () => {
  const READS = [READ, s.request(s.READ, 2, 512, 512)];
  it('was sent before the request had arrived, also where the capture has them in order', () => {
    const simple = [...s.simpleSession(), ...READS, s.unseen(s.simple(1, 0, 512), 28), s.simple(2, 0, 512)];
    expect(raised([...simple, ...s.disconnect()])).toEqual([
      'nbd/reply-before-request server 104+528: the server had received 28 bytes of the client; the request ends at 56',
    ]);
    const early = s.unseen(s.data(2, 512, 256, false), 72);
    const chunked = [...s.structuredSession(), ...READS, s.data(1, 0, 512), early, s.data(2, 768, 256)];
    expect(raised([...chunked, ...s.disconnect()])).toEqual([
      'nbd/reply-before-request server 664+284: the server had received 72 bytes of the client; the request ends at 100',
    ]);
  });
});

describe('an answer with the number of another option', () => {
  const answer = [s.reply(7, 2, s.u32(1), 'a'), s.ack(7)];
  it('agrees on nothing, and the client that goes on is right', () => {
    expect(raised([...s.hello(), s.option(3), ...answer, ...s.go(), ...s.disconnect()])).toEqual([
      expect.stringMatching(/^nbd\/option-reply-mismatch server 26\+4: /),
    ]);
  });

  it('is one fault where its acknowledgement comes in front of what it acknowledges', () => {
    const steps = [...s.hello(), s.option(7, s.infoData('')), s.ack(7), s.infoExport(7, 4096, 1), ...s.disconnect()];
    expect(raised(steps)).toEqual([expect.stringMatching(/^nbd\/info-export-missing server 18\+20: /)]);
  });
});

describe('data that end in the middle of the next header', () => {
  const short = (step: ReturnType<typeof s.client>) => ({ ...step, bytes: step.bytes.subarray(0, -12) });
  const FLUSH = s.request(s.FLUSH, 2);
  const told = (steps: readonly Step[]) =>
    runSteps(nbd, [...steps, ...s.disconnect()])
      .findings.filter((f) => f.severity !== 'note')
      .map((f) => `${f.rule.id} ${f.party} ${f.offset}+${f.length}: ${f.text}`);

  it('are too short by these bytes', () => {
    expect(told([...s.simpleSession(), READ, FLUSH, short(s.simple(1, 0, 512)), s.simple(2)])).toEqual([
      "nbd/read-data-short server 620+16: a reply header for cookie 2 stands inside this READ's data, 12 bytes early: 500 of 512 were sent",
    ]);
    expect(told([...s.structuredSession(), READ, FLUSH, short(s.data(1, 0, 512)), s.none(2)])).toEqual([
      expect.stringMatching(
        /^nbd\/bad-reply-magic server 664\+4: .* cookie 2 stands inside its data, .* 12 bytes early/,
      ),
    ]);
    const write = short(s.request(s.WRITE, 1, 0, 512));
    expect(told([...s.simpleSession(), write, FLUSH, s.simple(1), s.simple(2)])).toEqual([
      expect.stringMatching(
        /^nbd\/bad-request-magic client 568\+4: .* cookie 2 stands inside its data, .* 12 bytes early/,
      ),
    ]);
  });
});

describe('an option that the server passes over', () => {
  it('is told of by the answer to the next one, and pairs nothing behind it wrongly', () => {
    const asked = [s.option(3), s.option(6, s.infoData('a')), s.option(7, s.infoData('a'))];
    const answered = (option: number) => [s.reply(option, 3, ...INFO), s.ack(option)];
    expect(raised([...s.hello(), asked[0]!, asked[1]!, ...answered(6), asked[2]!, ...answered(7), ...CLOSE])).toEqual([
      expect.stringMatching(/^nbd\/option-pipelined client /),
      expect.stringMatching(
        /^nbd\/option-reply-mismatch server .*: the reply names NBD_OPT_INFO; outstanding is NBD_OPT_LIST$/,
      ),
    ]);
  });
});
