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

/** Bytes of live and dead objects from which memory counts more than time. */
const MUCH = 32 << 20;
/** The same from which it counts more still. */
const VERY_MUCH = 40 << 20;
const BATCHES_A_LOOK = 4;

// V8's flags are the process's, and so is what was asked of them.
let batches = 0;
let thrifty = false;
let stingy = false;
let young: 'as it is' | 'to be small' | 'small' = 'as it is';
let mending = false;
let shapes = false;

/** To be called before anything is read. */
export function tellShapesApart(): void {
  if (shapes) return;
  shapes = true;
  setFlags(MORE_SHAPES);
}

/**
 * To be called between batches of packets: has V8 inline more, and collect sooner once there is much to collect, as with thousands of open
 * sessions. The first batch is left alone: a small capture is over then, and to ask V8 for anything takes a while.
 */
export function watchHeap(): void {
  if (++batches < 2) return;
  if (batches === 2) setFlags(MORE_INLINING);
  if (young === 'to be small') {
    young = 'small';
    thrifty = true;
    setFlags([...SMALL_YOUNG_GENERATION, ...SLOW_GROWTH]);
  }
  // to ask takes as long as to judge a few packets, and thousands of captures may be small
  if (stingy || (thrifty && batches % BATCHES_A_LOOK !== 0)) return;
  const used = getHeapStatistics().used_heap_size;
  stingy = used >= VERY_MUCH;
  if (stingy) setFlags(SLOWER_GROWTH);
  else if (!thrifty && used >= MUCH) setFlags(SLOW_GROWTH);
  thrifty ||= used >= MUCH;
}

/**
 * For commands that print little: V8 lets its young generation grow to 16 MB each way, where what a message leaves behind is promoted
 * before it dies. Where every message is printed, a small one costs 40 % more time.
 */
export function keepYoungGenerationSmall(): void {
  if (young === 'as it is') young = 'to be small';
}

/**
 * For many captures, or several threads, of which each has a heap: all of that from the start. What a small capture leaves behind is 50 kB,
 * and V8 would let thousands of them come together. Where every message is `printed`, that would cost time. With several `threads` no core is
 * left on which V8 could optimize beside them. Returns the flags that hold now.
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

/** V8 keeps code for a program that starts with the flags which it has when it is asked for the code (see base/code-cache.ts). */
export function mendFlagsInTheEnd(): void {
  if (mending) return;
  mending = true;
  process.prependOnceListener('exit', restoreHeapFlags);
}
