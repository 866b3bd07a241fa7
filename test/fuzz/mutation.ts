import type { Step } from '../../src/base/rule.js';
import { crc32c } from '../../src/base/crc32c.js';
import type { CaptureFile, Session, Span } from './corpus.js';
import type { Random } from './random.js';

/** What a length or a counter is replaced with. */
const NUMBERS = [
  0,
  1,
  2,
  0x7f,
  0x80,
  0xff,
  0x100,
  0x7fff,
  0x8000,
  0xffff,
  0x10000,
  1 << 20,
  0x1000001,
  0x7fffffff,
  0x80000000,
  0xfffffff0,
  0xffffffff,
] as const;

/** Changes `length` bytes at `start` as a number: to a notable one, or by a little. */
function changeNumber(bytes: Uint8Array, start: number, length: number, random: Random): void {
  const end = Math.min(start + length, bytes.length);
  if (start >= end) return;
  const little = random.oneIn(2);
  const at = (i: number): number => (little ? start + i : end - 1 - i);
  const width = end - start;
  if (random.oneIn(2)) {
    let n: number = random.pick(NUMBERS);
    for (let i = 0; i < width; i++) {
      bytes[at(i)] = n & 0xff;
      n = Math.floor(n / 256);
    }
    return;
  }
  let carry = random.pick([1, -1, 2, -2, 4, -4, 8, 16, -16, 255]);
  for (let i = 0; i < width && carry !== 0; i++) {
    const sum = bytes[at(i)]! + carry;
    bytes[at(i)] = sum & 0xff;
    carry = sum >> 8;
  }
}

/** Changes some bytes anywhere. */
export function changeBytes(bytes: Uint8Array, random: Random): void {
  if (bytes.length === 0) return;
  const at = random.below(bytes.length);
  switch (random.below(5)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      break;
    case 1:
      bytes[at] = random.below(256);
      break;
    case 2:
      changeNumber(bytes, at, random.pick([1, 2, 4, 8]), random);
      break;
    case 3:
      bytes.fill(random.pick([0, 0xff, 0x20, 0x41, 0x1b, 0x0a, 0xe2]), at, at + 1 + random.below(16));
      break;
    default:
      bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length));
  }
}

/** A session that went wrong in a few ways: fields, bytes, order, length, company. */
export function mutateSession(session: Session, others: readonly Session[], random: Random): Step[] {
  const steps = session.steps.map((s): Step => ('bytes' in s ? { ...s, bytes: new Uint8Array(s.bytes) } : s));
  const rounds = 1 + random.below(3);
  for (let i = 0; i < rounds; i++) {
    if (session.fields.length > 0 && random.oneIn(2)) {
      const field = random.pick(session.fields);
      editSpan(steps, field, (bytes, start, length) => changeNumber(bytes, start, length, random));
    } else {
      const sent = steps.filter((s) => 'bytes' in s);
      if (sent.length > 0) changeBytes(random.pick(sent).bytes, random);
    }
  }
  if (session.protocol.name === 'msgr2' && !random.oneIn(4)) repairFrames(session, steps);
  while (random.oneIn(3)) rearrange(steps, others, random);
  return untilEnds(steps);
}

/** Nothing comes from a side that has ended its stream, on each connection: the floors below see to that. */
function untilEnds(steps: readonly Step[]): Step[] {
  let ended = new Set<string>();
  const left: Set<string>[] = [];
  return steps.filter((step) => {
    if ('then' in step) {
      if (step.then === 'earlier connection') {
        const earlier = left.pop();
        if (earlier === undefined) return false;
        left.push(ended);
        ended = earlier;
      } else {
        if (step.meanwhile) left.push(ended);
        ended = new Set();
      }
    }
    if (!('from' in step)) return true;
    if (ended.has(step.from)) return false;
    if ('end' in step) ended.add(step.from);
    return true;
  });
}

/** Lets `edit` change the span where it lies in one step. */
function editSpan(
  steps: readonly Step[],
  span: Span,
  edit: (bytes: Uint8Array, start: number, length: number) => void,
): void {
  const who = span.side === 0 ? 'client' : 'server';
  let offset = 0;
  for (const step of steps) {
    if (!('bytes' in step) || step.from !== who) continue;
    if (span.start < offset + step.bytes.length) {
      edit(step.bytes, span.start - offset, span.length);
      return;
    }
    offset += step.bytes.length;
  }
}

const PREAMBLE = 32;

/** Makes the checksums of msgr2 frames (revision 1, in one step each) right again, so that what they carry is looked at. */
function repairFrames(session: Session, steps: readonly Step[]): void {
  for (const message of session.messages) {
    if (message.length < PREAMBLE) continue;
    editSpan(steps, message, (bytes, start, length) => {
      const end = start + length;
      if (end > bytes.length) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      view.setUint32(start + 28, crc32c(0, bytes, start, start + 28), true);
      const count = bytes[start + 1]!;
      if (count < 1 || count > 4) return;
      const lengths = [2, 8, 14, 20].map((at, i) => (i < count ? view.getUint32(start + at, true) : 0));
      let at = start + PREAMBLE;
      const tail = end - 13;
      lengths.forEach((n, i) => {
        const stop = at + n;
        const slot = i === 0 ? stop : tail + 1 + 4 * (i - 1);
        if (n > 0 && stop <= end && slot + 4 <= end && slot >= stop)
          view.setUint32(slot, crc32c(0xffff_ffff, bytes, at, stop), true);
        at = i === 0 ? stop + 4 : stop;
      });
    });
  }
}

/** Drops, repeats, swaps, cuts, joins or inserts steps. */
function rearrange(steps: Step[], others: readonly Session[], random: Random): void {
  if (steps.length === 0) return;
  const at = random.below(steps.length);
  const step = steps[at]!;
  switch (random.below(9)) {
    case 0:
      steps.splice(at, 1);
      break;
    case 1:
      steps.splice(at, 0, step);
      break;
    case 2: {
      const with_ = random.below(steps.length);
      steps[at] = steps[with_]!;
      steps[with_] = step;
      break;
    }
    case 3:
      if ('bytes' in step) steps[at] = { ...step, bytes: step.bytes.subarray(0, random.below(step.bytes.length + 1)) };
      break;
    case 4:
      steps.splice(at, 0, {
        from: random.pick(['client', 'server']),
        gap: 1 + random.below(random.pick([4, 100, 100_000])),
      });
      break;
    case 5: {
      const other = random.pick(others).steps;
      const start = random.below(other.length);
      steps.splice(at, 0, ...other.slice(start, start + 1 + random.below(4)).filter((s) => 'bytes' in s));
      break;
    }
    case 6:
      steps.splice(at, 0, { from: random.pick(['client', 'server']), end: random.pick(['fin', 'reset']) });
      break;
    case 7:
      steps.splice(at, 0, { from: random.pick(['client', 'server']), bytes: random.bytes(1 + random.below(80)) });
      break;
    default:
      if ('bytes' in step) steps[at] = { ...step, from: step.from === 'client' ? 'server' : 'client' };
  }
}

/** A capture file with damaged records, packets or lines, in another order, with those of another one between them. */
export function mutateCapture(file: CaptureFile, others: readonly CaptureFile[], random: Random): Uint8Array {
  let bytes = file.bytes.slice();
  const recordAt = (f: CaptureFile): number => (f.records.length > 0 ? random.pick(f.records) : 0);
  const rounds = 1 + random.below(4);
  for (let i = 0; i < rounds; i++) {
    const at = recordAt(file);
    // record and packet headers are where structure lies
    if (random.oneIn(2)) changeNumber(bytes, at + random.below(file.text ? 40 : 76), random.pick([1, 2, 4]), random);
    else changeBytes(bytes, random);
  }
  switch (random.below(5)) {
    case 0:
      bytes = bytes.slice(0, random.below(bytes.length + 1));
      break;
    case 1: {
      const a = recordAt(file);
      const b = recordAt(file);
      bytes = joined(bytes.subarray(0, a), bytes.subarray(b));
      break;
    }
    case 2: {
      const other = random.pick(others);
      const start = recordAt(other);
      const piece = other.bytes.subarray(start, start + random.below(1000));
      const at = recordAt(file);
      bytes = joined(bytes.subarray(0, at), piece, bytes.subarray(at));
      break;
    }
    default:
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
