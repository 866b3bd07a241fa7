import type { Origin } from '../base/origin.js';
import type { Connection } from '../stream/byte-stream.js';
import type { StreamRecord } from './event.js';

/** The record of a stream of which nothing is known but its first packet. */
export function newRecord(file: string, connection: Connection, first: Origin): StreamRecord {
  return {
    file,
    id: connection.id,
    connection,
    protocol: null,
    classifiedBy: null,
    clientEnd: 0,
    rolesKnown: connection.initiatorKnown,
    session: null,
    firstSeconds: first.seconds,
    firstNanos: first.nanos,
    firstPacket: first.packet,
    bytes: [0, 0],
    missing: [0, 0],
    skipped: [
      { resynchronised: 0, opaque: 0, undecoded: 0 },
      { resynchronised: 0, opaque: 0, undecoded: 0 },
    ],
    end: 'open',
    messages: 0,
    findings: { error: 0, warning: 0, note: 0 },
    repeated: [],
    contextFree: [true, true],
    tlsFrom: [Infinity, Infinity],
    tls: null,
    tlsOverhead: [0, 0],
    firstBytes: null,
    relative: null,
  };
}
