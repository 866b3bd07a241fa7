import { readFileSync, writeFileSync } from 'node:fs';

/** The records of a little-endian classic pcap, and its header. */
function records(path: string): { header: Buffer; packets: Buffer[] } {
  const bytes = readFileSync(path);
  const packets: Buffer[] = [];
  for (let at = 24; at < bytes.length;) {
    const end = at + 16 + bytes.readUInt32LE(at + 8);
    packets.push(bytes.subarray(at, end));
    at = end;
  }
  return { header: bytes.subarray(0, 24), packets };
}

/** Writes packets `from` to `to` (from 0, exclusive) of a capture into a file of their own. */
export function writePiece(capture: string, path: string, from: number, to = Infinity): void {
  const { header, packets } = records(capture);
  writeFileSync(path, Buffer.concat([header, ...packets.slice(from, to)]));
}
