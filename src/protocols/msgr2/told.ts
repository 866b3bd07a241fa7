/**
 * What one direction has told so far, written by its framing: all that the other direction ever learns of it. Framing does nearly without:
 * the revision shows in a direction's own bytes and their checksums. Only what an unreadable preamble means, and how compressed bytes of
 * the client are packed, is the peer's to say.
 */
export class Told {
  /** Features of its banner; null before that was seen. */
  supported: bigint | null = null;
  /** Server: the connection mode of its AUTH_DONE; 0 before. */
  connectionMode = 0;
  /** Server: the algorithm of a COMPRESSION_DONE that enables one; else 0. */
  algorithm = 0;
}
