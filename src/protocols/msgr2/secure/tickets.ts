import { ByteReader } from './byte-reader.js';
import { readCryptoKey, unseal, unsealSized, type CryptoKey } from './cephx-seal.js';
import { readTicketBlob, type KeyChain, type SessionKey, type TicketBlob } from './key-chain.js';

/** Lists of tickets as monitors hand them out, and rotating secrets (src/auth/cephx/CephxProtocol.cc). */

/** Tickets in one list: one a service. */
const TICKETS_MAX = 64;
const SECRETS_MAX = 64;

export interface Ticket {
  readonly service: number;
  /** LENC(key, u8 1, CryptoKey, utime validity). */
  readonly sealedKey: Uint8Array;
  /** The ticket itself in plain form: u8 1, u64 secret id, blob; or LENC of that with an older session key. */
  readonly blob: Uint8Array;
  readonly blobSealed: boolean;
}

/** u8 1, u32 count, tickets. */
export function readTickets(r: ByteReader): Ticket[] {
  const out: Ticket[] = [];
  r.u8();
  const count = Math.min(r.u32(), TICKETS_MAX);
  for (let i = 0; i < count && !r.failed; i++) {
    const service = r.u32();
    r.u8();
    const sealedKey = r.blob();
    const blobSealed = r.u8() !== 0;
    const blob = r.blob();
    if (!r.failed) out.push({ service, sealedKey, blob, blobSealed });
  }
  return out;
}

/** The session key of a ticket for its client, or null where `key` does not fit. `now`: seconds since 1970. */
export function openTicket(key: Uint8Array, sealedKey: Uint8Array, now: number): SessionKey | null {
  const plain = unseal(key, sealedKey);
  if (plain === null) return null;
  const r = new ByteReader(plain);
  r.u8();
  const { type, bytes } = readCryptoKey(r);
  const validity = r.u32();
  if (r.failed) return null;
  return { type, bytes: bytes.slice(), expires: validity === 0 ? 0 : now + validity };
}

/** Adds all tickets of a list that `key` opens. Returns how many it opened. */
export function collectTickets(chain: KeyChain, list: readonly Ticket[], key: Uint8Array, now: number): number {
  let opened = 0;
  for (const t of list) {
    const session = openTicket(key, t.sealedKey, now);
    if (session === null) continue;
    opened++;
    const blob = ticketBlob(t, key);
    if (blob !== null) chain.addTicket(t.service, blob, session);
  }
  return opened;
}

function ticketBlob(t: Ticket, key: Uint8Array): TicketBlob | null {
  let bytes: Uint8Array | null = t.blob;
  if (t.blobSealed) {
    bytes = unseal(key, t.blob);
    if (bytes === null) return null;
    // the sealed form has its length in front
    bytes = new ByteReader(bytes).blob();
  }
  const r = new ByteReader(bytes);
  const blob = readTicketBlob(r);
  return r.failed ? null : { secretId: blob.secretId, bytes: blob.bytes.slice() };
}

/** Answer to a request of type 0x0400: LENC(entity's key, u8 1, map of secret id to key and expiration). */
export function collectSecrets(chain: KeyChain, bytes: Uint8Array, keys: readonly CryptoKey[]): void {
  for (const key of keys) {
    const plain = unsealSized(key.bytes, bytes);
    if (plain === null) continue;
    const r = new ByteReader(plain);
    r.u8();
    const count = Math.min(r.u32(), SECRETS_MAX);
    for (let i = 0; i < count && !r.failed; i++) {
      const id = r.u64();
      r.u8();
      const secret = readCryptoKey(r);
      r.take(8);
      if (!r.failed) chain.addSecret(id, secret.bytes.slice());
    }
    return;
  }
}
