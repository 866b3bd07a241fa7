import type { Limits } from '../base/limits.js';
import { END_OF_EARLY_DATA, FINISHED, KEY_UPDATE, RECORD_HEADER } from './constants.js';
import type { Keys } from './keys.js';
import { TrafficEpoch, type Epoch } from './epoch.js';
import type { Opened } from './record-cipher.js';
import type { RawRecord } from './record-reader.js';

/** Which keys the records of TLS 1.3 are under. */
const EARLY = 0;
const HANDSHAKE_KEYS = 1;
const APPLICATION_KEYS = 2;

/**
 * KeyUpdates that may be among lost records: peers make one after gigabytes. Where there were more, nothing behind the loss opens, which
 * is said as for any loss that is too long.
 */
const UPDATES_AHEAD = 2;

/** What a record that was opened shows of the ones that may be missing in front of it. */
export interface Loss {
  /** How many are; null: unknown. */
  readonly records: number | null;
  /** No application data were among them. */
  readonly spared: boolean;
}

/** Opens the records of one direction in turn: under which keys, and, behind a loss, as the how manieth. */
export class RecordOpener {
  /** Null: not known yet. */
  keys: Exclude<Keys, { state: 'wait' }> | null = null;
  keyUpdates = 0;
  /** Whether records may be missing since the last one that was opened. */
  shaken: boolean;
  /** Whole records that were not opened since then. */
  failed = 0;
  /** Of the record that was opened last, where any may have been missing in front of it; else null. */
  loss: Loss | null = null;
  /** Behind a loss, more records may be missing than numbers were tried. */
  outOfReach = false;
  /** Too many records did not open. */
  exhausted = false;
  private readonly limits: Readonly<Limits>;
  /** TLS 1.3: EARLY to APPLICATION_KEYS. */
  private stage = HANDSHAKE_KEYS;
  private epoch: Epoch | null = null;
  /** Bytes lost since the last record that was opened. */
  private lostBytes: number;
  private trials = 0;

  /** `late`: records may be missing in front of the first. */
  constructor(limits: Readonly<Limits>, late: boolean) {
    this.limits = limits;
    this.shaken = late;
    this.lostBytes = late ? Infinity : 0;
  }

  /** Number of the next record under its keys; -1 where these are not there. */
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

  /** Whether the bytes lost since the last record that was opened are counted: its first one was captured. */
  get knowsLoss(): boolean {
    return Number.isFinite(this.lostBytes);
  }

  adopt(keys: Exclude<Keys, { state: 'wait' | 'none' }>): void {
    this.keys = keys;
    if (keys.state === 'tls12') this.epoch = keys.epoch;
    else this.enter(keys.earlyFirst ? EARLY : HANDSHAKE_KEYS);
  }

  /** New keys are agreed on: those of now end here. */
  drop(): void {
    this.keys = null;
    this.epoch = null;
  }

  /** So many bytes of records are missing. */
  lose(length: number): void {
    this.shaken = true;
    this.lostBytes += length;
  }

  /** An encrypted handshake message was read: the keys change behind some of TLS 1.3. */
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
      // what failed in front of it was not lost in the capture
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

  /** The record may be the first one under the next keys: early data that were refused, a handshake that cannot be read. */
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

  /** Tries the record as one of the next ones: as many may be lost as the lost bytes can have held. */
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

  /** A record was opened behind a loss of so many others. */
  private regained(records: number | null, spared = records === 0): void {
    this.loss = { records, spared };
    this.shaken = false;
    this.outOfReach = false;
    this.lostBytes = 0;
    this.failed = 0;
  }
}
