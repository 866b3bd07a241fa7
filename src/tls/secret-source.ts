import type { KeyLog, SessionSecrets } from './key-log.js';

/** Where TLS secrets come from while captures are read. */
export interface SecretSource {
  readonly log: KeyLog;
  /** The secrets of a session; reads more of its sources if they are not known yet. */
  find(clientRandom: Uint8Array): SessionSecrets | null;
  /** Whether key logs may still grow. */
  readonly growing: boolean;
  /** Whether the capture that is being read may hold secrets further on. */
  readonly ahead: boolean;
  /** Reads what was added to its sources. Returns whether there was anything. */
  refresh(): boolean;
}
