import { nextSecret, trafficKeys } from './key-schedule.js';
import { tls13Cipher, type Opened, type RecordCipher } from './record-cipher.js';
import type { RawRecord } from './record-reader.js';
import type { Suite } from './suites.js';

/** One key of a direction, and the sequence number of the next record under it. */
export class Epoch {
  readonly cipher: RecordCipher;
  /** Sequence number of the next record. */
  seq = 0;
  /** Whether any record was opened. */
  used = false;

  constructor(cipher: RecordCipher) {
    this.cipher = cipher;
  }

  /** Opens the record with the number `seq` (by default the next one), and goes on with the number after it; null if it does not open. */
  open(r: RawRecord, seq = this.seq): Opened | null {
    const opened = this.cipher.open(r.bytes, r.start, r.end, seq);
    if (opened === null) return null;
    this.seq = seq + 1;
    this.used = true;
    return opened;
  }
}

/** An epoch of TLS 1.3, from a traffic secret. */
export class TrafficEpoch extends Epoch {
  private readonly suite: Suite;
  private readonly secret: Uint8Array;
  private following: TrafficEpoch | null = null;

  constructor(suite: Suite, secret: Uint8Array) {
    const { key, iv } = trafficKeys(suite, secret);
    super(tls13Cipher(suite, key, iv));
    this.suite = suite;
    this.secret = secret;
  }

  /** The epoch that a KeyUpdate begins. */
  next(): TrafficEpoch {
    return (this.following ??= new TrafficEpoch(this.suite, nextSecret(this.suite, this.secret)));
  }
}
