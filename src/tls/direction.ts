import type { Keys } from './keys.js';
import { RecordOpener } from './record-opener.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { End } from '../stream/byte-stream.js';
import {
  ALERT,
  alertName,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  CLIENT_HELLO,
  CLOSE_NOTIFY,
  FATAL,
  HANDSHAKE,
  KEY_UPDATE,
  RECORD_HEADER,
  SERVER_HELLO,
  TLS_1_3,
} from './constants.js';
import type { TlsEvent, TlsOutput } from './event.js';
import { HandshakeReader, type HandshakeMessage } from './handshake-reader.js';
import { PlainMap } from './plain-map.js';
import type { Opened } from './record-cipher.js';
import { RecordReader, type RawRecord, type RecordTaker } from './record-reader.js';

/** What a direction asks of the connection that it belongs to. */
export interface DirectionHost {
  /** Whether that end is the TLS client. */
  isClient(end: End): boolean;
  /** The negotiated version; 0: not known yet; -1: it will not become known. */
  version(end: End, patient: boolean): number;
  /** Keys for `record`, the first encrypted one of this direction, or the first after new keys were negotiated. */
  keys(end: End, record: RawRecord, patient: boolean): Keys;
  /** A handshake message was read; `encrypted`: from an encrypted record. Emits its event. */
  handshake(end: End, message: HandshakeMessage, encrypted: boolean, place: RawRecord): void;
}

/** How many alerts of a direction the session's summary names; the transcript shows all. */
const MOST_ALERTS = 8;
/** A copied record that waits for its keys. */
interface Waiting extends RawRecord {
  readonly origin: Origin;
}

/** One direction of a TLS connection: records in, application data out. */
export class TlsDirection implements RecordTaker {
  readonly reader: RecordReader;
  readonly map: PlainMap;
  /** Number of records so far. */
  records = 0;
  /** Number of bytes of application data so far, and of the records that brought them. */
  plainBytes = 0;
  dataRecords = 0;
  closeNotify = false;
  /** Names of the first alerts. */
  readonly alerts: string[] = [];
  /** Why nothing more can be opened, or null. */
  lacking: string | null = null;
  /** Whether any encrypted record was opened, and how many could not be. */
  opened = false;
  unopened = 0;
  /** This direction's stream is over. */
  over = false;

  private readonly end: End;
  private readonly limits: Readonly<Limits>;
  private readonly host: DirectionHost;
  private readonly output: TlsOutput;
  private readonly handshakes: HandshakeReader;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private readonly opener: RecordOpener;
  private changedCipher = false;
  /** Whether `output.lost` was called, and no application data has come since. */
  private lossTold = false;
  /** Application data may have been among lost records: `output.lost` is called before the next application data, or at the end. */
  private lossDue: boolean;
  private readonly limitsTold = new Set<keyof Limits>();
  private readonly out = new Origin();

  /** `offset`: stream offset of its first record; `late`: records may be missing before it. */
  constructor(
    end: End,
    offset: number,
    late: boolean,
    limits: Readonly<Limits>,
    host: DirectionHost,
    output: TlsOutput,
  ) {
    this.end = end;
    this.limits = limits;
    this.host = host;
    this.output = output;
    this.reader = new RecordReader(this, offset, late);
    this.opener = new RecordOpener(limits, late);
    this.lossDue = late;
    this.map = new PlainMap(offset);
    this.handshakes = new HandshakeReader(limits.tlsHandshakeBytes);
  }

  get keyUpdates(): number {
    return this.opener.keyUpdates;
  }

  /** Whether records wait for keys. */
  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Processes the records that wait: the peer's hello may have come, or the key log grown. `patient` false: waiting is no use any longer. */
  wake(patient: boolean): void {
    while (this.waiting.length > 0) {
      const next = this.waiting[0]!;
      if (!this.process(next, patient)) return;
      this.waiting.shift();
      this.waitingBytes -= next.end;
    }
  }

  gap(length: number, origin: Origin): void {
    this.wake(false);
    this.reader.gap(length, origin);
  }

  /** The direction's stream is over. */
  finish(origin: Origin): void {
    if (this.over) return;
    this.over = true;
    this.wake(false);
    this.reader.end();
    if (this.opener.outOfReach && this.lacking === null && this.opener.knowsLoss) {
      const { tlsLostRecords } = this.limits;
      const who = this.host.isClient(this.end) ? 'client' : 'server';
      const text = `behind a loss, no record of the ${who} opens as one of the next ${tlsLostRecords}; later numbers were not tried`;
      this.tell({ kind: 'limit', limit: 'tlsLostRecords', text }, this.reader.offset, 0, origin);
    }
    if (this.lossDue) this.tellLoss(origin);
  }

  // ---- RecordTaker

  record(r: RawRecord): void {
    this.records++;
    if (this.waiting.length > 0 || !this.process(r, true)) this.hold(r);
  }

  found(r: RawRecord): boolean {
    const type = r.bytes[r.start]!;
    if (this.lacking !== null) return false;
    if (this.isClear(r, true) === true) {
      if (!this.looksClear(r)) return false;
      this.records++;
      this.clear(r);
      return true;
    }
    if (type !== APPLICATION_DATA && this.opener.keys?.state === 'tls13') return false;
    if (!this.prepare(r, false)) return false;
    const opened = this.tryOpen(r);
    if (opened === null) return false;
    this.records++;
    this.take(opened, r);
    return true;
  }

  leftover(offset: number, length: number): void {
    this.output.opaque(this.end, offset, length);
  }

  cut(length: number, origin: Origin): void {
    this.opener.lose(length);
    this.handshakes.reset();
    if (this.lacking !== null) return;
    this.tell({ kind: 'missing' }, this.reader.offset, 0, origin);
    if (this.opener.isInData && this.dataRecords > 0) this.tellLoss(origin);
    else this.lossDue = true;
  }

  notTls(offset: number, first: Uint8Array, origin: Origin): void {
    this.wake(false);
    this.tell({ kind: 'not-tls', first, records: this.records }, offset, first.length, origin);
  }

  // ---- inside

  private hold(r: RawRecord): void {
    const bytes = r.bytes.slice(r.start, r.end);
    this.waiting.push({ bytes, start: 0, end: bytes.length, offset: r.offset, origin: r.origin.clone() });
    this.waitingBytes += bytes.length;
    if (this.waitingBytes <= this.limits.tlsWaitBytes) return;
    this.limitOnce(
      'tlsWaitBytes',
      `more than ${this.limits.tlsWaitBytes} bytes of records waited for their keys; they are passed over`,
      r,
    );
    this.wake(false);
  }

  /** Processes a record. Returns false if it has to wait. */
  private process(r: RawRecord, patient: boolean): boolean {
    const clear = this.isClear(r, patient);
    if (clear === null) return false;
    if (clear) {
      this.clear(r);
      return true;
    }
    if (this.lacking === null && this.opener.keys === null) {
      const keys = this.host.keys(this.end, r, patient);
      if (keys.state === 'wait') return false;
      this.adopt(keys, r);
    }
    if (this.lacking !== null) {
      this.pass(r);
      return true;
    }
    const opened = this.tryOpen(r);
    if (opened !== null) this.take(opened, r);
    else this.fail(r);
    return true;
  }

  /** Whether a record is sent in clear; null: only the peer's hello can tell. */
  private isClear(r: RawRecord, patient: boolean): boolean | null {
    const type = r.bytes[r.start]!;
    if (type === APPLICATION_DATA) return false;
    if (this.opener.keys?.state === 'tls12') return false;
    if (!this.changedCipher) return this.opener.shaken && type !== CHANGE_CIPHER_SPEC ? this.looksClear(r) : true;
    const version = this.host.version(this.end, patient);
    if (version === 0) return null;
    if (version === TLS_1_3) return true;
    return version < 0 && this.looksClear(r);
  }

  /** Whether the content of a record can be what its type says. */
  private looksClear(r: RawRecord): boolean {
    const { bytes, start } = r;
    const length = r.end - start - RECORD_HEADER;
    const at = start + RECORD_HEADER;
    switch (bytes[start]) {
      case CHANGE_CIPHER_SPEC:
        return length === 1 && bytes[at] === 1;
      case ALERT:
        return length === 2 && (bytes[at] === 1 || bytes[at] === FATAL);
      case HANDSHAKE: {
        if (length < 4 || bytes[at]! > KEY_UPDATE + 1) return false;
        const hello = bytes[at] === CLIENT_HELLO || bytes[at] === SERVER_HELLO;
        const body = bytes[at + 1]! * 65536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
        return hello ? bytes[at + 4] === 3 && body >= 34 : body + 4 <= length;
      }
      default:
        return false;
    }
  }

  private clear(r: RawRecord): void {
    const type = r.bytes[r.start]!;
    this.output.overhead(this.end, r.end - r.start);
    const content = r.bytes.subarray(r.start + RECORD_HEADER, r.end);
    if (type === CHANGE_CIPHER_SPEC) {
      this.changedCipher = true;
      this.handshakes.reset();
    } else if (type === ALERT) this.alert(content, false, r);
    else if (type === HANDSHAKE) this.handshake(content, false, r);
  }

  private handshake(content: Uint8Array, encrypted: boolean, r: RawRecord): void {
    this.handshakes.push(content, (m) => {
      this.host.handshake(this.end, m, encrypted, r);
      if (encrypted) this.opener.advance(m.type);
    });
    if (this.handshakes.overlong)
      this.limitOnce(
        'tlsHandshakeBytes',
        `a handshake message of more than ${this.limits.tlsHandshakeBytes} bytes; only its beginning is read`,
        r,
      );
  }

  private alert(content: Uint8Array, encrypted: boolean, r: RawRecord): void {
    if (content.length < 2) return;
    if (content[1] === CLOSE_NOTIFY) this.closeNotify = true;
    const fatal = content[0] === FATAL;
    const name = alertName(content[1]!);
    if (this.alerts.length < MOST_ALERTS) this.alerts.push(name);
    this.tell({ kind: 'alert', name, fatal, encrypted }, r.offset, r.end - r.start, r.origin);
  }

  private adopt(keys: Exclude<Keys, { state: 'wait' }>, r: RawRecord): void {
    if (keys.state === 'none') {
      this.giveUp(keys.lacking, r);
      return;
    }
    this.opener.adopt(keys);
  }

  /** Finds keys for a record behind a gap. Returns whether there are any. */
  private prepare(r: RawRecord, patient: boolean): boolean {
    if (this.opener.keys !== null) return true;
    const keys = this.host.keys(this.end, r, patient);
    if (keys.state === 'wait') return false;
    this.adopt(keys, r);
    return keys.state !== 'none';
  }

  private tryOpen(r: RawRecord): Opened | null {
    const { opener } = this;
    const opened = opener.open(r);
    if (opened === null) {
      const text = `more than ${this.limits.tlsTrials} records did not open; the rest is passed over`;
      if (opener.exhausted && this.limitOnce('tlsTrials', text, r))
        this.lacking = 'too many of its records do not open';
      return null;
    }
    const { loss } = opener;
    if (loss === null) return opened;
    if (loss.spared) this.lossDue = false;
    if (loss.records !== 0) this.tell({ kind: 'found', lost: loss.records }, r.offset, r.end - r.start, r.origin);
    return opened;
  }

  private take(opened: Opened, r: RawRecord): void {
    const { content, type } = opened;
    const length = r.end - r.start;
    this.opened = true;
    if (type === APPLICATION_DATA) {
      if (this.lossDue) this.tellLoss(r.origin);
      this.lossTold = false;
      this.output.overhead(this.end, length - content.length);
      this.dataRecords++;
      this.plainBytes += content.length;
      this.map.add(r.offset + length, content.length);
      if (content.length > 0) this.output.plain(this.end, content, this.out.copyFrom(r.origin));
      return;
    }
    this.output.overhead(this.end, length);
    if (type === HANDSHAKE) this.handshake(content, true, r);
    else if (type === ALERT) this.alert(content, true, r);
    else if (type === CHANGE_CIPHER_SPEC && this.opener.keys?.state === 'tls12') {
      // renegotiation: new keys from here on
      this.opener.drop();
      this.changedCipher = true;
    }
  }

  /** A whole record that does not open. */
  private fail(r: RawRecord): void {
    if (this.lacking !== null) {
      this.pass(r);
      return;
    }
    const { opener } = this;
    opener.failed++;
    const due = !opener.shaken && opener.number >= 0 && !opener.isInEarlyData;
    if (due && this.opened) {
      this.tell({ kind: 'bad-record', number: opener.number }, r.offset, r.end - r.start, r.origin);
      this.tell({ kind: 'missing' }, r.offset, 0, r.origin);
      opener.shaken = true;
      this.lossDue = true;
    } else if (due) {
      this.giveUp('the secret in the key log does not open its first record', r);
    }
    this.pass(r);
  }

  private giveUp(lacking: string, r: RawRecord): void {
    this.lacking = lacking;
    this.map.close();
    this.tell({ kind: 'opaque', lacking }, r.offset, r.end - r.start, r.origin);
  }

  private pass(r: RawRecord): void {
    this.unopened++;
    this.output.opaque(this.end, r.offset, r.end - r.start);
  }

  private tellLoss(origin: Origin): void {
    this.lossDue = false;
    if (this.lossTold) return;
    this.lossTold = true;
    this.output.lost(this.end, this.out.copyFrom(origin));
  }

  private limitOnce(limit: keyof Limits, text: string, r: RawRecord): boolean {
    if (this.limitsTold.has(limit)) return false;
    this.limitsTold.add(limit);
    this.tell({ kind: 'limit', limit, text }, r.offset, r.end - r.start, r.origin);
    return true;
  }

  private tell(what: TlsEventBody, offset: number, length: number, origin: Origin): void {
    this.output.tell({ ...what, end: this.end, offset, length, origin });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type TlsEventBody = DistributiveOmit<TlsEvent, 'end' | 'offset' | 'length' | 'origin'>;
