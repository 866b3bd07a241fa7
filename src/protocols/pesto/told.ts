import type { RuleLayout } from './layout.js';
import type { Hello, Pif } from './messages.js';

/** What a direction is about to read. */
export type Phase =
  /** The hello, or the first byte of an update. */
  | 'start'
  /** The id of a table, or the zero byte after the last. */
  | 'table'
  | 'rules'
  /** Everything was said. */
  | 'done'
  /** Nothing that follows can be framed. */
  | 'dead'
  /** Bytes were lost; the next table header is looked for. */
  | 'search';

/**
 * What one direction has told so far, written by its framing: all that the session and the other direction ever learn of it besides its
 * messages.
 */
export class Told {
  phase: Phase = 'start';
  /** The table that is being read, and how many of its rules are still to come. */
  table: Pif | null = null;
  left = 0;
  ruleLayout: RuleLayout | null = null;
  /** Whether bytes of this direction are missing from the capture. */
  lossy = false;
  /** Whether there are bytes after the end of what may be said. */
  strayed = false;
  /** Bytes of an unfinished message at the direction's end: where, how many, the first of them, and how many there should be (0: unknown). */
  cutOffset = -1;
  cutPresent = 0;
  cutBytes = new Uint8Array(0);
  cutWanted = 0;
}

/** What the server has told. */
export class ServerTold extends Told {
  /** The newest hello. */
  hello: Hello | null = null;
  /** Hellos so far: each begins a connection. */
  hellos = 0;
  /** Whether the stream does not begin with the magic, and what it begins with instead. */
  badMagic = false;
  firstBytes = new Uint8Array(0);
  /** The layout of rules by the hello: see `rules`. */
  announced: RuleLayout | 'pending' | 'unknown' | 'experimental' = 'pending';

  /**
   * The layout of rules in this conversation, which the client's bytes cannot tell. `pending`: no hello yet. `unknown`: the hello has
   * a version whose rules nobody knows. `experimental`: the hello leaves it open, and the bytes must decide.
   */
  rules(): RuleLayout | 'pending' | 'unknown' | 'experimental' {
    if (this.announced === 'pending' || this.announced === 'experimental') {
      if (this.ruleLayout !== null) return this.ruleLayout;
      if (this.phase === 'done' || this.phase === 'dead') return 'experimental';
    }
    return this.announced;
  }

  /** Whether the hello has a version that no release has: then every layout is a guess. */
  get guessed(): boolean {
    return this.announced === 'experimental';
  }
}

/** What the client has told. */
export class ClientTold extends Told {
  /** Whether the rule size was worked out from the rules, and whether the other would fit about as well. */
  guessed = false;
  ambiguous = false;
  /** Whether the rules have the other size than the server announced. */
  skewed = false;
  /** First bytes of a stream that begins with text instead of a table id. */
  greeting = '';
}

/** How far each side's stream was seen: what a run of bytes is follows from who spoke in between. By side. */
export class Turns {
  readonly seen: [number, number] = [0, 0];
  /** By side: whether bytes behind its end wait to be shown when the peer goes on. */
  readonly waits: [boolean, boolean] = [false, false];
}
