import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A capture file and where its packets lie in it, for taking some of them away. */
export interface CaptureBytes {
  readonly bytes: Uint8Array;
  /** `[start, end)` of packet records; of lines, in a text. */
  readonly packets: readonly (readonly [number, number])[];
}

/** Reads a capture; a compressed one is unpacked. */
export function captureBytes(path: string): CaptureBytes {
  const raw = readFileSync(path);
  const bytes = new Uint8Array(path.endsWith('.gz') ? gunzipSync(raw) : raw);
  return { bytes, packets: path.endsWith('.txt') ? lines(bytes) : records(bytes) };
}

/** The file without those packets. */
export function without({ bytes, packets }: CaptureBytes, lost: (packet: number) => boolean): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let size = 0;
  let at = 0;
  packets.forEach(([start, end], i) => {
    if (!lost(i)) return;
    out.set(bytes.subarray(at, start), size);
    size += start - at;
    at = end;
  });
  out.set(bytes.subarray(at), size);
  return out.subarray(0, size + bytes.length - at);
}

function lines(bytes: Uint8Array): [number, number][] {
  const out: [number, number][] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at) + 1 || bytes.length;
    out.push([at, end]);
    at = end;
  }
  return out;
}

const SECTION = 0x0a0d0d0a;
const PACKET_BLOCKS = [2, 3, 6];

/** Records of a classic pcap; packet blocks of a pcapng. */
function records(bytes: Uint8Array): [number, number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ng = view.getUint32(0) === SECTION;
  const little = ng ? view.getUint32(8, true) === 0x1a2b3c4d : bytes[0] !== 0xa1;
  const out: [number, number][] = [];
  for (let at = ng ? 0 : 24; at + 16 <= bytes.length;) {
    const length = ng ? view.getUint32(at + 4, little) : 16 + view.getUint32(at + 8, little);
    if (!ng || PACKET_BLOCKS.includes(view.getUint32(at, little))) out.push([at, at + length]);
    at += length;
  }
  return out;
}
