import type { Step } from '../../src/base/rule.js';
import { cat, ethernet, ipv4, u16, u32 } from './frames.js';
import { pcapFile } from './pcap-writer.js';

const ISN = { client: 1000, server: 4_294_967_000 } as const;
const SYN = 2;
const ACK = 0x10;
const FIN = 1;
const RST = 4;

/** One frame of a session, and what moving or losing it would mean. */
export interface SessionPacket {
  readonly frame: Uint8Array;
  readonly from: 'client' | 'server';
  /** Bytes of the stream that it carries; 0: set-up, acknowledgement, end. */
  readonly payload: number;
}

/**
 * The packets of a scripted session on TCP. `size` gives the length of the next segment. Sequence numbers of the server wrap around early on;
 * acknowledgements say what the script says the sender had seen, or all.
 */
export function sessionPackets(
  steps: readonly Step[],
  port: number,
  size: (left: number) => number,
  clientPort = 40000,
): SessionPacket[] {
  const out: SessionPacket[] = [];
  const sent = { client: 0, server: 0 };
  const acked = { client: 0, server: 0 };
  const emit = (from: 'client' | 'server', flags: number, at: number, bytes: Uint8Array): void => {
    const peer = from === 'client' ? 'server' : 'client';
    const ports = from === 'client' ? [clientPort, port] : [port, clientPort];
    const header = cat(
      u16(ports[0]!),
      u16(ports[1]!),
      u32((ISN[from] + at) >>> 0),
      u32(flags & ACK ? (ISN[peer] + 1 + acked[from]) >>> 0 : 0),
      new Uint8Array([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]),
    );
    const packet = ipv4(cat(header, bytes));
    if (from === 'server') {
      packet.set([10, 0, 0, 2, 10, 0, 0, 1], 12);
    }
    out.push({ frame: ethernet(0x0800, packet), from, payload: bytes.length });
  };
  const nothing = new Uint8Array(0);
  emit('client', SYN, 0, nothing);
  emit('server', SYN | ACK, 0, nothing);
  emit('client', ACK, 1, nothing);
  for (const step of steps) {
    if (!('from' in step)) continue;
    const { from } = step;
    const peer = from === 'client' ? 'server' : 'client';
    if ('bytes' in step) {
      acked[from] = Math.max(acked[from], step.seen ?? sent[peer]);
      for (let at = 0; at < step.bytes.length;) {
        const n = Math.max(1, Math.min(step.bytes.length - at, size(step.bytes.length - at)));
        emit(from, ACK, 1 + sent[from], step.bytes.subarray(at, at + n));
        sent[from] += n;
        at += n;
      }
    } else if ('end' in step) {
      acked[from] = Math.max(acked[from], sent[peer]);
      emit(from, step.end === 'fin' ? FIN | ACK : RST | ACK, 1 + sent[from], nothing);
    }
  }
  return out;
}

/** The packets as a capture file, a millisecond apart. */
export function packetFile(packets: readonly SessionPacket[]): Uint8Array {
  return pcapFile(packets.map((p, i) => ({ data: p.frame, nanos: i * 1_000_000 })));
}
