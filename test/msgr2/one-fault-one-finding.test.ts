import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/base/crc32c.js';
import type { Finding } from '../../src/engine/event.js';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { PREAMBLE } from '../../src/protocols/msgr2/layout.js';
import { Frame } from '../../src/protocols/msgr2/message.js';
import * as S from '../../src/protocols/msgr2/script.js';
import { blame, BreakableSession } from '../kit/broken-messages.js';

type Script = ReturnType<typeof S.script>;

/** What is raised where the client hangs up behind it. */
function played(script: Script, first: 'client' | 'server'): Finding[] {
  const { steps } = script.end(first).end(first === 'client' ? 'server' : 'client');
  return runSteps(msgr2, steps, { port: 3300, close: 'closed' }).findings;
}

function raised(script: Script, first: 'client' | 'server' = 'client'): string[] {
  const findings = played(script, first).filter((f) => f.severity !== 'note');
  return findings.map((f) => `${f.rule.id} ${f.party}`);
}

const greeted = (): Script => S.script().banners().hellos();
const oneMode = E.vec([E.u32(1)]);
const compression = E.concat(E.u8(1), oneMode);
const AUTH_REPLY = E.concat(E.u32(500), E.u8(1), E.u64(1));

const FAULTS: Record<string, readonly [session: () => Script, finding: string]> = {
  'a payload that runs over': [
    () => greeted().request().control('server', TAG.AUTH_REPLY_MORE, AUTH_REPLY),
    'msgr2/control-short server',
  ],
  'a list that runs over': [
    () => greeted().control('client', TAG.AUTH_REQUEST, E.concat(E.u32(2), E.u32(0x10000000), E.u32(1), E.u32(0))),
    'msgr2/vector-count client',
  ],
  'a frame that its sender does not finish': [
    () => S.script().banners().control('client', TAG.HELLO, S.helloPayload(), { length0: 100_000 }),
    'msgr2/frame-truncated client',
  ],
  'a message that announces gigabytes': [
    () =>
      S.script()
        .open()
        .message('client', { front: E.ascii('front'), length0: 0xffff_ffff }),
    'msgr2/segment-too-large client',
  ],
  'a wrong HELLO': [() => S.script().banners().hellos({}, { type: 8 }).request(), 'msgr2/hello-wrong-peer server'],
  'a HELLO of a type that is none': [
    () => S.script().banners().hellos({ type: 77 }).request().challenge().done().signatures().idents(),
    'msgr2/hello-entity-type client',
  ],
  'a frame of the other side': [
    () => greeted().control('server', TAG.AUTH_REQUEST, S.authRequestPayload()),
    'msgr2/wrong-direction server',
  ],
  'two frames in the wrong order': [
    () =>
      S.script()
        .banners({ supported: 3n }, { supported: 3n })
        .hellos()
        .request()
        .challenge()
        .done()
        .control('client', TAG.COMPRESSION_REQUEST, compression)
        .signatures()
        .control('server', TAG.COMPRESSION_DONE, E.concat(E.u8(0), E.u32(0)))
        .idents(),
    'msgr2/unexpected-tag client',
  ],
};

it.each(Object.entries(FAULTS))(
  '%s is one fault, and that the handshake ends there follows from it',
  (_, [session, finding]) => {
    expect(raised(session())).toEqual([finding]);
  },
);

it('a server that ends a handshake without a word is told of', () => {
  expect(raised(greeted().request(), 'server')).toEqual(['msgr2/close-mid-handshake either']);
});

it('a client that leaves in a handshake, as programs that are done do, is a note', () => {
  const closed = played(greeted().request(), 'client').filter((f) => f.rule.id === 'msgr2/close-mid-handshake');
  expect(closed.map((f) => f.severity)).toEqual(['note']);
});

it('a client that leaves when it was refused is more than a note', () => {
  const refusal = E.concat(E.u32(2), E.u32(0xfffffff3), E.vec([]), E.vec([]));
  const refused = greeted().request().control('server', TAG.AUTH_BAD_METHOD, refusal);
  expect(raised(refused)).toContain('msgr2/close-mid-handshake either');
});

it.each(['AUTH_SIGNATURE', 'SERVER_IDENT'] as const)('a server that leaves out its %s is to blame', (left) => {
  const { steps } = S.script()
    .open()
    .message('client', { front: E.ascii('front') })
    .message('server', {});
  const without = steps.filter((s) => !('bytes' in s) || s.from !== 'server' || s.bytes[0] !== TAG[left]);
  expect(without).toHaveLength(steps.length - 1);
  const { findings } = runSteps(msgr2, without, { port: 3300 });
  expect(blame(findings)).toEqual(['msgr2/unexpected-tag server']);
});

/** Sets a field of a preamble, whose checksum is right again afterwards. */
function preamble(field: keyof typeof PREAMBLE.at, value: number, width: 1 | 4) {
  return (bytes: Uint8Array, start: number): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, PREAMBLE.size);
    if (width === 1) view.setUint8(PREAMBLE.at[field], value);
    else view.setUint32(PREAMBLE.at[field], value, true);
    view.setUint32(PREAMBLE.at.crc, crc32c(0, bytes, start, start + PREAMBLE.at.crc), true);
  };
}

const DAMAGE: readonly (readonly [what: string, edit: (bytes: Uint8Array, start: number) => void, rule: string])[] = [
  ['a payload that its checksum does not fit', (b, start) => void (b[start + PREAMBLE.size]! ^= 1), 'segment-crc'],
  ['a tag that nobody knows', preamble('tag', 99, 1), 'tag-unknown'],
  ['a length without end', preamble('segments', 0xffff_ffff, 4), 'control-too-large|segment-too-large'],
];

describe.each(['crc-badmethod.pcap', 'default-watch.pcap', 'rev0-crc-boot.pcap.gz'])('%s', (name) => {
  it.each(DAMAGE)('%s is told of in each of its frames, and nothing that follows from it', async (_, edit, rule) => {
    const session = await BreakableSession.of(msgr2, `captures/msgr2/${name}`, name.startsWith('rev0') ? 5 : 1);
    let frames = 0;
    for (const message of session.messages) {
      if (!(message instanceof Frame) || message.length0 === 0) continue;
      const findings = session.broken(message, edit);
      if (findings === null) continue;
      frames++;
      const who = message.side === 0 ? 'client' : 'server';
      const place = `${message.name} of the ${who}, number ${message.index}`;
      expect(blame(findings), place).toEqual([expect.stringMatching(`^msgr2/(${rule}) ${who}$`)]);
    }
    expect(frames).toBeGreaterThan(3);
  });
});
