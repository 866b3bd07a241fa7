import { isPlausible } from '../address.js';
import { FLAGS_KNOWN, MAX_RULES, TCP, UDP } from '../constants.js';
import { RULE_V1, RULE_V2, type RuleLayout } from '../layout.js';

/**
 * The client's stream does not tell how long a rule is; the version in the server's hello does. Without it, both released sizes are tried
 * and the bytes decide, because rules that are read with the wrong size have impossible ports and protocols.
 */

/** The best rating of `rateRule`. */
export const FULL_MARKS = 5;
/** A size must lead by so many marks to be chosen without doubt. */
const CLEAR_LEAD = 4;

/** Rates how much the bytes at `at` look like a rule: one mark for each of five signs. An impossible protocol counts -3. */
export function rateRule(bytes: Uint8Array, at: number, layout: RuleLayout): number {
  const first = (bytes[at + layout.at.first]! << 8) | bytes[at + layout.at.first + 1]!;
  const last = (bytes[at + layout.at.last]! << 8) | bytes[at + layout.at.last + 1]!;
  const proto = bytes[at + layout.at.proto]!;
  let marks = proto === TCP || proto === UDP ? 1 : -3;
  if ((bytes[at + layout.at.flags]! & ~FLAGS_KNOWN) === 0) marks++;
  if (first >= 1 && first <= last) marks++;
  if (bytes[at + layout.at.ifname + layout.sizeOf('ifname') - 1] === 0) marks++;
  if (isPlausible(bytes, at)) marks++;
  return marks;
}

/** Whether the field of the interface name is filled as programs do it: a printable name, and only zeros after it. */
export function cleanIfname(bytes: Uint8Array, at: number, layout: RuleLayout): boolean {
  let ended = false;
  for (let i = 0; i < layout.sizeOf('ifname'); i++) {
    const c = bytes[at + layout.at.ifname + i]!;
    if (c === 0) ended = true;
    else if (ended || c <= 0x20 || c >= 0x7f) return false;
  }
  return ended;
}

/** The header of a table in one direction. */
export interface TableHeader {
  readonly size: number;
  /** Offset of the number of rules. */
  readonly at: { readonly count: number };
}

/** The result of reading a stream with rules of one size. */
export interface Walk {
  readonly marks: number;
  /** Whether the zero byte after the last table was reached. */
  readonly terminated: boolean;
  /** Number of bytes after that. */
  readonly rest: number;
  /** Whether there was an impossible table header. */
  readonly failed: boolean;
  readonly rules: number;
  /** Marks of the worst rule; full marks if there is none. */
  readonly worst: number;
}

/** Reads tables, beginning inside one with `left` rules to come. */
export function walkTables(
  bytes: Uint8Array,
  start: number,
  end: number,
  left: number,
  layout: RuleLayout,
  header: TableHeader,
): Walk {
  let pos = start;
  let marks = 0;
  let rules = 0;
  let worst = FULL_MARKS;
  const result = (terminated: boolean, failed: boolean): Walk => ({
    marks: marks + (terminated && pos === end ? 4 : 0),
    terminated,
    rest: end - pos,
    failed,
    rules,
    worst,
  });
  for (;;) {
    for (; left > 0; left--) {
      if (end - pos < layout.size) return result(false, false);
      const rating = rateRule(bytes, pos, layout);
      marks += rating;
      worst = Math.min(worst, rating);
      rules++;
      pos += layout.size;
    }
    if (pos === end) return result(false, false);
    const id = bytes[pos]!;
    if (id === 0) {
      pos++;
      return result(true, false);
    }
    marks += id === 1 || id === 3 ? 2 : -4;
    if (end - pos < header.size) return result(false, false);
    const at = pos + header.at.count;
    const count = bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (count > MAX_RULES) return result(false, true);
    left = count;
    pos += header.size;
  }
}

/** A decision between the released rule sizes. */
export interface SizeGuess {
  readonly layout: RuleLayout;
  /** Whether the other size fits about as well. */
  readonly ambiguous: boolean;
}

/**
 * Decides which size the rules from `start` on have. Null: the first bytes leave it open, and more may come. The decision never depends on
 * how many bytes there are beyond those that are needed.
 */
export function guessSize(
  bytes: Uint8Array,
  start: number,
  end: number,
  left: number,
  header: TableHeader,
  final: boolean,
): SizeGuess | null {
  if (end - start >= RULE_V2.size) {
    const lead = rateRule(bytes, start, RULE_V2) - rateRule(bytes, start, RULE_V1);
    if (lead >= CLEAR_LEAD) return { layout: RULE_V2, ambiguous: false };
    if (lead <= -CLEAR_LEAD) return { layout: RULE_V1, ambiguous: false };
  }
  if (!final) return null;
  const two = walkTables(bytes, start, end, left, RULE_V2, header);
  const one = walkTables(bytes, start, end, left, RULE_V1, header);
  const lead = total(two) - total(one);
  return { layout: lead >= 0 ? RULE_V2 : RULE_V1, ambiguous: Math.abs(lead) < CLEAR_LEAD };
}

/** Marks of a walk. One that ends at an impossible header, or before the end of the bytes, keeps none above 0. */
function total(walk: Walk): number {
  return walk.failed || (walk.terminated && walk.rest > 0) ? Math.min(walk.marks, 0) : walk.marks;
}

/** The other released size; null: the size was not released. */
export function otherSize(layout: RuleLayout): RuleLayout | null {
  return layout === RULE_V1 ? RULE_V2 : layout === RULE_V2 ? RULE_V1 : null;
}

/**
 * Whether a client wrote rules of the other released size than its server announced. Null: more bytes are needed to tell.
 *
 * A client of version 1 closes when it meets version 2, so for version 2 the first rule is enough to tell. A client of version 2 takes a
 * list of version 1 for one of its own and sends back what it has read: the first rules fit the short size by construction, and only the
 * end of the tables tells.
 */
export function isSkewed(
  bytes: Uint8Array,
  start: number,
  end: number,
  left: number,
  announced: RuleLayout,
  header: TableHeader,
  final: boolean,
): boolean | null {
  const other = otherSize(announced);
  if (other === null) return false;
  const have = end - start;
  if (have < announced.size && !final) return null;
  if (announced === RULE_V2 && have >= announced.size && rateRule(bytes, start, announced) >= FULL_MARKS) return false;
  if (have < other.size) return final ? false : null;
  const theirs = walkTables(bytes, start, end, left, other, header);
  if (theirs.failed || (theirs.terminated && theirs.rest > 0)) return false;
  const clean = theirs.worst === FULL_MARKS && cleanIfname(bytes, start, other);
  if (announced === RULE_V2) {
    if (!clean) return false;
    return theirs.terminated || final ? true : null;
  }
  const own = walkTables(bytes, start, end, left, announced, header);
  const whole = own.terminated && own.rest === 0;
  if (whole && own.worst === FULL_MARKS) return false;
  if (theirs.terminated) return whole ? clean : true;
  if (final) return clean && own.worst < FULL_MARKS;
  return null;
}
