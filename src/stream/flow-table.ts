import { extended, grownTo } from '../base/columns.js';
import type { Segment } from '../link/segment.js';
import { tcpEndpoint } from './endpoint.js';

/** 32-bit words of a key: the last word of both addresses, and both ports in one. */
const KEY = 3;
/** The other words of both addresses. */
const UPPER = 6;
/** The third word of an IPv4 address (::ffff:a.b.c.d); the two before it are 0. */
const UPPER_OF_V4 = 0xffff;
const FACTORS = 9;
/** What a flow is worth when room must be made; lower ranks go first. Only those from ANSWERED on have objects of their own. */
export const CLOSED = 0;
export const HALF_OPEN = 1;
export const PARKED = 2;
/** Followed, without data so far; with data. */
export const ANSWERED = 3;
export const ESTABLISHED = 4;
export type Rank = typeof CLOSED | typeof HALF_OPEN | typeof PARKED | typeof ANSWERED | typeof ESTABLISHED;
const RANKS = 5;

/**
 * Finds the slot of a TCP connection by its two addresses and ports, whichever way a segment goes. Slots are small numbers, at
 * most `limit` of them; when all are taken, the one that was idle longest goes, of the lowest rank that has any.
 *
 * Everything is in typed arrays: no object, string or bigint for each flow, about 40 bytes a slot, and 24 more from the first
 * address on that is not of IPv4. The hash is multilinear with random keys, so that nobody can choose addresses that collide.
 */
export class FlowTable {
  /** Whether the segment of the last `find` goes from the key's second endpoint to its first. */
  swapped = false;
  /** Slots in use. */
  size = 0;
  private readonly limit: number;
  private readonly onEvict: (slot: number) => void;
  private readonly factors = new Int32Array(2 * FACTORS);
  private capacity = 0;
  private keys = new Int32Array(0);
  /** Empty as long as all addresses are of IPv4. */
  private upper = new Int32Array(0);
  private hashes = new Int32Array(0);
  /** Hash chains, as slot numbers; -1 ends them. */
  private buckets = new Int32Array(0);
  private chain = new Int32Array(0);
  private shift = 0;
  /** Lists by rank in order of last use, as slot numbers; -1 ends them. */
  private older = new Int32Array(0);
  private newer = new Int32Array(0);
  private readonly oldest = new Int32Array(RANKS).fill(-1);
  private readonly newest = new Int32Array(RANKS).fill(-1);
  private ranks = new Uint8Array(0);
  private lastSeen = new Float64Array(0);
  /** Slot of the last segment, as a cache. */
  private last = -1;
  private hash = 0;

  constructor(limit: number, onEvict: (slot: number) => void) {
    this.limit = Math.max(limit, 1);
    this.onEvict = onEvict;
    for (let i = 0; i < this.factors.length; i++) this.factors[i] = Math.floor(Math.random() * 0x1_0000_0000) | 1;
    this.grow();
  }

  /** Slot of the segment's connection, or -1. Sets `swapped`. */
  find(s: Segment): number {
    const swapped = s.srcPort !== s.dstPort ? s.srcPort > s.dstPort : sourceIsHigher(s);
    this.swapped = swapped;
    const ports = swapped ? (s.dstPort << 16) | s.srcPort : (s.srcPort << 16) | s.dstPort;
    if (this.last >= 0 && this.holds(this.last, s, swapped, ports)) return this.last;
    const hash = this.hashOf(s, swapped, ports);
    this.hash = hash;
    for (let slot = this.buckets[hash >>> this.shift]!; slot >= 0; slot = this.chain[slot]!) {
      if (this.hashes[slot] === hash && this.holds(slot, s, swapped, ports)) {
        this.last = slot;
        return slot;
      }
    }
    return -1;
  }

  /** Gives a slot to the connection of a segment for which `find` has just returned -1. */
  add(s: Segment, rank: Rank, seconds = s.seconds): number {
    let slot = this.size;
    if (slot < this.limit) {
      if (slot === this.capacity) this.grow();
      this.size++;
    } else {
      slot = this.oldestSlot();
      this.onEvict(slot);
      this.unlink(slot);
      this.unchain(slot);
    }
    const swapped = this.swapped;
    const { keys } = this;
    const k = slot * KEY;
    keys[k + (swapped ? 1 : 0)] = s.src3;
    keys[k + (swapped ? 0 : 1)] = s.dst3;
    if (this.upper.length > 0 || !isV4(s)) this.keepUpper(slot, s);
    keys[k + 2] = swapped ? (s.dstPort << 16) | s.srcPort : (s.srcPort << 16) | s.dstPort;
    this.hashes[slot] = this.hash;
    this.enchain(slot);
    this.ranks[slot] = rank;
    this.link(slot, rank);
    this.lastSeen[slot] = seconds;
    this.last = slot;
    return slot;
  }

  /** The slot was used at that time. */
  touch(slot: number, seconds: number): void {
    this.lastSeen[slot] = seconds;
    const rank = this.ranks[slot]!;
    if (this.newest[rank] === slot) return;
    this.unlink(slot);
    this.link(slot, rank);
  }

  /** Ports: of the key's second endpoint first where `swapped`. */
  ports(slot: number, swapped: boolean): [number, number] {
    const ports = this.keys[slot * KEY + 2]!;
    return swapped ? [ports & 0xffff, ports >>> 16] : [ports >>> 16, ports & 0xffff];
  }

  /** Endpoint names: of the key's second endpoint first where `swapped`. */
  endpoints(slot: number, swapped: boolean): [string, string] {
    const { keys, upper } = this;
    const k = slot * KEY;
    const u = slot * UPPER;
    const ports = keys[k + 2]!;
    const word = (at: number): number => (upper.length > 0 ? upper[u + at]! : at % 3 === 2 ? UPPER_OF_V4 : 0);
    const low = tcpEndpoint(word(0), word(1), word(2), keys[k]!, ports >>> 16);
    const high = tcpEndpoint(word(3), word(4), word(5), keys[k + 1]!, ports & 0xffff);
    return swapped ? [high, low] : [low, high];
  }

  rank(slot: number): Rank {
    return this.ranks[slot] as Rank;
  }

  setRank(slot: number, rank: Rank): void {
    if (this.ranks[slot] === rank) return;
    this.unlink(slot);
    this.ranks[slot] = rank;
    this.link(slot, rank);
  }

  /** The longest idle slot of that rank if it was not used since `seconds`, else -1. */
  idleSince(rank: Rank, seconds: number): number {
    const slot = this.oldest[rank]!;
    return slot >= 0 && this.lastSeen[slot]! < seconds ? slot : -1;
  }

  private holds(slot: number, s: Segment, swapped: boolean, ports: number): boolean {
    const { keys } = this;
    const k = slot * KEY;
    if (keys[k + 2] !== ports) return false;
    if (keys[swapped ? k + 1 : k] !== (s.src3 | 0) || keys[swapped ? k : k + 1] !== (s.dst3 | 0)) return false;
    return this.upper.length === 0 ? isV4(s) : this.holdsUpper(slot, s, swapped);
  }

  private holdsUpper(slot: number, s: Segment, swapped: boolean): boolean {
    const { upper } = this;
    const a = slot * UPPER + (swapped ? 3 : 0);
    const b = slot * UPPER + (swapped ? 0 : 3);
    return (
      upper[a + 2] === (s.src2 | 0) &&
      upper[b + 2] === (s.dst2 | 0) &&
      upper[a + 1] === (s.src1 | 0) &&
      upper[b + 1] === (s.dst1 | 0) &&
      upper[a] === (s.src0 | 0) &&
      upper[b] === (s.dst0 | 0)
    );
  }

  private keepUpper(slot: number, s: Segment): void {
    if (this.upper.length === 0) {
      this.upper = new Int32Array(this.capacity * UPPER);
      for (let at = 2; at < this.size * UPPER; at += 3) this.upper[at] = UPPER_OF_V4;
    }
    const { upper } = this;
    const a = slot * UPPER + (this.swapped ? 3 : 0);
    const b = slot * UPPER + (this.swapped ? 0 : 3);
    upper[a] = s.src0;
    upper[a + 1] = s.src1;
    upper[a + 2] = s.src2;
    upper[b] = s.dst0;
    upper[b + 1] = s.dst1;
    upper[b + 2] = s.dst2;
  }

  private hashOf(s: Segment, swapped: boolean, ports: number): number {
    const f = this.factors;
    const a = swapped ? 8 : 0;
    const b = swapped ? 0 : 8;
    let h = term(ports, f, 16);
    h = (h + term(s.src3, f, a + 6) + term(s.dst3, f, b + 6)) | 0;
    h = (h + term(s.src2, f, a + 4) + term(s.dst2, f, b + 4)) | 0;
    h = (h + term(s.src1, f, a + 2) + term(s.dst1, f, b + 2)) | 0;
    return (h + term(s.src0, f, a) + term(s.dst0, f, b)) | 0;
  }

  private oldestSlot(): number {
    for (let rank = 0; rank < RANKS; rank++) if (this.oldest[rank]! >= 0) return this.oldest[rank]!;
    return 0;
  }

  private link(slot: number, rank: number): void {
    const before = this.newest[rank]!;
    this.older[slot] = before;
    this.newer[slot] = -1;
    if (before >= 0) this.newer[before] = slot;
    else this.oldest[rank] = slot;
    this.newest[rank] = slot;
  }

  private unlink(slot: number): void {
    const rank = this.ranks[slot]!;
    const older = this.older[slot]!;
    const newer = this.newer[slot]!;
    if (older >= 0) this.newer[older] = newer;
    else this.oldest[rank] = newer;
    if (newer >= 0) this.older[newer] = older;
    else this.newest[rank] = older;
  }

  private enchain(slot: number): void {
    const bucket = this.hashes[slot]! >>> this.shift;
    this.chain[slot] = this.buckets[bucket]!;
    this.buckets[bucket] = slot;
  }

  private unchain(slot: number): void {
    const bucket = this.hashes[slot]! >>> this.shift;
    if (this.buckets[bucket] === slot) {
      this.buckets[bucket] = this.chain[slot]!;
      return;
    }
    let at = this.buckets[bucket]!;
    while (this.chain[at] !== slot) at = this.chain[at]!;
    this.chain[at] = this.chain[slot]!;
  }

  private grow(): void {
    const capacity = Math.min(grownTo(this.capacity, this.capacity), this.limit);
    this.capacity = capacity;
    this.keys = extended(this.keys, new Int32Array(capacity * KEY));
    if (this.upper.length > 0) this.upper = extended(this.upper, new Int32Array(capacity * UPPER));
    this.hashes = extended(this.hashes, new Int32Array(capacity));
    this.chain = new Int32Array(capacity);
    this.older = extended(this.older, new Int32Array(capacity));
    this.newer = extended(this.newer, new Int32Array(capacity));
    this.ranks = extended(this.ranks, new Uint8Array(capacity));
    this.lastSeen = extended(this.lastSeen, new Float64Array(capacity));
    // as many buckets as slots, rounded up to a power of two; the hash is best in its upper bits
    const bits = Math.max(32 - Math.clz32(capacity - 1), 1);
    this.shift = 32 - bits;
    this.buckets = new Int32Array(2 ** bits).fill(-1);
    for (let slot = 0; slot < this.size; slot++) this.enchain(slot);
  }
}

/** Whether both addresses are of IPv4. */
function isV4(s: Segment): boolean {
  return s.src2 === UPPER_OF_V4 && s.dst2 === UPPER_OF_V4 && (s.src0 | s.src1 | s.dst0 | s.dst1) === 0;
}

function term(word: number, factors: Int32Array, at: number): number {
  return Math.imul(word & 0xffff, factors[at]!) + Math.imul(word >>> 16, factors[at + 1]!);
}

function sourceIsHigher(s: Segment): boolean {
  if (s.src3 !== s.dst3) return (s.src3 | 0) > (s.dst3 | 0);
  if (s.src2 !== s.dst2) return (s.src2 | 0) > (s.dst2 | 0);
  if (s.src1 !== s.dst1) return (s.src1 | 0) > (s.dst1 | 0);
  return (s.src0 | 0) > (s.dst0 | 0);
}
