import type { Side } from '../base/input.js';
import type { Origin } from '../base/origin.js';
import { having, NOWHERE, ZEROS, type Pair } from '../base/pair.js';
import type { Severity } from '../base/rule.js';
import type { SkipReason } from '../contract/protocol.js';
import type { Connection } from '../stream/byte-stream.js';
import type { StreamRecord } from './event.js';

type Skipped = Record<SkipReason, number>;

// shared by all streams that have nothing of the kind so far
const NOTHING_SKIPPED: Readonly<Skipped> = { resynchronised: 0, opaque: 0, undecoded: 0 };
const NEITHER_SKIPPED: Pair<Readonly<Skipped>> = [NOTHING_SKIPPED, NOTHING_SKIPPED];
const NOTHING_FOUND: StreamRecord['findings'] = { error: 0, warning: 0, note: 0 };
const CONTEXT_FREE: Pair<boolean> = [true, true];
const NOT_REPEATED: StreamRecord['repeated'] = [];

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
    missing: ZEROS,
    skipped: NEITHER_SKIPPED,
    end: 'open',
    messages: 0,
    findings: NOTHING_FOUND,
    repeated: NOT_REPEATED,
    contextFree: CONTEXT_FREE,
    tlsFrom: NOWHERE,
    tls: null,
    tlsOverhead: ZEROS,
    firstBytes: null,
    relative: null,
  };
}

/** The counts of that side's bytes that are part of no message, for the caller to add to. */
export function skippedOf(record: StreamRecord, side: Side): Skipped {
  const skipped = record.skipped[side];
  if (skipped !== NOTHING_SKIPPED) return skipped;
  const own = { ...skipped };
  record.skipped = having<Readonly<Skipped>>(record.skipped, side, own);
  return own;
}

/** One more finding of that severity. */
export function countFinding(record: StreamRecord, severity: Severity): void {
  record.findings = { ...record.findings, [severity]: record.findings[severity] + 1 };
}
