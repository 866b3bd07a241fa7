import type { Origin } from '../base/origin.js';
import type { Connection, StreamSink } from '../stream/byte-stream.js';

/** Observes connections as they are rebuilt. */
export interface StreamTap {
  /** The packet of `origin` opened a connection. The sink that is returned gets every call that the analysis gets, just before it. */
  open(connection: Connection, origin: Origin): StreamSink;
}

/** A sink that hands everything to `tap` and then to `analysis`. A stream with a tap is never parked. */
export function tapped(tap: StreamSink, analysis: StreamSink): StreamSink {
  return {
    segment: tap.segment === undefined ? undefined : (s, from, offset) => tap.segment!(s, from, offset),
    bytes: (from, block, start, end, origin) => {
      tap.bytes(from, block, start, end, origin);
      analysis.bytes(from, block, start, end, origin);
    },
    gap: (from, length, cut, origin) => {
      tap.gap(from, length, cut, origin);
      analysis.gap(from, length, cut, origin);
    },
    end: (from, how, origin) => {
      tap.end(from, how, origin);
      analysis.end(from, how, origin);
    },
    note: (rule, from, offset, length, text, origin) => {
      tap.note(rule, from, offset, length, text, origin);
      analysis.note(rule, from, offset, length, text, origin);
    },
    contested: (from, offset, length) => {
      tap.contested?.(from, offset, length);
      analysis.contested?.(from, offset, length);
    },
    neglect: () => analysis.neglect?.(),
    close: (how) => {
      tap.close(how);
      analysis.close(how);
    },
  };
}
