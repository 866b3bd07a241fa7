import { closeSync, openSync, writeSync } from 'node:fs';

const BUFFER = 4 << 20;

/** Writes a classic pcap (Ethernet, microseconds) of TCP packets in big pieces; packets are a microsecond apart. */
export class CaptureWriter {
  private readonly fd: number;
  private readonly buffer = Buffer.allocUnsafe(BUFFER);
  private used = 0;
  private micros = 0;
  bytes = 0;
  packets = 0;

  constructor(path: string) {
    this.fd = openSync(path, 'w');
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    this.write(header, 0, header.length);
  }

  /** One captured frame. */
  frame(frame: Uint8Array, length = frame.length): void {
    this.micros += 1;
    const h = Buffer.allocUnsafe(16);
    h.writeUInt32LE(1_700_000_000 + Math.floor(this.micros / 1_000_000), 0);
    h.writeUInt32LE(this.micros % 1_000_000, 4);
    h.writeUInt32LE(length, 8);
    h.writeUInt32LE(length, 12);
    this.write(h, 0, 16);
    this.write(frame, 0, length);
    this.packets++;
  }

  private write(bytes: Uint8Array, start: number, end: number): void {
    if (this.used + end - start > BUFFER) this.flush();
    this.buffer.set(bytes.subarray(start, end), this.used);
    this.used += end - start;
  }

  private flush(): void {
    for (let at = 0; at < this.used;) at += writeSync(this.fd, this.buffer, at, this.used - at);
    this.bytes += this.used;
    this.used = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }
}

const SYN = 0x02;
const ACK = 0x10;
const PSH = 0x08;
const FIN = 0x01;
const HEADERS = 14 + 20 + 20;

/** One TCP connection that is written as it would have been captured: set-up, segments of at most `mss`, acknowledgements, end. */
export class TcpWriter {
  private readonly emit: (frame: Uint8Array, length: number) => void;
  private readonly mss: number;
  private readonly seq: [number, number] = [1000, 2_000_000_000];
  private readonly ends: readonly [{ ip: number; port: number }, { ip: number; port: number }];
  private readonly scratch: Buffer;
  private unacked = 0;

  constructor(
    emit: (frame: Uint8Array, length: number) => void,
    mss: number,
    client: { ip: number; port: number },
    server: { ip: number; port: number },
  ) {
    this.emit = emit;
    this.mss = mss;
    this.ends = [client, server];
    this.scratch = Buffer.alloc(HEADERS + mss);
  }

  open(): void {
    this.segment(0, SYN, null, 0, 0);
    this.seq[0]++;
    this.segment(1, SYN | ACK, null, 0, 0);
    this.seq[1]++;
    this.segment(0, ACK, null, 0, 0);
  }

  /** Bytes from end 0 or 1; the other end acknowledges every second full segment, as real stacks do. */
  send(from: 0 | 1, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.mss) {
      const n = Math.min(this.mss, bytes.length - at);
      this.segment(from, at + n === bytes.length ? ACK | PSH : ACK, bytes, at, n);
      this.seq[from] = (this.seq[from] + n) >>> 0;
      if (++this.unacked === 2) {
        this.unacked = 0;
        this.segment(from === 0 ? 1 : 0, ACK, null, 0, 0);
      }
    }
  }

  close(): void {
    for (const end of [0, 1] as const) {
      this.segment(end, FIN | ACK, null, 0, 0);
      this.seq[end] = (this.seq[end] + 1) >>> 0;
      this.segment(end === 0 ? 1 : 0, ACK, null, 0, 0);
    }
  }

  private segment(from: 0 | 1, flags: number, bytes: Uint8Array | null, at: number, n: number): void {
    const b = this.scratch;
    const me = this.ends[from];
    const peer = this.ends[from === 0 ? 1 : 0];
    b.writeUInt16BE(0x0800, 12);
    b[14] = 0x45;
    b.writeUInt16BE(40 + n, 16);
    b[22] = 64;
    b[23] = 6;
    b.writeUInt32BE(me.ip, 26);
    b.writeUInt32BE(peer.ip, 30);
    b.writeUInt16BE(me.port, 34);
    b.writeUInt16BE(peer.port, 36);
    b.writeUInt32BE(this.seq[from], 38);
    b.writeUInt32BE(flags & ACK ? this.seq[from === 0 ? 1 : 0] : 0, 42);
    b[46] = 0x50;
    b[47] = flags;
    b.writeUInt16BE(65_535, 48);
    if (bytes !== null && n > 0) b.set(bytes.subarray(at, at + n), HEADERS);
    this.emit(b, HEADERS + n);
  }
}
