import { UNKNOWN_PROTOCOL } from '../base/capture-rules.js';
import type { Message } from '../contract/message.js';
import type { Finding, StreamRecord } from '../engine/event.js';

/**
 * Compares the messages and findings in the streams of two captures of the same connections. Findings are compared by rule, severity,
 * party, stream, message and place, but not by their text, in which names may differ.
 */
export class KeptFindings {
  private readonly counts = new Map<string, { readonly finding: Words; difference: number }>();

  /** Adds a finding of the first capture (`by` 1) or of the second (-1). */
  add(f: Finding, by: 1 | -1): void {
    // findings about the file are not in another file, and an unknown stream may have nothing left by which it was described
    if (f.stream === null || f.rule === UNKNOWN_PROTOCOL) return;
    const key = [f.rule.id, f.severity, f.party, f.stream.id, f.side, f.message?.index ?? 0, f.offset, f.length].join(
      ' ',
    );
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { finding: words(f), difference: by });
    else if ((known.difference += by) === 0) this.counts.delete(key);
  }

  /** Adds a message of the first capture (`by` 1) or of the second (-1). Both must have as many of each name from each side. */
  message(stream: StreamRecord, m: Message, by: 1 | -1): void {
    const key = `${stream.id} ${m.side} ${m.name}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { finding: `stream ${stream.id} ${m.name}`, difference: by });
    else if ((known.difference += by) === 0) this.counts.delete(key);
  }

  /** Whether both captures have the same. */
  get same(): boolean {
    return this.counts.size === 0;
  }

  /** What only the first capture has. */
  get lost(): Words[] {
    return this.that((difference) => difference > 0);
  }

  /** What only the second capture has. */
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
