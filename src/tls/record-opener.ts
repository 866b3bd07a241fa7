import type { Limits } from '../base/limits.js';
import { END_OF_EARLY_DATA, FINISHED, KEY_UPDATE, RECORD_HEADER } from './constants.js';
import type { Keys } from './keys.js';
import { TrafficEpoch, type Epoch } from './epoch.js';
import type { Opened } from './record-cipher.js';
import type { RawRecord } from './record-reader.js';

/** The keys that a record of TLS 1.3 is under. */
const EARLY = 0;
const HANDSHAKE_KEYS = 1;
const APPLICATION_KEYS = 2;

/**
 * How many KeyUpdates may be among lost records: peers send one after gigabytes. If there were more, nothing behind the loss opens, which
 * is reported like any other loss that is too long.
 */
const UPDATES_AHEAD = 2;

/** What an opened record shows about records that may be missing before it. */
export interface Loss {
  /** How many are missing; null: unknown. */
  readonly records: number | null;
  /** Whether it is certain that no application data were among them. */
  readonly spared: boolean;
}

/** Opens the records of one direction in order: finds out which keys each one is under and, behind a loss, which sequence number it has. */
export class RecordOpener {
  /** Null while they are not known. */
  keys: Exclude<Keys, { state: 'wait' }> | null = null;
  keyUpdates = 0;
  /** Whether records may be missing since the last one that was opened. */
  shaken: boolean;
  /** How many whole records have failed to open since then. */
  failed = 0;
  /** Set by `open`: what the record shows about a loss before it; null where there was none. */
  loss: Loss | null = null;
  /** Whether more records may be missing, behind the current loss, than numbers are tried. */
  outOfReach = false;
  /** Whether too many records did not open (limit tlsTrials): no more are tried. */
  exhausted = false;
  private readonly limits: Readonly<Limits>;
  /** TLS 1.3: EARLY to APPLICATION_KEYS. */
  private stage = HANDSHAKE_KEYS;
  private epoch: Epoch | null = null;
  /** Bytes lost since the last record that was opened; Infinity: unknown. */
  private lostBytes: number;
  private trials = 0;

  /** `late`: records may be missing before the first one. */
  constructor(limits: Readonly<Limits>, late: boolean) {
    this.limits = limits;
    this.shaken = late;
    this.lostBytes = late ? Infinity : 0;
  }

  /** Sequence number of the next record under the current keys; -1 where these are not known. */
  get number(): number {
    return this.epoch?.seq ?? -1;
  }

  get isInEarlyData(): boolean {
    return this.keys?.state !== 'tls12' && this.stage === EARLY;
  }

  /** Whether application data may come now. */
  get isInData(): boolean {
    return this.keys !== null && (this.keys.state === 'tls12' || this.stage === APPLICATION_KEYS);
  }

  /** Whether it is known how many bytes were lost since the last record that was opened. */
  get knowsLoss(): boolean {
    return Number.isFinite(this.lostBytes);
  }

  adopt(keys: Exclude<Keys, { state: 'wait' | 'none' }>): void {
    this.keys = keys;
    if (keys.state === 'tls12') this.epoch = keys.epoch;
    else this.enter(keys.earlyFirst ? EARLY : HANDSHAKE_KEYS);
  }

  /** New keys were negotiated: forgets the current ones. */
  drop(): void {
    this.keys = null;
    this.epoch = null;
  }

  /** `length` bytes of records are missing. */
  lose(length: number): void {
    this.shaken = true;
    this.lostBytes += length;
  }

  /** An encrypted handshake message was read: in TLS 1.3, the keys change after some types. */
  advance(type: number): void {
    if (this.keys?.state !== 'tls13') return;
    if (type === END_OF_EARLY_DATA && this.stage === EARLY) this.enter(HANDSHAKE_KEYS);
    else if (type === FINISHED && this.stage === HANDSHAKE_KEYS) this.enter(APPLICATION_KEYS);
    else if (type === KEY_UPDATE && this.epoch instanceof TrafficEpoch) {
      this.keyUpdates++;
      this.epoch = this.epoch.next();
    }
  }

  /** The record's content, or null. */
  open(r: RawRecord): Opened | null {
    this.loss = null;
    const opened = this.epoch?.open(r) ?? null;
    if (opened !== null) {
      // it has the expected number: no record is missing before it
      if (this.shaken) this.regained(0);
      return opened;
    }
    this.trials++;
    this.exhausted = this.trials > this.limits.tlsTrials;
    if (this.exhausted) return null;
    return this.underNextKeys(r) ?? (this.shaken ? this.behindLoss(r) : null);
  }

  private enter(stage: number): void {
    const { keys } = this;
    if (keys?.state !== 'tls13') return;
    this.stage = stage;
    this.epoch = stage === EARLY ? keys.early : stage === HANDSHAKE_KEYS ? keys.handshake : keys.application;
  }

  /** Tries the record as the first one under the next keys: after refused early data, or after a handshake that cannot be read. */
  private underNextKeys(r: RawRecord): Opened | null {
    const { keys } = this;
    if (keys?.state !== 'tls13') return null;
    if (this.stage === EARLY) {
      const opened = keys.handshake?.open(r) ?? null;
      if (opened !== null) {
        this.enter(HANDSHAKE_KEYS);
        return opened;
      }
    }
    if (this.stage !== APPLICATION_KEYS && (this.epoch === null || this.shaken || !this.epoch.used)) {
      const opened = keys.application?.open(r) ?? null;
      if (opened !== null) {
        this.enter(APPLICATION_KEYS);
        return opened;
      }
    }
    return null;
  }

  /** Tries the record with higher sequence numbers: as many records may be lost as fit into the lost bytes. */
  private behindLoss(r: RawRecord): Opened | null {
    const { epoch, keys } = this;
    const least = epoch?.cipher.overhead ?? RECORD_HEADER + 17;
    const possible = Math.ceil(this.lostBytes / least) + this.failed + 1;
    const most = Math.min(this.limits.tlsLostRecords, possible);
    this.outOfReach = possible > most;
    if (epoch !== null) {
      for (let ahead = 1; ahead <= most; ahead++) {
        const opened = this.attempt(epoch, r, epoch.seq + ahead);
        if (opened === null) continue;
        this.regained(ahead);
        return opened;
      }
    }
    if (keys?.state !== 'tls13') return null;
    if (this.stage !== APPLICATION_KEYS && keys.application !== null) {
      for (let seq = 0; seq <= most; seq++) {
        const opened = this.attempt(keys.application, r, seq);
        if (opened === null) continue;
        this.enter(APPLICATION_KEYS);
        this.regained(null, seq === 0);
        return opened;
      }
    }
    if (this.stage !== APPLICATION_KEYS || !(epoch instanceof TrafficEpoch)) return null;
    let later = epoch;
    for (let updates = 1; updates <= UPDATES_AHEAD; updates++) {
      later = later.next();
      for (let seq = 0; seq <= most; seq++) {
        const opened = this.attempt(later, r, seq);
        if (opened === null) continue;
        this.epoch = later;
        this.keyUpdates += updates;
        this.regained(null);
        return opened;
      }
    }
    return null;
  }

  private attempt(epoch: Epoch, r: RawRecord, seq: number): Opened | null {
    if (this.trials > this.limits.tlsTrials) return null;
    const opened = epoch.open(r, seq);
    if (opened === null) this.trials++;
    return opened;
  }

  /** A record was opened after a loss of `records` others; null: of an unknown number. */
  private regained(records: number | null, spared = records === 0): void {
    this.loss = { records, spared };
    this.shaken = false;
    this.outOfReach = false;
    this.lostBytes = 0;
    this.failed = 0;
  }
}
