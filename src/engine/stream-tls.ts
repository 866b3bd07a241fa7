import { LIMIT, OPAQUE, RESYNCHRONISED, TLS_BAD_RECORD } from '../base/capture-rules.js';
import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import { having, NEITHER, type Pair } from '../base/pair.js';
import { count } from '../base/text.js';
import type { End } from '../stream/byte-stream.js';
import { TlsConnection } from '../tls/connection.js';
import type { TlsEvent, TlsOutput } from '../tls/event.js';
import type { SecretSource } from '../tls/secret-source.js';
import type { StreamLedger } from './stream-ledger.js';
import { skippedOf } from './stream-record.js';

/** Takes what comes out of a TLS layer: the classification first, then the decoders. */
export interface PlaintextReader {
  /** Plaintext of that end. */
  plain(end: End, bytes: Uint8Array, origin: Origin): void;
  /** Plaintext of that end may be missing; how much is unknown. */
  plainLost(end: End, origin: Origin): void;
  /** An event, for the session and for the transcript. */
  secured(side: Side, event: TlsEvent): void;
}

/** The TLS layer of one stream, between the captured bytes and the decoders. Turns its problems into findings. */
export class StreamTls implements TlsOutput {
  readonly connection: TlsConnection;
  reader: PlaintextReader;
  private readonly ledger: StreamLedger;
  /** Whether a decoder says that TLS begins with the first byte of its direction (a tunnel): then `capture/opaque` is not reported. */
  quiet = false;
  /** By end: whether bytes are missing, or may be, so that the plaintext need not begin with the first message. */
  cut: Pair<boolean> = NEITHER;
  /** No protocol claims the plaintext: the bytes are counted as if they had not been decrypted, also the rest of those in hand. */
  unclaimed = false;
  /** What was reported to be missing for decryption, the last time. */
  private lacking: string | null = null;
  private readonly out = new Origin();

  constructor(
    ledger: StreamLedger,
    reader: PlaintextReader,
    clientEnd: End,
    secrets: SecretSource,
    limits: Readonly<Limits>,
  ) {
    this.ledger = ledger;
    this.reader = reader;
    this.connection = new TlsConnection(ledger.record.connection, clientEnd, secrets, limits, this);
    ledger.record.tls = this.connection;
  }

  /** That end's bytes are TLS from stream offset `offset` on. */
  begin(end: End, offset: number, late: boolean): void {
    this.connection.begin(end, offset, late);
  }

  has(end: End): boolean {
    return this.connection.has(end);
  }

  /** The next bytes of that end are not in the capture. */
  gap(end: End, length: number, cut: boolean, origin: Origin): void {
    this.cut = having(this.cut, end, true);
    const offset = this.connection.direction(end)!.reader.offset;
    this.ledger.tellGap(this.ledger.sideOf(end), offset, length, cut);
    this.connection.gap(end, length, origin);
  }

  /** The same origin with `peerSeen` as an offset in the peer's plaintext. `from`: who sent the bytes. */
  translated(from: End, origin: Origin): Origin {
    if (origin.peerSeen < 0) return origin;
    this.out.copyFrom(origin);
    this.out.peerSeen = this.connection.plainOffset(from === 0 ? 1 : 0, origin.peerSeen);
    return this.out;
  }

  // ---- TlsOutput

  plain(end: End, bytes: Uint8Array, origin: Origin): void {
    this.reader.plain(end, bytes, this.translated(end, origin));
  }

  lost(end: End, origin: Origin): void {
    this.reader.plainLost(end, origin);
  }

  opaque(end: End, _offset: number, length: number): void {
    if (!this.unclaimed) skippedOf(this.ledger.record, this.ledger.sideOf(end)).opaque += length;
  }

  overhead(end: End, length: number): void {
    if (this.unclaimed) return;
    const { record } = this.ledger;
    const side = this.ledger.sideOf(end);
    record.tlsOverhead = having(record.tlsOverhead, side, record.tlsOverhead[side] + length);
  }

  tell(event: TlsEvent): void {
    const { ledger } = this;
    const side = ledger.sideOf(event.end);
    this.reader.secured(side, event);
    const who = side === 0 ? 'client' : 'server';
    const place = { side, offset: event.offset, length: event.length };
    switch (event.kind) {
      case 'opaque':
        if (this.quiet || this.lacking === event.lacking) return;
        this.lacking = event.lacking;
        ledger.raiseAt(
          OPAQUE,
          { ...place, length: 0, text: `the session is encrypted with TLS from here on: ${event.lacking}` },
          event.origin,
        );
        return;
      case 'bad-record': {
        const text = `record ${event.number} of the ${who} under its keys, at stream offset ${event.offset}, does not authenticate; it is passed over`;
        ledger.raiseAt(TLS_BAD_RECORD, { ...place, text }, event.origin);
        return;
      }
      case 'found': {
        const lost = event.lost === null ? 'an unknown number of TLS records' : count(event.lost, 'TLS record');
        const text = `${lost} of the ${who} lost; decryption goes on at stream offset ${event.offset}`;
        ledger.raiseAt(RESYNCHRONISED, { ...place, length: 0, text }, event.origin);
        return;
      }
      case 'limit':
        ledger.raiseAt(LIMIT, { ...place, text: `${event.limit}: ${event.text}` }, event.origin);
        return;
    }
  }
}
