import type { RuleLayout } from './layout.js';

/**
 * All that a client's bytes cannot tell and the server's do: how long a rule is, by the version in the hello; and, where a
 * recording holds several connections in one stream, how many there are. This is the only way by which the client's decoder
 * learns anything of the other direction.
 */
export interface ServerHints {
  /**
   * The layout of rules in this conversation. `pending`: no hello yet. `unknown`: the hello has a version whose rules nobody
   * knows. `experimental`: the hello leaves it open, and the bytes must decide.
   */
  announcedRules(): RuleLayout | 'pending' | 'unknown' | 'experimental';
  /** Whether the hello has a version that no release has: then every layout is a guess. */
  readonly guessed: boolean;
  /** Hellos so far: each begins a connection. */
  readonly hellos: number;
}
