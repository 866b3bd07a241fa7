import { setFlagsFromString } from 'node:v8';

/** A young generation that stays as small as it begins; one so small is not worth a second thread. */
export const SMALL_YOUNG_GENERATION: readonly string[] = ['--semi-space-growth-factor=1', '--no-parallel-scavenge'];

/** How much the heap may grow, in percent, before V8 collects it again: left alone it lets a heap of 100 MB grow to 420. */
export const SLOW_GROWTH: readonly string[] = ['--heap-growing-percent=60'];

/** The same of a heap that is large already. */
export const SLOWER_GROWTH: readonly string[] = ['--heap-growing-percent=30'];

/**
 * How much of what a function calls is compiled into it, in bytes of bytecode. A packet passes through some thirty small functions: with V8's
 * own bound of 920, some of the calls between them stay calls, which costs a sixth of the time of small messages.
 */
export const MORE_INLINING: readonly string[] = ['--max-inlined-bytecode-size-cumulative=1500'];

/**
 * How many shapes of objects V8 tells apart in one place. A protocol has more classes of messages than its own bound of 4: a handshake of six
 * had it look up every field of the millions of messages behind it.
 */
export const MORE_SHAPES: readonly string[] = ['--max-valid-polymorphic-map-count=16'];

/**
 * What a function has to have done before V8 optimizes it, so many `times` as much as at the start: bytes of code that it ran (V8 11, Node 20), or
 * its calls (V8 12). To run two thousand small captures takes as long as to optimize what they run, which is done again for every thread. Later
 * versions optimize less, and do not take such a flag back.
 */
function effort(times: number): readonly string[] {
  switch (Number.parseInt(process.versions.v8, 10)) {
    case 11:
      return [`--interrupt-budget=${times * (66 << 10)}`];
    case 12:
      return [`--invocation-count-for-turbofan=${times * 3000}`];
    default:
      return [];
  }
}

export const LATE_OPTIMIZATION = effort(4);

/** What the others change, as it is at the start of a process. */
const AT_START: readonly string[] = [
  '--semi-space-growth-factor=2',
  '--parallel-scavenge',
  '--heap-growing-percent=0',
  '--max-inlined-bytecode-size-cumulative=920',
  '--max-valid-polymorphic-map-count=4',
  ...effort(1),
];

/** Sets flags of V8, which are the process's, whichever thread sets them. */
export function setHeapFlags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}

/** V8 keeps code for the flags only that a process starts with (see code-cache.ts): puts them back. */
export function restoreHeapFlags(): void {
  setHeapFlags(AT_START);
}

/** The same while `work` loads such code; then `flags`, which hold in the process, hold again. */
export function withFlagsOfStart<T>(flags: readonly string[], work: () => T): T {
  restoreHeapFlags();
  try {
    return work();
  } finally {
    setHeapFlags(flags);
  }
}
