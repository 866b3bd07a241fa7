import { hex, unhex } from '../../../base/hex.js';
import { keyType, type CryptoKey, unseal, USAGE } from './cephx-seal.js';
import { ByteReader } from './byte-reader.js';
import type { TicketBlob } from '../../ceph/structures/cephx.js';
import type { KeyringEntry } from './keyring.js';

/** The session key of a ticket, which its client and its service share. */
export interface SessionKey {
  readonly type: number;
  readonly bytes: Uint8Array;
  /** Seconds since 1970 at which the ticket expires; 0 if not known. */
  readonly expires: number;
}

/** The secret id of tickets that monitors make for each other; these are sealed with the key of `mon.`. */
const MON_SECRET = 0xffff_ffff_ffff_ffffn;

/** What a pass over the inputs has learned, as plain data. */
export interface LearnedKeys {
  readonly entities?: readonly (readonly [entity: string, key: string])[];
  readonly tickets: readonly (readonly [ticket: string, type: number, key: string, expires: number])[];
  readonly secrets: readonly (readonly [secretId: string, keys: readonly string[]])[];
}

/**
 * All keys of a run: those of the keyrings, and the session keys of tickets that were seen to be handed out, on any connection and in any
 * file.
 */
export class KeyChain {
  private readonly entities = new Map<string, CryptoKey[]>();
  private readonly tickets = new Map<string, SessionKey>();
  /** Rotating secrets of services by id. Several clusters may use the same ids. */
  private readonly secrets = new Map<string, Uint8Array[]>();
  private readonly limit: number;
  /** Whether an earlier pass has searched the whole input for tickets. */
  readonly searched: boolean;
  /** Whether keys may be printed. */
  readonly showSecrets: boolean;

  constructor(entries: readonly KeyringEntry[], limit: number, showSecrets: boolean, learned?: LearnedKeys) {
    this.limit = limit;
    this.showSecrets = showSecrets;
    this.searched = learned !== undefined;
    for (const e of entries) this.addEntity(e.entity, e.key);
    if (learned === undefined) return;
    for (const [entity, key] of learned.entities ?? []) this.addEntity(entity, keyOfBytes(unhex(key)));
    for (const [ticket, type, key, expires] of learned.tickets)
      this.tickets.set(ticket, { type, bytes: unhex(key), expires });
    for (const [id, keys] of learned.secrets) this.secrets.set(id, keys.map(unhex));
  }

  learned(): LearnedKeys {
    return {
      tickets: [...this.tickets].map(([ticket, k]) => [ticket, k.type, hex(k.bytes), k.expires] as const),
      secrets: [...this.secrets].map(([id, keys]) => [id, keys.map((k) => hex(k))] as const),
    };
  }

  private addEntity(entity: string, key: CryptoKey): void {
    const keys = this.entities.get(entity) ?? [];
    if (!keys.some((k) => hex(k.bytes) === hex(key.bytes))) keys.push(key);
    this.entities.set(entity, keys);
  }

  /** The keys of an entity; those of all entities if `entity` is null. */
  keysOf(entity: string | null): readonly CryptoKey[] {
    return entity === null ? [...this.entities.values()].flat() : (this.entities.get(entity) ?? []);
  }

  addTicket(service: number, ticket: TicketBlob, key: SessionKey): void {
    if (ticket.ticket.length === 0) return;
    this.tickets.set(ticketName(service, ticket), key);
    if (this.tickets.size > this.limit) this.tickets.delete(this.tickets.keys().next().value!);
  }

  addSecret(secretId: bigint, key: Uint8Array): void {
    const name = String(secretId);
    const keys = this.secrets.get(name) ?? [];
    if (keys.some((k) => hex(k) === hex(key))) return;
    keys.push(key);
    this.secrets.set(name, keys);
    if (this.secrets.size > this.limit) this.secrets.delete(this.secrets.keys().next().value!);
  }

  /**
   * The session key of a ticket that a client presents: it was seen to be handed out, or is unsealed with a secret of the service. Else
   * null.
   */
  keyOf(service: number, ticket: TicketBlob): SessionKey | null {
    const known = this.tickets.get(ticketName(service, ticket));
    if (known !== undefined) return known;
    const mon = ticket.secretId === MON_SECRET;
    const secrets = mon ? this.keysOf('mon.').map((k) => k.bytes) : (this.secrets.get(String(ticket.secretId)) ?? []);
    for (const secret of secrets) {
      const info = unseal(secret, ticket.ticket, USAGE.TICKET_INFO);
      const key = info === null ? null : readTicketInfo(new ByteReader(info));
      if (key !== null) return key;
    }
    return null;
  }
}

function keyOfBytes(bytes: Uint8Array): CryptoKey {
  return { type: keyType(bytes), bytes };
}

function ticketName(service: number, ticket: TicketBlob): string {
  return `${service}:${ticket.secretId}:${hex(ticket.ticket)}`;
}

/** Reads the content of a ticket for its service: u8 1, AuthTicket, CryptoKey. */
function readTicketInfo(r: ByteReader): SessionKey | null {
  r.u8();
  const version = r.u8();
  r.u32();
  r.blob();
  r.u64();
  if (version >= 1) r.u64();
  r.take(8);
  const expires = r.u32();
  r.take(4);
  r.take(2);
  r.blob();
  if (version >= 2) r.u32();
  const type = r.u16();
  r.take(8);
  const bytes = r.raw(r.u16()).slice();
  return r.failed || bytes.length === 0 ? null : { type, bytes, expires };
}
