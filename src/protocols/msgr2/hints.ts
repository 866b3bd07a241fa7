import { REVISION_1 } from './constants.js';
import type { Announced } from './frame-reader.js';

/**
 * What a direction may learn of the other one, and nothing else. Framing does without: the revision shows in the own bytes and
 * their checksums. Only what an unreadable preamble means, and how compressed bytes of the client are packed, is the peer's to say.
 */
export interface PeerHints {
  /** Connection mode of the peer's AUTH_DONE; 0 where it is not known (yet). */
  connectionMode(): number;
  /** Algorithm of the peer's COMPRESSION_DONE; 0 where there was none. */
  algorithm(): number;
  /** Whether the peer's banner speaks revision 1; null where it was not seen. */
  revision1(): boolean | null;
}

export function hintsFrom(peer: Announced): PeerHints {
  return {
    connectionMode: () => peer.connectionMode,
    algorithm: () => peer.algorithm,
    revision1: () => (peer.supported === null ? null : (peer.supported & REVISION_1) !== 0n),
  };
}
