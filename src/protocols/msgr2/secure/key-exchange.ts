import { createHmac, timingSafeEqual } from 'node:crypto';
import { hex, hexNumber } from '../../../base/hex.js';
import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import type { Json } from '../../../base/annotation.js';
import { DEFAULT_LIMITS } from '../../../base/limits.js';
import { decode } from '../../../base/structure/decode.js';
import type { Output } from '../../../contract/protocol.js';
import { entityName, METHOD_CEPHX, methodName } from '../../ceph/constants.js';
import { MODE_CRC, MODE_SECURE, TAG } from '../constants.js';
import { authDone, authReplyMore, authRequest, authRequestMore } from '../control-frames.js';
import type { ControlFrame } from '../message.js';
import * as R from '../rules/index.js';
import { ByteReader } from './byte-reader.js';
import { KEY_AES, KEY_AES256KRB5, keyType, proofOf, unseal, unsealSized, USAGE, type CryptoKey } from './cephx-seal.js';
import type { KeyChain, SessionKey } from './key-chain.js';
import { authReply } from '../../ceph/structures/auth-reply.js';
import {
  GET_AUTH_SESSION_KEY,
  serviceTickets,
  type Credentials,
  type DonePayload,
  type ReplyPayload,
  type TicketBlob,
} from '../../ceph/structures/cephx.js';
import { collectSecrets, collectTickets, openTicket } from './tickets.js';
import type { Transcript } from './transcript.js';

/** Layout of the connection secret: one AES-128-GCM key, and the first nonce of each direction. */
const SECRET_KEY = 16;
const NONCE_BYTES = 12;
const SERVER_NONCE = 16;
const CLIENT_NONCE = 28;
const SECRET_LEAST = 40;

/** What it takes to decrypt one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  /** Whether bytes of the peer or of other connections were needed to find them. */
  readonly hinted: boolean;
}

/** The keys; `wait` if the peer's bytes may still bring what is missing; or why there are none. */
export type KeyAnswer = DirectionKeys | 'wait' | { readonly why: string };

interface Login {
  readonly entity: string;
}

interface Authorizer {
  readonly service: number;
  readonly ticket: TicketBlob;
  readonly sealed: Uint8Array;
}

/**
 * The cephx exchange of one connection, unsealed with the keys of the run. It yields the session key, with which the signatures are checked
 * in both modes, the connection secret of secure mode, and the tickets that a monitor hands out for other connections.
 */
export class KeyExchange {
  private readonly chain: KeyChain;
  private readonly output: Output;
  private readonly transcripts: readonly [Transcript, Transcript];
  private method = 0;
  private login: Login | null = null;
  private authorizers: Authorizer[] = [];
  private serverChallenge: bigint | null = null;
  private sealedChallenge: Uint8Array | null = null;
  private clientChallenge: bigint | null = null;
  private proof: { readonly bytes: Uint8Array; readonly frame: ControlFrame } | null = null;
  private done: ControlFrame | null = null;
  private request: ControlFrame | null = null;
  private session: SessionKey | null = null;
  private secret: Uint8Array | null = null;
  /** The entity's key, once it has unsealed the session key. */
  private entityKey: CryptoKey | null = null;
  private why = '';
  private damaged = false;
  private readonly signatures: [ControlFrame | null, ControlFrame | null] = [null, null];
  private readonly verdicts: [string, string] = ['', ''];
  private saidOpaque = false;

  constructor(chain: KeyChain, output: Output, transcripts: readonly [Transcript, Transcript]) {
    this.chain = chain;
    this.output = output;
    this.transcripts = transcripts;
  }

  /** Takes the next control frame of either side; those of no login are ignored. */
  frame(m: ControlFrame): void {
    if (m.tag < TAG.AUTH_REQUEST || m.tag > TAG.AUTH_SIGNATURE) return;
    if (m.damaged || !m.complete) {
      this.damaged = true;
      return;
    }
    switch (m.tag) {
      case TAG.AUTH_REQUEST:
        this.takeRequest(m);
        break;
      case TAG.AUTH_REPLY_MORE:
        this.takeChallenge(m);
        break;
      case TAG.AUTH_REQUEST_MORE:
        this.takeAnswer(m, m.as(authRequestMore)?.payload ?? {});
        break;
      case TAG.AUTH_BAD_METHOD:
        this.judgeRefused(m);
        break;
      case TAG.AUTH_DONE:
        this.done = m;
        this.derive();
        break;
      case TAG.AUTH_SIGNATURE:
        this.signatures[m.side] = m;
        break;
    }
    this.judgeSignatures();
  }

  /** The keys of one direction. `patient`: whether it can wait for the peer. */
  keys(side: Side, patient: boolean): KeyAnswer {
    const secret = this.secret;
    if (secret !== null && secret.length >= SECRET_LEAST) {
      const at = side === SERVER ? SERVER_NONCE : CLIENT_NONCE;
      const hinted = side === CLIENT || this.login === null || this.authorizers.length > 0;
      return { key: secret.subarray(0, SECRET_KEY), nonce: secret.subarray(at, at + NONCE_BYTES), hinted };
    }
    if (patient && (this.done === null || this.request === null) && !this.damaged) return 'wait';
    return { why: this.reason() };
  }

  /** Whether this is the first direction of the connection that stays encrypted: the reason is the same for both. */
  firstOpaque(): boolean {
    if (this.saidOpaque) return false;
    this.saidOpaque = true;
    return true;
  }

  private reason(): string {
    if (this.why !== '') return this.why;
    if (this.damaged) return 'a frame of its login is damaged or not completely captured';
    if (this.done === null) return 'its AUTH_DONE, which holds the keys, is not in the capture';
    if (this.request === null) return "the client's part of its login is not in the capture";
    return 'its login yields no connection secret';
  }

  // ---- the exchange, frame by frame

  private takeRequest(m: ControlFrame): void {
    const request = m.as(authRequest);
    this.request = m;
    this.method = request?.method ?? 0;
    this.login = null;
    this.authorizers = [];
    if (request === null || this.method !== METHOD_CEPHX) return;
    const { entity } = request.payload;
    if (entity === undefined) this.takeAuthorizer(request.payload);
    else this.login = { entity: `${entityName(entity.type)}.${entity.id}` };
    // the reply may have been seen before its request
    if (this.done !== null && this.session === null) this.derive();
  }

  private takeAuthorizer({ service, ticket, sealedAuthorizer: sealed }: Credentials): void {
    if (service === undefined || ticket === undefined || sealed === undefined) return;
    if (this.authorizers.length < 2) this.authorizers.push({ service, ticket, sealed });
  }

  private takeChallenge(m: ControlFrame): void {
    const challenge = m.as(authReplyMore)?.payload;
    if (challenge?.serverChallenge !== undefined) this.serverChallenge = challenge.serverChallenge;
    else if (challenge?.sealedChallenge !== undefined) this.sealedChallenge = challenge.sealedChallenge;
  }

  private takeAnswer(m: ControlFrame, answer: Credentials): void {
    if (answer.proof !== undefined && answer.clientChallenge !== undefined) {
      this.clientChallenge = answer.clientChallenge;
      this.proof = { bytes: answer.proof, frame: m };
    } else if (this.authorizers.length > 0) {
      this.takeAuthorizer(answer);
    } else if (this.request === null && answer.service !== undefined) {
      // AUTH_REQUEST was lost, but the ticket is presented again here
      this.request = m;
      this.method = METHOD_CEPHX;
      this.takeAuthorizer(answer);
    }
  }

  // ---- what is unsealed with the keys

  private derive(): void {
    if (this.request !== null && this.method !== METHOD_CEPHX) {
      this.why = `method ${methodName(this.method)} is not opened`;
      return;
    }
    const payload = this.done!.as(authDone)?.payload ?? null;
    if (payload === null) this.why = 'the reply to its login does not decode';
    else if (this.authorizers.length > 0) this.deriveFromTicket(payload);
    else if (payload.requestType !== undefined) this.deriveFromLogin(payload);
  }

  private deriveFromLogin(reply: DonePayload): void {
    if (reply.status !== 0) return;
    const own = reply.authTicket?.tickets[0];
    const sealedSecret = reply.sealedConnectionSecret ?? new Uint8Array(0);
    if (own === undefined) {
      this.why = 'the reply to its login does not decode';
      return;
    }
    const now = this.done!.seconds;
    for (const key of this.chain.keysOf(this.login?.entity ?? null)) {
      const session = openTicket(key.bytes, own.sealedSessionKey, now);
      if (session === null) continue;
      this.session = session;
      this.entityKey = key;
      break;
    }
    const session = this.session;
    if (session === null) {
      this.why = this.whyNotOpened();
      return;
    }
    collectTickets(this.chain, [own], this.entityKey!.bytes, now);
    this.judgeProof();
    this.judgeDowngrade(session);
    this.takeSecret(
      sealedSecret.length === 0 ? null : unsealSized(session.bytes, sealedSecret, USAGE.CONNECTION_SECRET),
      sealedSecret.length > 0,
    );
    collectTickets(this.chain, serviceTickets(reply), session.bytes, now);
  }

  private whyNotOpened(): string {
    const entity = this.login?.entity ?? null;
    const keys = this.chain.keysOf(entity);
    if (entity === null) return 'none of the keys in the keyrings opens its login';
    if (keys.length === 0) return `the keyrings hold no key of ${entity}`;
    const unknown = keys.filter((k) => keyType(k.bytes) === 0);
    if (unknown.length === keys.length)
      return `the key of ${entity} is of type ${unknown[0]!.type}, which is not supported`;
    const many = keys.length === 1 ? 'the key' : `none of the ${keys.length} keys`;
    const verb = keys.length === 1 ? 'does not open' : 'opens';
    return `${many} of ${entity} in the keyrings ${verb} its login: a keyring of another cluster, a key that was changed since, or a damaged reply`;
  }

  private deriveFromTicket({ sealedReply }: DonePayload): void {
    const { service, ticket } = this.authorizers[0]!;
    const session = this.chain.keyOf(service, ticket);
    if (session === null) {
      const where = this.chain.searched
        ? 'handed out in no login of the input that the keyrings open'
        : 'not handed out before this point (live input is read once, and a later login cannot help)';
      this.why = `its ticket for ${entityName(service)}, secret id ${ticket.secretId}, was ${where}`;
      return;
    }
    if (keyType(session.bytes) === 0) {
      this.why = `its session key is of type ${session.type}, which is not supported`;
      return;
    }
    this.session = session;
    this.judgeExpiry(service, session);
    const reply = sealedReply === undefined ? null : unseal(session.bytes, sealedReply, USAGE.AUTHORIZE_REPLY);
    if (reply === null) {
      this.why = 'the reply to its ticket does not open with the key of the ticket';
      this.output.raise(R.CEPHX_MAGIC, { message: this.done, text: this.why });
      return;
    }
    const r = new ByteReader(reply);
    const version = r.u8();
    const nonce = r.u64();
    this.judgeAuthorizer(session, nonce);
    if (version < 2) return;
    const secret = r.blob();
    this.takeSecret(r.failed ? null : secret, true, false);
  }

  /**
   * Takes the connection secret. `opened`: the unsealed content, null if the key did not fit; with `sized` a u32 length precedes the secret
   * in it. `present`: whether the reply has a secret at all.
   */
  private takeSecret(opened: Uint8Array | null, present: boolean, sized = true): void {
    if (!present) return;
    if (opened === null) {
      this.why = 'its connection secret does not open with the session key of the same reply';
      this.output.raise(R.CEPHX_MAGIC, { message: this.done, text: this.why });
      return;
    }
    const secret = (sized ? new ByteReader(opened).blob() : opened).slice();
    this.secret = secret;
    const mode = this.done!.as(authDone)?.connectionMode;
    if (mode === MODE_SECURE && secret.length < SECRET_LEAST) {
      this.why = `its connection secret has only ${secret.length} bytes`;
      const text = `the connection secret has ${secret.length} bytes, secure mode needs ${SECRET_LEAST}`;
      this.output.raise(R.CONNECTION_SECRET_LENGTH, { message: this.done, text });
    } else if (mode === MODE_CRC && secret.length > 0) {
      const text = `crc mode comes with a connection secret of ${secret.length} bytes`;
      this.output.raise(R.CONNECTION_SECRET_LENGTH, { message: this.done, text, severity: 'warning' });
    }
  }

  /** An AUTH_REPLY message inside a session: renewed tickets, or the rotating secrets of a daemon's service. */
  authReply(front: Uint8Array, seconds: number): void {
    const session = this.session;
    if (session === null) return;
    const { value } = decode(authReply, front, 0, front.length, { limits: DEFAULT_LIMITS });
    if (value === null || value.protocol !== METHOD_CEPHX || value.result < 0) return;
    const reply = value.payload;
    if (reply.sealedSecrets !== undefined) {
      const keys = this.entityKey === null ? [] : [this.entityKey];
      collectSecrets(this.chain, reply.sealedSecrets, keys);
    } else if (reply.requestType === GET_AUTH_SESSION_KEY) this.renewed(reply, seconds);
    else collectTickets(this.chain, serviceTickets(reply), session.bytes, seconds);
  }

  /** A whole new login inside a session. */
  private renewed(reply: Partial<ReplyPayload>, seconds: number): void {
    const own = reply.authTicket?.tickets[0];
    if (own === undefined || this.entityKey === null) return;
    const session = openTicket(this.entityKey.bytes, own.sealedSessionKey, seconds);
    if (session !== null) collectTickets(this.chain, serviceTickets(reply), session.bytes, seconds);
  }

  // ---- rules that need keys

  private judgeProof(): void {
    const { proof, serverChallenge, clientChallenge, entityKey } = this;
    if (proof === null || serverChallenge === null || clientChallenge === null || entityKey === null) return;
    const expected = proofOf(entityKey.bytes, serverChallenge, clientChallenge);
    if (hex(expected) === hex(proof.bytes)) return;
    const text = `the proof is ${hex(proof.bytes)}, the key that opens the reply gives another one, and the server accepted it`;
    this.output.raise(R.CEPHX_PROOF, { message: proof.frame, text });
  }

  /** An entity with a key of 256 bits gets a session key of 128 bits: the cluster still hands out the type that it migrates from. */
  private judgeDowngrade(session: SessionKey): void {
    if (this.entityKey?.type !== KEY_AES256KRB5 || session.type !== KEY_AES) return;
    const who = this.login?.entity ?? 'the client';
    const text = `${who} logs in with a key of type aes256k, and its session key is of type aes (128 bits)`;
    this.output.raise(R.CEPHX_DOWNGRADE, { message: this.done, text });
  }

  /** A refused login whose proof was made with none of the keyrings' keys. That explains the refusal, so it is only a note. */
  private judgeRefused(m: ControlFrame): void {
    const { proof, serverChallenge, clientChallenge, login } = this;
    if (proof === null || serverChallenge === null || clientChallenge === null || login === null) return;
    const keys = this.chain.keysOf(login.entity).filter((k) => keyType(k.bytes) !== 0);
    if (keys.length === 0) return;
    const right = keys.some((k) => hex(proofOf(k.bytes, serverChallenge, clientChallenge)) === hex(proof.bytes));
    if (right) return;
    const text = `the server refused it, and the proof was made with none of the keys that the keyrings have for ${login.entity}`;
    this.output.raise(R.CEPHX_PROOF, { message: proof.frame, related: [m], text, severity: 'note' });
  }

  private judgeExpiry(service: number, session: SessionKey): void {
    const late = this.request!.seconds - session.expires;
    if (session.expires === 0 || late <= 0) return;
    const text = `the ticket for ${entityName(service)} expired ${late} s before it was shown`;
    this.output.raise(R.CEPHX_TICKET_EXPIRED, { message: this.request, text });
  }

  private judgeAuthorizer(session: SessionKey, replied: bigint): void {
    const last = this.authorizers.at(-1)!;
    const plain = unseal(session.bytes, last.sealed, USAGE.AUTHORIZE);
    if (plain === null) return;
    const r = new ByteReader(plain);
    const version = r.u8();
    const nonce = r.u64();
    const hasChallenge = version >= 2 && r.u8() !== 0;
    const answered = hasChallenge ? r.u64() : 0n;
    if (r.failed) return;
    const next = BigInt.asUintN(64, nonce + 1n);
    if (replied !== next) {
      const text = `nonce ${hexNumber(replied)} in answer to ${hexNumber(nonce)}; ${hexNumber(next)} is due`;
      this.output.raise(R.CEPHX_NONCE_REPLY, { message: this.done, related: [this.request!], text });
    }
    const challenge =
      this.sealedChallenge === null ? null : unseal(session.bytes, this.sealedChallenge, USAGE.AUTHORIZE_CHALLENGE);
    if (challenge === null || !hasChallenge) return;
    const c = new ByteReader(challenge);
    c.u8();
    const asked = c.u64();
    const due = BigInt.asUintN(64, asked + 1n);
    if (c.failed || answered === due) return;
    const text = `the challenge ${hexNumber(asked)} is answered by ${hexNumber(answered)}; ${hexNumber(due)} is due`;
    this.output.raise(R.CEPHX_CHALLENGE_REPLY, { message: this.request, related: [this.done!], text });
  }

  /** A signature is an HMAC over the peer's bytes that its sender has received: from the banner to the peer's last frame of the login. */
  private judgeSignatures(): void {
    const key = this.session;
    if (key === null || this.done === null) return;
    for (const side of [CLIENT, SERVER] as const) {
      const m = this.signatures[side];
      const signed = this.transcripts[side === CLIENT ? SERVER : CLIENT];
      if (m === null || m.payload.length !== 32 || !signed.complete) continue;
      const expected = createHmac('sha256', key.bytes).update(signed.held).digest();
      signed.release();
      const holds = timingSafeEqual(expected, m.payload);
      this.verdicts[side] = holds ? 'verified' : 'wrong';
      // a signature of zeros is judged by another rule
      if (holds || m.payload.every((b) => b === 0)) continue;
      const text = `the signature over ${side === CLIENT ? "the server's" : "the client's"} part of the login is ${hex(m.payload, 0, 8)}..., but the session key gives ${hex(expected, 0, 8)}...`;
      this.output.raise(R.SIGNATURE_MISMATCH, { message: m, text });
    }
  }

  /** What the keys have shown, for the stream event. The keys themselves are only included with `showSecrets`. */
  summary(): Record<string, Json> {
    const [client, server] = this.verdicts;
    const out: Record<string, Json> = {
      ...(client === '' ? {} : { clientSignature: client }),
      ...(server === '' ? {} : { serverSignature: server }),
    };
    if (!this.chain.showSecrets) return out;
    return {
      ...out,
      ...(this.session === null ? {} : { sessionKey: hex(this.session.bytes) }),
      ...(this.secret === null || this.secret.length === 0 ? {} : { connectionSecret: hex(this.secret) }),
    };
  }
}
