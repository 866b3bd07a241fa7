import { getHeapStatistics } from 'node:v8';
import {
  LATE_OPTIMIZATION,
  MORE_INLINING,
  MORE_SHAPES,
  restoreHeapFlags,
  setHeapFlags,
  SLOW_GROWTH,
  SLOWER_GROWTH,
  SMALL_YOUNG_GENERATION,
} from '../base/heap-flags.js';

/** Used heap, in bytes of live and dead objects, from which saving memory matters more than saving time. */
const MUCH = 32 << 20;
/** Used heap from which it matters even more. */
const VERY_MUCH = 40 << 20;
const BATCHES_A_LOOK = 4;

// V8's flags belong to the whole process, and so does this state.
let batches = 0;
let thrifty = false;
let stingy = false;
let young: 'as it is' | 'to be small' | 'small' = 'as it is';
let mending = false;
let shapes = false;

/** Has V8 tell more object shapes apart at each place in the code (MORE_SHAPES). To be called before anything is read. */
export function tellShapesApart(): void {
  if (shapes) return;
  shapes = true;
  setFlags(MORE_SHAPES);
}

/**
 * To be called between batches of packets: has V8 inline more, and collect garbage sooner once the heap is large, as with thousands of open
 * sessions. Nothing is done after the first batch: a small capture is finished by then, and setting flags takes time.
 */
export function watchHeap(): void {
  if (++batches < 2) return;
  if (batches === 2) setFlags(MORE_INLINING);
  if (young === 'to be small') {
    young = 'small';
    thrifty = true;
    setFlags([...SMALL_YOUNG_GENERATION, ...SLOW_GROWTH]);
  }
  // asking for the heap's size takes as long as judging a few packets, which would add up over thousands of small captures
  if (stingy || (thrifty && batches % BATCHES_A_LOOK !== 0)) return;
  const used = getHeapStatistics().used_heap_size;
  stingy = used >= VERY_MUCH;
  if (stingy) setFlags(SLOWER_GROWTH);
  else if (!thrifty && used >= MUCH) setFlags(SLOW_GROWTH);
  thrifty ||= used >= MUCH;
}

/**
 * For commands that print little. By default V8 lets its young generation grow to 16 MB per half, and a message's garbage is promoted
 * before it dies. Where every message is printed, a small young generation costs 40 % more time.
 */
export function keepYoungGenerationSmall(): void {
  if (young === 'as it is') young = 'to be small';
}

/**
 * For many captures, or several threads with a heap each: sets the memory-saving flags from the start. Each small capture leaves 50 kB of
 * garbage, which V8 would let pile up over thousands of captures. With `printed` (every message is printed) the heap flags are not set,
 * because they would cost time. With several `threads`, V8 optimizes later, because no core is free for it. Returns the flags that were
 * set.
 */
export function saveFromStart(printed: boolean, threads: number): readonly string[] {
  if (!printed) {
    young = 'small';
    thrifty = true;
  }
  const flags = [
    ...(printed ? [] : [...SMALL_YOUNG_GENERATION, ...SLOW_GROWTH]),
    ...(threads > 1 ? LATE_OPTIMIZATION : []),
  ];
  setFlags(flags);
  return flags;
}

function setFlags(flags: readonly string[]): void {
  setHeapFlags(flags);
  mendFlagsInTheEnd();
}

/**
 * Restores the flags at exit: V8 only accepts cached code in a process that starts with the flags that were set when the code was cached
 * (see base/code-cache.ts).
 */
export function mendFlagsInTheEnd(): void {
  if (mending) return;
  mending = true;
  process.prependOnceListener('exit', restoreHeapFlags);
}
