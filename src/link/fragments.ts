import { Block } from '../base/block.js';
import type { CaptureClock } from '../base/capture-clock.js';
import type { Limits } from '../base/limits.js';
import type { Segment } from './segment.js';

/** Longest IP payload that fragments can describe (13-bit offset in units of 8 bytes, 16-bit length). */
const MAX_DATAGRAM = 65_535;
/** Bytes of memory for a fragment besides its own bytes. */
const OVERHEAD = 256;
/** For this long after a datagram's first fragment, copies of its fragments (recorded on a second interface) begin no new datagram. */
const ECHO_NANOS = 50_000_000;

/** One fragment: its start and end offset in the datagram's payload, by its header, and the bytes that were captured. */
interface Fragment {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

class Datagram {
  /** Sorted by `from`, without overlap. */
  readonly fragments: Fragment[] = [];
  /** Length of the payload; -1 until the last fragment was seen. */
  total = -1;
  /** Bytes covered so far. */
  covered = 0;
  cost = 0;
  /** Given up (IPv6 forbids overlap, RFC 5722), complete, or of no interest: further fragments of it are ignored. */
  over = false;
  /** Of no interest: its first fragment has shown that it carries no TCP. */
  skipped = false;
  /** Once it is complete: offsets and hashes of its fragments (at most `echoFragments`), as `from,to,hash`. */
  known: Set<string> | null = null;
  /** Whether `known` lacks some of its fragments. */
  knownInPart = false;
  readonly seconds: number;
  readonly nanos: number;
  /** When it began, by the capture's clock, which a single wrong time stamp does not move. */
  readonly begun: number;

  constructor(seconds: number, nanos: number, begun: number) {
    this.seconds = seconds;
    this.nanos = nanos;
    this.begun = begun;
  }
}

/** A complete datagram's payload: the captured bytes from its start, and how long it was on the wire. */
export interface Whole {
  readonly block: Block;
  readonly length: number;
}

/**
 * Joins IP fragments to datagrams, bounded in number, bytes and capture time. The identification need not be unique: some senders leave it 0
 * in every packet, and 65,536 numbers are soon used up. So a fragment begins another datagram if it has the offsets of an earlier fragment
 * but other bytes, or if the datagram was just completed and it is no copy of one of its fragments.
 */
export class Fragments {
  /** By addresses and identification, oldest first. */
  private readonly datagrams = new Map<string, Datagram>();
  private readonly limits: Readonly<Limits>;
  private readonly onLimit: (text: string) => void;
  private readonly clock: CaptureClock;
  private cost = 0;
  /** Number of datagrams that were given up because they stayed incomplete. */
  private incomplete = 0;
  /** Number of datagrams that were given up because their fragments overlap. */
  overlapping = 0;

  /** `clock`: the caller gives it the time of every packet. */
  constructor(limits: Readonly<Limits>, clock: CaptureClock, onLimit: (text: string) => void) {
    this.limits = limits;
    this.clock = clock;
    this.onLimit = onLimit;
  }

  /**
   * Takes the fragment `block.bytes[start..end)`, which belongs at `offset` of its datagram's payload and is `length` bytes long by
   * its header. Addresses and time are those of `s`. Returns the whole payload if this fragment completes it; else null.
   */
  add(
    s: Segment,
    protocol: number,
    id: number,
    block: Block,
    start: number,
    end: number,
    offset: number,
    length: number,
    last: boolean,
  ): Whole | null {
    this.expire(this.clock.now);
    const to = offset + length;
    if (to > MAX_DATAGRAM || length <= 0) return null;
    const key = keyOf(s, protocol, id);
    const fragment = { from: offset, to, bytes: block.bytes.slice(start, end) };
    let datagram = this.datagrams.get(key);
    if (datagram !== undefined && this.isAnother(datagram, fragment, s, last)) {
      if (datagram.knownInPart && nanosSince(datagram, s) <= ECHO_NANOS)
        this.onLimit(
          `echoFragments: copies of an IP datagram's fragments beyond the first ${this.limits.echoFragments} are not known as such, and count as fragments of another one`,
        );
      this.drop(key, datagram);
      datagram = undefined;
    }
    if (datagram === undefined) datagram = this.begin(key, s);
    if (datagram.over) return null;
    if (!insert(datagram, fragment, s.ipVersion === 6)) {
      this.release(datagram);
      this.overlapping++;
      return null;
    }
    if (last && datagram.total < 0) datagram.total = to;
    const cost = end - start + OVERHEAD;
    datagram.cost += cost;
    this.cost += cost;
    if (datagram.total >= 0 && datagram.covered >= datagram.total) {
      const whole = join(datagram);
      const { echoFragments } = this.limits;
      datagram.known = new Set(datagram.fragments.slice(0, echoFragments).map(nameOf));
      datagram.knownInPart = datagram.fragments.length > echoFragments;
      this.release(datagram);
      return whole;
    }
    this.makeRoom();
    return null;
  }

  /** Whether the fragment cannot belong to `datagram`, though it has its identification. */
  private isAnother(datagram: Datagram, fragment: Fragment, s: Segment, last: boolean): boolean {
    if (Math.abs(this.clock.now - datagram.begun) > this.limits.fragmentSeconds) return true;
    if (datagram.skipped && fragment.from === 0) return true;
    if (datagram.over) {
      const echo = datagram.known === null || datagram.known.has(nameOf(fragment));
      return !echo || nanosSince(datagram, s) > ECHO_NANOS;
    }
    if (endsElsewhere(datagram, fragment, last)) return true;
    const same = datagram.fragments.find((f) => f.from === fragment.from && f.to === fragment.to);
    return same !== undefined && Buffer.compare(same.bytes, fragment.bytes) !== 0;
  }

  /** The datagram of this first fragment carries nothing of interest: its other fragments are ignored. */
  passOver(s: Segment, protocol: number, id: number): void {
    this.expire(this.clock.now);
    const key = keyOf(s, protocol, id);
    const datagram = this.datagrams.get(key);
    if (datagram !== undefined) this.release(datagram);
    this.datagrams.delete(key);
    const skipped = this.begin(key, s);
    skipped.over = true;
    skipped.skipped = true;
    this.makeRoom();
  }

  private begin(key: string, s: Segment): Datagram {
    const datagram = new Datagram(s.seconds, s.nanos, this.clock.now);
    this.datagrams.set(key, datagram);
    return datagram;
  }

  /** Number of datagrams of which fragments are missing so far. */
  get unfinished(): number {
    let open = 0;
    for (const { over } of this.datagrams.values()) if (!over) open++;
    return this.incomplete + open;
  }

  /** Drops the bytes, but keeps the entry, so that later copies are recognized. */
  private release(datagram: Datagram): void {
    datagram.over = true;
    datagram.fragments.length = 0;
    this.cost -= datagram.cost;
    datagram.cost = 0;
  }

  private drop(key: string, datagram: Datagram): void {
    this.cost -= datagram.cost;
    if (!datagram.over) this.incomplete++;
    this.datagrams.delete(key);
  }

  private expire(now: number): void {
    for (const [key, datagram] of this.datagrams) {
      if (now - datagram.begun <= this.limits.fragmentSeconds) return;
      this.drop(key, datagram);
    }
  }

  private makeRoom(): void {
    const { fragmentDatagrams, fragmentBytes } = this.limits;
    for (const [key, datagram] of this.datagrams) {
      const tooMany = this.datagrams.size > fragmentDatagrams;
      if (!tooMany && this.cost <= fragmentBytes) return;
      if (!datagram.over) {
        this.onLimit(
          tooMany
            ? `fragmentDatagrams: more than ${fragmentDatagrams} incomplete IP datagrams at once; the oldest are given up`
            : `fragmentBytes: incomplete IP datagrams hold more than ${fragmentBytes} bytes; the oldest are given up`,
        );
      }
      this.drop(key, datagram);
    }
  }
}

function keyOf(s: Segment, protocol: number, id: number): string {
  return `${s.src0},${s.src1},${s.src2},${s.src3},${s.dst0},${s.dst1},${s.dst2},${s.dst3},${protocol},${id}`;
}

/** Whether the fragment contradicts those of `datagram` about where that ends. */
function endsElsewhere({ total, fragments }: Datagram, { to }: Fragment, last: boolean): boolean {
  const known = fragments.at(-1)?.to ?? 0;
  if (last) return to < known || (total >= 0 && to !== total);
  return total >= 0 && to > total;
}

/** Offsets and hash (FNV-1a) of a fragment. */
function nameOf({ from, to, bytes }: Fragment): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${from},${to},${hash}`;
}

function nanosSince(datagram: Datagram, s: Segment): number {
  return (s.seconds - datagram.seconds) * 1e9 + (s.nanos - datagram.nanos);
}

/**
 * Inserts the fragment; bytes that are there already stay as they are. Returns false where `strict` and the fragment overlaps others (an
 * exact copy does not count).
 */
function insert(datagram: Datagram, fragment: Fragment, strict: boolean): boolean {
  const list = datagram.fragments;
  let { from } = fragment;
  let at = list.findIndex((f) => f.to > from);
  if (at < 0) at = list.length;
  while (from < fragment.to) {
    const next = list[at];
    if (next !== undefined && next.from <= from) {
      if (strict && (next.from !== fragment.from || next.to !== fragment.to)) return false;
      from = Math.max(from, next.to);
      at++;
      continue;
    }
    const to = next === undefined ? fragment.to : Math.min(fragment.to, next.from);
    if (strict && to !== fragment.to) return false;
    const bytes = fragment.bytes.subarray(from - fragment.from, to - fragment.from);
    list.splice(at++, 0, { from, to, bytes });
    datagram.covered += to - from;
    from = to;
  }
  return true;
}

/** The captured bytes from the datagram's start; they end early where a fragment was cut by the snapshot length. */
function join(datagram: Datagram): Whole {
  let captured = 0;
  for (const f of datagram.fragments) {
    captured = Math.min(f.from + f.bytes.length, datagram.total);
    if (f.bytes.length < f.to - f.from) break;
  }
  const bytes = new Uint8Array(captured);
  for (const f of datagram.fragments) {
    if (f.from >= captured) break;
    bytes.set(f.bytes.subarray(0, captured - f.from), f.from);
  }
  return { block: new Block(bytes), length: datagram.total };
}
