import { MALFORMED, TRUNCATED } from '../base/capture-rules.js';
import { count } from '../base/text.js';
import type { PcapHeader } from './pcap-header.js';
import type { CaptureNote } from './packet.js';

/** Notes about damaged files, shared by both readers of classic pcap so that their texts are equal. */

/** The file ends `have` bytes into the record at `offset`, which needs `want`. */
export function recordCutOff(
  header: PcapHeader,
  packet: number,
  offset: number,
  have: number,
  want: number,
): CaptureNote {
  const part =
    have < header.recordHeader
      ? `the record header of packet ${packet}: ${have} of ${want} bytes`
      : `packet ${packet}: ${have - header.recordHeader} of ${count(want - header.recordHeader, 'captured byte')}`;
  return {
    rule: TRUNCATED,
    text: `the file ends inside ${part}, ${count(want - have, 'byte')} missing from the record at offset ${offset}`,
    offset,
    length: have,
  };
}

/** The record at `offset` claims `length` captured bytes. */
export function recordTooLong(
  header: PcapHeader,
  packet: number,
  offset: number,
  length: number,
  limit: number,
): CaptureNote {
  return {
    rule: MALFORMED,
    text: `packet ${packet} at offset ${offset} claims ${length} captured bytes (limit packetBytes: ${limit}); nothing from there on can be read`,
    offset,
    length: header.recordHeader,
  };
}
