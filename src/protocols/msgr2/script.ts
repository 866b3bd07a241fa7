import type { Step } from '../../base/rule.js';
import { METHOD_CEPHX } from '../ceph/constants.js';
import { MODE_CRC, TAG } from './constants.js';
import * as E from './encode.js';
import { MSG_ADDR2 } from '../ceph/features.js';
import type { Revision } from './layout.js';

/** Payloads with defaults, and scripts of sessions: a client that logs in to a monitor or talks to an OSD. */

export interface HelloParts {
  readonly type?: number;
  readonly peer?: Uint8Array;
}

export function helloPayload(parts: HelloParts = {}): Uint8Array {
  return E.concat(E.u8(parts.type ?? 8), parts.peer ?? E.addr());
}

export interface AuthRequestParts {
  readonly method?: number;
  readonly modes?: readonly number[];
  /** Bytes that replace the login payload. */
  readonly payload?: Uint8Array;
  readonly globalId?: number;
  readonly entityType?: number | undefined;
}

/** Login at a monitor: u8 10, entity name, global id. */
function loginPayload(parts: AuthRequestParts = {}): Uint8Array {
  const name = E.concat(E.u32(parts.entityType ?? 8), E.str('admin'));
  return E.concat(E.u8(10), name, E.u64(parts.globalId ?? 0));
}

/** A ticket presented to a daemon: u8 1, global id, service, ticket, sealed bytes. */
export function authorizerPayload(service: number, globalId = 4100): Uint8Array {
  const ticket = E.concat(E.u8(1), E.u64(7), E.blob(new Uint8Array(32).fill(0x55)));
  return E.concat(E.u8(1), E.u64(globalId), E.u32(service), ticket, E.blob(new Uint8Array(48).fill(0x66)));
}

export function authRequestPayload(parts: AuthRequestParts = {}): Uint8Array {
  const modes = (parts.modes ?? [MODE_CRC]).map(E.u32);
  return E.concat(E.u32(parts.method ?? METHOD_CEPHX), E.vec(modes), E.blob(parts.payload ?? loginPayload(parts)));
}

export function serverChallenge(): Uint8Array {
  return E.blob(E.concat(E.u8(1), E.u64(0x1122334455667788n)));
}

/** CephXAuthenticate of the given version. */
export function proofPayload(version = 3): Uint8Array {
  const oldTicket = E.concat(E.u8(1), E.u64(0), E.blob(new Uint8Array(0)));
  const rest = version >= 2 ? E.u32(4) : new Uint8Array(0);
  const request = E.concat(E.u16(0x0100), E.u8(version), E.u64(0x99n), E.u64(0x77n), oldTicket, rest);
  return E.blob(request);
}

export interface AuthDoneParts {
  readonly globalId?: number;
  readonly mode?: number;
  readonly status?: number;
  readonly requestType?: number;
  readonly payload?: Uint8Array;
}

export function authDonePayload(parts: AuthDoneParts = {}): Uint8Array {
  const ticket = E.concat(E.u32(32), E.u8(1), E.blob(new Uint8Array(64).fill(0x11)), E.u8(0));
  const granted = E.blob(E.concat(E.u8(1), E.u64(9), E.blob(new Uint8Array(32).fill(0x22))));
  const tickets = E.concat(E.u8(1), E.u32(1), ticket, granted);
  const reply = E.concat(E.u16(parts.requestType ?? 0x0100), E.u32(parts.status ?? 0), tickets);
  return E.concat(E.u64(parts.globalId ?? 4100), E.u32(parts.mode ?? MODE_CRC), E.blob(parts.payload ?? reply));
}

export interface IdentParts {
  readonly addresses?: Uint8Array;
  readonly target?: Uint8Array;
  readonly gid?: number;
  readonly globalSeq?: number;
  readonly supported?: bigint;
  readonly required?: bigint;
  readonly lossy?: boolean;
  readonly cookie?: bigint;
}

/** The features that Pacific supports. */
export const FEATURES = 0x3f01cfbffffdffffn;
export const CLIENT_ADDR = E.addr({ ip: [10, 0, 0, 9], port: 0, nonce: 77 });

/** The fields that both idents end with. `cookie`: the default for a session that is not lossy. */
function identity(parts: IdentParts, cookie: bigint): Uint8Array {
  const lossy = parts.lossy ?? true;
  return E.concat(
    E.u64(parts.globalSeq ?? 1),
    E.u64(parts.supported ?? FEATURES),
    E.u64(parts.required ?? MSG_ADDR2),
    E.u64(lossy ? 1 : 0),
    E.u64(parts.cookie ?? (lossy ? 0n : cookie)),
  );
}

export function clientIdentPayload(parts: IdentParts = {}): Uint8Array {
  return E.concat(
    parts.addresses ?? E.addrvec(CLIENT_ADDR),
    parts.target ?? E.addr(),
    E.u64(parts.gid ?? 4100),
    identity(parts, 0xc11e47n),
  );
}

export function serverIdentPayload(parts: IdentParts = {}): Uint8Array {
  return E.concat(parts.addresses ?? E.addrvec(E.addr()), E.u64(parts.gid ?? 0), identity(parts, 0x5e47e4n));
}

export interface ReconnectParts {
  readonly addresses?: Uint8Array;
  readonly clientCookie?: bigint;
  readonly serverCookie?: bigint;
  readonly globalSeq?: number;
  readonly connectSeq?: number;
  readonly msgSeq?: number;
}

export function reconnectPayload(parts: ReconnectParts = {}): Uint8Array {
  return E.concat(
    parts.addresses ?? E.addrvec(CLIENT_ADDR),
    E.u64(parts.clientCookie ?? 0xc11e47n),
    E.u64(parts.serverCookie ?? 0x5e47e4n),
    E.u64(parts.globalSeq ?? 2),
    E.u64(parts.connectSeq ?? 1),
    E.u64(parts.msgSeq ?? 0),
  );
}

type Who = 'client' | 'server';

/** Writes a session step by step. Every method returns the script, so that calls can be chained. */
export class Script {
  readonly steps: Step[] = [];
  private readonly revision: Revision;

  constructor(revision: Revision = 1) {
    this.revision = revision;
  }

  send(from: Who, ...parts: readonly Uint8Array[]): this {
    this.steps.push({ from, bytes: E.concat(...parts) });
    return this;
  }

  /** Sends bytes at a time when the sender had received only `seen` bytes of its peer. */
  sendSeen(from: Who, seen: number, bytes: Uint8Array): this {
    this.steps.push({ from, bytes, seen });
    return this;
  }

  end(from: Who, how: 'fin' | 'reset' = 'fin'): this {
    this.steps.push({ from, end: how });
    return this;
  }

  pause(seconds: number): this {
    this.steps.push({ pause: seconds });
    return this;
  }

  reconnected(): this {
    this.steps.push({ then: 'new connection' });
    return this;
  }

  control(from: Who, tag: number, payload: Uint8Array, parts: E.FrameParts = {}): this {
    return this.send(from, E.frame(tag, [payload], { revision: this.revision, ...parts }));
  }

  message(from: Who, parts: E.MessageParts = {}): this {
    return this.send(from, E.message({ revision: this.revision, ...parts }));
  }

  banners(client: E.BannerParts = {}, server: E.BannerParts = {}): this {
    const supported = this.revision === 1 ? 1n : 0n;
    this.send('server', E.banner({ supported, ...server }));
    return this.send('client', E.banner({ supported, ...client }));
  }

  hellos(client: HelloParts = {}, server: HelloParts = {}): this {
    this.control('client', TAG.HELLO, helloPayload(client));
    return this.control(
      'server',
      TAG.HELLO,
      helloPayload({ type: 1, peer: E.addr({ ip: [10, 0, 0, 9], port: 40000 }), ...server }),
    );
  }

  request(parts: AuthRequestParts = {}): this {
    return this.control('client', TAG.AUTH_REQUEST, authRequestPayload(parts));
  }

  /** The challenge round of a login at a monitor. */
  challenge(version = 3): this {
    this.control('server', TAG.AUTH_REPLY_MORE, serverChallenge());
    return this.control('client', TAG.AUTH_REQUEST_MORE, proofPayload(version));
  }

  done(parts: AuthDoneParts = {}): this {
    return this.control('server', TAG.AUTH_DONE, authDonePayload(parts));
  }

  signatures(client = 0xaa, server = 0xbb): this {
    this.control('server', TAG.AUTH_SIGNATURE, new Uint8Array(32).fill(server));
    return this.control('client', TAG.AUTH_SIGNATURE, new Uint8Array(32).fill(client));
  }

  /** From the banners to the signatures, after which the idents follow. */
  login(request: AuthRequestParts = {}, done: AuthDoneParts = {}): this {
    return this.banners().hellos().request(request).challenge().done(done).signatures();
  }

  idents(client: IdentParts = {}, server: IdentParts = {}): this {
    this.control('client', TAG.CLIENT_IDENT, clientIdentPayload(client));
    return this.control('server', TAG.SERVER_IDENT, serverIdentPayload({ lossy: client.lossy ?? true, ...server }));
  }

  /** An open lossy session of a client with a monitor. */
  open(): this {
    return this.login().idents();
  }

  /** An open lossless session, as between daemons. */
  openLossless(client: IdentParts = {}, server: IdentParts = {}): this {
    return this.login().idents({ lossy: false, ...client }, server);
  }

  reconnect(parts: ReconnectParts = {}): this {
    return this.control('client', TAG.SESSION_RECONNECT, reconnectPayload(parts));
  }

  value(from: Who, tag: number, value: number | bigint): this {
    return this.control(from, tag, E.u64(value));
  }

  /** KEEPALIVE2 or KEEPALIVE2_ACK with a time in seconds. */
  keepalive(from: Who, tag: number, seconds: number): this {
    return this.control(from, tag, E.concat(E.u32(seconds), E.u32(0)));
  }
}

export function script(revision: Revision = 1): Script {
  return new Script(revision);
}
