import type { Input } from '../../../base/input.js';
import { Origin } from '../../../base/origin.js';
import { MORE, NO } from './headers.js';
import type { NbdMessage } from '../messages.js';
import { Chain } from './chain.js';

/** What the search needs to know about the headers of a direction. */
export interface Framer {
  /** The number of bytes that is enough to judge any header. */
  readonly lookahead: number;
  /** Index of the first byte in `bytes[from..to)` that may begin a header, or `to`. */
  nextStart(bytes: Uint8Array, from: number, to: number): number;
  /** Length of the message at `input.pos` by its header, or NO, or MORE (see headers.ts). */
  plausible(input: Input, available: number): number;
  /**
   * Makes the message at `input.pos`, which is plausible. Its `length` may be longer than its header tells, if the peer's bytes tell more.
   */
  make(input: Input, available: number): NbdMessage;
  /**
   * How well a header at `input.pos` fits as the next one after a message whose payload length is unknown, from 0 on; it is accepted from
   * FITS on. `distance`: the length that the payload would have; `segment`: whether a packet begins there.
   */
  follows(last: NbdMessage, input: Input, distance: number, segment: boolean): number;
  /**
   * Whether the plausible header at `input.pos` needs no further proof if no bytes were lost before it, as it has a 64-bit magic, or the
   * cookie of a request in flight.
   */
  proves(input: Input): boolean;
  /** Whether the message may be longer than its header tells, by a payload of unknown length. */
  openEnded(message: NbdMessage): boolean;
  /** The most chains that are followed at once. */
  readonly mostChains: number;
  /** There are more than `mostChains` candidates. */
  crowded(): void;
}

/** See Framer.follows. */
export const FITS = 3;

/** A chain is accepted when the number of its headers, plus the number of those that begin a packet, reaches this. */
const RIPE = 4;
/** Headers that a chain needs to be accepted even inside what may be the payload of an older candidate. */
const RIPE_INSIDE = 32;

/**
 * Resynchronises: finds where messages begin, in bytes that may begin anywhere. It follows several chains of plausible headers at once, in
 * one pass and without keeping payload, until one of them is proven. Payload that contains NBD traffic makes chains as well, so one that
 * lies inside a message of an older chain must be much longer to be accepted.
 */
export class ChainSearch {
  private readonly framer: Framer;
  private readonly skip: (offset: number, length: number) => void;
  private chains: Chain[] = [];
  /** Captured bytes that were given up. */
  skipped = 0;
  /** Stream offset just after the last byte that was searched, and the origin of that byte. */
  offset: number;
  readonly lastOrigin = new Origin();
  /** Captured bytes that are not given up yet, as runs between gaps: [offset, length] pairs. */
  private runs: [number, number][] = [];
  private lastPacket = -1;
  private readonly near: boolean;

  /**
   * `near`: no bytes are missing before `offset`. A header was not where an earlier length had put it, so the next one is probably not far.
   */
  constructor(offset: number, framer: Framer, skip: (offset: number, length: number) => void, near = false) {
    this.near = near;
    this.offset = offset;
    this.framer = framer;
    this.skip = skip;
  }

  /** Begins with a message that is certain, at the input's position, whose payload ends where the next header fits. */
  seed(message: NbdMessage, input: Input): void {
    const chain = Chain.at(input, message, false);
    chain.trust();
    this.chains.push(chain);
    this.move(input, input.pos + message.headerLength);
  }

  /** The same for the last message of a chain that an earlier search found. */
  resume({ last: message, headFilled }: Chain, earlier: ChainSearch): void {
    const chain = new Chain(message, false);
    chain.headFilled = headFilled;
    chain.trust();
    this.chains.push(chain);
    this.lastOrigin.copyFrom(earlier.lastOrigin);
    this.lastPacket = earlier.lastPacket;
    this.runs.push([message.offset, this.offset - message.offset]);
  }

  /**
   * Searches the input and takes its bytes, up to the last position that can be judged (`final`: up to its end). Returns a chain that is
   * proven, or null: the input is then inside or at the end of its last message.
   */
  run(input: Input, final: boolean): Chain | null {
    const limit = final ? input.end : input.end - this.framer.lookahead + 1;
    while (input.pos < limit) {
      let stop = limit;
      for (const c of this.chains) {
        const at = c.next - input.base;
        if (c.next >= 0 && at < stop) stop = at;
      }
      const at = stop > input.pos ? this.framer.nextStart(input.bytes, input.pos, stop) : input.pos;
      this.move(input, at);
      if (at >= limit) break;
      const chain = this.examine(input);
      if (chain !== null) {
        this.move(input, at + chain.last.headerLength);
        return chain;
      }
      this.move(input, at + 1);
    }
    this.giveUp();
    return null;
  }

  /**
   * `length` bytes at `offset` are not in the capture. Chains whose last message extends past the gap survive; if there are none, returns
   * the longest believable chain that reaches the gap, or null.
   */
  gap(offset: number, length: number): Chain | null {
    this.lastPacket = -1;
    this.offset = offset + length;
    let ended: Chain | null = null;
    const alive: Chain[] = [];
    for (const c of this.chains) {
      if (c.next >= this.offset && offset >= c.bodyFrom) {
        c.last.missing += length;
        c.last.complete = false;
        alive.push(c);
      } else if (this.believable(c) && (ended === null || c.messages.length > ended.messages.length)) {
        ended = c;
      }
    }
    if (alive.length === 0 && ended !== null) {
      const { last } = ended;
      ended.ended = true;
      if (ended.next < 0) last.length = offset - last.offset;
      const cut = last.endOffset - offset;
      if (cut > 0) {
        last.missing += cut;
        last.complete = false;
      }
      return ended;
    }
    this.chains = alive;
    this.giveUp();
    return null;
  }

  /** The stream ends: returns the best of the chains, or null. */
  end(): Chain | null {
    let best: Chain | null = null;
    let bestScore = 0;
    for (const c of this.chains) {
      const score = 2 * c.messages.length + c.segments + (c.next === this.offset ? 2 : 0);
      if (this.believable(c) && score > bestScore) {
        best = c;
        bestScore = score;
      }
    }
    if (best !== null) best.ended = true;
    if (best !== null && best.next < 0) best.last.length = this.offset - best.last.offset;
    return best;
  }

  /** Ends the search: gives up all bytes before the chain, or all bytes if it is null. */
  close(chain: Chain | null): void {
    this.chains = chain === null ? [] : [chain];
    this.giveUp();
  }

  /** A chain of one header counts only if the header begins a packet. */
  private believable(c: Chain): boolean {
    return c.trusted || c.messages.length >= 2 || c.segments >= 1;
  }

  private examine(input: Input): Chain | null {
    const { framer } = this;
    const offset = input.base + input.pos;
    const available = input.end - input.pos;
    const packet = input.originAt(input.pos).packet;
    const segment = packet !== this.lastPacket;
    const length = framer.plausible(input, available);
    const fits = length !== NO && length !== MORE;
    let made: NbdMessage | null = null;
    let ripe: Chain | null = null;
    const alive: Chain[] = [];
    for (const c of this.chains) {
      const due = c.next === offset;
      if (!due && c.next >= 0) {
        alive.push(c);
        continue;
      }
      const joins = fits && (due || framer.follows(c.last, input, offset - c.bodyFrom, segment) >= FITS);
      if (!joins) {
        if (due && length === NO && framer.openEnded(c.last)) c.next = -1;
        if (c.next < 0 || length === MORE) alive.push(c);
        continue;
      }
      // chains that reach the same header continue alike: only the one that began first is followed further
      if (made !== null) continue;
      made = framer.make(input, available);
      made.inferred = true;
      if (!due) c.last.length = offset - c.last.offset;
      c.last.endAt(this.lastOrigin);
      c.add(input, made, segment);
      if (segment && wholeIn(input, made)) c.wholes++;
      alive.push(c);
      if (this.isRipe(c)) ripe = c;
    }
    this.chains = alive;
    if (ripe !== null) return ripe;
    return fits && made === null ? this.begin(input, available, segment) : null;
  }

  /** Begins a chain; returns it if it needs no further proof, otherwise null. */
  private begin(input: Input, available: number, segment: boolean): Chain | null {
    const message = this.framer.make(input, available);
    message.inferred = true;
    const chain = Chain.at(input, message, segment);
    if (segment && wholeIn(input, message)) chain.wholes++;
    if (this.near && this.framer.proves(input)) {
      this.chains.push(chain);
      return chain;
    }
    if (this.chains.length >= this.framer.mostChains) {
      this.framer.crowded();
      let worst = -1;
      for (let i = 0; i < this.chains.length; i++) {
        const c = this.chains[i]!;
        if (c.messages.length > 1 || c.next < 0) continue;
        if (worst < 0 || c.next > this.chains[worst]!.next) worst = i;
      }
      if (worst < 0 || this.chains[worst]!.next <= chain.next) return null;
      this.chains.splice(worst, 1);
    }
    this.chains.push(chain);
    return null;
  }

  private isRipe(chain: Chain): boolean {
    const n = chain.messages.length;
    if (n >= 2 && chain.trusted) return true;
    if (n < 2 || n + chain.segments < RIPE) return false;
    if (n >= RIPE_INSIDE) return true;
    for (const c of this.chains) {
      if (c !== chain && c.start < chain.start && c.next >= 0 && c.bodyFrom <= chain.start && c.next > chain.start)
        return false;
    }
    return true;
  }

  /** Takes bytes up to index `to`, and passes payload to the last messages of the chains. */
  private move(input: Input, to: number): void {
    const from = input.pos;
    if (to <= from) return;
    for (const c of this.chains) {
      const start = Math.max(from, c.bodyFrom - input.base);
      const end = c.next < 0 ? to : Math.min(to, c.next - input.base);
      if (end > start) c.feed(input.bytes, start, end);
    }
    this.lastOrigin.copyFrom(input.originAt(to - 1));
    this.lastPacket = this.lastOrigin.packet;
    input.pos = to;
    const offset = input.base + from;
    this.offset = input.base + to;
    const run = this.runs[this.runs.length - 1];
    if (run !== undefined && run[0] + run[1] === offset) run[1] += to - from;
    else this.runs.push([offset, to - from]);
  }

  /** Skips the bytes that are part of no chain any more. */
  private giveUp(): void {
    let keep = Infinity;
    for (const c of this.chains) keep = Math.min(keep, c.start);
    while (this.runs.length > 0) {
      const run = this.runs[0]!;
      const end = run[0] + run[1];
      const upTo = Math.min(end, keep);
      if (upTo > run[0]) {
        this.skip(run[0], upTo - run[0]);
        this.skipped += upTo - run[0];
        run[1] = end - upTo;
        run[0] = upTo;
      }
      if (run[1] > 0) break;
      this.runs.shift();
    }
  }
}

/** Whether the packet in which the message at the input's position begins holds all of its header. */
function wholeIn(input: Input, message: NbdMessage): boolean {
  const last = Math.min(input.pos + message.headerLength, input.end) - 1;
  return input.originAt(last).packet === input.originAt(input.pos).packet;
}
