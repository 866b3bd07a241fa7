import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, unhex } from '../../src/base/hex.js';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';
import { MODE_CRC, MODE_SECURE, TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { DataFrame, type Msgr2Message } from '../../src/protocols/msgr2/message.js';
import type { Revision } from '../../src/protocols/msgr2/layout.js';
import { GcmStream } from '../../src/protocols/msgr2/secure/gcm.js';
import { exampleKeys, sealedScript, type SealedScript } from '../../src/protocols/msgr2/secure/sealed-script.js';
import { testProperties, unaccounted } from '../kit/properties.js';

const data = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 7) & 0xff);
const play = (steps: readonly Step[], options: StepOptions = {}): StepResult =>
  runSteps(msgr2, steps, { port: 3300, knows: exampleKeys(), ...options });
const raised = (result: StepResult, severities: readonly string[] = ['error', 'warning']): string[] =>
  result.findings
    .filter((f) => severities.includes(f.severity) && f.rule.id !== 'msgr2/rev0-negotiated')
    .map((f) => `${f.rule.id}: ${f.text}`);
const numbers = (result: StepResult): number[] =>
  result.messages.filter((m) => m instanceof DataFrame && m.headed && m.complete).map((m) => (m as DataFrame).seq);

const traffic = (revision: Revision) => () =>
  sealedScript(revision)
    .openSealed()
    .sealedMessage('client', { tid: 1, front: data(20) })
    .sealedMessage('server', { tid: 1, ackSeq: 1, data: data(300) })
    .sealedMessage('client', { seq: 2, front: data(10), middle: data(5), data: data(2000) })
    .sealedMessage('server', { seq: 2, front: data(10) }, { late: 1 })
    .sealedMessage('server', { seq: 3, ackSeq: 2 })
    .sealed('client', TAG.KEEPALIVE2, [E.concat(E.u32(1000), E.u32(0))])
    .sealed('server', TAG.KEEPALIVE2_ACK, [E.concat(E.u32(1000), E.u32(0))])
    .end('client')
    .end('server').steps;

const atOsd = () =>
  sealedScript()
    .ticketLogin({ mode: MODE_SECURE })
    .sealedSignatures()
    .sealedMessage('client', { front: data(20) })
    .sealedMessage('server', { data: data(90) }).steps;

testProperties(
  msgr2,
  { 'secure mode, revision 1': traffic(1), 'secure mode, revision 0': traffic(0), 'with a ticket': atOsd },
  { port: 3300, knows: exampleKeys() },
);

describe('nonces', () => {
  const key = unhex('000102030405060708090a0b0c0d0e0f');
  const nonce = unhex('ffffffffffffffffffffffff');

  it('count in the last eight bytes in revision 1, in the first four in revision 0', () => {
    const first = unhex('1c1d1e1f2021222324252627');
    expect(hex(new GcmStream(key, first, 1).nonce(2))).toBe('1c1d1e1f2221222324252627');
    expect(hex(new GcmStream(key, first, 0).nonce(1))).toBe('1d1d1e1f2021222324252627');
    expect(hex(new GcmStream(key, first, 1).nonce(0x1_0000_00ff))).toBe('1c1d1e1f1f22222325252627');
  });

  it('wrap inside of their counter', () => {
    expect(hex(new GcmStream(key, nonce, 1).nonce(1))).toBe('ffffffff0000000000000000');
    expect(hex(new GcmStream(key, nonce, 0).nonce(2))).toBe('01000000ffffffffffffffff');
  });

  it('give the worked frames of both revisions', () => {
    const first = unhex('1c1d1e1f2021222324252627');
    const ack = unhex('140108000000080000000000000000000000000000000000000000007374bc5b0700000000000000');
    const one = new GcmStream(key, first, 1).seal(1, E.concat(ack, new Uint8Array(40)));
    expect(hex(one)).toBe(
      '9d2b276ff8ab6493c71f43d671c4a3a38a8577da66639b20d42f050524f776d45591271be80b05108c13817b172af539e096a5a2c0183c65656b15d047b91e7ae9f5a5aadcdc5350ca29264420199b1b48971ad711684ae17121b598cacea60c',
    );
    const zero = new GcmStream(key, first, 0).seal(1, E.concat(ack, new Uint8Array(24)));
    expect(hex(zero)).toBe(
      '577d0c6d6da2a8f9b81ff71940c00bf9f582a067b034585a204605a484e28333242078fc0e544dce12192f4ec1da508edbdde92a2bad512c05e22be605cbba7f3f6bfdd690e8c56b3c328989241ec8e4',
    );
  });
});

describe('tags and padding', () => {
  for (const revision of [0, 1] as const) {
    it(`revision ${revision}: a wrong tag is told, and decoding goes on behind its frame`, () => {
      const s = sealedScript(revision).openSealed();
      s.sealedMessage('client', { seq: 1, front: data(30) })
        .sealedMessage('client', { seq: 2, front: data(30) }, { wrongTag: revision === 0 ? 0 : 2 })
        .sealedMessage('client', { seq: 3, front: data(30) });
      const result = play(s.steps);
      expect(raised(result).length).toBe(1);
      expect(raised(result)[0]).toMatch(/^msgr2\/gcm-tag: the tag of MESSAGE is wrong/);
      expect(numbers(result).at(-1)).toBe(3);
    });

    it(`revision ${revision}: any flipped bit of the ciphertext is told`, () => {
      fc.assert(
        fc.property(fc.nat(), (n) => {
          const s = sealedScript(revision).openSealed();
          const frame = s.sealedBytes('client', TAG.MESSAGE, [E.messageHeader({}), data(70)]);
          frame[Math.floor(n / 8) % frame.length]! ^= 1 << (n % 8);
          s.send('client', frame).sealedMessage('client', { seq: 2 });
          const result = play(s.steps);
          expect(raised(result, ['error']).some((text) => text.startsWith('msgr2/gcm-tag'))).toBe(true);
          expect(numbers(result).at(-1)).toBe(2);
          expect(unaccounted(result).filter((x) => x !== 0)).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });
  }
});

describe('what else there is in secure mode', () => {
  const deflated = (bytes: Uint8Array) => E.concat(E.u8(0), new Uint8Array(deflateRawSync(bytes)));

  for (const revision of [0, 1] as const) {
    it(`revision ${revision}: compressed frames are opened`, () => {
      const s = sealedScript(revision)
        .openSealed({}, 'enabled')
        .sealed('client', TAG.MESSAGE, [deflated(E.messageHeader({})), deflated(data(3000))], { flags: 1 });
      const result = play(s.steps);
      expect(raised(result)).toEqual(['msgr2/compression-in-secure: zlib is enabled on an encrypted connection']);
      const last = result.messages.at(-1) as DataFrame;
      expect(last.seq).toBe(1);
      expect(last.front?.length).toBe(3000);
    });

    it(`revision ${revision}: a frame larger than what is ever held`, () => {
      const s = sealedScript(revision).openSealed();
      s.sealedMessage('client', { front: data(100), data: data(3 << 20) }).sealedMessage('client', { seq: 2 });
      const result = play(s.steps, { chop: 60_000 });
      expect(raised(result)).toEqual([]);
      expect(numbers(result)).toEqual([1, 2]);
    });
  }

  it('plain frames where ciphertext is due are read, and said to be a mismatch', () => {
    const s = sealedScript().sealedLogin().plainSignatures();
    expect(raised(play(s.steps)).map((text) => text.split(':')[0])).toEqual([
      'msgr2/mode-mismatch',
      'msgr2/mode-mismatch',
    ]);
  });

  it('fields and findings have their places in the plain form, and on the wire', () => {
    const s = sealedScript()
      .openSealed()
      .sealedMessage('client', { front: data(5) }, { padding: 9 });
    const result = play(s.steps);
    const message = result.messages.at(-1) as Msgr2Message;
    const all = msgr2.annotate(message);
    // every byte has a field, the last of which is a tag
    let covered = 0;
    for (const a of all) if (a.length > 0 && a.at === covered) covered += a.length;
    expect(covered).toBe(message.length);
    expect(all.filter((a) => a.name === 'gcmTag').length).toBe(2);
    const padding = result.findings.find((f) => f.rule.id === 'msgr2/gcm-padding')!;
    expect(padding.offset - message.offset).toBe(79);
  });
});

describe('losses in ciphertext', () => {
  const long = (revision: Revision): { s: SealedScript; frames: Uint8Array } => {
    const s = sealedScript(revision).openSealed();
    const parts: Uint8Array[] = [];
    for (let seq = 1; seq <= 40; seq++) {
      const segments = [E.messageHeader({ seq }), data((seq * 13) % 90), new Uint8Array(0), data((seq * 37) % 400)];
      parts.push(s.sealedBytes('client', TAG.MESSAGE, segments));
    }
    return { s, frames: E.concat(...parts) };
  };

  for (const revision of [0, 1] as const) {
    it(`revision ${revision}: the next frame is found whatever is lost, and nobody is blamed`, () => {
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.boolean(), (from, length, known) => {
          const { s, frames } = long(revision);
          const at = from % Math.floor(frames.length / 2);
          const lost = 1 + (length % Math.floor(frames.length / 3));
          s.send('client', frames.subarray(0, at));
          s.steps.push({ from: 'client', gap: known ? lost : 0 });
          s.send('client', frames.subarray(at + lost));
          const result = play(s.steps);
          expect(raised(result)).toEqual([]);
          expect(numbers(result).at(-1)).toBe(40);
          if (known) expect(unaccounted(result).filter((x) => x !== 0)).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('that come again and again leave the count exact', () => {
    const s = sealedScript().openSealed();
    for (let i = 0; i < 400; i++) {
      s.steps.push({ from: 'client', gap: 1448 });
      s.send('client', data(2000 + i));
    }
    const result = play(s.steps);
    expect(raised(result, ['error'])).toEqual([]);
    expect(unaccounted(result).filter((x) => x !== 0)).toEqual([]);
  });

  it('at the very end: the last frame misses what never came, in whatever pieces the rest arrived', () => {
    for (const cut of [1, 50, 400]) {
      const s = sealedScript().openSealed();
      const frame = s.sealedBytes('client', TAG.MESSAGE, [E.messageHeader({}), data(500)]);
      s.send('client', frame.subarray(0, frame.length - cut)).end('client');
      for (const chop of [7, 100_000]) {
        const result = play(s.steps, { chop });
        expect(result.messages.at(-1)!.missing).toBe(cut);
        expect(raised(result).filter((text) => !text.startsWith('msgr2/frame-truncated'))).toEqual([]);
        expect(unaccounted(result).filter((x) => x !== 0)).toEqual([]);
      }
    }
  });

  it('that hide the beginning of the ciphertext do not hinder', () => {
    const { s, frames } = long(1);
    const whole = s.steps.length;
    s.send('client', frames);
    // the client's signature and ident are lost
    const steps = s.steps.map((step, i): Step => {
      if (i >= whole || !('bytes' in step) || step.from !== 'client') return step;
      return i >= whole - 3 ? { from: 'client', gap: step.bytes.length } : step;
    });
    const result = play(steps);
    expect(raised(result)).toEqual([]);
    expect(numbers(result).length).toBe(40);
  });

  it('that cannot be bridged are said, with how much stays encrypted', () => {
    const s = sealedScript().openSealed();
    s.steps.push({ from: 'client', gap: 100 });
    s.send('client', data(5000));
    const notes = raised(play(s.steps), ['note']).filter((text) => text.startsWith('capture/opaque'));
    expect(notes.length).toBe(1);
    expect(notes[0]).toContain('5000 bytes');
  });

  it('try no more nonces than allowed, and say so', () => {
    const { s, frames } = long(1);
    const lost = frames.length >> 1;
    s.steps.push({ from: 'client', gap: lost });
    s.send('client', frames.subarray(lost));
    expect(raised(play(s.steps), ['note'])).toEqual([expect.stringMatching(/^capture\/gap/)]);
    const notes = raised(play(s.steps, { limits: { nonces: 2 } }), ['note']);
    expect(notes.at(-1)).toMatch(/^capture\/opaque: .* with any of 2 nonces \(limit nonces: 2\): they stay encrypted$/);
  });
});

describe('logins', () => {
  const noKeys = { knows: { tickets: [], secrets: [] } };

  it('leave one note with the reason where they cannot be opened', () => {
    const notes = (steps: readonly Step[], options: StepOptions = {}): string[] =>
      raised(play(steps, options), ['note']).filter((text) => text.startsWith('capture/opaque'));
    expect(notes(traffic(1)(), noKeys)).toEqual([expect.stringContaining('hold no key of client.admin')]);
    expect(notes(atOsd(), noKeys)).toEqual([expect.stringContaining('ticket for osd, secret id 7')]);
    const other = { ...exampleKeys(), entities: [['client.admin', '00'.repeat(16)]] as const };
    expect(notes(traffic(1)(), { knows: other })).toEqual([expect.stringContaining('does not open its login')]);
  });

  it('of which a part is lost leave one note', () => {
    const steps = traffic(1)();
    const done = steps.findLastIndex(
      (s, i) => i < 9 && 'bytes' in s && s.from === 'server' && s.bytes[0] === TAG.AUTH_DONE,
    );
    const lost = steps.map((s, i): Step => (i === done && 'bytes' in s ? { from: 'server', gap: s.bytes.length } : s));
    const result = play(lost);
    expect(raised(result)).toEqual([]);
    expect(raised(result, ['note']).filter((text) => text.startsWith('capture/opaque')).length).toBe(1);
  });

  it('bring tickets for later connections', () => {
    const s = sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures().reconnected();
    s.ticketLogin().plainSignatures();
    const result = play(s.steps, { knows: { ...exampleKeys(), tickets: [] } });
    expect(raised(result)).toEqual([]);
    expect(result.sessions.map((x) => x['serverSignature'])).toEqual(['verified', 'verified']);
  });

  it('with damaged bytes never break the decoder', () => {
    const steps = traffic(1)();
    const bytes = steps.map((s, i) => ({ s, i })).filter(({ s }) => 'bytes' in s);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, where, value) => {
        const { i } = bytes[which % bytes.length]!;
        const changed = steps.map((s, k): Step => {
          if (k !== i || !('bytes' in s)) return s;
          const copy = Uint8Array.from(s.bytes);
          copy[where % copy.length]! ^= value;
          return { ...s, bytes: copy };
        });
        const result = play(changed);
        for (const m of result.messages as Msgr2Message[]) {
          msgr2.annotate(m);
          msgr2.describe(m, true);
        }
        expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
        expect(unaccounted(result).filter((n) => n !== 0)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
