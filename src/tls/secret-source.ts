import type { KeyLog, SessionSecrets } from './key-log.js';

/** Where secrets come from while captures are read. */
export interface SecretSource {
  readonly log: KeyLog;
  /** The secrets of a session; reads on in its sources where they are not known yet. */
  find(clientRandom: Uint8Array): SessionSecrets | null;
  /** Whether a secret that is not there may still come. */
  readonly growing: boolean;
  /** Whether the capture that is being read may hold secrets further on. */
  readonly ahead: boolean;
  /** Reads what its sources have got since; whether that was anything. */
  refresh(): boolean;
}
