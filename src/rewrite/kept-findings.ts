import { UNKNOWN_PROTOCOL } from '../base/capture-rules.js';
import type { Message } from '../contract/message.js';
import type { Finding, StreamRecord } from '../engine/event.js';

/**
 * Counts messages, and what is found, in the streams of two captures of the same connections: by rule, severity, party, stream, message and place. Words
 * are left out, as names in them are others.
 */
export class KeptFindings {
  private readonly counts = new Map<string, { readonly finding: Words; difference: number }>();

  /** One of the first capture (`by` 1), or of the second (-1). */
  add(f: Finding, by: 1 | -1): void {
    // what is wrong with the file itself is not in another file, nor what a stream was of which nothing is left
    if (f.stream === null || f.rule === UNKNOWN_PROTOCOL) return;
    const key = [f.rule.id, f.severity, f.party, f.stream.id, f.side, f.message?.index ?? 0, f.offset, f.length].join(
      ' ',
    );
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { finding: words(f), difference: by });
    else if ((known.difference += by) === 0) this.counts.delete(key);
  }

  /** A message of the first capture (`by` 1), or of the second (-1): as many of each name must come from each side. */
  message(stream: StreamRecord, m: Message, by: 1 | -1): void {
    const key = `${stream.id} ${m.side} ${m.name}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { finding: `stream ${stream.id} ${m.name}`, difference: by });
    else if ((known.difference += by) === 0) this.counts.delete(key);
  }

  /** Whether both have the same. */
  get same(): boolean {
    return this.counts.size === 0;
  }

  /** What only the first has. */
  get lost(): Words[] {
    return this.that((difference) => difference > 0);
  }

  /** What only the second has. */
  get made(): Words[] {
    return this.that((difference) => difference < 0);
  }

  private that(is: (difference: number) => boolean): Words[] {
    return [...this.counts.values()].filter((c) => is(c.difference)).map((c) => c.finding);
  }
}

type Words = string;

function words(f: Finding): Words {
  const message = f.message === null || f.message.index === 0 ? '' : ` about #${f.message.index}`;
  return `stream ${f.stream!.id} ${f.severity} ${f.rule.id} (${f.party})${message} at offset ${f.offset}`;
}
