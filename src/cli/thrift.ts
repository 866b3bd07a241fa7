import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of live and dead objects from which memory counts more than time. */
const MUCH = 32 << 20;
/** How much the heap may grow, in percent, before V8 collects it again: left alone it lets a heap of 100 MB grow to 420. */
const GROWTH = 60;

let thrifty = false;

/** To be called between batches of packets: has V8 collect sooner once there is much to collect, as with thousands of open sessions. */
export function watchHeap(): void {
  if (thrifty || getHeapStatistics().used_heap_size < MUCH) return;
  thrifty = true;
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}

/**
 * For commands that print little: V8 lets its young generation grow to 16 MB each way, where what a message leaves behind is promoted
 * before it dies. Where every message is printed, the same setting costs 40 % more time. A small one is not worth a second thread.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}
