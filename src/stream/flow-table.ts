import type { Segment } from '../link/segment.js';
import { tcpEndpoint } from './endpoint.js';

/** Words of a key: both addresses, and both ports in one. */
const KEY = 9;
/** What a flow is worth when room must be made; lower ranks go first. Only those from ANSWERED on have objects of their own. */
export const CLOSED = 0;
export const HALF_OPEN = 1;
export const PARKED = 2;
/** Followed, without data so far; with data. */
export const ANSWERED = 3;
export const ESTABLISHED = 4;
export type Rank = typeof CLOSED | typeof HALF_OPEN | typeof PARKED | typeof ANSWERED | typeof ESTABLISHED;
const RANKS = 5;

/** Few: a file of one connection has tables, too, and V8 keeps arrays of up to 64 bytes on its heap. */
const FIRST_CAPACITY = 4;

/**
 * Finds the slot of a TCP connection by its two addresses and ports, whichever way a segment goes. Slots are small numbers, at
 * most `limit` of them; when all are taken, the one that was idle longest goes, of the lowest rank that has any.
 *
 * Everything is in typed arrays: no object, string or bigint for each flow, about 70 bytes a slot. The hash is multilinear with
 * random keys, so that nobody can choose addresses that collide.
 */
export class FlowTable {
  /** Whether the segment last looked for runs from the key's second endpoint to its first. */
  swapped = false;
  /** Slots in use. */
  size = 0;
  private readonly limit: number;
  private readonly onEvict: (slot: number) => void;
  private readonly factors = new Int32Array(2 * KEY);
  private capacity = 0;
  private keys = new Int32Array(0);
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
  /** Slot of the segment before. */
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

  /** Gives a slot to the segment that `find` just did not find. */
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
    const a = slot * KEY + (swapped ? 4 : 0);
    const b = slot * KEY + (swapped ? 0 : 4);
    keys[a] = s.src0;
    keys[a + 1] = s.src1;
    keys[a + 2] = s.src2;
    keys[a + 3] = s.src3;
    keys[b] = s.dst0;
    keys[b + 1] = s.dst1;
    keys[b + 2] = s.dst2;
    keys[b + 3] = s.dst3;
    keys[slot * KEY + 8] = swapped ? (s.dstPort << 16) | s.srcPort : (s.srcPort << 16) | s.dstPort;
    this.hashes[slot] = this.hash;
    this.enchain(slot);
    this.ranks[slot] = rank;
    this.link(slot, rank);
    this.lastSeen[slot] = seconds;
    this.last = slot;
    return slot;
  }

  /** Says that the slot was used at that time. */
  touch(slot: number, seconds: number): void {
    this.lastSeen[slot] = seconds;
    const rank = this.ranks[slot]!;
    if (this.newest[rank] === slot) return;
    this.unlink(slot);
    this.link(slot, rank);
  }

  /** Ports: of the key's second endpoint first where `swapped`. */
  ports(slot: number, swapped: boolean): [number, number] {
    const ports = this.keys[slot * KEY + 8]!;
    return swapped ? [ports & 0xffff, ports >>> 16] : [ports >>> 16, ports & 0xffff];
  }

  /** Endpoint names: of the key's second endpoint first where `swapped`. */
  endpoints(slot: number, swapped: boolean): [string, string] {
    const { keys } = this;
    const k = slot * KEY;
    const ports = keys[k + 8]!;
    const low = tcpEndpoint(keys[k]!, keys[k + 1]!, keys[k + 2]!, keys[k + 3]!, ports >>> 16);
    const high = tcpEndpoint(keys[k + 4]!, keys[k + 5]!, keys[k + 6]!, keys[k + 7]!, ports & 0xffff);
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
    if (keys[k + 8] !== ports) return false;
    const a = swapped ? k + 4 : k;
    const b = swapped ? k : k + 4;
    return (
      keys[a + 3] === (s.src3 | 0) &&
      keys[b + 3] === (s.dst3 | 0) &&
      keys[a + 2] === (s.src2 | 0) &&
      keys[b + 2] === (s.dst2 | 0) &&
      keys[a + 1] === (s.src1 | 0) &&
      keys[b + 1] === (s.dst1 | 0) &&
      keys[a] === (s.src0 | 0) &&
      keys[b] === (s.dst0 | 0)
    );
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
    const capacity = Math.min(Math.max(this.capacity * 2, FIRST_CAPACITY), this.limit);
    this.capacity = capacity;
    this.keys = copyOf(this.keys, new Int32Array(capacity * KEY));
    this.hashes = copyOf(this.hashes, new Int32Array(capacity));
    this.chain = new Int32Array(capacity);
    this.older = copyOf(this.older, new Int32Array(capacity));
    this.newer = copyOf(this.newer, new Int32Array(capacity));
    const ranks = new Uint8Array(capacity);
    ranks.set(this.ranks);
    this.ranks = ranks;
    const lastSeen = new Float64Array(capacity);
    lastSeen.set(this.lastSeen);
    this.lastSeen = lastSeen;
    // as many buckets as slots, rounded up to a power of two; the hash is best in its upper bits
    const bits = Math.max(32 - Math.clz32(capacity - 1), 1);
    this.shift = 32 - bits;
    this.buckets = new Int32Array(2 ** bits).fill(-1);
    for (let slot = 0; slot < this.size; slot++) this.enchain(slot);
  }
}

function copyOf(from: Int32Array, to: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  to.set(from);
  return to;
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
