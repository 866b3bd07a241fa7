import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { decode } from '../../src/base/structure/decode.js';
import { runSteps, type StepResult } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { missingFeatureNames } from '../../src/protocols/ceph/features.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { openLz4Block } from '../../src/protocols/msgr2/lz4.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { address, addressText } from '../../src/protocols/ceph/structures/address.js';
import { clientIdentPayload, helloPayload, script, type Script } from '../../src/protocols/msgr2/script.js';

const play = (s: Script): StepResult => runSteps(msgr2, s.steps, { port: 3300, close: 'closed' });

/** `rule party message: text`, without notes. */
function said(result: StepResult): string[] {
  return result.findings
    .filter((f) => f.severity !== 'note')
    .map((f) => `${f.rule.id} ${f.party} ${f.message?.name ?? '-'}: ${f.text}`);
}

/** Situations that users reported, each with the one finding that says why. */
describe('what went wrong, and whose fault it is', () => {
  it('a HELLO of 4 GiB is one error of its sender, whichever side that is', () => {
    for (const side of ['client', 'server'] as const) {
      const s = script()
        .banners()
        .control(side, TAG.HELLO, helloPayload(), { length0: 0xffff_ffff })
        .end(side, 'reset');
      const lines = said(play(s));
      expect(lines.length).toBe(1);
      expect(lines[0]).toMatch(new RegExp(`^msgr2/control-too-large ${side} HELLO`));
    }
  });

  it('a client that is turned away learns which features it lacks, in its own incarnation', () => {
    const missing = (1n << 49n) | (1n << 31n);
    const s = script()
      .login()
      .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ supported: (1n << 59n) | (1n << 57n) | (1n << 28n) }));
    const lines = said(play(s.value('server', TAG.IDENT_MISSING_FEATURES, missing).end('server')));
    expect(lines).toEqual([expect.stringMatching(/^msgr2\/client-lacks-features client .*SERVER_REEF, SERVER_SQUID /)]);
    expect(missingFeatureNames(missing, 1n << 57n)).toEqual(['MON_SINGLE_PAXOS', 'SERVER_SQUID']);
    expect(missingFeatureNames(missing, 1n << 59n)).toEqual(['MON_SINGLE_PAXOS', 'OSD_MIN_SIZE_RECOVERY']);
  });

  it('no connection mode in common: both lists', () => {
    const refusal = E.concat(E.u32(2), E.u32(-95), E.vec([E.u32(2)]), E.vec([E.u32(2)]));
    const s = script()
      .banners()
      .hellos()
      .request({ modes: [1] })
      .control('server', TAG.AUTH_BAD_METHOD, refusal);
    expect(said(play(s.end('server')))).toEqual([
      expect.stringMatching(/^msgr2\/close-mid-handshake either .*the client offers crc and the server allows secure/),
    ]);
  });

  it('a damaged data segment is named by its request and object', () => {
    const s = script()
      .open()
      .message('client', { type: MSG.OSD_OP, tid: 12, data: new Uint8Array(20_000), wrongCrc: [3] });
    expect(said(play(s))).toEqual([
      expect.stringMatching(/^msgr2\/segment-crc client MESSAGE: data of MSG_OSD_OP seq 1 tid 12: crc/),
    ]);
  });

  it('a server that greets as a client is told of at its HELLO, and once', () => {
    const s = script().banners().hellos({}, { type: 8 }).request().challenge().done().signatures().idents();
    const lines = said(
      play(
        s
          .message('server', { type: MSG.MON_MAP, version: 9 })
          .message('server', { type: MSG.CONFIG, version: 9, seq: 2 }),
      ),
    );
    expect(lines).toEqual([expect.stringMatching(/^msgr2\/hello-wrong-peer server HELLO/)]);
  });

  it('a client that restarted under its old address: lower global_seq, new cookie', () => {
    const s = script().openLossless({ globalSeq: 50 }).message('client');
    s.reconnected()
      .login()
      .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ lossy: false, globalSeq: 1, cookie: 77n }))
      .end('server');
    s.reconnected()
      .login()
      .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ lossy: false, globalSeq: 2, cookie: 77n }))
      .end('server');
    const lines = said(play(s));
    expect(lines.filter((line) => line.startsWith('msgr2/global-seq')).length).toBe(1);
    const closed = lines.filter((line) => line.startsWith('msgr2/close-mid-handshake'));
    expect(closed.length).toBe(2);
    for (const line of closed) expect(line).toMatch(/looks restarted .*until its global_seq is above 50/);
  });

  it('another daemon at the address: what it called itself on an earlier connection', () => {
    const s = script().open();
    s.reconnected()
      .login()
      .control('client', TAG.CLIENT_IDENT, clientIdentPayload({ globalSeq: 2, target: E.addr({ nonce: 5 }) }))
      .end('server');
    expect(said(play(s)).at(-1)).toMatch(
      /^msgr2\/close-mid-handshake .*the client means v2:10\.0\.0\.1:3300\/5, and at .* answers v2:10\.0\.0\.1:3300\/0/,
    );
  });

  it('a range of addresses, as the blocklist of a map names it', () => {
    const range = E.addr({ type: 4, nonce: 30 });
    const { value, problems } = decode(address, range, 0, range.length, { limits: DEFAULT_LIMITS });
    expect(problems).toEqual([]);
    expect(addressText(value!)).toBe('cidr:10.0.0.1:3300/30');
  });

  it('lengths, counts and versions inside a monitor map that its bytes do not bear', () => {
    const map = (persistent: Uint8Array, monitors = 0): Uint8Array => {
      const inside = E.concat(
        new Uint8Array(16),
        E.u32(1),
        new Uint8Array(16),
        persistent,
        feature(),
        E.u32(monitors),
        E.u32(0),
        E.u8(16),
        E.u32(0),
      );
      const header = E.concat(Uint8Array.of(7, 6), E.u32(inside.length));
      return E.blob(E.concat(header, inside));
    };
    const front = (bytes: Uint8Array) =>
      said(play(script().open().message('server', { type: MSG.MON_MAP, version: 1, front: bytes })));
    expect(front(map(feature()))).toEqual([]);
    const wrong = [
      map(E.concat(Uint8Array.of(1, 1), E.u32(0xffff_ffff))),
      map(E.concat(Uint8Array.of(1, 9), E.u32(8), E.u64(0))),
      map(feature(), 1_000_000),
    ];
    for (const bytes of wrong)
      expect(front(bytes)).toEqual([expect.stringMatching(/^msgr2\/message-payload server MESSAGE/)]);
  });

  function feature(): Uint8Array {
    return E.concat(Uint8Array.of(1, 1), E.u32(8), E.u64(0));
  }
});

describe('LZ4 blocks', () => {
  const open = (block: readonly number[], out: Uint8Array, to: number, limit: number) =>
    openLz4Block(Uint8Array.from(block), 0, block.length, out, to, limit);

  it('hold literals and matches, which may overlap and reach into the block before', () => {
    const out = new Uint8Array(16);
    // literals "ab", then 6 bytes from 2 back; literal "c"
    expect(open([0x22, 0x61, 0x62, 2, 0, 0x10, 0x63], out, 0, 9)).toBe(9);
    expect(Buffer.from(out.subarray(0, 9)).toString()).toBe('ababababc');
    // no literal, 4 bytes from 9 back; then an empty end
    expect(open([0x00, 9, 0, 0x00], out, 9, 13)).toBe(13);
    expect(Buffer.from(out.subarray(9, 13)).toString()).toBe('abab');
  });

  it('that lie are refused', () => {
    const out = new Uint8Array(1000);
    const lies: readonly (readonly number[])[] = [
      [0xf0, 255, 255], // a length that is cut
      [0x20, 0x61], // literals that are not there
      [0x10, 0x61, 0, 0, 0x00], // offset 0
      [0x10, 0x61, 9, 0, 0x00], // a match before the beginning
      [0x1f, 0x61, 1, 0, 255, 255, 255, 255, 0], // more than announced
      [0x10, 0x61], // less than announced
    ];
    for (const block of lies) expect(() => open(block, out, 0, 20)).toThrow();
  });
});
