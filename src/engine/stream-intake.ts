import { Block } from '../base/block.js';
import { LIMIT, OPAQUE } from '../base/capture-rules.js';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import type { Origin } from '../base/origin.js';
import { having, turned, ZEROS } from '../base/pair.js';
import type { Rule } from '../base/rule.js';
import type { Evidence } from '../contract/protocol.js';
import type { Connection, End, StreamSink } from '../stream/byte-stream.js';
import type { TlsEvent } from '../tls/event.js';
import { holdsRecords } from '../tls/sniff.js';
import { Classifier, type Classification } from './classifier.js';
import { FIRST_BYTES } from './parked-streams.js';
import { StreamDecoding } from './stream-decoding.js';
import type { StreamEnvironment } from './stream-environment.js';
import { StreamLedger } from './stream-ledger.js';
import { skippedOf } from './stream-record.js';
import { StreamTls, type PlaintextReader } from './stream-tls.js';

/** How many TLS events are kept until the protocol inside is known. */
const MOST_PENDING_EVENTS = 64;
/** How many first bytes of a stream that no protocol claims are searched for TLS records. */
const SNIFFED_BYTES = 64 << 10;
/** How many first bytes protocols see to tell what an unknown stream seems to be (Protocol.relative). */
const RELATIVE_BYTES = 4 << 10;

/**
 * Takes one connection from its first packet to its end, as the layers below deliver it: buffers it until its protocol is known, then
 * hands it to the decoders. Bytes that no protocol claims are counted.
 */
export class StreamIntake implements StreamSink, PlaintextReader {
  private readonly env: StreamEnvironment;
  private readonly ledger: StreamLedger;
  /** Null once the protocol is known, or no protocol claims the stream. */
  private classifier: Classifier | null;
  private decoding: StreamDecoding | null = null;
  /** The TLS layer that the stream begins with, while the protocol inside is not known. */
  private tls: StreamTls | null = null;
  /** TLS events that came before the protocol inside was known. */
  private pendingEvents: TlsEvent[] = NO_EVENTS;

  /** `origin`: its first packet; `parked`: as in StreamOpener. */
  constructor(file: string, connection: Connection, origin: Origin, env: StreamEnvironment, parked = -1) {
    this.env = env;
    const ledger = new StreamLedger(file, connection, parked < 0 ? origin : env.parked().first(parked), env);
    this.ledger = ledger;
    const claimable = parked < 0 || !env.parked().recall(parked, ledger.record, ledger.now, env.details);
    this.classifier = claimable ? this.classify(env.secrets) : null;
  }

  private classify(secrets: StreamEnvironment['secrets'] | null): Classifier {
    const { protocols, forced, limits, budget, stores } = this.env;
    const { connection } = this.ledger.record;
    return new Classifier(connection, protocols, forced(connection), limits, budget, stores, secrets);
  }

  // ---- StreamSink: what the layers below deliver

  bytes(from: End, block: Block, start: number, end: number, origin: Origin): void {
    const { ledger, classifier } = this;
    ledger.now.copyFrom(origin);
    const side = ledger.sideOf(from);
    ledger.record.bytes[side] += end - start;
    if (this.decoding !== null) {
      this.decoding.bytes(side, block, start, end, origin);
    } else if (classifier === null) {
      this.count(from, block, start, end);
    } else if (this.tls !== null) {
      const { connection } = this.tls;
      this.guarded(() => connection.bytes(from, block.bytes, start, end, origin));
    } else {
      this.decide(this.guarded(() => classifier.add(from, block, start, end, origin)) ?? null);
    }
  }

  gap(from: End, length: number, cut: boolean, origin: Origin): void {
    const { ledger, classifier } = this;
    ledger.now.copyFrom(origin);
    const side = ledger.sideOf(from);
    ledger.record.missing = having(ledger.record.missing, side, ledger.record.missing[side] + length);
    if (this.decoding !== null) this.decoding.gap(side, length, cut, origin);
    else if (classifier === null) return;
    else if (this.tls !== null) this.gapInTls(this.tls, from, length, cut, origin);
    else this.decide(this.guarded(() => classifier.gap(from, length, cut, origin)) ?? null);
  }

  end(from: End, how: 'fin' | 'reset', origin: Origin): void {
    const { ledger } = this;
    ledger.now.copyFrom(origin);
    if (how === 'reset') ledger.tellStalled();
    if (this.decoding === null && this.classifier !== null)
      this.guarded(() => this.tls?.connection.finish(from, origin));
    this.endIn(from, how, origin);
  }

  /** Passes the end of that direction on to the decoders or the classifier. */
  private endIn(from: End, how: 'fin' | 'reset', origin: Origin): void {
    const { decoding, classifier } = this;
    if (decoding !== null) decoding.end(this.ledger.sideOf(from), how, origin);
    else if (classifier !== null) this.decide(this.guarded(() => classifier.end(from, how, origin)) ?? null);
  }

  note(rule: Rule, from: End | null, offset: number, length: number, text: string, origin: Origin): void {
    const { ledger } = this;
    ledger.now.copyFrom(origin);
    const evidence: Evidence = { offset, length, text };
    ledger.tell(rule, from === null ? evidence : { ...evidence, side: ledger.sideOf(from) });
  }

  contested(from: End, offset: number, length: number): void {
    this.ledger.contest(from, offset, length);
  }

  neglect(): void {
    this.decide('unknown');
  }

  park(as: number): boolean {
    const { ledger, classifier } = this;
    if (this.decoding !== null || ledger.failed || ledger.hasFindings) return false;
    if (classifier !== null && classifier.journal.length > 0) return false;
    this.env.parked().add(as, ledger.record, classifier === null, ledger.now);
    return true;
  }

  close(how: 'closed' | 'reset' | 'open'): void {
    const { ledger } = this;
    ledger.record.end = how;
    if (this.decoding === null)
      for (const end of [0, 1] as const) this.guarded(() => this.tls?.connection.finish(end, ledger.now));
    this.decideAtLast();
    this.closeDecoding(how);
    ledger.close();
    this.decoding?.release();
  }

  private decideAtLast(): void {
    const { classifier } = this;
    if (classifier !== null) this.decide(this.guarded(() => classifier.last()) ?? 'unknown');
  }

  private closeDecoding(how: 'closed' | 'reset' | 'open'): void {
    this.decoding?.close(how);
  }

  // ---- PlaintextReader: what comes out of TLS while the protocol inside is not known

  plain(end: End, bytes: Uint8Array, origin: Origin): void {
    if (this.classifier !== null) this.decide(this.classifier.add(end, new Block(bytes), 0, bytes.length, origin));
  }

  plainLost(end: End, origin: Origin): void {
    if (this.classifier !== null) this.decide(this.classifier.gap(end, 0, false, origin));
  }

  secured(_side: Side, event: TlsEvent): void {
    if (this.pendingEvents === NO_EVENTS) this.pendingEvents = [];
    if (this.pendingEvents.length < MOST_PENDING_EVENTS)
      this.pendingEvents.push({ ...event, origin: event.origin.clone() });
  }

  // ---- inside

  /** Counts bytes of a stream that no protocol claims. */
  private count(from: End, block: Block, start: number, end: number): void {
    const { record } = this.ledger;
    skippedOf(record, this.ledger.sideOf(from)).undecoded += end - start;
    const first = record.firstBytes;
    if (first !== null && first[from].length < FIRST_BYTES)
      first[from] = joined(first[from], block.bytes.subarray(start, end), FIRST_BYTES);
  }

  private gapInTls(tls: StreamTls, from: End, length: number, cut: boolean, origin: Origin): void {
    this.guarded(() => tls.gap(from, length, cut, origin));
    this.ledger.flush();
  }

  private decide(found: Classification | 'tls' | 'unknown' | null): void {
    const classifier = this.classifier;
    if (found === null || classifier === null) return;
    if (found === 'tls') {
      this.guarded(() => this.beginWithTls(classifier));
      return;
    }
    if (found === 'unknown') this.giveUp(classifier);
    else this.guarded(() => this.start(classifier, found));
    classifier.release();
    this.classifier = null;
    if (found === 'unknown') this.ledger.record.connection.unclaimed?.();
  }

  /** No protocol claims the stream. */
  private giveUp(classifier: Classifier): void {
    const { ledger, env } = this;
    const { record } = ledger;
    if (!this.tellUnopened(classifier)) ledger.nameRelative(classifier.firstBytes(RELATIVE_BYTES));
    if (env.details) record.firstBytes = classifier.firstBytes(FIRST_BYTES);
    if (classifier.starved) ledger.tell(LIMIT, { text: 'bufferedBytes: no room to find out what this stream speaks' });
    else if (classifier.limited !== '') ledger.tell(LIMIT, { text: classifier.limited });
    for (const side of [CLIENT, SERVER] as const) skippedOf(record, side).undecoded = record.bytes[side];
  }

  /** The protocol is known: build its decoders and session and replay what was buffered. */
  private start(classifier: Classifier, found: Classification): void {
    const { ledger, env } = this;
    const { record } = ledger;
    const clientEnd = found.clientEnd ?? 0;
    record.rolesKnown = found.clientEnd !== null;
    if (clientEnd !== record.clientEnd) {
      record.bytes.reverse();
      record.missing = turned(record.missing);
      record.skipped = turned(record.skipped);
      record.tlsOverhead = turned(record.tlsOverhead);
    }
    record.clientEnd = clientEnd;
    record.protocol = found.protocol;
    record.classifiedBy = found.by;
    if (found.clientEnd !== null) record.connection.identified?.(found.clientEnd);
    const dropped = [classifier.dropped[ledger.endOf(CLIENT)], classifier.dropped[ledger.endOf(SERVER)]] as const;
    const decoding = new StreamDecoding(found, dropped, this.tls, ledger, env);
    this.decoding = decoding;
    decoding.replay(classifier, this.pendingEvents);
    this.pendingEvents = NO_EVENTS;
  }

  /** The stream is TLS from its first byte, and there is a secret for it: from now on the plaintext is classified. */
  private beginWithTls(raw: Classifier): void {
    const { env, ledger } = this;
    const tls = (this.tls = new StreamTls(ledger, this, raw.tlsClient, env.secrets, env.limits));
    this.classifier = this.classify(null);
    tls.cut = [raw.isCut(0), raw.isCut(1)];
    for (const end of [0, 1] as const) {
      ledger.record.tlsFrom = having(ledger.record.tlsFrom, end, 0);
      tls.begin(end, raw.dropped[end], raw.isLate(end));
    }
    const blocks = [raw.block(0), raw.block(1)] as const;
    for (const entry of raw.journal) {
      if (ledger.failed) break;
      const { from, origin } = entry;
      ledger.now.copyFrom(origin);
      if (entry.kind === 'bytes') tls.connection.bytes(from, blocks[from].bytes, entry.start, entry.end, origin);
      else if (entry.kind === 'gap') this.gapInTls(tls, from, entry.length, entry.cut, origin);
      else this.end(from, entry.how, origin);
    }
    raw.release();
  }

  /** Reports why a stream with TLS was not decrypted, if there are any secrets. Returns whether it did. */
  private tellUnopened(classifier: Classifier): boolean {
    const { record } = this.ledger;
    if (this.tls !== null) {
      // it was decrypted, and no protocol claims the plaintext
      this.tls.unclaimed = true;
      this.tls = null;
      record.tlsOverhead = ZEROS;
      for (const side of [CLIENT, SERVER] as const) skippedOf(record, side).opaque = 0;
      return false;
    }
    if (this.env.secrets.log.size === 0) return false;
    const hello = classifier.tlsHello;
    if (hello === null && !classifier.firstBytes(SNIFFED_BYTES).some(holdsRecords)) return false;
    const text =
      hello === null
        ? 'encrypted with TLS: its handshake was not captured, so no secret can be matched with it'
        : 'encrypted with TLS: the key log has no secret for its client random';
    this.ledger.tell(OPAQUE, { text });
    return true;
  }

  private guarded<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.ledger.fail(error);
      this.decoding?.giveUp();
      this.classifier?.release();
      this.classifier = null;
      return undefined;
    }
  }
}

/** Shared and never added to. */
const NO_EVENTS: TlsEvent[] = [];

/** The first `max` bytes of `a` followed by `b`. */
function joined(a: Uint8Array, b: Uint8Array, max: number): Uint8Array {
  const out = new Uint8Array(Math.min(max, a.length + b.length));
  out.set(a);
  out.set(b.subarray(0, out.length - a.length), a.length);
  return out;
}
