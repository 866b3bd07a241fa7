import { createHash } from 'node:crypto';
import { withoutNumbers } from '../base/text.js';
import type { Finding } from '../engine/event.js';

/**
 * Computes fingerprints that identify findings of one capture across unrelated changes. In a new recording, packets, times, ports, ids and
 * stream numbers differ, but rule, protocol, direction, message name and wording stay. Findings that are the same in all of these are
 * distinguished by their order.
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

/** The first 32 hex digits of the SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
