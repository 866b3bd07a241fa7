import { ByteReader } from './byte-reader.js';
import { readCryptoKey, unseal, USAGE, unsealSized, type CryptoKey } from './cephx-seal.js';
import { DEFAULT_LIMITS } from '../../../base/limits.js';
import { decode } from '../../../base/structure/decode.js';
import { sized } from '../../../base/structure/parts.js';
import { ticketBlob, type Ticket, type TicketBlob } from '../../ceph/structures/cephx.js';
import type { KeyChain, SessionKey } from './key-chain.js';

/** Lists of tickets as monitors hand them out, and rotating secrets (src/auth/cephx/CephxProtocol.cc). */

const SECRETS_MAX = 64;

/** Unseals a ticket's session key for its client; null if `key` does not fit. `now`: seconds since 1970. */
export function openTicket(key: Uint8Array, sealedKey: Uint8Array, now: number): SessionKey | null {
  const plain = unseal(key, sealedKey, USAGE.TICKET_SESSION_KEY);
  if (plain === null) return null;
  const r = new ByteReader(plain);
  r.u8();
  const { type, bytes } = readCryptoKey(r);
  const validity = r.u32();
  if (r.failed) return null;
  return { type, bytes: bytes.slice(), expires: validity === 0 ? 0 : now + validity };
}

/** Adds all tickets of a list whose session key `key` unseals. Returns how many these were. */
export function collectTickets(chain: KeyChain, list: readonly Ticket[], key: Uint8Array, now: number): number {
  let opened = 0;
  for (const t of list) {
    const session = openTicket(key, t.sealedSessionKey, now);
    if (session === null) continue;
    opened++;
    const blob = blobOf(t, key);
    if (blob !== null) chain.addTicket(t.service, blob, session);
  }
  return opened;
}

/** The ticket that the client is to present: it comes unencrypted, or sealed with an older session key. */
function blobOf(t: Ticket, key: Uint8Array): TicketBlob | null {
  if (t.sealedTicket === undefined) return t.ticketBlob?.blob ?? null;
  const opened = unseal(key, t.sealedTicket, USAGE.TICKET_BLOB);
  if (opened === null) return null;
  // the sealed form has a length before it
  return decode(sized(ticketBlob), opened, 0, opened.length, { limits: DEFAULT_LIMITS }).value;
}

/** Reads the answer to a request of type 0x0400: LENC(entity's key, u8 1, map of secret id to key and expiration). */
export function collectSecrets(chain: KeyChain, bytes: Uint8Array, keys: readonly CryptoKey[]): void {
  for (const key of keys) {
    const plain = unsealSized(key.bytes, bytes, USAGE.ROTATING_SECRETS);
    if (plain === null) continue;
    const r = new ByteReader(plain);
    r.u8();
    const count = Math.min(r.u32(), SECRETS_MAX);
    for (let i = 0; i < count && !r.failed; i++) {
      const id = r.u64();
      r.u8();
      const secret = readCryptoKey(r);
      r.take(8);
      if (r.failed) return;
      chain.addSecret(id, secret.bytes.slice());
    }
    return;
  }
}
