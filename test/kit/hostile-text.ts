import type { Step } from '../../src/base/rule.js';
import * as b from '../../src/protocols/arca/rules/steps-b.js';
import * as c from '../../src/protocols/arca/rules/steps-c.js';
import { varint } from '../../src/protocols/arca/family-c/postcard.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { authDonePayload, authRequestPayload, clientIdentPayload, script } from '../../src/protocols/msgr2/script.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import * as p from '../../src/protocols/pesto/build.js';
import { pcapFile, PcapngWriter } from './pcap-writer.js';
import { sessionPackets } from './session-packets.js';
import { sockdumpRecord } from './sockdump-writer.js';

/** What strangers may put into names, messages and paths. */
export const NASTY: Readonly<Record<string, string>> = {
  'terminal escapes': '\u001b[31mred\u001b]0;title\u0007\u009b2J\u0090q\u009c\u007f\b\b\b',
  'line ends': 'a\nb\r\nc\u0085d\u2028e\u2029f\u000bg',
  'bidirectional overrides': 'abc\u202egnp\u2066x\u2069\u200f\u061c.exe',
  'invisible characters': 'ad\u00admin\u200b\u2060\ufeff\u{e0041}',
  markup: '</testcase><script>alert(1)</script>]]><![CDATA[&amp;&#0;"\'',
  'workflow commands': '\n::error::owned\n::set-output name=x::y%0A%25##[error]x',
  'JSON and shell': '","x":"y"}\\u0000\\ $(id) `id` ; rm -rf / | & \'',
  'broken UTF-8': '\udcff\ud800 tail',
};

/** Controls, bidirectional and invisible characters: as they are they must be in no output. Line ends are looked at apart. */
export const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/u;

/** A session whose export name, description and error messages are hostile, and that breaks rules which quote them. */
function session(text: string): Step[] {
  const bytes = s.join(Buffer.from(text, 'utf8'), s.u8(0xff));
  const name = s.join(s.u32(bytes.length), bytes);
  return [
    ...s.hello(),
    ...s.structured(),
    s.option(6, name, s.u16(0)),
    s.reply(6, 0x80000006, bytes),
    s.option(7, name, s.u16(1), s.u16(1)),
    s.reply(7, 3, s.u16(1), bytes),
    s.reply(7, 3, s.u16(2), bytes),
    s.infoExport(7, 65536, s.ALL_FLAGS),
    s.ack(7),
    s.request(s.READ, 1, 0, 512),
    s.chunk(0x8001, 1, true, s.u32(5), s.u16(bytes.length), bytes),
    s.request(s.READ, 2, 0, 512),
    s.chunk(0x8001, 2, true, s.u32(99), s.u16(bytes.length + 7), bytes),
    s.clientCloses,
    s.serverCloses,
  ];
}

/** Stands in front of every hostile string: shows that it got as far as the output. */
export const MARK = 'hOsTiLe';

/** Bytes of hostile text with something behind it that is no UTF-8. */
function hostile(text: string, max = Infinity): Uint8Array {
  return s.join(Buffer.from(`${MARK}${text}`, 'utf8').subarray(0, max - 1), s.u8(0xff));
}

/** A structure with its version, and its length. */
function versioned(version: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return E.concat(E.u8(version), E.u8(1), E.blob(E.concat(...parts)));
}

/** Object, locator key and namespace of an OSD operation, and the object of its reply. */
function osdFronts(name: Uint8Array): { readonly op: Uint8Array; readonly reply: Uint8Array } {
  const group = E.concat(E.u8(1), E.u64(3), E.u32(77), E.u32(0xffff_ffff));
  const operation = E.concat(E.u16(0x1201), E.u32(0), new Uint8Array(28), E.u32(0));
  const locator = versioned(6, E.u64(3), E.u32(0xffff_ffff), E.blob(name), E.blob(name), E.u64(-1n));
  const op = E.concat(
    versioned(1, group, E.u8(0xff)),
    E.u32(77),
    E.u32(9),
    E.u32(0x24),
    versioned(2, E.u8(8), E.u64(4100), E.u64(1), E.u32(0)),
    new Uint8Array(24),
    E.u32(0),
    E.u64(0),
    locator,
    E.blob(name),
    E.u16(1),
    operation,
    E.u64(-2n),
    E.u64(0),
    E.u32(0),
    E.u32(0),
    E.u64(0),
  );
  const tail = E.concat(E.u32(0), E.u32(0), new Uint8Array(12), E.u64(1), E.u8(0), new Uint8Array(24));
  const reply = E.concat(
    E.blob(name),
    group,
    E.u64(4),
    E.u32(0),
    new Uint8Array(12),
    E.u32(9),
    E.u32(1),
    operation,
    tail,
  );
  return { op, reply };
}

/** Entity names, object names and texts of a Ceph session. */
function cephSession(text: string): Step[] {
  const name = hostile(text);
  const entity = E.concat(E.u32(8), E.blob(name));
  const login = E.concat(E.u8(10), entity, E.u64(0));
  const paxos = E.concat(E.u64(0), E.u16(0xffff), E.u64(0));
  const { op, reply } = osdFronts(name);
  return script()
    .banners()
    .hellos()
    .control('client', TAG.AUTH_REQUEST, authRequestPayload({ payload: login }))
    .challenge()
    .control('server', TAG.AUTH_DONE, authDonePayload())
    .signatures()
    .control('client', TAG.CLIENT_IDENT, clientIdentPayload())
    .control('server', TAG.IDENT_MISSING_FEATURES, E.u64(1))
    .message('client', {
      type: 50,
      tid: 1,
      version: 1,
      front: E.concat(paxos, new Uint8Array(16), E.vec([E.blob(name)])),
    })
    .message('client', { seq: 2, tid: 2, type: MSG.OSD_OP, version: 8, front: op, data: name })
    .message('server', { tid: 2, type: MSG.OSD_OPREPLY, version: 8, front: reply })
    .message('server', {
      seq: 9,
      tid: 3,
      type: MSG.MON_COMMAND_ACK,
      version: 1,
      front: E.concat(paxos, E.u32(0), E.blob(name)),
    })
    .end('client').steps;
}

/** Interface and table names. */
function pestoSession(text: string): Step[] {
  const rules = [p.rule({ first: 80, ifname: hostile(text, 15) }), p.rule({ first: 80, ifname: hostile(text, 16) })];
  return [
    p.server(
      p.hello(),
      p.entry(1, rules, { name: hostile(text, 120) }),
      p.entry(3, [], { name: hostile(text, 128) }),
      p.END,
    ),
    p.client(p.section(1, rules), p.section(3), p.END),
    ...p.CLOSE,
  ];
}

/** Paths, hosts, arguments and data of the families that have them. */
function arcaSessions(text: string): Step[][] {
  const name = Buffer.from(hostile(text)).toString('latin1');
  // strings of this family are UTF-8, or the frame is not readable
  const raw = [...Buffer.from(`${MARK}${text}`)];
  const string = [...varint(raw.length), ...raw];
  return [
    [
      c.getArgs(),
      c.body('server', [0, ...varint(2), ...string, ...string]),
      c.body('client', [2, ...string, 1, 0, 0, 0, 0]),
      c.pipe(1),
      c.body('client', [3, ...string]),
      c.err(1),
      c.body('client', [5, ...string, ...varint(80)]),
      c.pipe(1),
    ],
    [...c.editing(), c.body('client', [1, ...string]), c.written(3)],
    [b.fileHeader(name), b.fileWrite(name), b.fileWrote(4), b.fileRead(100), b.fileData(name)],
  ];
}

/** A trace of calls on a socket with that path. */
function straceText(text: string): Uint8Array {
  const path = `/run/${text.replace(/["\\\n\0]/g, '')}`.slice(0, 90);
  const calls = [
    'socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3',
    `connect(3, {sa_family=AF_UNIX, sun_path="${path}"}, 110) = 0`,
    `write(3<UNIX-STREAM:[1->2,"${path}"]>, "NBDMAGIC", 8) = 8`,
    'close(3) = 0',
  ];
  return Buffer.from(calls.map((call, i) => `100 1795186521.00000${i} ${call}\n`).join(''), 'utf8');
}

/** Further captures with hostile text: one for each protocol and each place that a path can stand in. */
export function others(text: string): Record<string, Uint8Array> {
  const tcp = (steps: readonly Step[], port: number): Uint8Array =>
    pcapFile(sessionPackets(steps, port, (n) => Math.min(n, 60_000)).map(({ frame }) => ({ data: frame })));
  const socket = `/run/${text.replace(/\0/g, '')}`.slice(0, 30);
  const greeting = s.greeting().bytes;
  return {
    msgr2: tcp(cephSession(text), 3300),
    pesto: tcp(pestoSession(text), 9),
    ...Object.fromEntries(arcaSessions(text).map((steps, i) => [`arca${i}`, tcp(steps, 9)])),
    sockdump: pcapFile(
      [{ data: sockdumpRecord(50, 70, greeting, socket) }, { data: sockdumpRecord(70, 50, s.u32(3), socket) }],
      {
        linkType: 147,
      },
    ),
    strace: straceText(text),
  };
}

/** A capture of an NBD session full of that text, which is its interface's description and each packet's comment as well. */
export function commented(text: string): Uint8Array {
  const writer = new PcapngWriter().section().interface({ description: `unix-stream:/run/${text}` });
  for (const { frame } of sessionPackets(session(text), 10809, (n) => n)) writer.packet({ data: frame, comment: text });
  return writer.done();
}
