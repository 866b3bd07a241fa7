import type { RuleLayout } from './layout.js';
import type { Hello, Pif } from './messages.js';

/** What a direction is to read next. */
export type Phase =
  /** The hello, or the first byte of an update. */
  | 'start'
  /** The id of a table, or the zero byte after the last. */
  | 'table'
  | 'rules'
  /** The list or the update is complete. */
  | 'done'
  /** Nothing that follows can be framed. */
  | 'dead'
  /** Bytes were lost: the next table header is searched for. */
  | 'search';

/**
 * What one direction has shown so far; its framing writes this. The session and the other direction learn nothing else about it besides its
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
  /** Whether there are bytes after the end of the list or update. */
  strayed = false;
  /**
   * The unfinished message at the direction's end: its offset (-1: none), how many bytes are there, the first of them, and how many there
   * should be (0: unknown).
   */
  cutOffset = -1;
  cutPresent = 0;
  cutBytes = new Uint8Array(0);
  cutWanted = 0;
}

/** What the server has shown. */
export class ServerTold extends Told {
  /** The latest hello. */
  hello: Hello | null = null;
  /** Number of hellos so far; each one begins a connection. */
  hellos = 0;
  /** Whether the stream does not begin with the magic, and the bytes with which it begins instead. */
  badMagic = false;
  firstBytes = new Uint8Array(0);
  /** The layout of rules according to the hello; see `rules`. */
  announced: RuleLayout | 'pending' | 'unknown' | 'experimental' = 'pending';

  /**
   * The layout of rules in this connection, which the client's bytes do not tell. `pending`: no hello yet. `unknown`: the rules of the
   * hello's version are not known. `experimental`: the hello leaves the layout open, and the bytes must decide.
   */
  rules(): RuleLayout | 'pending' | 'unknown' | 'experimental' {
    if (this.announced === 'pending' || this.announced === 'experimental') {
      if (this.ruleLayout !== null) return this.ruleLayout;
      if (this.phase === 'done' || this.phase === 'dead') return 'experimental';
    }
    return this.announced;
  }

  /** Whether the hello has a version that was not released, so that every layout is a guess. */
  get guessed(): boolean {
    return this.announced === 'experimental';
  }
}

/** What the client has shown. */
export class ClientTold extends Told {
  /** Whether the rule size was found from the rules, and whether the other size would fit about as well. */
  guessed = false;
  ambiguous = false;
  /** Whether the rules have another size than the server announced. */
  skewed = false;
  /** The first bytes of the stream, if it begins with text instead of a table id. */
  greeting = '';
}

/** How far each side's stream was seen, by side. The meaning of a run of bytes depends on which side sent something in between. */
export class Turns {
  readonly seen: [number, number] = [0, 0];
  /** By side: whether bytes after the end of its list or update wait to be shown until the peer goes on. */
  readonly waits: [boolean, boolean] = [false, false];
}
