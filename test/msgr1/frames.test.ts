import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import type { Message } from '../../src/contract/message.js';
import { runSteps } from '../../src/engine/example.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { TAG } from '../../src/protocols/msgr1/constants.js';
import * as E from '../../src/protocols/msgr1/encode.js';
import { msgr1 } from '../../src/protocols/msgr1/index.js';
import type { Msgr1Message } from '../../src/protocols/msgr1/messages.js';
import { script, type Script } from '../../src/protocols/msgr1/script.js';

/** That it is the old messenger is said of every session. */
const levels = new Map([['msgr1/legacy-messenger', 'off'] as const]);
const play = (s: Script) => runSteps(msgr1, s.steps, { port: 6789, levels });
const names = (messages: readonly Message[], side: 0 | 1) => messages.filter((m) => m.side === side).map((m) => m.name);
const fields = (m: Message | undefined) => fieldsOf(msgr1.annotate(m as Msgr1Message));
const question = { type: MSG.MON_GET_VERSION, front: E.getVersion() };

describe('what a client sends behind a connect', () => {
  // every low byte that a number of messages can have, those of tags among them
  it.each([1, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 255, 256 + 7, 65536 + 8, 0x609, 0x709, 0x906, 0x809, 0xe09, 0x60906])(
    'is the number %i where the session goes on',
    (seq) => {
      const { messages, findings } = play(
        script().resume([seq, 3]).message('client', question).send('client', E.ack(1)),
      );
      expect(findings).toEqual([]);
      expect(names(messages, 0)).toEqual(['BANNER', 'CONNECT', 'SEQ', 'MSG', 'ACK']);
      expect(fields(messages.find((m) => m.side === 0 && m.name === 'SEQ'))).toEqual({ seq: String(seq) });
    },
  );

  it.each([
    ['KEEPALIVE2', E.keepalive(TAG.KEEPALIVE2, 1_400_000_000)],
    ['ACK', E.ack(9)],
    ['KEEPALIVE', E.u8(TAG.KEEPALIVE)],
    ['MSG', E.message({ ...question, seq: 2 })],
  ])('is %s where it was let in', (name, bytes) => {
    const { messages, findings } = play(script().open().send('client', bytes).message('client', question));
    expect(findings).toEqual([]);
    expect(names(messages, 0)).toEqual(['BANNER', 'CONNECT', name, 'MSG']);
  });

  it('is CLOSE at the end of its stream', () => {
    const { messages } = play(script().open().send('client', E.u8(TAG.CLOSE)).end('client'));
    expect(names(messages, 0)).toEqual(['BANNER', 'CONNECT', 'CLOSE']);
  });

  it('is another connect where it was refused', () => {
    const again = script().greet().connect({ connectSeq: 2 }).reply({ tag: TAG.RESETSESSION }).connect().reply();
    expect(names(play(again.message('client', question)).messages, 0)).toEqual(['BANNER', 'CONNECT', 'CONNECT', 'MSG']);
  });
});

describe('a footer', () => {
  it('has no signature where its sender does not know of any, whatever its peer offers', () => {
    const steps = script()
      .greet()
      .connect({ features: 0x4a42n })
      .reply()
      .message('server', { front: E.ascii('a'), old: true })
      .message('server', { seq: 2, old: true })
      .message('client', { ...question, old: true });
    const { messages, findings } = play(steps);
    expect(findings).toEqual([]);
    expect(names(messages, 1)).toEqual(['BANNER', 'CONNECT_REPLY', 'MSG', 'MSG']);
    expect(messages.filter((m) => m.name === 'MSG').map((m) => 'signature' in fields(m))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('has its signature in JSON, as a decimal string', () => {
    const { messages } = play(
      script()
        .open()
        .message('client', { ...question, signature: 0x0102030405060708n, flags: 5 }),
    );
    expect(fields(messages.at(-1))).toMatchObject({
      signature: '72623859790382856',
      footerFlags: ['COMPLETE', 'SIGNED'],
    });
  });
});

describe('a wrong checksum', () => {
  it('is told of at the bytes that it is about', () => {
    const parts = { ...question, middle: E.ascii('mid'), data: E.ascii('data!') };
    const wrong = { ...parts, middleCrc: 1, dataCrc: 2 };
    const { messages, findings } = play(script().open().message('client', wrong));
    const m = messages.at(-1)!;
    const front = 54 + question.front.length;
    expect(findings.map((f) => [f.rule.id, f.offset - m.offset, f.length])).toEqual([
      ['msgr1/middle-crc', front, 3],
      ['msgr1/data-crc', front + 3, 5],
    ]);
  });

  it('of a header makes the lengths worthless: the next message is looked for', () => {
    const { messages, findings } = play(
      script()
        .open()
        .message('client', { ...question, headerCrc: 5 })
        .message('client', { ...question, seq: 2 }),
    );
    expect(findings.map((f) => f.rule.id)).toEqual(['msgr1/header-crc', 'capture/resynchronised']);
    expect(fields(messages.at(-1))).toMatchObject({ seq: '2' });
  });
});

describe('a MonMap of before Nautilus', () => {
  it('names its monitors with one address each', () => {
    const map = E.concat(
      E.concat(new Uint8Array(16).fill(0xab), E.u32(7), E.u32(1)),
      E.concat(E.str('a'), E.address(6789), new Uint8Array(16)),
    );
    const front = E.blob(E.concat(E.u8(3), E.u8(3), E.u32(map.length), map));
    const { messages, findings } = play(script().open().message('server', { type: MSG.MON_MAP, front }));
    expect(findings).toEqual([]);
    expect(fields(messages.at(-1))).toMatchObject({
      front: { monmap: { map: { epoch: 7, monAddresses: [{ name: 'a', address: 'v1:10.0.0.1:6789/0' }] } } },
      frontUndecoded: 0,
    });
  });
});

describe('a client that leaves inside its banner', () => {
  const left = (ofAddress: number) => {
    const address = E.address(0).subarray(0, ofAddress);
    const { findings } = play(script().send('client', E.banner(), address).end('client'));
    return findings.map((f) => f.rule.id);
  };

  it('may do so where it waits for that of the server, before it tells its address', () => {
    expect(left(0)).toEqual([]);
  });

  it('cuts its address off where that has begun', () => {
    expect(left(20)).toEqual(['msgr1/frame-truncated']);
  });
});
