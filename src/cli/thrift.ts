import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of live and dead objects from which memory counts more than time. */
const MUCH = 32 << 20;
/** How much the heap may grow, in percent, before V8 collects it again: left alone it lets a heap of 100 MB grow to 420. */
const GROWTH = 60;

// V8's flags are the process's, and so is what was asked of them.
let batches = 0;
let thrifty = false;
let young: 'as it is' | 'to be small' | 'small' = 'as it is';
let mending = false;

/**
 * To be called between batches of packets: has V8 collect sooner once there is much to collect, as with thousands of open sessions. The
 * first batch is left alone: a small capture is over then, and to ask V8 for anything takes a while.
 */
export function watchHeap(): void {
  if (++batches < 2) return;
  if (young === 'to be small') {
    young = 'small';
    // one so small is not worth a second thread
    setFlags('--semi-space-growth-factor=1', '--no-parallel-scavenge');
  }
  if (thrifty || getHeapStatistics().used_heap_size < MUCH) return;
  thrifty = true;
  setFlags(`--heap-growing-percent=${GROWTH}`);
}

/**
 * For commands that print little: V8 lets its young generation grow to 16 MB each way, where what a message leaves behind is promoted
 * before it dies. Where every message is printed, a small one costs 40 % more time.
 */
export function keepYoungGenerationSmall(): void {
  if (young === 'as it is') young = 'to be small';
}

function setFlags(...flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
  mendFlagsInTheEnd();
}

/** V8 keeps code for a program that starts with the flags which it has when it is asked for the code (see base/code-cache.ts). */
export function mendFlagsInTheEnd(): void {
  if (mending) return;
  mending = true;
  process.prependOnceListener('exit', () => {
    for (const flag of ['--semi-space-growth-factor=2', '--parallel-scavenge', '--heap-growing-percent=0'])
      setFlagsFromString(flag);
  });
}
