import { setFlagsFromString } from 'node:v8';

/** V8's young generation keeps its initial size; collecting one so small is not worth a second thread. */
export const SMALL_YOUNG_GENERATION: readonly string[] = ['--semi-space-growth-factor=1', '--no-parallel-scavenge'];

/** How much the heap may grow, in percent, before V8 collects it again: by default it lets a heap of 100 MB grow to 420 MB. */
export const SLOW_GROWTH: readonly string[] = ['--heap-growing-percent=60'];

/** The same for a heap that is large already. */
export const SLOWER_GROWTH: readonly string[] = ['--heap-growing-percent=30'];

/**
 * How much V8 inlines into one function, in bytes of bytecode. A packet passes through some thirty small functions: with V8's default of 920,
 * some calls between them are not inlined, which costs a sixth of the time of small messages.
 */
export const MORE_INLINING: readonly string[] = ['--max-inlined-bytecode-size-cumulative=1500'];

/**
 * How many shapes of objects V8 distinguishes at one place in the code; its default is 4. Protocols have more classes of messages: after a
 * handshake with six of them, V8 looked up every field of the millions of messages that followed in the slow way.
 */
export const MORE_SHAPES: readonly string[] = ['--max-valid-polymorphic-map-count=16'];

/**
 * How much a function must have run before V8 optimizes it, in `times` the default: in bytes of bytecode (V8 11, Node 20), or in calls (V8 12).
 * Analyzing two thousand small captures takes only as long as optimizing the code for it, which every thread does again. Later versions of V8
 * optimize less, and do not let such a flag be reset.
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

/** The values of all these flags at the start of a process. */
const AT_START: readonly string[] = [
  '--semi-space-growth-factor=2',
  '--parallel-scavenge',
  '--heap-growing-percent=0',
  '--max-inlined-bytecode-size-cumulative=920',
  '--max-valid-polymorphic-map-count=4',
  ...effort(1),
];

/** Sets flags of V8. They hold for the whole process, whichever thread sets them. */
export function setHeapFlags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}

/** Resets the flags to their values at the start: V8 accepts cached code (see code-cache.ts) only with the flags that it was made with. */
export function restoreHeapFlags(): void {
  setHeapFlags(AT_START);
}

/** Does the same while `work` loads cached code, and sets `flags` again afterwards. */
export function withFlagsOfStart<T>(flags: readonly string[], work: () => T): T {
  restoreHeapFlags();
  try {
    return work();
  } finally {
    setHeapFlags(flags);
  }
}
