import { LIMIT, UNDECODED } from '../base/capture-rules.js';
import type { CaptureNote } from '../capture/packet.js';
import type { Segment } from '../link/segment.js';
import type { Late } from './closed-flows.js';
import { Strays } from './strays.js';

/** Counts segments with data that belong to no open connection, and reports them when the capture is over. */
export class StraySegments {
  private readonly homeless = new Strays(
    UNDECODED,
    'belong to no connection: they answer no SYN, and continue nothing',
  );
  private readonly inFront = new Strays(
    UNDECODED,
    'lie in front of the first byte of their direction, and came when their connection had been closed',
  );
  private readonly late = new Strays(
    LIMIT,
    'came when their connection, which misses them, had been closed: limits lingerSeconds and lingerPackets',
  );
  private readonly unknownLate = new Strays(
    LIMIT,
    'came when their connection had been closed, and which bytes that misses had been forgotten: limit lossyClosed',
  );

  /** A segment of no connection, open or closed. */
  ofNone(s: Segment): void {
    this.homeless.add(s);
  }

  /** A segment of a closed connection. `missed`: how many of its bytes were missing there; null where that was forgotten. */
  ofClosed(s: Segment, missed: Readonly<Late> | null): void {
    if (missed === null) {
      this.unknownLate.add(s);
      return;
    }
    this.inFront.add(s, missed.front);
    this.late.add(s, missed.lost);
  }

  report(note: (note: CaptureNote) => void): void {
    for (const strays of [this.homeless, this.inFront, this.late, this.unknownLate]) strays.report(note);
  }
}
