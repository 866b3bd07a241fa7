import { plausiblePreamble, PREAMBLE } from '../preamble.js';
import { TAG } from '../constants.js';
import type { GcmStream } from './gcm.js';

/** Counters that are tried at most, and pairs of offset and counter: a gap of many megabytes must not take minutes. */
const WINDOW = 4096;
const TRIALS = 1 << 27;

/**
 * Looks for the next frame in ciphertext after a loss. Where it begins is unknown, and how many nonces were used up as well; but 32
 * bytes of key stream for each counter are cheap, and a preamble proves itself by its checksum.
 */
export class FrameSearch {
  /** Counter of the frame that was found. */
  operation = 0;
  tried = 0;
  readonly window: number;
  private readonly first: number;
  private readonly stream: Uint8Array;
  private readonly plain = new Uint8Array(PREAMBLE);
  private readonly view = new DataView(this.plain.buffer);

  constructor(gcm: GcmStream, operation: number, window: number) {
    this.first = operation;
    this.window = Math.min(window, WINDOW);
    this.stream = gcm.keyStream(operation, this.window);
  }

  get spent(): boolean {
    return this.tried >= TRIALS;
  }

  /** Index in `start..last` at which a frame begins with one of the counters, or -1. */
  find(bytes: Uint8Array, start: number, last: number): number {
    const { stream, window } = this;
    for (let at = start; at <= last && this.tried < TRIALS; at++) {
      const tag = bytes[at]!;
      const segments = bytes[at + 1]!;
      const reserved = bytes[at + 27]!;
      this.tried += window;
      for (let i = 0; i < window; i++) {
        const s = i * PREAMBLE;
        // few bytes pass all three: traffic's tags, 1 to 4 segments, a reserved zero
        if ((reserved ^ stream[s + 27]!) !== 0) continue;
        const t = tag ^ stream[s]!;
        if (t === 0 || t > TAG.COMPRESSION_DONE) continue;
        const n = segments ^ stream[s + 1]!;
        if (n === 0 || n > 4) continue;
        for (let k = 0; k < PREAMBLE; k++) this.plain[k] = bytes[at + k]! ^ stream[s + k]!;
        if (!plausiblePreamble(this.plain, this.view, 0)) continue;
        this.operation = this.first + i;
        return at;
      }
    }
    return -1;
  }
}
