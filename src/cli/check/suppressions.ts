import { pathMatcher, patternMatcher } from '../../base/pattern.js';
import type { Suppression } from '../config-file.js';

/** A suppression that can silence findings of one file. */
export interface ActiveSuppression {
  /** Its index in the configuration, from 0. */
  readonly number: number;
  readonly rule?: string | undefined;
  readonly stream?: number | undefined;
  readonly fingerprint?: string | undefined;
}

/** What suppressions are compared with: the relevant facts of a finding. */
export interface Suppressible {
  readonly rule: string;
  readonly stream: number | null;
  readonly fingerprint: string;
}

/**
 * The suppressions for one recording: those that have not expired and whose path matches. `paths`: its files, relative to the
 * configuration's folder.
 */
export function suppressionsFor(
  all: readonly Suppression[],
  paths: readonly string[],
  today: string,
): ActiveSuppression[] {
  const active: ActiveSuppression[] = [];
  all.forEach((s, number) => {
    if (isExpired(s, today)) return;
    if (s.path !== undefined && !paths.some(pathMatcher(s.path))) return;
    active.push({ number, rule: s.rule, stream: s.stream, fingerprint: s.fingerprint });
  });
  return active;
}

/** A suppression is in force until the end of its last day, in UTC. */
export function isExpired(s: Suppression, today: string): boolean {
  return s.expires !== undefined && s.expires < today;
}

/** Today's date in UTC, in the form that configurations use. */
export function todayText(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Silences findings of one file, and counts what each suppression silenced. */
export class Silencer {
  readonly used: Record<number, number> = {};
  /** Number of findings that were silenced. */
  silenced = 0;
  /** Whether any of the suppressions names a fingerprint. */
  readonly byFingerprint: boolean;
  private readonly entries: readonly { s: ActiveSuppression; rule: ((id: string) => boolean) | null }[];

  constructor(active: readonly ActiveSuppression[]) {
    this.entries = active.map((s) => ({ s, rule: s.rule === undefined ? null : patternMatcher(s.rule) }));
    this.byFingerprint = active.some((s) => s.fingerprint !== undefined);
  }

  /** Whether the finding is silenced. Every suppression that matches it counts as used. */
  silences(finding: Suppressible): boolean {
    let silenced = false;
    for (const { s, rule } of this.entries) {
      if (rule !== null && !rule(finding.rule)) continue;
      if (s.stream !== undefined && s.stream !== finding.stream) continue;
      if (s.fingerprint !== undefined && s.fingerprint !== finding.fingerprint) continue;
      this.used[s.number] = (this.used[s.number] ?? 0) + 1;
      silenced = true;
    }
    if (silenced) this.silenced++;
    return silenced;
  }
}
