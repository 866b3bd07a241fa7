/**
 * What the framing of one direction has learned so far. It is all that the other direction's framing may read of its peer, and that hardly
 * needs it: the revision shows in a direction's own bytes and their checksums. The peer is needed to tell what an unreadable preamble
 * means, and which algorithm compressed the client's frames; and where a direction's bytes do not show the revision, both banners are
 * asked.
 */
export class Told {
  /** Feature bits of its banner; null until that was seen. */
  supported: bigint | null = null;
  /** Server: the connection mode of its AUTH_DONE; 0 before. */
  connectionMode = 0;
  /** Server: the algorithm that its COMPRESSION_DONE enabled; else 0. */
  algorithm = 0;
}
