import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as E from '../../src/protocols/msgr2/encode.js';
import { script } from '../../src/protocols/msgr2/script.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { scratch, wirelint } from '../kit/cli.js';
import { cat, ethernet, ipv4, u16 } from '../kit/frames.js';
import { PcapngWriter } from '../kit/pcap-writer.js';
import { sessionPackets, type SessionPacket } from '../kit/session-packets.js';

const folder = scratch();
const text = (words: string): Buffer => Buffer.from(words);

/** Every word of which nothing may be left. */
const PLANTED = [
  ...['plantedexport', 'planteddisk', 'plantedquery', 'plantedoption', 'plantederror', 'plantedstream'],
  ...['planteddescription', 'plantedcommand', 'plantedhost', 'plantedpool', 'plantedserver'],
];
const OUTSIDE = [
  'plantedcomment',
  'plantedinterface',
  'planteddatagram',
  'plantedsecret',
  'plantedblock',
  'plantedgarbage',
  'plantedkeylog',
  'plantedresolved',
  'plantedcustom',
  'plantedname',
];
/** Those that are shown of the capture itself. */
const READ = [
  'plantedexport',
  'plantedquery',
  'plantederror',
  'planteddescription',
  'plantedcommand',
  'plantedpool',
  'plantedserver',
];
/** What a word may be turned into by whoever writes it into a name or an error's text. */
const FORMS: readonly ((word: string) => Buffer)[] = [
  text,
  (w) => text(w.toUpperCase()),
  (w) => text(Buffer.from(w).toString('hex')),
  (w) => text(Buffer.from(w).toString('base64').slice(0, -4)),
  (w) => Buffer.from(w, 'utf16le'),
  (w) => Buffer.from(w, 'utf16le').swap16(),
];
/** Addresses of the packets, in both orders of bytes, and as text. */
const HOSTS = [Buffer.from([10, 0, 0, 1, 10, 0, 0, 2]), Buffer.from([2, 0, 0, 10]), text('10.0.0.1'), text('10.0.0.2')];

const le16 = (n: number): Uint8Array => new Uint8Array(Uint16Array.of(n).buffer);
const le32 = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer);

/** MMonCommand: a header of 18 bytes, the cluster, the words. */
function command(words: string): Uint8Array {
  return E.concat(new Uint8Array(18), new Uint8Array(16).fill(0x66), E.vec([E.str(words)]));
}

/** MMonSubscribe: from when on, flags, and the name of the host. */
function subscribed(what: string): Uint8Array {
  return E.concat(E.u32(1), E.str(what), E.u64(0), E.u8(0), E.str('plantedhost'));
}

/** A TLS ClientHello with a server's name. */
function clientHello(name: string): Uint8Array {
  const host = cat(u16(name.length + 3), Uint8Array.of(0), u16(name.length), text(name));
  // two names of protocols, and the key share of a group: lengths stay, the rest becomes zeros
  const names = ['plantedalpn', 'other'].map((n) => cat(Uint8Array.of(n.length), text(n)));
  const alpn = cat(u16(18), ...names);
  const share = cat(u16(36), u16(29), u16(32), new Uint8Array(32).fill(7));
  const extensions = cat(
    ...[u16(0), u16(host.length), host, u16(16), u16(alpn.length), alpn, u16(51), u16(share.length), share],
  );
  const body = cat(
    Uint8Array.of(3, 3),
    new Uint8Array(32).fill(9),
    Uint8Array.of(0),
    u16(2),
    u16(0x1301),
    Uint8Array.of(1, 0),
    u16(extensions.length),
    extensions,
  );
  return cat(Uint8Array.of(22, 3, 1), u16(body.length + 4), Uint8Array.of(1, 0), u16(body.length), body);
}

/** A session of NBD with words in all that its peers say, and packets and blocks with words around it. */
function planted(): Uint8Array {
  const nbd = [
    ...s.hello(),
    s.option(99, text('plantedoption')),
    s.reply(99, 0x80000001, text('plantederror')),
    ...FORMS.flatMap((form) => [
      s.option(98, text('at 10.0.0.2 '), form('plantedoption')),
      s.reply(98, 0x80000001, form('plantederror')),
    ]),
    ...s.structured(),
    ...s.setMeta(['x-plantedquery:one'], 'plantedexport'),
    s.option(6, s.infoData('plantedexport', [1, 2])),
    s.reply(6, 3, s.u16(2), text('planteddescription of plantedhost')),
    s.reply(6, 3, s.u16(1), text('PLANTEDEXPORT')),
    s.infoExport(6, 65536, 1),
    s.ack(6),
    ...s.go({ name: 'plantedexport' }),
    s.client(s.request(s.WRITE, 1, 0, 1024).bytes, text('planteddisk'.padEnd(1024, '.'))),
    s.simple(1),
    s.client(text('plantedgarbage'.repeat(3))),
  ];
  const mon = script()
    .open()
    .message('client', {
      seq: 1,
      type: 50,
      tid: 7,
      front: command('{"prefix": "plantedcommand", "pool": "plantedpool", "host": "plantedhost"}'),
    })
    .message('client', { seq: 2, type: 15, version: 3, front: subscribed('plantedquery') });
  const unknown = [s.client(text('plantedstream\r\n')), s.server(text('plantedstream too\r\n'))];
  const packets = [
    ...sessionPackets(nbd, 10809, () => 7),
    ...sessionPackets(mon.steps, 3300, () => 1000, 40002),
    ...sessionPackets(
      [...s.hello(), ...s.starttls(), s.client(clientHello('plantedserver'))],
      10809,
      () => 1000,
      40003,
    ),
    ...sessionPackets(unknown, 2525, () => 100, 40001),
  ];
  const named = (p: SessionPacket): Uint8Array => {
    const frame = p.frame.slice();
    frame.set(text('\x02MACS1\x02MACS2'), 0);
    return frame;
  };
  const datagram = ethernet(
    0x0800,
    ipv4(cat(u16(53), u16(53), u16(30), u16(0), text('planteddatagram')), { protocol: 17 }),
  );
  const file = new PcapngWriter().section().interface({ name: 'plantedinterface', description: 'plantedinterface' });
  packets.forEach((p, i) =>
    file.packet({ data: named(p), nanos: i * 1000, ...(i === 3 ? { comment: 'plantedcomment' } : {}) }),
  );
  file.packet({ data: datagram, nanos: 9_000_000 });
  file.block(0x0bad, text('plantedblock'));
  // Name Resolution, Decryption Secrets (TLS key log), Custom Block
  const record = cat(le16(1), le16(20), Uint8Array.of(10, 0, 0, 1), text('plantedresolved\0'));
  file.block(4, cat(record, le16(0), le16(0)));
  const log = text('# plantedkeylog');
  file.block(10, cat(le32(0x544c534b), le32(log.length), log, new Uint8Array(1)));
  file.block(0xbad, cat(le32(32473), text('plantedcustom')));
  return file.done();
}

describe('words that were planted in a capture', () => {
  it.each([[], ['--keep-equal']])('are in no byte of its copy, nor in what is read of it %j', (...options) => {
    const input = join(folder, 'planted.pcapng');
    const out = join(folder, 'copy.pcapng');
    writeFileSync(input, planted());
    const before = wirelint(['analyze', '-x', '-v', input]).stdout;
    for (const word of READ) expect(before).toContain(word);
    const { status, stdout, stderr } = wirelint(['redact', input, '-w', out, ...options.flat()]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1 packet of no TCP left out');
    expect(stdout).toContain('1 comment left out');
    expect(stdout).toContain('1 stream of no known protocol: all bytes are zeros');
    const bytes = readFileSync(out);
    const shown = wirelint(['analyze', '-x', '-v', out]).stdout;
    for (const word of [...PLANTED, ...OUTSIDE, 'MACS1', 'MACS2']) {
      for (const form of FORMS) expect(bytes.includes(form(word)), word).toBe(false);
      expect(shown.toLowerCase()).not.toContain(word.toLowerCase());
    }
    for (const host of HOSTS) expect(bytes.includes(host), host.toString('hex')).toBe(false);
    // streams again, across the segments of seven bytes
    for (const [i, side] of [
      ['1', 'client'],
      ['1', 'server'],
      ['2', 'client'],
      ['3', 'client'],
      ['4', 'client'],
    ] as const) {
      const stream = join(folder, `${i}-${side}.bin`);
      expect(wirelint(['extract', '-s', i, '--direction', side, '-o', stream, out]).status).toBe(0);
      const carried = readFileSync(stream);
      for (const word of [...PLANTED, ...OUTSIDE])
        for (const form of FORMS) expect(carried.includes(form(word)), word).toBe(false);
      for (const host of HOSTS) expect(carried.includes(host), host.toString('hex')).toBe(false);
    }
    // the hello can still be read: what is inside its extensions is as long as it was
    const zeros = (n: number): Buffer => Buffer.alloc(n);
    const inside = [[0, 18, 11], [5], [0, 51, 0, 38, 0, 36, 0, 29, 0, 32]].map((n) => Buffer.from(n));
    const kept = Buffer.concat([inside[0]!, zeros(11), inside[1]!, zeros(5), inside[2]!, zeros(32)]);
    expect(bytes.includes(kept)).toBe(true);
  });
});
