import type { Claim } from '../../../contract/protocol.js';
import type { End } from '../../../stream/byte-stream.js';
import type { Role } from '../generations.js';
import { claim, type Case, type EndBytes } from '../claim.js';
import { CHAINED } from '../decoder/recognition.js';
import { ALL_DIALECTS, foremost, type Dialect } from './dialects.js';
import { FRAME } from './layout.js';
import { answersOf } from './pairs.js';
import { data, text, texts, type Run } from './postcard.js';
import { chainC } from './framing.js';
import { fitting, readIn, Reading } from './reading.js';

const FRAMES = 16;
const SEARCH_BYTES = 16 << 10;
/** The most bytes of one end that a claim waits for: no stream begins with a longer frame. */
const LONGEST_FIRST = 1 << 20;
const CHILD_RING = 1024;
/** Requests whose answers say how many bytes were read or written. */
const TRANSFERS: ReadonlySet<string> = new Set(['Read', 'Write', 'Send', 'Receive']);

/** The frames of one end, on the assumption that `role` sent them. */
class Walk {
  dialects = ALL_DIALECTS;
  frames = 0;
  private readonly bytes: Uint8Array;
  private readonly role: Role;
  private readonly bodies: { at: number; end: number }[] = [];
  /** Number of bodies whose length is given twice: in the frame, and for the text or data inside. */
  redundant = 0;
  /** Number of Pipe answers with two rings of the usual size. */
  pipes = 0;
  /** Number of printable texts: paths, hosts, arguments. */
  readable = 0;
  broken = false;

  constructor(bytes: Uint8Array, start: number, role: Role) {
    this.bytes = bytes;
    this.role = role;
    const { bodies } = this;
    let p = start;
    while (bodies.length < FRAMES && p < bytes.length) {
      const chain = chainC(bytes, p, bytes.length, 1, role);
      this.broken = chain.broken;
      if (chain.frames === 0) break;
      const at = p + FRAME.size;
      const fits = fitting(readIn(this.dialects, role, { bytes, at, have: chain.end, end: chain.end }));
      if (fits === 0) {
        this.broken = true;
        break;
      }
      this.dialects = fits;
      bodies.push({ at, end: chain.end });
      p = chain.end;
    }
    this.frames = bodies.length;
    const dialect = foremost(this.dialects);
    for (const { at, end } of bodies) {
      const reading = new Reading(dialect, role, { bytes, at, have: end, end });
      const types: readonly unknown[] = Object.values(reading.variant!.fields);
      const hasText = types.includes(text) || types.includes(texts);
      const length = end - at;
      if (length >= 5 && (hasText || types.includes(data))) this.redundant++;
      if (length >= 4 && hasText && isPrintable(bytes, reading.cursor.run)) this.readable++;
      const v = reading.value!;
      if (v.name !== 'Pipe' || v.rxLen !== CHILD_RING || v.txLen !== CHILD_RING) continue;
      if (isPointer(v.rxPtr) && isPointer(v.txPtr)) this.pipes++;
    }
  }

  /** The name of the n-th frame in a dialect, and how many bytes it asks for or carries; -1: neither. */
  frameIn(dialect: Dialect, n: number): { readonly name: string; readonly size: number } {
    const { at, end } = this.bodies[n]!;
    const reading = new Reading(dialect, this.role, { bytes: this.bytes, at, have: end, end });
    const { value } = reading;
    const size = value === null ? -1 : 'length' in value ? value.length : 'data' in value ? value.data.length : -1;
    return { name: reading.variant?.name ?? '', size };
  }
}

/** Judges whether the streams of a connection are of family C (arca.md 3.3). */
export function judgeC(c: Case): Claim | 'more' | null {
  const starts = [startOf(c.ends[0]), startOf(c.ends[1])] as const;
  let open = false;
  for (const i of [0, 1] as const) {
    const j = i === 0 ? 1 : 0;
    const guest = new Walk(starts[i] < 0 ? NO_BYTES : c.ends[i].bytes, Math.max(0, starts[i]), 'guest');
    const monitor = new Walk(starts[j] < 0 ? NO_BYTES : c.ends[j].bytes, Math.max(0, starts[j]), 'monitor');
    // with the ends exchanged, a Write and its Length look like a Receive and its Bytes: then the end that connected is Arca
    const unmistakable = guest.readable + monitor.readable + monitor.pipes > 0;
    if ((i === 0 || !c.connection.initiatorKnown || unmistakable) && isConvincing(c, guest, monitor, i))
      return claim(0.85, i);
    if (!guest.broken && !monitor.broken) open = true;
  }
  const beyond = c.ends.some((e, i) => starts[i as End] < 0 && e.bytes.length >= SEARCH_BYTES);
  const long = c.ends.some((e) => e.bytes.length > LONGEST_FIRST);
  return open && !beyond && !long && !c.final ? 'more' : null;
}

const NO_BYTES = new Uint8Array(0);

function isConvincing(c: Case, guest: Walk, monitor: Walk, guestEnd: End): boolean {
  const heardGuest = c.ends[guestEnd].bytes.length > 0;
  const heardMonitor = c.ends[guestEnd === 0 ? 1 : 0].bytes.length > 0;
  if (c.labelled && guest.frames + monitor.frames > 0 && !guest.broken && !monitor.broken) {
    return guest.redundant + monitor.redundant + monitor.pipes > 0 || c.final;
  }
  if (guest.frames > 0 && monitor.frames > 0) {
    if ((guest.dialects & monitor.dialects) === 0) return false;
    const pairs = Math.min(guest.frames, monitor.frames);
    if (Math.abs(guest.frames - monitor.frames) > 1 && pairs < FRAMES - 1) return false;
    const dialect = foremost(guest.dialects & monitor.dialects);
    let transfers = 0;
    for (let k = 0; k < pairs; k++) {
      const request = guest.frameIn(dialect, k);
      const answer = monitor.frameIn(dialect, k);
      if (!answersOf(dialect, request.name).includes(answer.name)) return false;
      if (TRANSFERS.has(request.name) && answer.size <= request.size) transfers++;
    }
    const signs = guest.redundant + monitor.redundant + 2 * monitor.pipes + guest.readable + monitor.readable;
    // a short file pipe carries little text, but none of its answers has more bytes than were asked for
    return signs >= 2 || (signs >= 1 && transfers >= 1 && guest.frames + monitor.frames >= CHAINED);
  }
  if (guest.frames > 0 && !heardMonitor && !guest.broken) {
    return (
      (guest.readable >= 1 && guest.frames >= 2) ||
      guest.readable >= 2 ||
      (guest.frames >= CHAINED && guest.redundant >= 2)
    );
  }
  if (monitor.frames > 0 && !heardGuest && !monitor.broken) {
    return (
      monitor.pipes >= 1 ||
      (monitor.readable >= 1 && monitor.frames >= 2) ||
      (monitor.frames >= CHAINED && monitor.redundant >= 2)
    );
  }
  return false;
}

/** Index at which the frames of an end begin; -1: not found. */
function startOf(e: EndBytes): number {
  if (e.fromStart || e.bytes.length === 0) return 0;
  const b = e.bytes;
  const last = Math.min(b.length - FRAME.size, SEARCH_BYTES);
  for (let at = 0; at <= last; at++) {
    if (b[at + 7] !== 0 || b[at + 6] !== 0 || b[at + 5] !== 0 || b[at + 4] !== 0 || b[at + 3] !== 0) continue;
    if ((b[at]! | b[at + 1]!) === 0) continue;
    for (const role of ['guest', 'monitor'] as const) {
      const w = new Walk(b.subarray(at, at + SEARCH_BYTES), 0, role);
      if (w.frames >= CHAINED && w.redundant + w.pipes > 0) return at;
      if (at === 0 && w.frames > 0 && !w.broken) return at;
    }
  }
  return -1;
}

function isPrintable(b: Uint8Array, run: Run | null): boolean {
  if (run === null || run.length === 0) return false;
  for (let i = run.at; i < run.at + run.length; i++) if (b[i]! < 0x20 || b[i] === 0x7f) return false;
  return true;
}

function isPointer(n: number): boolean {
  return n > 0 && n < 2 ** 47;
}
