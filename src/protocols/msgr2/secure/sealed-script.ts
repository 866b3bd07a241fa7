import { createHmac } from 'node:crypto';
import { hex } from '../../../base/hex.js';
import { LATE_COMPLETE, MODE_CRC, MODE_SECURE, TAG } from '../constants.js';
import * as E from '../encode.js';
import { PREAMBLE, type Revision } from '../layout.js';
import { authRequestPayload, clientIdentPayload, Script, serverChallenge, serverIdentPayload } from '../script.js';
import { keyType, proofOf, seal, USAGE } from './cephx-seal.js';
import { GcmStream } from './gcm.js';
import type { LearnedKeys } from './key-chain.js';
import { BLOCK, EPILOGUE, FIRST_PLAIN, padded } from './layout.js';

/**
 * Keys of the examples: those of the entity and its session, with the connection secret. The keys of 256 bits are of type 2; a keyring may
 * hold both.
 */
export const ENTITY_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0x40 + i);
export const ENTITY_KEY_256 = Uint8Array.from({ length: 32 }, (_, i) => 0x20 + i);
export const SESSION_KEY_256 = Uint8Array.from({ length: 32 }, (_, i) => 0xe0 ^ i);
export const SESSION_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0x80 + i);
export const OTHER_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xc0 + i);
export const CONNECTION_SECRET = Uint8Array.from({ length: 64 }, (_, i) => i);
const TICKET_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const TICKET = new Uint8Array(32).fill(0x55);
const SECRET_ID = 7;
const NONCE = 0x1122n;
const CHALLENGE = 0x3344n;
const SERVER_CHALLENGE = 0x1122334455667788n;
const CLIENT_CHALLENGE = 0x99n;

type Who = 'client' | 'server';

/** The keys that the examples are read with: those of client.admin, and a ticket for OSDs that an earlier login has brought. */
export function exampleKeys(expires = 0): LearnedKeys {
  return {
    entities: [
      ['client.admin', hex(ENTITY_KEY)],
      ['client.admin', hex(ENTITY_KEY_256)],
    ],
    tickets: [[`4:${SECRET_ID}:${hex(TICKET)}`, 1, hex(TICKET_KEY), expires]],
    secrets: [],
  };
}

export interface LoginParts {
  readonly mode?: number;
  /** Key that the client's proof is made with. */
  readonly proofKey?: Uint8Array;
  /** Key that the connection secret is sealed with. */
  readonly secretKey?: Uint8Array;
  readonly secret?: Uint8Array;
  /** Keys of the entity and its session; by default those of 128 bits. */
  readonly entityKey?: Uint8Array;
  readonly sessionKey?: Uint8Array;
  readonly entityType?: number;
}

export interface TicketParts {
  readonly mode?: number;
  readonly nonceReply?: bigint;
  readonly challengeReply?: bigint;
}

export interface SealedParts {
  /** Index in the frame of the operation whose tag gets a wrong byte. */
  readonly wrongTag?: number;
  /** Value of the last byte of padding of segment 0. */
  readonly padding?: number | undefined;
  readonly late?: number;
  readonly flags?: number;
}

/** Sessions with real keys: logins that can be unsealed, right signatures, and frames in secure mode. */
export class SealedScript extends Script {
  private readonly layout: Revision;
  private key: Uint8Array = SESSION_KEY;
  private secret: Uint8Array = CONNECTION_SECRET;
  private operations = { client: 0, server: 0 };
  /** Index of the step that the current connection begins with. */
  private first = 0;

  constructor(revision: Revision = 1) {
    super(revision);
    this.layout = revision;
  }

  /** From the banners to AUTH_DONE, at a monitor. */
  sealedLogin(parts: LoginParts = {}, supported = BigInt(this.layout)): this {
    const mode = parts.mode ?? MODE_SECURE;
    this.secret = parts.secret ?? CONNECTION_SECRET;
    const entityKey = parts.entityKey ?? ENTITY_KEY;
    this.key = parts.sessionKey ?? SESSION_KEY;
    this.banners({ supported }, { supported })
      .hellos()
      .request({ modes: [mode], entityType: parts.entityType });
    this.control('server', TAG.AUTH_REPLY_MORE, serverChallenge());
    const proof = proofOf(parts.proofKey ?? entityKey, SERVER_CHALLENGE, CLIENT_CHALLENGE);
    const oldTicket = E.concat(E.u8(1), E.u64(0), E.blob(new Uint8Array(0)));
    const answer = E.concat(E.u16(0x0100), E.u8(3), E.u64(CLIENT_CHALLENGE), proof, oldTicket, E.u32(4));
    this.control('client', TAG.AUTH_REQUEST_MORE, E.blob(answer));
    const own = ticketList(32, entityKey, this.key, new Uint8Array(32).fill(0x22));
    const secret = mode === MODE_SECURE ? this.secret : new Uint8Array(0);
    const sealed = E.blob(seal(parts.secretKey ?? this.key, E.blob(secret), USAGE.CONNECTION_SECRET));
    const others = ticketList(4, this.key, TICKET_KEY, TICKET);
    const reply = E.concat(E.u16(0x0100), E.u32(0), own, E.blob(sealed), E.blob(others));
    return this.control('server', TAG.AUTH_DONE, E.concat(E.u64(4100), E.u32(mode), E.blob(reply)));
  }

  /** The same at an OSD, with the ticket that the login at the monitor brings. */
  ticketLogin(parts: TicketParts = {}): this {
    const mode = parts.mode ?? MODE_CRC;
    this.key = TICKET_KEY;
    this.secret = CONNECTION_SECRET;
    this.banners().hellos({}, { type: 4 });
    this.control('client', TAG.AUTH_REQUEST, authRequestPayload({ modes: [mode], payload: authorizer(false, 0n) }));
    const challenge = seal(TICKET_KEY, E.concat(E.u8(1), E.u64(CHALLENGE)), USAGE.AUTHORIZE_CHALLENGE);
    this.control('server', TAG.AUTH_REPLY_MORE, E.blob(challenge));
    const answer = authorizer(true, parts.challengeReply ?? CHALLENGE + 1n);
    this.control('client', TAG.AUTH_REQUEST_MORE, E.blob(answer));
    const secret = mode === MODE_SECURE ? CONNECTION_SECRET : new Uint8Array(0);
    const reply = seal(
      TICKET_KEY,
      E.concat(E.u8(2), E.u64(parts.nonceReply ?? NONCE + 1n), E.blob(secret)),
      USAGE.AUTHORIZE_REPLY,
    );
    const done = E.concat(E.u64(4100), E.u32(mode), E.blob(E.blob(reply)));
    return this.control('server', TAG.AUTH_DONE, done);
  }

  override reconnected(): this {
    super.reconnected();
    this.first = this.steps.length;
    this.operations = { client: 0, server: 0 };
    return this;
  }

  /** The signature of one side over what the other side has sent so far. */
  signature(of: Who, spoilt = false): Uint8Array {
    const hmac = createHmac('sha256', this.key);
    for (const s of this.steps.slice(this.first)) if ('bytes' in s && s.from !== of) hmac.update(s.bytes);
    const digest = Uint8Array.from(hmac.digest());
    if (spoilt) digest[0]! ^= 1;
    return digest;
  }

  /** Both signatures, unencrypted. `spoilt`: the client's is wrong. */
  plainSignatures(spoilt = false): this {
    const [client, server] = [this.signature('client', spoilt), this.signature('server')];
    this.control('server', TAG.AUTH_SIGNATURE, server);
    return this.control('client', TAG.AUTH_SIGNATURE, client);
  }

  /** Both signatures, encrypted like everything after them. */
  sealedSignatures(): this {
    const [client, server] = [this.signature('client'), this.signature('server')];
    this.sealed('server', TAG.AUTH_SIGNATURE, [server]);
    return this.sealed('client', TAG.AUTH_SIGNATURE, [client]);
  }

  /** An open lossy session in secure mode. `zlib`: both sides negotiate compression, and the server enables zlib or refuses it. */
  openSealed(parts: LoginParts = {}, zlib: 'enabled' | 'refused' | null = null): this {
    this.sealedLogin(parts, BigInt(this.layout) | (zlib === null ? 0n : 2n)).sealedSignatures();
    if (zlib !== null) {
      const answer = zlib === 'enabled' ? E.concat(E.u8(1), E.u32(2)) : E.concat(E.u8(0), E.u32(0));
      this.sealed('client', TAG.COMPRESSION_REQUEST, [E.concat(E.u8(1), E.vec([E.u32(2)]))]);
      this.sealed('server', TAG.COMPRESSION_DONE, [answer]);
    }
    this.sealed('client', TAG.CLIENT_IDENT, [clientIdentPayload()]);
    return this.sealed('server', TAG.SERVER_IDENT, [serverIdentPayload()]);
  }

  /** Sends one encrypted frame. */
  sealed(from: Who, tag: number, segments: readonly Uint8Array[], parts: SealedParts = {}): this {
    return this.send(from, this.sealedBytes(from, tag, segments, parts));
  }

  sealedMessage(from: Who, message: E.MessageParts = {}, parts: SealedParts = {}): this {
    const nothing = new Uint8Array(0);
    const { front = nothing, middle = nothing, data = nothing } = message;
    return this.sealed(from, TAG.MESSAGE, [E.messageHeader(message), front, middle, data], parts);
  }

  /** Builds an encrypted frame. If it is not sent, its nonces are used up nevertheless. */
  sealedBytes(from: Who, tag: number, segments: readonly Uint8Array[], parts: SealedParts = {}): Uint8Array {
    const preamble = E.frame(tag, segments, { revision: this.layout, flags: parts.flags }).subarray(0, PREAMBLE.size);
    const count = preamble[1]!;
    const blocks = segments.slice(0, count).map((s) => E.concat(s, new Uint8Array(padded(s.length) - s.length)));
    if (this.layout === 1 && blocks[0]!.length < FIRST_PLAIN - PREAMBLE.size)
      blocks[0] = E.concat(blocks[0]!, new Uint8Array(FIRST_PLAIN - PREAMBLE.size - blocks[0]!.length));
    if (parts.padding !== undefined) blocks[0]![blocks[0]!.length - 1] = parts.padding;
    const epilogue = new Uint8Array(EPILOGUE);
    epilogue[0] = parts.late ?? (this.layout === 1 ? LATE_COMPLETE : 0);
    if (this.layout === 0) return this.operation(from, parts.wrongTag === 0, preamble, ...blocks, epilogue);
    const inline = FIRST_PLAIN - PREAMBLE.size;
    const out = [this.operation(from, parts.wrongTag === 0, preamble, blocks[0]!.subarray(0, inline))];
    if (blocks[0]!.length > inline) out.push(this.operation(from, parts.wrongTag === 1, blocks[0]!.subarray(inline)));
    if (count > 1) out.push(this.operation(from, parts.wrongTag === 2, ...blocks.slice(1), epilogue));
    return E.concat(...out);
  }

  private operation(from: Who, spoilt: boolean, ...parts: readonly Uint8Array[]): Uint8Array {
    const nonce = from === 'server' ? this.secret.subarray(BLOCK, BLOCK + 12) : this.secret.subarray(28, 40);
    const gcm = new GcmStream(this.secret.subarray(0, BLOCK), nonce, this.layout);
    const sealed = Uint8Array.from(gcm.seal(this.operations[from]++, E.concat(...parts)));
    if (spoilt) sealed[sealed.length - 1]! ^= 1;
    return sealed;
  }
}

export function sealedScript(revision: Revision = 1): SealedScript {
  return new SealedScript(revision);
}

/** A list of one ticket, whose session key is sealed with `key`. */
function ticketList(service: number, key: Uint8Array, session: Uint8Array, blob: Uint8Array): Uint8Array {
  const time = E.concat(E.u32(0), E.u32(0));
  const forClient = E.concat(
    E.u8(1),
    E.u16(keyType(session)),
    time,
    E.u16(session.length),
    session,
    E.u32(3600),
    E.u32(0),
  );
  const ticket = E.concat(E.u8(1), E.u64(SECRET_ID), E.blob(blob));
  return E.concat(
    E.u8(1),
    E.u32(1),
    E.u32(service),
    E.u8(1),
    E.blob(seal(key, forClient, USAGE.TICKET_SESSION_KEY)),
    E.u8(0),
    E.blob(ticket),
  );
}

function authorizer(answered: boolean, challenge: bigint): Uint8Array {
  const ticket = E.concat(E.u8(1), E.u64(SECRET_ID), E.blob(TICKET));
  const inside = E.concat(E.u8(2), E.u64(NONCE), E.u8(answered ? 1 : 0), E.u64(challenge));
  return E.concat(E.u8(1), E.u64(4100), E.u32(4), ticket, E.blob(seal(TICKET_KEY, inside, USAGE.AUTHORIZE)));
}
