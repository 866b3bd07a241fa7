import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  ack,
  client,
  clientCloses,
  data,
  disconnect,
  fill,
  hello,
  infoExport,
  join,
  option,
  READ,
  reply,
  request,
  server,
  serverCloses,
  simple,
  simpleSession,
  structuredSession,
  u16,
  u32,
  u64,
  WRITE,
} from '../../src/protocols/nbd/rules/session-steps.js';

const CHOPS = [1, 7, 600, 100_000];

/** Warnings and errors, the same however the bytes are cut; and the messages of the server. */
function judged(steps: readonly Step[]): { loud: string[]; texts: string[]; server: string[] } {
  const runs = CHOPS.map((chop) => {
    const { findings, messages } = runSteps(nbd, steps, { chop });
    const loud = findings.filter((f) => f.severity !== 'note');
    return {
      loud: loud.map((f) => `${f.rule.id} ${f.offset}+${f.length}`),
      texts: findings.map((f) => f.text),
      server: messages.filter((m) => m.side === 1).map((m) => `${m.name} ${m.offset}+${m.length}`),
    };
  });
  for (const run of runs) expect(run.loud).toEqual(runs[0]!.loud);
  return runs[0]!;
}

/** An option reply whose header announces `length` bytes, whatever follows. */
const lying = (number: number, type: number, length: number, ...data: Uint8Array[]): Step =>
  server(u64(0x0003e889045565a9n), u32(number), u32(type), u32(length), ...data);

describe('an option reply that is longer than its header says', () => {
  it('is one fault, and the reply behind it is read', () => {
    const entry = join(u32(4), 'disk');
    const {
      loud,
      texts,
      server: messages,
    } = judged([...hello(), option(3), lying(3, 2, 4, entry), ack(3), option(2), ack(2)]);
    expect(loud).toEqual(['nbd/server-name-overruns 38+4']);
    expect(messages.slice(-2)).toEqual(['NBD_REP_ACK 46+20', 'NBD_REP_ACK 66+20']);
    expect(texts.join('\n')).toMatch(/4 bytes longer than its header says/);
  });

  it('is found also by what follows it, where its own bytes look right', () => {
    const { loud } = judged([
      ...hello(),
      option(7, u32(0), fill(2, 0)),
      lying(7, 3, 12, fill(12, 1), fill(3, 0xff)),
      ack(7),
    ]);
    expect(loud.filter((l) => l.includes('magic'))).toEqual(['nbd/bad-option-reply-magic 50+10']);
  });
});

describe('a READ that is answered with fewer data', () => {
  const two = [...simpleSession(), request(READ, 1, 0, 1024), request(READ, 2, 4096, 512)];

  it.each([512, 1000, 1008, 501])('shows by the next header, here behind %i bytes', (sent) => {
    const { loud, texts } = judged([...two, simple(1, 0, sent), simple(2, 0, 512), ...disconnect()]);
    const header = 104 + 16 + sent;
    expect(loud).toEqual([`nbd/read-data-short ${header}+16`]);
    expect(texts.join('\n')).toMatch(new RegExp(`cookie 2 stands inside this READ's data, ${1024 - sent} bytes early`));
  });

  it('is none where the data hold a header, and the next reply is where it belongs', () => {
    const image = (...data: Uint8Array[]): Step => server(u32(0x67446698), u32(0), u64(1), ...data);
    const header = simple(2).bytes;
    for (const data of [image(fill(1008, 7), header), image(header, fill(1008, 7)), image(fill(99), header, fill(909))])
      expect(judged([...two, data, simple(2, 0, 512), ...disconnect()]).loud).toEqual([]);
  });
});

describe('a READ whose data end early, and nothing comes behind the next reply', () => {
  it.each([clientCloses, serverCloses])('is told by that reply: %j', (close) => {
    const { loud, texts } = judged([
      ...[...simpleSession(), request(READ, 1, 0, 2048), request(READ, 2, 4096, 512)],
      ...[simple(1, 0, 512), simple(2, 0, 512), close],
    ]);
    expect(loud).toEqual(['nbd/read-data-short 632+16']);
    expect(texts.join('\n')).toMatch(/cookie 2 stands inside this READ's data, 1536 bytes early/);
  });
});

describe('data that are shorter than their header says', () => {
  it('are told by the next request, where a WRITE has them', () => {
    const short = client(request(WRITE, 1, 0, 2048).bytes.subarray(0, 28 + 512));
    const { loud, texts } = judged([
      ...simpleSession(),
      short,
      request(WRITE, 2, 4096, 2048),
      request(READ, 3, 0, 512),
    ]);
    expect(loud).toEqual(['nbd/bad-request-magic 2104+4']);
    expect(texts.join('\n')).toMatch(
      /header with cookie 2 stands inside its data, at stream offset 568, 1536 bytes early/,
    );
  });

  it('are told by the next chunk', () => {
    const two = [...structuredSession(), request(READ, 1, 0, 2048), request(READ, 2, 4096, 2048)];
    const short = server(data(1, 0, 2048).bytes.subarray(0, 28 + 1024));
    const { loud, texts } = judged([...two, short, data(2, 4096, 2048)]);
    expect(loud.map((l) => l.replace(/ .*/, ''))).toEqual(['nbd/bad-reply-magic']);
    expect(texts.join('\n')).toMatch(/header with cookie 2 stands inside its data, .* 1024 bytes early/);
  });
});

describe('data behind a reply that has none', () => {
  it('are skipped by the length of the request, and the session goes on', () => {
    const { loud, server: messages } = judged([
      ...simpleSession(),
      request(WRITE, 1, 0, 4096),
      simple(1, 0, 4096),
      request(READ, 2, 0, 512),
      simple(2, 0, 512),
      ...disconnect(),
    ]);
    expect(loud).toEqual(['nbd/reply-with-payload 120+4096']);
    expect(messages.at(-1)).toBe('NBD_SIMPLE_REPLY 4216+528');
  });
});

describe('a cookie that comes back with its bytes in another order', () => {
  const cookie = 0x0102030405060708n;
  it.each([
    ['byte-swapped', 0x0807060504030201n],
    ['with each half byte-swapped', 0x0403020108070605n],
    ['with its halves exchanged', 0x0506070801020304n],
  ])('is recognised: %s', (how, sent) => {
    const {
      loud,
      texts,
      server: messages,
    } = judged([
      ...simpleSession(),
      request(READ, cookie, 0, 512),
      simple(sent, 0, 512),
      request(READ, cookie + 1n, 0, 512),
      simple(cookie + 1n, 0, 512),
      ...disconnect(),
    ]);
    expect(loud).toEqual(['nbd/reply-unknown-cookie 112+8']);
    expect(texts.join('\n')).toContain(`${how} it is that of a READ in flight`);
    expect(messages.slice(-2)).toEqual(['NBD_SIMPLE_REPLY 104+528', 'NBD_SIMPLE_REPLY 632+528']);
  });
});

describe('numbers with their bytes in the other order', () => {
  it('are recognised as options', () => {
    const { loud, texts } = judged([...hello(), option(0x08000000), reply(0x08000000, 0x80000001), option(2), ack(2)]);
    expect(loud).toEqual(['nbd/option-byte-swapped 12+4']);
    expect(texts.join('\n')).toContain('byte-swapped it is NBD_OPT_STRUCTURED_REPLY');
  });

  it('are recognised as lengths of an option: its data are all there, and nobody goes on', () => {
    const go = client(u64(0x49484156454f5054n), u32(7), u32(0x06000000), u32(0), u16(0));
    const { texts } = judged([...hello(), go, clientCloses, serverCloses]);
    expect(texts.join('\n')).toMatch(/inside NBD_OPT_GO, .*; byte-swapped its length is 6/);
  });

  it('are recognised as lengths of a name', () => {
    const { loud, texts } = judged([...hello(), option(7, u32(0x04000000), 'disk', u16(0)), reply(7, 0x80000003)]);
    expect(loud).toEqual(['nbd/go-name-overruns 20+4']);
    expect(texts.join('\n')).toContain('byte-swapped its length is 4');
  });

  it('are recognised as magics', () => {
    const { texts } = judged([...simpleSession(), request(READ, 1, 0, 512), server(u32(0x98664467), fill(600, 1))]);
    expect(texts.join('\n')).toContain('byte-swapped it is the magic of a simple reply');
  });

  it('do not hide a session that is right', () => {
    expect(
      judged([...hello(), option(6, u32(0), fill(2, 0)), infoExport(6, 512, 1), ack(6), option(2), ack(2)]).loud,
    ).toEqual([]);
  });
});
