import type { Limits } from '../base/limits.js';
import { EMPTY_BLOCK, type Block } from '../base/block.js';
import type { Origin } from '../base/origin.js';
import { CERTAIN, type Claim, type ProbeInput, type Protocol } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import type { Budget } from '../base/budget.js';
import type { SecretSource } from '../tls/secret-source.js';
import { helloIn, type HelloSign } from '../tls/sniff.js';
import type { ProbeStores } from './probe-stores.js';

/** Bytes, a gap, or the end of a direction, in order of arrival, kept until the protocol is known. */
export type JournalEntry =
  | {
      readonly kind: 'bytes';
      readonly from: End;
      readonly start: number;
      readonly end: number;
      readonly origin: Origin;
    }
  | {
      readonly kind: 'gap';
      readonly from: End;
      length: number;
      readonly cut: boolean;
      readonly origin: Origin;
    }
  | { readonly kind: 'end'; readonly from: End; readonly how: 'fin' | 'reset'; readonly origin: Origin };

export interface Classification {
  readonly protocol: Protocol;
  readonly by: 'magic' | 'heuristic' | 'decode-as';
  readonly clientEnd: End | null;
}

/** A claim with a lower score than this is not accepted. */
const PLAUSIBLE = 0.5;
/** A matching port decides between claims that are about equally good. */
const PORT_BONUS = 0.05;
/** Bytes of memory for an entry of the journal, besides the stream's bytes. They count as buffered, so that many tiny chunks hit the limits. */
const STEP_COST = 160;
/** A forced protocol's probe may ask for more until there are this many bytes; then the TCP handshake tells which end is the client. */
const FORCED_PATIENCE = 64;

/**
 * Buffers both directions of a stream until a protocol claims it. The journal keeps what arrived in which order, so that it can
 * be replayed as if the protocol had been known from the first byte.
 */
export class Classifier {
  private readonly connection: Connection;
  private readonly protocols: readonly Protocol[];
  private readonly forced: Protocol | null;
  private readonly limits: Readonly<Limits>;
  private readonly budget: Budget;
  private readonly pool: ProbeStores;
  private readonly stores: [Block, Block] = [EMPTY_BLOCK, EMPTY_BLOCK];
  private readonly sizes: [number, number] = [0, 0];
  /** By end: stream offset of the first byte that is buffered. Bytes before it were given up (see `slide`), or not captured. */
  readonly dropped: [number, number] = [0, 0];
  /** By end: how many captured bytes were given up. */
  readonly droppedBytes: [number, number] = [0, 0];
  /** Whether all streams together buffer too much (bufferedBytes), so that this one is not classified. */
  starved = false;
  /** The limit that cut the latest look short, with an explanation; or ''. */
  limited = '';
  private readonly ended: [boolean, boolean] = [false, false];
  private readonly cut: [boolean, boolean] = [false, false];
  /** By end: index in the store from which on there is no gap up to the newest byte. */
  private readonly runs: [number, number] = [0, 0];
  /** By end: whether a gap follows the newest byte. */
  private readonly gapped: [boolean, boolean] = [false, false];
  /** The best claim so far on bytes before a gap, and its score: it wins if the bytes behind the gap bring no better one. */
  private held: Classification | null = null;
  private heldScore = 0;
  journal: JournalEntry[] = [];
  private nextProbe = 1;
  private readonly secrets: SecretSource | null;
  /** The TLS hello that an end began with, or null. */
  tlsHello: HelloSign | null = null;
  /** The end that is the TLS client. */
  tlsClient: End = 0;
  private candidates: readonly Protocol[];

  /** `secrets`: a stream that begins with TLS is recognized if one of them fits; null: the bytes already came out of TLS. */
  constructor(
    connection: Connection,
    protocols: readonly Protocol[],
    forced: Protocol | null,
    limits: Readonly<Limits>,
    budget: Budget,
    pool: ProbeStores,
    secrets: SecretSource | null,
  ) {
    this.pool = pool;
    this.secrets = secrets;
    this.connection = connection;
    this.protocols = protocols;
    this.candidates = protocols;
    this.forced = forced;
    this.limits = limits;
    this.budget = budget;
  }

  /** The first captured bytes by end, copied. */
  firstBytes(n: number): [Uint8Array, Uint8Array] {
    const { stores, sizes } = this;
    return [stores[0].bytes.slice(0, Math.min(n, sizes[0])), stores[1].bytes.slice(0, Math.min(n, sizes[1]))];
  }

  add(from: End, block: Block, start: number, end: number, origin: Origin): Classification | 'tls' | 'unknown' | null {
    const n = end - start;
    const size = this.sizes[from];
    if (size + n > this.stores[from].bytes.length) this.grow(from, size + n);
    this.stores[from].bytes.set(block.bytes.subarray(start, end), size);
    if (this.gapped[from]) this.beginRun(from);
    this.sizes[from] = size + n;
    this.record({ kind: 'bytes', from, start: size, end: size + n, origin: origin.clone() });
    const total = this.sizes[0] + this.sizes[1];
    const full = this.sizes[from] >= this.limits.probeBytes || this.journal.length >= this.limits.probeSteps;
    if (this.starved) return 'unknown';
    if (total < this.nextProbe && !full) return null;
    // a look costs up to the bytes that are buffered: with looks spaced out geometrically, the total cost stays linear
    this.nextProbe = total < 1024 ? total + 1 : total + (total >> 2);
    return this.look(full);
  }

  private grow(end: End, least: number): void {
    const store = this.stores[end];
    const grown = this.pool.take(Math.max(store.bytes.length * 2, least));
    grown.bytes.set(store.bytes.subarray(0, this.sizes[end]));
    if (!this.budget.take(grown.bytes.length - store.bytes.length)) this.starved = true;
    this.pool.put(store);
    this.stores[end] = grown;
  }

  gap(from: End, length: number, cut: boolean, origin: Origin): Classification | 'tls' | 'unknown' | null {
    const found = this.sizes[from] > 0 ? this.look(false, true) : null;
    this.recordGap(from, length, cut, origin);
    if (found !== null && found !== 'unknown') return found;
    this.gapped[from] = true;
    if (this.sizes[from] === 0) this.cut[from] = true;
    if (this.starved) return 'unknown';
    return this.journal.length >= this.limits.probeSteps ? this.look(true) : null;
  }

  private record(entry: JournalEntry): void {
    this.journal.push(entry);
    if (!this.budget.take(STEP_COST)) this.starved = true;
  }

  /** Adds a gap, to the one before where they are adjacent: a capture of headers alone has nothing but gaps. */
  private recordGap(from: End, length: number, cut: boolean, origin: Origin): void {
    const last = this.journal[this.journal.length - 1];
    if (last?.kind === 'gap' && last.from === from && last.cut === cut && last.length > 0 && length > 0)
      last.length += length;
    else this.record({ kind: 'gap', from, length, cut, origin: origin.clone() });
  }

  /** A gap lies in front of the end's next byte: probes see only what comes after it, as no header continues across a gap. */
  private beginRun(from: End): void {
    this.gapped[from] = false;
    this.cut[from] = true;
    this.runs[from] = this.sizes[from];
  }

  end(from: End, how: 'fin' | 'reset', origin: Origin): Classification | 'tls' | 'unknown' | null {
    this.record({ kind: 'end', from, how, origin: origin.clone() });
    this.ended[from] = true;
    return this.sizes[0] + this.sizes[1] > 0 ? this.look(false) : null;
  }

  /** Nothing more will come. */
  last(): Classification | null {
    if (this.sizes[0] + this.sizes[1] === 0) return null;
    this.ended[0] = true;
    this.ended[1] = true;
    const v = this.look(true);
    return v === 'unknown' || v === 'tls' ? null : v;
  }

  /** The block that journal entries of that end point into. */
  block(end: End): Block {
    return this.stores[end];
  }

  release(): void {
    const { stores } = this;
    this.budget.give(stores[0].bytes.length + stores[1].bytes.length + this.journal.length * STEP_COST);
    for (const store of stores) this.pool.put(store);
    stores[0] = stores[1] = EMPTY_BLOCK;
    this.sizes[0] = this.sizes[1] = 0;
    this.journal = [];
  }

  private look(final: boolean, atGap = false): Classification | 'tls' | 'unknown' | null {
    if (this.beginsWithTls()) return 'tls';
    const found = this.ask(final, atGap);
    const given = found !== null && found !== 'unknown' && found !== 'tls';
    if (given || (found === null && !(this.ended[0] && this.ended[1]))) return found;
    if (!this.connection.doubtStart?.()) return found;
    this.candidates = this.protocols;
    return this.ask(final, atGap);
  }

  /** Whether an end begins with a TLS hello for which there is a secret, or may be one. */
  private beginsWithTls(): boolean {
    const { secrets } = this;
    if (secrets === null || (secrets.log.size === 0 && !secrets.growing && !secrets.ahead)) return false;
    for (const end of [0, 1] as const) {
      const hello = helloIn(this.run(end));
      if (hello === 'more' || hello === null) continue;
      const client = hello.from === 'client';
      this.tlsHello = hello;
      this.tlsClient = client === (end === 0) ? 0 : 1;
      if (client) return secrets.find(hello.random) !== null || secrets.growing;
      // without the client's hello: which of the secrets fits, if any, is found out with the first encrypted record
      if (!this.connection.heard[this.tlsClient]) return secrets.log.size > 0;
    }
    return false;
  }

  /** Whether TLS records may be missing in front of what is buffered of that end. */
  isLate(end: End): boolean {
    return this.sizes[end] > 0
      ? helloIn(this.stores[end].bytes.subarray(0, this.sizes[end])) === null
      : this.isCut(end);
  }

  private ask(final: boolean, atGap: boolean): Classification | 'tls' | 'unknown' | null {
    this.limited = '';
    const input: ProbeInput = {
      classification: this,
      connection: this.connection,
      bytes: [this.run(0), this.run(1)] as const,
      at: [this.droppedBytes[0] + this.runs[0], this.droppedBytes[1] + this.runs[1]] as const,
      ended: this.ended,
      cut: [this.isCut(0), this.isCut(1)] as const,
      limits: this.limits,
      limited: (text) => {
        this.limited = text;
      },
    };
    if (this.forced !== null) return this.lookForced(this.forced, final, input);
    let best: Claim | null = null;
    let bestProtocol: Protocol | null = null;
    let bestScore = 0;
    const undecided: Protocol[] = [];
    const still: Protocol[] = [];
    for (const protocol of this.candidates) {
      const result = protocol.probe(input);
      if (result === null) continue;
      still.push(protocol);
      if (result === 'more') {
        undecided.push(protocol);
        continue;
      }
      const onPort =
        protocol.ports.includes(this.connection.ports[0]) || protocol.ports.includes(this.connection.ports[1]);
      const score = result.score + (onPort ? PORT_BONUS : 0);
      if (result.score >= CERTAIN) return { protocol, by: result.by, clientEnd: result.clientEnd };
      if (score > bestScore) {
        best = result;
        bestProtocol = protocol;
        bestScore = score;
      }
    }
    this.candidates = still;
    if (best !== null && bestProtocol !== null && bestScore >= PLAUSIBLE) {
      const found = { protocol: bestProtocol, by: best.by, clientEnd: best.clientEnd };
      if ((final && bestScore > this.heldScore) || undecided.length === 0) return found;
      if (atGap && bestScore > this.heldScore) {
        this.held = found;
        this.heldScore = bestScore;
      }
    }
    if (this.held !== null && (final || still.length === 0)) return this.held;
    if (still.length === 0) return 'unknown';
    if (final && !(this.ended[0] && this.ended[1])) return this.slide();
    return null;
  }

  /** Whether bytes may be missing in front of what probes see: also where the SYN of the direction was not captured. */
  isCut(end: End): boolean {
    return this.cut[end] || this.connection.startKnown?.[end] === false;
  }

  private run(end: End): Uint8Array {
    const { bytes } = this.stores[end];
    return this.sizes[end] === 0 ? EMPTY_BLOCK.bytes : bytes.subarray(this.runs[end], this.sizes[end]);
  }

  private lookForced(protocol: Protocol, final: boolean, input: ProbeInput): Classification | null {
    const result = protocol.probe(input);
    if (result === 'more' && !final && this.sizes[0] + this.sizes[1] < FORCED_PATIENCE) return null;
    if (result !== null && result !== 'more') return { protocol, by: 'decode-as', clientEnd: result.clientEnd };
    return { protocol, by: 'decode-as', clientEnd: this.connection.initiatorKnown ? 0 : null };
  }

  /** Gives up the older half of the journal, so that a stream joined late can still be recognised further on. */
  private slide(): 'unknown' | null {
    if (
      this.connection.start === 'captured' &&
      this.dropped[0] + this.dropped[1] === 0 &&
      !this.isCut(0) &&
      !this.isCut(1)
    ) {
      return 'unknown';
    }
    for (const end of [0, 1] as const) {
      if (this.droppedBytes[end] + this.sizes[end] > this.limits.probeSearchBytes) return 'unknown';
    }
    const keepFrom = this.journal.length >> 1;
    const gone: [number, number] = [0, 0];
    const lost: [number, number] = [0, 0];
    const kept: JournalEntry[] = [];
    this.journal.forEach((e, i) => {
      if (i >= keepFrom || e.kind === 'end') kept.push(e);
      else if (e.kind === 'bytes') gone[e.from] = e.end;
      else lost[e.from] += e.length;
    });
    this.budget.give((this.journal.length - kept.length) * STEP_COST);
    this.journal = kept.map((e) =>
      e.kind === 'bytes' ? { ...e, start: e.start - gone[e.from], end: e.end - gone[e.from] } : e,
    );
    for (const end of [0, 1] as const) {
      this.stores[end].bytes.copyWithin(0, gone[end], this.sizes[end]);
      this.sizes[end] -= gone[end];
      this.runs[end] = Math.max(0, this.runs[end] - gone[end]);
      this.dropped[end] += gone[end] + lost[end];
      this.droppedBytes[end] += gone[end];
      if (gone[end] > 0) this.cut[end] = true;
    }
    this.candidates = this.protocols;
    this.nextProbe = this.sizes[0] + this.sizes[1] + (this.limits.probeBytes >> 2);
    return null;
  }
}
