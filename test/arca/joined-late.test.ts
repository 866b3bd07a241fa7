import { describe, expect, it } from 'vitest';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { analyzeBytes } from '../kit/in-memory.js';

/** The errors and warnings of a recording without its first `packets` packets, beside those of the whole recording. */
function foundWithout(name: string, packets: number): string[] {
  const capture = captureBytes(`captures/arca/${name}`);
  const found = (bytes: Uint8Array) =>
    analyzeBytes(bytes).findings.flatMap((f) => (f.severity === 'note' ? [] : [`${f.rule} ${f.party}`]));
  const known = new Set(found(capture.bytes));
  return found(without(capture, (packet) => packet < packets)).filter((what) => !known.has(what));
}

/**
 * sockdump can be started while a session is under way, and its recordings do not show it: only that the first request is not number 1.
 * In these recordings the header and the payload of a frame are two packets.
 */
describe('a recording of a socket that was begun during a session', () => {
  it.each([2, 4, 6, 8, 10, 12])('blames nobody for the %i packets in front', (packets) => {
    expect(foundWithout('a01-listen-accept-connect.pcap', packets)).toEqual([]);
  });

  it.each([4, 8, 12, 16])('whatever the order of the replies, behind %i packets', (packets) => {
    expect(foundWithout('a23-cross-listener-order.pcap', packets)).toEqual([]);
  });
});

describe('a capture of a vsock that begins inside a request', () => {
  it('does not take the replies for early ones where their requests are decoded later', () => {
    for (let packets = 3; packets < 20; packets++) expect(foundWithout('a26-vsockmon.pcap', packets)).toEqual([]);
  });
});
