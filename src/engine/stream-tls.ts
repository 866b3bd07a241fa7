import { LIMIT, OPAQUE, RESYNCHRONISED, TLS_BAD_RECORD } from '../base/capture-rules.js';
import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { Rule } from '../base/rule.js';
import { count } from '../base/text.js';
import type { Evidence } from '../contract/protocol.js';
import type { End } from '../stream/byte-stream.js';
import { TlsConnection } from '../tls/connection.js';
import type { TlsEvent, TlsOutput } from '../tls/event.js';
import type { SecretSource } from '../tls/secret-source.js';
import type { StreamRecord } from './event.js';

/** What a TLS layer needs of the stream that it stands in. */
export interface TlsHost {
  readonly record: StreamRecord;
  sideOf(end: End): Side;
  /** Plaintext of that end. */
  plain(end: End, bytes: Uint8Array, origin: Origin): void;
  /** Plaintext of that end may be missing; nobody knows how much. */
  plainLost(end: End, origin: Origin): void;
  /** An event, for the session and for the transcript. */
  secured(side: Side, event: TlsEvent): void;
  raiseAt(rule: Rule, evidence: Evidence, origin: Origin): void;
}

/** The TLS layer of one stream: between the bytes as captured and the decoders. What goes wrong in it is a finding. */
export class StreamTls implements TlsOutput {
  readonly connection: TlsConnection;
  private readonly host: TlsHost;
  /** The protocol itself says that the stream is a tunnel: TLS begins it. */
  quiet = false;
  /** What was said to be lacking. */
  private lacking: string | null = null;
  private readonly out = new Origin();

  constructor(host: TlsHost, clientEnd: End, secrets: SecretSource, limits: Readonly<Limits>) {
    this.host = host;
    this.connection = new TlsConnection(host.record.connection, clientEnd, secrets, limits, this);
    host.record.tls = this.connection;
  }

  /** That end's bytes are TLS from stream offset `offset` on. */
  begin(end: End, offset: number, late: boolean): void {
    this.connection.begin(end, offset, late);
  }

  has(end: End): boolean {
    return this.connection.has(end);
  }

  /** Stream offset of the next byte of that end. */
  received(end: End): number {
    return this.connection.direction(end)!.reader.offset;
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
    this.host.plain(end, bytes, this.translated(end, origin));
  }

  lost(end: End, origin: Origin): void {
    this.host.plainLost(end, origin);
  }

  opaque(end: End, _offset: number, length: number): void {
    this.host.record.skipped[this.host.sideOf(end)].opaque += length;
  }

  overhead(end: End, length: number): void {
    this.host.record.tlsOverhead[this.host.sideOf(end)] += length;
  }

  tell(event: TlsEvent): void {
    const { host } = this;
    const side = host.sideOf(event.end);
    host.secured(side, event);
    const who = side === 0 ? 'client' : 'server';
    const place = { side, offset: event.offset, length: event.length };
    switch (event.kind) {
      case 'opaque':
        if (this.quiet || this.lacking === event.lacking) return;
        this.lacking = event.lacking;
        host.raiseAt(
          OPAQUE,
          { ...place, length: 0, text: `the session is encrypted with TLS from here on: ${event.lacking}` },
          event.origin,
        );
        return;
      case 'bad-record': {
        const text = `record ${event.number} of the ${who} under its keys, at stream offset ${event.offset}, does not authenticate; it is passed over`;
        host.raiseAt(TLS_BAD_RECORD, { ...place, text }, event.origin);
        return;
      }
      case 'found': {
        const lost = event.lost === null ? 'an unknown number of TLS records' : count(event.lost, 'TLS record');
        const text = `${lost} of the ${who} lost; decryption goes on at stream offset ${event.offset}`;
        host.raiseAt(RESYNCHRONISED, { ...place, length: 0, text }, event.origin);
        return;
      }
      case 'limit':
        host.raiseAt(LIMIT, { ...place, text: `${event.limit}: ${event.text}` }, event.origin);
        return;
    }
  }
}
