import { crc32c } from '../../src/base/crc32c.js';
import { osdOp, osdReply } from '../../src/protocols/msgr2/fronts.js';
import { SealedSession } from '../../src/tls/sealed-session.js';
import { CaptureWriter, TcpWriter } from './capture-writer.js';

/** Deterministic numbers, so that the same name always makes the same file. */
function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1_664_525) + 1_013_904_223) >>> 0;
    return s / 0x1_0000_0000;
  };
}

const OPT = Buffer.from('49484156454f5054', 'hex');
const OPT_REPLY = Buffer.from('0003e889045565a9', 'hex');

function option(number: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const b = Buffer.alloc(16 + data.length);
  OPT.copy(b);
  b.writeUInt32BE(number, 8);
  b.writeUInt32BE(data.length, 12);
  data.copy(b, 16);
  return b;
}

function optionReply(number: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const b = Buffer.alloc(20 + data.length);
  OPT_REPLY.copy(b);
  b.writeUInt32BE(number, 8);
  b.writeUInt32BE(type, 12);
  b.writeUInt32BE(data.length, 16);
  data.copy(b, 20);
  return b;
}

const EXPORT_SIZE = 1n << 40n;

/** The longest content of a TLS record. */
const RECORD_CONTENT = 16_384;

/** A TCP connection that goes over to TLS where it is told to. */
class TlsWriter extends TcpWriter {
  readonly tls = new SealedSession();
  private secure = false;

  /** NBD_OPT_STARTTLS and the TLS handshake. */
  upgrade(): void {
    this.send(0, option(5));
    this.send(1, optionReply(5, 1));
    for (const { from, bytes } of this.tls.open()) this.send(from === 'client' ? 0 : 1, bytes);
    this.secure = true;
  }

  override send(from: 0 | 1, bytes: Uint8Array): void {
    if (!this.secure) {
      super.send(from, bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += RECORD_CONTENT)
      super.send(from, this.tls.seal(from === 0 ? 'client' : 'server', bytes.subarray(at, at + RECORD_CONTENT)).bytes);
  }
}

/** Opens an NBD session up to transmission. */
function handshake(tcp: TcpWriter, structured: boolean): void {
  tcp.open();
  tcp.send(1, Buffer.from('4e42444d4147494349484156454f50540003', 'hex'));
  tcp.send(0, Buffer.from('00000003', 'hex'));
  if (tcp instanceof TlsWriter) tcp.upgrade();
  if (structured) {
    tcp.send(0, option(8));
    tcp.send(1, optionReply(8, 1));
  }
  tcp.send(0, option(7, Buffer.from('0000000000010003', 'hex')));
  const info = Buffer.alloc(12);
  info.writeBigUInt64BE(EXPORT_SIZE, 2);
  info.writeUInt16BE(structured ? 0x01ed : 0x016d, 10);
  const sizes = Buffer.alloc(14);
  sizes.writeUInt16BE(3, 0);
  sizes.writeUInt32BE(1, 2);
  sizes.writeUInt32BE(4096, 6);
  sizes.writeUInt32BE(0x2000000, 10);
  tcp.send(1, Buffer.concat([optionReply(7, 3, info), optionReply(7, 3, sizes), optionReply(7, 1)]));
}

function request(type: number, cookie: number, offset: bigint, length: number): Buffer {
  const b = Buffer.alloc(28);
  b.writeUInt32BE(0x25609513, 0);
  b.writeUInt16BE(type, 6);
  b.writeBigUInt64BE(BigInt(cookie), 8);
  b.writeBigUInt64BE(offset, 16);
  b.writeUInt32BE(length, 24);
  return b;
}

function structuredRead(cookie: number, offset: bigint, data: Buffer): Buffer {
  const b = Buffer.alloc(28 + data.length);
  b.writeUInt32BE(0x668e33ef, 0);
  b.writeUInt16BE(1, 4);
  b.writeUInt16BE(1, 6);
  b.writeBigUInt64BE(BigInt(cookie), 8);
  b.writeUInt32BE(8 + data.length, 16);
  b.writeBigUInt64BE(offset, 20);
  data.copy(b, 28);
  return b;
}

function simpleRead(cookie: number, data: Buffer): Buffer {
  const b = Buffer.alloc(16 + data.length);
  b.writeUInt32BE(0x67446698, 0);
  b.writeBigUInt64BE(BigInt(cookie), 8);
  data.copy(b, 16);
  return b;
}

function noise(n: number, seed: number): Buffer {
  const next = random(seed);
  return Buffer.from(Uint8Array.from({ length: n }, () => next() * 256));
}

type Emit = (frame: Uint8Array, length: number) => void;

const CLIENT = { ip: 0x0a000001, port: 40000 };
const NBD_SERVER = { ip: 0x0a000002, port: 10809 };

/** Reads of `size` bytes, `inFlight` at a time, until about `bytes` were written. */
function nbdReads(
  emit: Emit,
  done: () => number,
  bytes: number,
  o: { mss: number; size: number; inFlight: number; structured: boolean; tls?: boolean },
): void {
  const tcp = new (o.tls ? TlsWriter : TcpWriter)(emit, o.mss, CLIENT, NBD_SERVER);
  handshake(tcp, o.structured);
  const data = noise(o.size, 1);
  let cookie = 1;
  while (done() < bytes) {
    const first = cookie;
    for (let i = 0; i < o.inFlight; i++, cookie++)
      tcp.send(0, request(0, cookie, BigInt(cookie % 1_000_000) * BigInt(o.size), o.size));
    for (let c = first; c < cookie; c++) {
      const offset = BigInt(c % 1_000_000) * BigInt(o.size);
      tcp.send(1, o.structured ? structuredRead(c, offset, data) : simpleRead(c, data));
    }
  }
  tcp.send(0, request(2, cookie, 0n, 0));
  tcp.close();
}

/** Ceph's raw CRC-32C: the register is seeded and not inverted at the end. */
function cephCrc(seed: number, b: Uint8Array): number {
  return crc32c(seed, b);
}

/** A msgr2.1 frame in crc mode. Empty segments at its end are not counted, as Ceph has it. */
function msgr2Frame(tag: number, all: readonly Buffer[]): Buffer {
  const segments = all.slice(0, all.findLastIndex((s) => s.length > 0) + 1);
  const preamble = Buffer.alloc(32);
  preamble[0] = tag;
  preamble[1] = segments.length;
  segments.forEach((s, i) => {
    preamble.writeUInt32LE(s.length, 2 + 6 * i);
    preamble.writeUInt16LE(i === 3 ? 4096 : 8, 6 + 6 * i);
  });
  preamble.writeUInt32LE(cephCrc(0, preamble.subarray(0, 28)), 28);
  const parts: Buffer[] = [preamble];
  const first = segments[0]!;
  parts.push(first);
  if (first.length > 0) {
    const c = Buffer.alloc(4);
    c.writeUInt32LE(cephCrc(0xffffffff, first), 0);
    parts.push(c);
  }
  if (segments.length > 1) {
    const epilogue = Buffer.alloc(13);
    epilogue[0] = 0x0e;
    segments.slice(1).forEach((s, i) => {
      parts.push(s);
      epilogue.writeUInt32LE(cephCrc(0xffffffff, s), 1 + 4 * i);
    });
    parts.push(epilogue);
  }
  return Buffer.concat(parts);
}

/** Reads of an OSD, `size` bytes of data in each reply; joined after the handshake, as a recorder does. */
function msgr2Bulk(emit: Emit, done: () => number, bytes: number, mss: number, size: number): void {
  const tcp = new TcpWriter(emit, mss, { ip: 0x0a000001, port: 40001 }, { ip: 0x0a000002, port: 6800 });
  const data = noise(size, 2);
  // CEPH_OSD_OP_READ
  const read = { op: 0x1201, length: size };
  const fronts = [osdOp({ flags: 0x10, ops: [read] }), osdReply({ flags: 0x15, ops: [{ ...read, payload: size }] })];
  for (let seq = 1n; done() < bytes; seq++) {
    for (const from of [0, 1] as const) {
      const header = Buffer.alloc(41);
      header.writeBigUInt64LE(seq, 0);
      header.writeBigUInt64LE(seq, 8);
      header.writeUInt16LE(from === 0 ? 42 : 43, 16);
      header.writeUInt16LE(127, 18);
      header.writeUInt16LE(8, 20);
      tcp.send(
        from,
        msgr2Frame(17, [header, Buffer.from(fronts[from]!), Buffer.alloc(0), from === 0 ? Buffer.alloc(0) : data]),
      );
    }
  }
}

/** FLUSH requests and their replies, as many to a segment as fit: nothing but tiny messages. */
function nbdTiny(emit: Emit, done: () => number, bytes: number): void {
  const tcp = new TcpWriter(emit, 1448, CLIENT, NBD_SERVER);
  handshake(tcp, false);
  for (let cookie = 1; done() < bytes; cookie += 512) {
    const cookies = Array.from({ length: 512 }, (_, i) => cookie + i);
    tcp.send(0, Buffer.concat(cookies.map((c) => request(3, c, 0n, 0))));
    tcp.send(1, Buffer.concat(cookies.map((c) => simpleRead(c, Buffer.alloc(0)))));
  }
  tcp.close();
}

/** Replies to requests that nobody sent: a finding each. */
function nbdStrayReplies(emit: Emit, done: () => number, bytes: number): void {
  const tcp = new TcpWriter(emit, 1448, CLIENT, NBD_SERVER);
  handshake(tcp, false);
  for (let cookie = 1; done() < bytes; cookie++) {
    tcp.send(0, request(3, 2 * cookie, 0n, 0));
    tcp.send(1, Buffer.concat([simpleRead(2 * cookie, Buffer.alloc(0)), simpleRead(2 * cookie + 1, Buffer.alloc(0))]));
  }
  tcp.close();
}

/** A session that loses its place in the server's stream, and finds `filler` for the rest of the capture instead of a header. */
function nbdLost(emit: Emit, done: () => number, bytes: number, filler: Buffer): void {
  let lose = false;
  const tcp = new TcpWriter((frame, length) => lose || emit(frame, length), 1448, CLIENT, NBD_SERVER);
  handshake(tcp, true);
  tcp.send(0, request(0, 1, 0n, 65_536));
  lose = true;
  tcp.send(1, Buffer.alloc(2896));
  lose = false;
  while (done() < bytes) tcp.send(1, filler);
}

/** Connection number `i` of many. */
function manyTcp(emit: Emit, i: number, server = NBD_SERVER): TcpWriter {
  return new TcpWriter(emit, 1448, { ip: 0x0a00000a + Math.floor(i / 50_000), port: 10_000 + (i % 50_000) }, server);
}

/** What becomes of packets on their way into the file. */
interface Disturbance {
  /** Share of the segments with payload that is left out. */
  readonly loss?: number;
  /** Packets that are put in another order together; whether at random or backwards. */
  readonly window?: number;
  readonly backwards?: boolean;
}

function disturbed(writer: CaptureWriter, { loss = 0, window = 0, backwards = false }: Disturbance): Emit {
  const next = random(7);
  const held: Uint8Array[] = [];
  return (frame, length) => {
    if (loss > 0 && length > 500 && next() < loss) return;
    if (window === 0) {
      writer.frame(frame, length);
      return;
    }
    held.push(new Uint8Array(frame.subarray(0, length)));
    if (held.length < window) return;
    while (held.length > 0)
      writer.frame(held.splice(backwards ? held.length - 1 : Math.floor(next() * held.length), 1)[0]!);
  };
}

export interface Workload {
  readonly title: string;
  /** Text of the TLS key log that opens it, or null. */
  readonly keyLog: string | null;
  /** Writes about `bytes` bytes of capture to `path`. */
  write(path: string, bytes: number): { bytes: number; packets: number };
}

function workload(
  title: string,
  fill: (emit: Emit, done: () => number, bytes: number) => void,
  disturbance: Disturbance = {},
  keyLog: string | null = null,
): Workload {
  return {
    title,
    keyLog,
    write(path, bytes) {
      const writer = new CaptureWriter(path);
      let written = 0;
      const disturb = disturbed(writer, disturbance);
      fill(
        (frame, length) => {
          written += length + 16;
          disturb(frame, length);
        },
        () => written,
        bytes,
      );
      writer.close();
      return { bytes: writer.bytes, packets: writer.packets };
    },
  };
}

const BULK = { mss: 1448, size: 65_536, inFlight: 4, structured: true };
const FIRST_BYTES = noise(512, 3);

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  'nbd-bulk': workload('NBD reads of 64 KiB, structured, 1448-byte segments', (e, d, n) => nbdReads(e, d, n, BULK)),
  'nbd-small': workload('NBD reads of 512 bytes, structured, 32 in flight', (e, d, n) =>
    nbdReads(e, d, n, { ...BULK, size: 512, inFlight: 32 }),
  ),
  'nbd-simple': workload('NBD reads of 64 KiB, simple replies', (e, d, n) =>
    nbdReads(e, d, n, { ...BULK, structured: false }),
  ),
  'nbd-simple-small': workload('NBD reads of 4 KiB, simple replies, 16 in flight', (e, d, n) =>
    nbdReads(e, d, n, { ...BULK, size: 4096, inFlight: 16, structured: false }),
  ),
  'nbd-tls': workload(
    'NBD reads of 64 KiB inside TLS 1.3 (AES-128-GCM), with the key log',
    (e, d, n) => nbdReads(e, d, n, { ...BULK, tls: true }),
    {},
    new SealedSession().keyLog,
  ),
  'nbd-jumbo': workload('NBD reads of 256 KiB in 32 KiB segments', (e, d, n) =>
    nbdReads(e, d, n, { ...BULK, mss: 32_768, size: 262_144 }),
  ),
  sessions: workload('short NBD sessions, one after the other', (e, d, n) => {
    for (let i = 0; d() < n; i++) {
      const tcp = manyTcp(e, i);
      handshake(tcp, true);
      tcp.send(0, request(0, 1, 0n, 512));
      tcp.send(1, structuredRead(1, 0n, FIRST_BYTES));
      tcp.send(0, request(2, 2, 0n, 0));
      tcp.close();
    }
  }),
  'msgr2-bulk': workload('msgr2.1 crc mode, messages with 64 KiB of data', (e, d, n) =>
    msgr2Bulk(e, d, n, 1448, 65_536),
  ),
  'msgr2-small': workload('msgr2.1 crc mode, messages with 512 bytes of data', (e, d, n) =>
    msgr2Bulk(e, d, n, 1448, 512),
  ),
  'nbd-reordered': workload('NBD bulk, packets shuffled in windows of 8', (e, d, n) => nbdReads(e, d, n, BULK), {
    window: 8,
  }),
  'nbd-lossy': workload('NBD bulk, 0.1 % of the segments not captured', (e, d, n) => nbdReads(e, d, n, BULK), {
    loss: 0.001,
  }),
  'nbd-backwards': workload(
    'NBD bulk, windows of 64 packets backwards: every segment out of order',
    (e, d, n) => nbdReads(e, d, n, BULK),
    { window: 64, backwards: true },
  ),
  'nbd-bytewise': workload('NBD reads of 512 bytes in one-byte segments', (e, d, n) =>
    nbdReads(e, d, n, { ...BULK, mss: 1, size: 512, inFlight: 1 }),
  ),
  'nbd-tiny': workload('NBD flushes and their replies, packed into full segments', nbdTiny),
  'nbd-findings': workload('NBD replies to nothing: a finding each', nbdStrayReplies),
  'nbd-lost': workload('NBD, joined by a gap to endless noise', (e, d, n) => nbdLost(e, d, n, noise(65_536, 4))),
  'nbd-magics': workload('NBD, joined by a gap to endless magics of replies', (e, d, n) =>
    nbdLost(e, d, n, Buffer.alloc(65_536, Buffer.from('668e33ef00010001', 'hex'))),
  ),
  'flows-open': workload('NBD sessions that all stay open', (e, d, n) => {
    for (let i = 0; d() < n; i++) handshake(manyTcp(e, i), true);
  }),
  'flows-foreign': workload('connections of another protocol that all stay open', (e, d, n) => {
    for (let i = 0; d() < n; i++) {
      const tcp = manyTcp(e, i, { ip: 0x0a000002, port: 80 });
      tcp.open();
      tcp.send(0, Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'));
      tcp.send(1, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    }
  }),
};
