import type { Block } from '../base/block.js';
import type { Side } from '../base/input.js';
import type { Origin } from '../base/origin.js';
import type { Decoder, Output } from '../contract/protocol.js';
import type { Carry, PumpRoom } from './carry.js';

/** Bytes that a decoder may always gather, even under a lower limit messageBytes: enough for anything with a 16-bit length, and its header. */
const LEAST_GATHERED = 128 << 10;
/** When all streams together gather too much, a direction gives its bytes up only if they occupy more than this. */
const LEAST_GIVEN_UP = 4 << 10;

/**
 * Drives the decoder of one direction: hands it chunks without copying them, keeps what it leaves of a chunk until more has come, and only
 * counts bodies. Bytes are copied only where a header straddles chunks.
 */
export class DirectionPump {
  readonly decoder: Decoder;
  private readonly room: PumpRoom;
  private readonly output: Output;
  private readonly side: Side;
  /** Stream offset of the next byte that the decoder has not taken. */
  offset: number;
  /** What the decoder has left of chunks, or null; and its length. */
  private carry: Carry | null = null;
  private carried = 0;
  /** Whether all streams together gather too much (bufferedBytes), and this direction more than a header. */
  crowded = false;
  /** Whether the decoder had to go on without waiting for its peer any longer, because too many bytes waited (hintBytes). */
  impatient = false;

  /** `output` gets the bytes of `side` that the decoder has not taken before a gap or the end. */
  constructor(decoder: Decoder, side: Side, offset: number, room: PumpRoom, output: Output) {
    this.decoder = decoder;
    this.side = side;
    this.offset = offset;
    this.room = room;
    this.output = output;
  }

  /** Stream offset just after the last byte that was fed. */
  get received(): number {
    return this.offset + this.carried;
  }

  /** The next captured bytes of the direction. */
  feed(block: Block, start: number, end: number, origin: Origin): void {
    let pos = start;
    let step = 1;
    while (pos < end) {
      if (upgrades(this.decoder)) {
        this.keep(block, pos, end, origin);
        return;
      }
      // all that is carried came from this chunk: drop the copy and go on in the chunk itself. Otherwise a search that leaves the last few
      // bytes each time would send every byte through the carry, which is hundreds of times slower.
      if (!this.decoder.waiting && this.carried > 0 && this.carried <= pos - start) {
        pos -= this.carried;
        this.release();
      }
      if (this.carried === 0) {
        pos = this.drain(block, pos, end, origin, true);
        if (pos < end) this.keep(block, pos, end, origin);
        return;
      }
      const d = this.decoder;
      const want = d.waiting ? end - pos : Math.min(Math.max(d.need - this.carried, step), end - pos);
      this.keep(block, pos, pos + want, origin);
      pos += want;
      if (d.waiting) {
        if (this.carried > this.room.limits.hintBytes) {
          this.impatient = true;
          this.drainCarry(false);
        }
      } else if (this.carried >= d.need) {
        this.drainCarry(true);
      }
      step = this.carried;
    }
  }

  /** Lets a waiting decoder go on: the peer's stream got further, or (`patient` false) will not. */
  wake(patient: boolean): void {
    if (this.decoder.waiting && this.carried > 0) this.drainCarry(patient);
  }

  /** Hands the bytes that the decoder has not taken to `take`, as TLS begins there. */
  handOver(take: (bytes: Uint8Array, start: number, end: number, origin: Origin) => void): void {
    const { carry } = this;
    this.carry = null;
    this.carried = 0;
    if (carry === null) return;
    this.room.budget.give(carry.cost);
    carry.each(take);
    this.room.put(carry);
  }

  /** The next `length` bytes of the direction are not in the capture; 0: an unknown number. */
  gap(length: number, origin: Origin): void {
    this.abandonCarried('gap');
    const d = this.decoder;
    if (length === 0) {
      this.gapOfUnknownLength(origin);
      return;
    }
    let rest = length;
    if (d.body > 0) {
      const n = Math.min(d.body, rest);
      d.body -= n;
      d.bodyGap(n, this.offset);
      this.offset += n;
      rest -= n;
      if (d.body === 0) d.bodyEnd(origin);
    }
    if (rest > 0) {
      d.gap(rest, this.offset);
      this.offset += rest;
    }
  }

  /** It is unknown where the current body ends: the rest of it counts as lost, and the decoder has to search for the next frame. */
  private gapOfUnknownLength(origin: Origin): void {
    const d = this.decoder;
    if (d.body > 0 && d.body !== Infinity) {
      const rest = d.body;
      d.body = 0;
      d.bodyGap(rest, this.offset);
      d.bodyEnd(origin);
    }
    d.gap(0, this.offset);
  }

  /** The direction is over. */
  finish(how: 'fin' | 'reset' | 'open'): void {
    this.abandonCarried('end');
    this.decoder.end(how);
    this.release();
  }

  /** Gives the buffered bytes back without decoding them. */
  release(): void {
    const { carry } = this;
    this.carried = 0;
    if (carry === null) return;
    this.carry = null;
    this.room.budget.give(carry.cost);
    this.room.put(carry);
  }

  /** Nothing will continue the carried bytes: decodes what can be decoded, and abandons the rest. */
  private abandonCarried(why: 'gap' | 'end'): void {
    if (this.carried > 0 && this.decoder.waiting) this.drainCarry(false);
    const { carry, carried } = this;
    if (carry === null) return;
    carry.open(this.room.input, this.offset);
    this.decoder.abandon(this.room.input, why);
    const left = carried - this.room.input.pos;
    this.offset += carried;
    if (left > 0) this.output.skip(this.side, this.offset - left, left, 'undecoded');
    this.release();
  }

  private drainCarry(patient: boolean): void {
    const carry = this.carry!;
    carry.open(this.room.input, this.offset);
    const pos = this.drainInput(carry.block, patient);
    this.offset += pos;
    if (this.carry !== carry) return;
    if (pos === this.carried) {
      this.release();
    } else if (pos > 0) {
      const before = carry.cost;
      carry.drop(pos);
      this.room.budget.give(before - carry.cost);
      this.carried = carry.length;
    }
  }

  /** Lets the decoder take from one chunk; returns the position of the first byte it left. */
  private drain(block: Block, start: number, end: number, origin: Origin, patient: boolean): number {
    const d = this.decoder;
    let pos = start;
    // the fast path of bulk payload: neither the input nor `decode` is used
    if (d.body > 0) {
      const n = Math.min(d.body, end - pos);
      if (d.wantsBody) d.bodyBytes(block, pos, pos + n, this.offset, origin);
      d.body -= n;
      pos += n;
      this.offset += n;
      if (d.body > 0) return pos;
      d.bodyEnd(origin);
      if (pos === end) return pos;
    }
    if (end - pos < d.need) return pos;
    this.room.input.open(block, pos, end, this.offset, origin);
    const stopped = this.drainInput(block, patient);
    this.offset += stopped - pos;
    return stopped;
  }

  private drainInput(block: Block, patient: boolean): number {
    const d = this.decoder;
    const input = this.room.input;
    for (;;) {
      if (d.body > 0) {
        const n = Math.min(d.body, input.end - input.pos);
        const from = input.pos;
        input.pos += n;
        d.body -= n;
        if (d.wantsBody && n > 0) d.bodyBytes(block, from, from + n, input.base + from, input.originAt(from));
        if (d.body > 0) return input.pos;
        d.bodyEnd(input.originAt(input.pos - 1));
      }
      const left = input.end - input.pos;
      if (left === 0 || left < d.need || upgrades(d)) return input.pos;
      const before = input.pos;
      const need = d.need;
      d.waiting = false;
      d.decode(input, patient);
      if (upgrades(d)) return input.pos;
      if (d.waiting) {
        if (!patient) throw new Error('a decoder waits although it must not');
        return input.pos;
      }
      if (input.pos === before && d.body === 0 && d.need <= need) throw new Error('a decoder makes no progress');
      if (d.need > Math.max(this.room.limits.messageBytes, LEAST_GATHERED))
        throw new Error('a decoder gathers more than a message may hold');
    }
  }

  private keep(block: Block, start: number, end: number, origin: Origin): void {
    let { carry } = this;
    if (carry === null) {
      carry = this.carry = this.room.take();
      this.room.budget.take(carry.cost);
    }
    const before = carry.cost;
    carry.append(block, start, end, origin);
    if (!this.room.budget.take(carry.cost - before) && carry.cost > LEAST_GIVEN_UP) this.crowded = true;
    this.carried = carry.length;
  }
}

/** Whether the decoder says that TLS begins with its next byte. */
function upgrades(d: Decoder): boolean {
  return !!d.tls;
}
