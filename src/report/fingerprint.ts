import { createHash } from 'node:crypto';
import { withoutNumbers } from '../base/text.js';
import type { Finding } from '../engine/event.js';

/**
 * Names findings of one capture so that they are known again after unrelated changes of it: recorded anew, packets, times, ports,
 * ids and stream numbers differ, while the rule, the message, the direction and the wording stay. Among findings that are
 * alike in all that, the order decides.
 */
export class Fingerprints {
  private readonly seen = new Map<string, number>();

  of(finding: Finding): string {
    const key = [
      finding.rule.id,
      finding.stream?.protocol?.name ?? '',
      finding.side ?? '',
      finding.message?.name ?? '',
      withoutNumbers(finding.text),
    ].join('\0');
    const n = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, n);
    return shortHash(`${key}\0${n}`);
  }
}

/** 32 hex digits. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
