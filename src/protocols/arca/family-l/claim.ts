import type { Claim } from '../../../contract/protocol.js';
import { claim, type Case } from '../claim.js';
import { CALLS } from './layout.js';
import { chainL } from './framing.js';

const MOST_CALLS = 64;
/** A stream that no label names must consist of this many calls, with at least two different opcodes. */
const ENOUGH = 4;

/**
 * Judges whether the streams of a connection are of family L. Its calls are short and contain many zeros, so the whole stream must consist
 * of calls, from its first byte to its last.
 */
export function judgeL(c: Case): Claim | 'more' | null {
  let calls = 0;
  const opcodes = new Set<number>();
  let open = true;
  for (const e of c.ends) {
    if (e.bytes.length === 0) continue;
    if (!e.fromStart) return null;
    const chain = chainL(e.bytes, 0, e.bytes.length, MOST_CALLS);
    if (chain.broken) return null;
    if (chain.end !== e.bytes.length && chain.frames < MOST_CALLS) open = false;
    calls += chain.frames;
    for (let p = 0, n = 0; n < chain.frames; n++) {
      const op = e.bytes[p]!;
      opcodes.add(op);
      p += CALLS[op]!.layout.size;
    }
  }
  if (!open) return c.final ? null : 'more';
  if (c.labelled && calls > 0 && c.final) return claim(0.6, c.connection.initiatorKnown ? 0 : null);
  if (calls >= ENOUGH && opcodes.size >= 2 && c.final) return claim(0.6, c.connection.initiatorKnown ? 0 : null);
  return c.final ? null : 'more';
}
