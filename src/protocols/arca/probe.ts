import type { ProbeInput, ProbeResult } from '../../contract/protocol.js';
import type { End } from '../../stream/byte-stream.js';
import type { Case, EndBytes } from './claim.js';
import { judgeA } from './family-a/claim.js';
import { judgeB } from './family-b/claim.js';
import { judgeC } from './family-c/claim.js';
import { judgeL } from './family-l/claim.js';

const LABEL = /(^|[^a-z])arca([^a-z]|$)/i;

/**
 * Judges whether a stream is Arca's. No generation has a magic, so signs at both ends are weighed (arca.md 3.3). A claim needs frames that
 * confirm each other: replies with the request's id, lengths that are given twice, ids that count up. A single frame is accepted only if it
 * is the whole stream.
 */
export function probeArca(input: ProbeInput): ProbeResult {
  const { connection } = input;
  const end = (i: End): EndBytes => ({
    bytes: input.bytes[i],
    fromStart: connection.start === 'captured' && !input.cut[i],
    ended: input.ended[i],
  });
  const sides: Case = {
    ends: [end(0), end(1)],
    connection,
    labelled:
      (connection.transport !== 'tcp' && LABEL.test(connection.endpoints.join(' '))) || LABEL.test(connection.comment),
    final: input.ended[0] && input.ended[1],
  };
  // the families with the most specific signs come first
  let more = false;
  for (const judge of [judgeB, judgeC, judgeA, judgeL]) {
    const verdict = judge(sides);
    if (verdict === 'more') more = true;
    else if (verdict !== null) return verdict;
  }
  return more && !sides.final ? 'more' : null;
}
