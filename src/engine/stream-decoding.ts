import { Block } from '../base/block.js';
import { CLIENT, otherSide, SERVER, type Side } from '../base/input.js';
import type { Origin } from '../base/origin.js';
import { having } from '../base/pair.js';
import type { DecoderSettings, Session } from '../contract/protocol.js';
import type { End } from '../stream/byte-stream.js';
import type { TlsEvent } from '../tls/event.js';
import type { Classifier, Classification } from './classifier.js';
import { DirectionPump } from './direction-pump.js';
import type { StreamRecord } from './event.js';
import { StreamContext } from './stream-context.js';
import type { StreamEnvironment } from './stream-environment.js';
import type { StreamLedger } from './stream-ledger.js';
import { skippedOf } from './stream-record.js';
import { StreamTls, type PlaintextReader } from './stream-tls.js';

/**
 * A stream whose protocol is known: feeds its two decoders, through TLS where that begins, and its session. If one of them throws, the
 * stream's bytes are only counted from then on.
 */
export class StreamDecoding implements PlaintextReader {
  private readonly ledger: StreamLedger;
  private readonly env: StreamEnvironment;
  private readonly record: StreamRecord;
  private readonly session: Session;
  private readonly pumps: readonly [DirectionPump, DirectionPump];
  private readonly context: StreamContext;
  private tls: StreamTls | null;
  /** Sides (as bits) that have ended. */
  private ended = 0;
  /** Whether a decoder or the session threw. */
  private failed = false;

  /**
   * Makes the decoders and the session. The record's protocol and client must be set. `dropped`: by side, the stream offset where decoding
   * begins; `tls`: the layer that the plaintext comes from, or null.
   */
  constructor(
    found: Classification,
    dropped: readonly [number, number],
    tls: StreamTls | null,
    ledger: StreamLedger,
    env: StreamEnvironment,
  ) {
    this.ledger = ledger;
    this.env = env;
    this.tls = tls;
    const { record } = ledger;
    this.record = record;
    const { limits, room } = env;
    const context = new StreamContext(record, found.clientEnd, limits, env.budgets, env.shared(found.protocol));
    this.context = context;
    const { client, server, session } = found.protocol.converse(context, ledger, [
      this.settings(CLIENT, dropped[CLIENT]),
      this.settings(SERVER, dropped[SERVER]),
    ]);
    this.session = session;
    ledger.session = session;
    record.session = session;
    this.pumps = [
      new DirectionPump(client, CLIENT, dropped[CLIENT], room, ledger),
      new DirectionPump(server, SERVER, dropped[SERVER], room, ledger),
    ];
    context.pumps = this.pumps;
    if (tls !== null) tls.reader = this;
    env.opened(record);
  }

  private settings(side: Side, dropped: number): DecoderSettings {
    const { connection } = this.record;
    const end = this.ledger.endOf(side);
    const known = connection.startKnown?.[end] !== false && this.tls?.cut[end] !== true;
    return this.env.settings[connection.start === 'captured' && dropped === 0 && known ? 'fromStart' : 'late'];
  }

  /** Replays what was buffered until the protocol was known. `events`: the TLS events of that time. */
  replay(classifier: Classifier, events: readonly TlsEvent[]): void {
    const { ledger } = this;
    for (const event of events) this.secured(ledger.sideOf(event.end), event);
    for (const side of [CLIENT, SERVER] as const)
      ledger.skip(side, 0, classifier.droppedBytes[ledger.endOf(side)], 'undecoded');
    const last = ledger.now.clone();
    const blocks = [classifier.block(0), classifier.block(1)] as const;
    // then the buffered bytes are plaintext already
    const opened = this.tls !== null;
    for (const entry of classifier.journal) {
      if (this.failed) break;
      const { origin } = entry;
      ledger.now.copyFrom(origin);
      const side = ledger.sideOf(entry.from);
      if (entry.kind === 'bytes') {
        const block = blocks[entry.from];
        if (opened) this.feed(side, block, entry.start, entry.end, origin);
        else this.bytes(side, block, entry.start, entry.end, origin);
      } else if (entry.kind === 'gap') {
        if (opened) this.losePlaintext(side, origin);
        else this.gap(side, entry.length, entry.cut, origin);
      } else this.end(side, entry.how, origin);
    }
    ledger.now.copyFrom(last);
  }

  /** The next captured bytes of that side. */
  bytes(side: Side, block: Block, start: number, end: number, origin: Origin): void {
    if (this.failed) {
      skippedOf(this.record, side).undecoded += end - start;
      return;
    }
    const { tls, ledger } = this;
    if (tls === null) {
      this.feed(side, block, start, end, origin);
      return;
    }
    const from = ledger.endOf(side);
    if (!tls.has(from)) {
      this.feed(side, block, start, end, tls.translated(from, origin));
      return;
    }
    try {
      tls.connection.bytes(from, block.bytes, start, end, origin);
      if (tls.connection.isWaiting) {
        this.env.waiting.add(this);
        tls.connection.poke();
      }
      ledger.flush();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The next bytes of that side are not in the capture. */
  gap(side: Side, length: number, cut: boolean, origin: Origin): void {
    if (this.failed) return;
    const end = this.ledger.endOf(side);
    if (this.tls?.has(end) === true) {
      const { tls } = this;
      this.guarded(() => tls.gap(end, length, cut, origin));
    } else {
      const offset = this.pumps[side].received;
      this.ledger.tellGap(side, offset, length, cut);
      this.guarded(() => this.lose(side, offset, length, origin));
    }
    this.ledger.flush();
  }

  end(side: Side, how: 'fin' | 'reset', origin: Origin): void {
    if (this.failed) return;
    this.guarded(() => {
      this.tls?.connection.finish(this.ledger.endOf(side), origin);
      if (!this.failed) this.pumps[side].finish(how);
      this.ended |= 1 << side;
      if (!this.failed) this.pumps[otherSide(side)].wake(false);
      this.session.end(side, how, origin);
    });
    this.ledger.flush();
  }

  /** The connection or the capture has ended. */
  close(how: 'closed' | 'reset' | 'open'): void {
    const { now } = this.ledger;
    for (const end of [0, 1] as const) this.guarded(() => this.tls?.connection.finish(end, now));
    this.env.waiting.delete(this);
    if (this.failed) return;
    for (const side of [CLIENT, SERVER] as const) {
      if ((this.ended & (1 << side)) !== 0) continue;
      this.guarded(() => {
        this.pumps[side].finish('open');
        this.session.end(side, 'open', now);
      });
    }
    this.guarded(() => this.session.finish(how));
    this.ledger.flush(true);
  }

  /** Decodes nothing more. */
  giveUp(): void {
    this.failed = true;
    for (const pump of this.pumps) pump.release();
  }

  /** Gives back what it holds of the run's budgets. */
  release(): void {
    for (const pump of this.pumps) pump.release();
    this.context.release();
  }

  /** A key log may have grown. */
  poke(): void {
    this.guarded(() => this.tls?.connection.poke());
    this.ledger.flush();
    if (this.tls?.connection.isWaiting !== true) this.env.waiting.delete(this);
  }

  // ---- PlaintextReader: what comes out of TLS

  plain(end: End, bytes: Uint8Array, origin: Origin): void {
    if (!this.failed) this.feed(this.ledger.sideOf(end), new Block(bytes), 0, bytes.length, origin);
  }

  plainLost(end: End, origin: Origin): void {
    if (!this.failed) this.losePlaintext(this.ledger.sideOf(end), origin);
  }

  secured(side: Side, event: TlsEvent): void {
    if (this.failed) return;
    this.session.tls?.(side, event);
    this.env.secured(this.record, side, event);
  }

  // ---- inside

  /** Bytes for the decoder of that side: as captured, or out of TLS. */
  private feed(side: Side, block: Block, start: number, end: number, origin: Origin): void {
    const pump = this.pumps[side];
    const peer = this.pumps[otherSide(side)];
    try {
      this.env.data?.(this.record, side, pump.received, block.bytes, start, end);
      pump.feed(block, start, end, origin);
      if (peer.decoder.waiting) {
        peer.wake(true);
        // this decoder may wait in turn for what the peer's decoder has just decoded
        if (pump.decoder.waiting) pump.wake(true);
      }
      if (pump.crowded || pump.impatient) this.tellPressure(side, origin);
      if (pump.decoder.tls) this.beginTls(side);
      if (peer.decoder.tls) this.beginTls(otherSide(side));
      this.ledger.flush();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The decoder of that side says that TLS begins with its next byte. */
  private beginTls(side: Side): void {
    if (this.failed) return;
    const { ledger, env } = this;
    const pump = this.pumps[side];
    const end = ledger.endOf(side);
    const tls = (this.tls ??= new StreamTls(ledger, this, ledger.endOf(CLIENT), env.secrets, env.limits));
    const late = pump.decoder.tls === 'goes on';
    pump.decoder.tls = false;
    if (pump.offset === 0) tls.quiet = true;
    this.record.tlsFrom = having(this.record.tlsFrom, side, pump.offset);
    tls.begin(end, pump.offset, late);
    pump.handOver((bytes, start, stop, origin) => tls.connection.bytes(end, bytes, start, stop, origin));
  }

  /** Reports that a direction has buffered too much, or has waited too long for what its peer sends (in bytes). */
  private tellPressure(side: Side, origin: Origin): void {
    const { ledger } = this;
    const pump = this.pumps[side];
    const { bufferedBytes, hintBytes } = this.env.limits;
    const who = side === CLIENT ? 'client' : 'server';
    if (pump.impatient) {
      pump.impatient = false;
      const text = `hintBytes: more than ${hintBytes} bytes of the ${who} waited for what they answer; they are decoded without it`;
      ledger.limitOnce(1 << side, text, side, pump.offset);
    }
    if (!pump.crowded) return;
    pump.crowded = false;
    const text = `bufferedBytes: all streams together gather more than ${bufferedBytes} bytes; what this one has gathered is given up`;
    ledger.limitOnce(4 << side, text, side, pump.offset);
    // as if the rest of the message were not in the capture
    this.session.gap(side, pump.offset, 0);
    pump.gap(0, origin);
  }

  /** An unknown number of bytes of that side's plaintext is missing. */
  private losePlaintext(side: Side, origin: Origin): void {
    this.guarded(() => this.lose(side, this.pumps[side].offset, 0, origin));
  }

  /** The `length` bytes of that side at `offset` are missing; 0: an unknown number. */
  private lose(side: Side, offset: number, length: number, origin: Origin): void {
    const peer = this.pumps[otherSide(side)];
    this.session.gap(side, offset, length);
    this.pumps[side].gap(length, origin);
    if (this.pumps[side].decoder.tls) this.beginTls(side);
    if (peer.decoder.waiting) peer.wake(true);
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.ledger.fail(error);
    this.giveUp();
  }
}
