import { Block } from '../base/block.js';
import type { Budget } from '../base/budget.js';
import { Input } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';

const FIRST_SIZE = 256;
/** Up to MAX_POOLED carries of at most MAX_POOLED_SIZE bytes are kept for the next direction that needs one. */
const MAX_POOLED_SIZE = 64 << 10;
const MAX_POOLED = 16;
/** Bytes of memory for the origin of one chunk. */
const ORIGIN_COST = 80;

/** Bytes of one direction that the decoder has not taken, as more have to come first: from several chunks, with the origin of each. */
export class Carry {
  block = new Block(new Uint8Array(FIRST_SIZE));
  /** Bytes that are filled. */
  length = 0;
  private readonly ends: number[] = [];
  private readonly origins: Origin[] = [];
  private readonly last = new Origin();

  /** Bytes that it can hold. */
  get size(): number {
    return this.block.bytes.length;
  }

  /** Bytes of memory that it occupies, with the origins. */
  get cost(): number {
    return this.size + ORIGIN_COST * this.ends.length;
  }

  append(block: Block, start: number, end: number, origin: Origin): void {
    const total = this.length + end - start;
    if (total > this.size) {
      const bytes = new Uint8Array(Math.max(this.size * 2, total));
      bytes.set(this.block.bytes.subarray(0, this.length));
      this.block = new Block(bytes);
    }
    this.block.bytes.set(block.bytes.subarray(start, end), this.length);
    this.length = total;
    this.last.copyFrom(origin);
    this.ends.push(total);
    this.origins.push(origin.clone());
  }

  /** Opens `input` on all of its bytes, the first of which is at stream offset `offset`. */
  open(input: Input, offset: number): void {
    input.open(this.block, 0, this.length, offset, this.last);
    for (let i = 0; i < this.ends.length; i++) input.mark(this.ends[i]!, this.origins[i]!);
  }

  /** Hands out its chunks, oldest first. */
  each(take: (bytes: Uint8Array, start: number, end: number, origin: Origin) => void): void {
    let start = 0;
    this.ends.forEach((end, i) => {
      take(this.block.bytes, start, end, this.origins[i]!);
      start = end;
    });
  }

  /** Forgets the first `n` bytes. */
  drop(n: number): void {
    this.block.bytes.copyWithin(0, n, this.length);
    this.length -= n;
    let kept = 0;
    for (let i = 0; i < this.ends.length; i++) {
      const end = this.ends[i]! - n;
      if (end <= 0) continue;
      this.ends[kept] = end;
      this.origins[kept++] = this.origins[i]!;
    }
    this.ends.length = kept;
    this.origins.length = kept;
  }

  clear(): void {
    this.length = 0;
    this.ends.length = 0;
    this.origins.length = 0;
  }
}

/** What the pumps of one file share: limits, the input, and a pool of carries. A direction holds a carry only while bytes are left in it. */
export class PumpRoom {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  readonly input = new Input();
  private readonly free: Carry[] = [];

  constructor(limits: Readonly<Limits>, budget: Budget) {
    this.limits = limits;
    this.budget = budget;
  }

  take(): Carry {
    return this.free.pop() ?? new Carry();
  }

  put(carry: Carry): void {
    carry.clear();
    if (this.free.length < MAX_POOLED && carry.size <= MAX_POOLED_SIZE) this.free.push(carry);
  }
}
