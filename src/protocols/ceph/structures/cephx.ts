import { choose, ifLeft, list, sized, whenBefore } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import {
  blob,
  fixedBytes,
  hiddenRemainder,
  i32,
  remainder,
  string,
  u16,
  u32,
  u64,
  u8,
  type Type,
  type ValueOf,
} from '../../../base/structure/type.js';
import { entityName, METHOD_CEPHX, METHOD_NONE, methodName, resultText } from '../constants.js';

/**
 * The payloads of the auth frames: the outer structures of cephx (src/auth/cephx/CephxProtocol.h), which can be read without keys. The
 * first byte of a request tells whether a ticket is presented to a daemon (1..9) or an entity logs in at a monitor (10..19).
 */

/** CephXRequestHeader.request_type. */
export const GET_AUTH_SESSION_KEY = 0x0100;
export const GET_PRINCIPAL_SESSION_KEY = 0x0200;
export const GET_ROTATING_KEY = 0x0400;

function requestTypeName(type: number): string {
  if (type === GET_AUTH_SESSION_KEY) return 'get auth session key';
  if (type === GET_PRINCIPAL_SESSION_KEY) return 'get principal session key';
  return type === GET_ROTATING_KEY ? 'get rotating keys' : `request ${type}`;
}

export function authModeName(mode: number): string {
  if (mode >= 1 && mode <= 9) return 'authorizer';
  return mode >= 10 && mode <= 19 ? 'mon' : 'unknown';
}

/** A mask of entity types, such as `osd mgr`. */
export function servicesText(mask: number): string {
  const names = [1, 2, 4, 8, 16, 32].filter((bit) => (mask & bit) !== 0).map(entityName);
  return names.length === 0 ? 'none' : names.join(' ');
}

const authMode = u8.shown(authModeName);
const service = u32.shown(entityName);
const requestType = u16.shown(requestTypeName);
const nothing = struct({});

/** EntityName: u32 type, id. */
const entity = struct({ type: u32.shown(entityName), id: string });

/** CephXTicketBlob: u8 1, u64 secret id, and bytes that only the service can unseal. */
export const ticketBlob = struct({ structVersion: u8, secretId: u64, ticket: blob });
export type TicketBlob = ValueOf<typeof ticketBlob>;

/** The login of an entity at a monitor. */
const login = struct({ authMode, entity, globalId: u64 });
/** CephXAuthorizer: presents a ticket, with bytes that are sealed with its session key. */
const authorizer = struct({ authMode, globalId: u64, service, ticket: ticketBlob, sealedAuthorizer: blob });
/** CephXAuthenticate: the answer to the challenge, which proves that the client has the key. */
const proof = struct({
  ...{ requestType, structVersion: u8, clientChallenge: u64, proof: fixedBytes(8), oldTicket: ticketBlob },
}).and(['structVersion'], {
  otherServices: whenBefore(u32.shown(servicesText), (before: { structVersion: number }) => before.structVersion >= 2),
});

export type Login = ValueOf<typeof login>;
export type Authorizer = ValueOf<typeof authorizer>;
export type Proof = ValueOf<typeof proof>;

/** What a client sends to authenticate. All members are missing if it has none of the known forms. */
export type Credentials = Partial<Login & Authorizer & Proof>;

/** AUTH_REQUEST's payload, whose form depends on the method. */
export function requestPayload(method: number): Type<Credentials> {
  return choose<Credentials>('login or authorizer', (r) => {
    const mode = r.left > 0 ? r.bytes[r.pos]! : 0;
    const name = authModeName(mode);
    if (name === 'unknown') return nothing;
    if (method === METHOD_NONE) return login;
    if (method !== METHOD_CEPHX) return struct({ authMode });
    return name === 'mon' ? login : authorizer;
  });
}

const REQUEST_TYPE = 2;
/** A client that has no key for its entity sends the request without a proof (CephxClientHandler::build_request). */
const unproven = struct({ requestType });
const provable = (left: number): Type<Partial<Proof>> => (left === REQUEST_TYPE ? unproven : proof);

export const requestMorePayload = choose<Credentials>('proof or authorizer', (r) => {
  if (r.left >= REQUEST_TYPE && r.view.getUint16(r.pos, true) === GET_AUTH_SESSION_KEY) return provable(r.left);
  return r.left > 0 && authModeName(r.bytes[r.pos]!) === 'authorizer' ? authorizer : nothing;
});

/** A request for tickets for services, with the ticket that a login has brought. */
const ticketRequest = struct({ requestType, authorizer, structVersion: u8, services: u32.shown(servicesText) });
const otherRequest = struct({ requestType, rest: hiddenRemainder });
/** The first message of a login: the methods that the client supports, and its entity. */
const offer = struct({ structVersion: u8, methods: list(u32.shown(methodName), 'method'), entity, globalId: u64 });
const empty = struct({});

/** MAuth's payload at a monitor. `protocol` is 0 before a method is chosen. */
export type AuthSteps = Partial<ValueOf<typeof offer> & Proof & ValueOf<typeof ticketRequest>>;
export const authSteps = choose<AuthSteps>('step of a login', (r) => {
  const { protocol } = r.before as { readonly protocol?: number };
  if (r.left === 0) return empty;
  if (protocol === 0) return offer;
  if (protocol !== METHOD_CEPHX || r.left < REQUEST_TYPE) return empty;
  const type = r.view.getUint16(r.pos, true);
  if (type === GET_AUTH_SESSION_KEY) return provable(r.left);
  return type === GET_PRINCIPAL_SESSION_KEY ? ticketRequest : otherRequest;
});

/** A challenge that is not sealed: u8 1, u64. */
export const challenge = struct({ structVersion: u8, serverChallenge: u64 });
const sealedChallenge = struct({ sealedChallenge: remainder });
export type Challenge = Partial<ValueOf<typeof challenge> & ValueOf<typeof sealedChallenge>>;

export const replyMorePayload = choose<Challenge>('challenge', (r) => {
  if (r.left === challenge.size && r.bytes[r.pos] === 1) return challenge;
  return r.left > 0 ? sealedChallenge : nothing;
});

/** A ticket for its client: the sealed session key, and the ticket to present. */
const ticket = struct({ service, ticketVersion: u8, sealedSessionKey: blob, ticketSealed: u8 }).and(['ticketSealed'], {
  sealedTicket: whenBefore(blob, isSealed),
  ticketBlob: whenBefore(sized(struct({ blob: ifLeft(ticketBlob) })), (before) => !isSealed(before)),
});
function isSealed(before: { readonly ticketSealed: number }): boolean {
  return before.ticketSealed !== 0;
}

const tickets = struct({ structVersion: u8, tickets: list(ticket, 'ticket') });
export type Ticket = ValueOf<typeof ticket>;

/** The tickets for services: alone, or, in the reply to a login, after the ticket for the monitors. */
type ServiceTickets = Partial<ValueOf<typeof tickets>> & { readonly reply?: ValueOf<typeof tickets> | undefined };

interface ReplyHeader {
  readonly requestType: number;
  readonly status: number;
}

/** Whether a reply grants what one of these requests has asked for. */
const grants =
  (...types: readonly number[]) =>
  ({ requestType, status }: ReplyHeader): boolean =>
    status === 0 && types.includes(requestType);

const behindLogin: Type<ServiceTickets> = sized(struct({ reply: ifLeft(tickets) }));
const ticketsForServices = choose<ServiceTickets>('tickets', (r) =>
  (r.before as unknown as ReplyHeader).requestType === GET_AUTH_SESSION_KEY ? behindLogin : tickets,
);

/** The answer to a login at a monitor; also the body of later AUTH_REPLY messages. */
export const replyPayload = struct({ requestType, status: i32.shown(resultText) }).and(['requestType', 'status'], {
  authTicket: whenBefore(ifLeft(tickets), grants(GET_AUTH_SESSION_KEY)),
  sealedConnectionSecret: whenBefore(ifLeft(blob), grants(GET_AUTH_SESSION_KEY)),
  serviceTickets: whenBefore(ifLeft(ticketsForServices), grants(GET_AUTH_SESSION_KEY, GET_PRINCIPAL_SESSION_KEY)),
  sealedSecrets: whenBefore(hiddenRemainder, grants(GET_ROTATING_KEY)),
});
export type ReplyPayload = ValueOf<typeof replyPayload>;

/** The tickets for services in a reply. */
export function serviceTickets(reply: Partial<ReplyPayload>): readonly Ticket[] {
  const there = reply.serviceTickets;
  return there?.reply?.tickets ?? there?.tickets ?? [];
}

/** The answer to a ticket that was presented. */
const sealedReply = struct({ sealedReply: blob });
export type DonePayload = Partial<ReplyPayload & ValueOf<typeof sealedReply>>;

const HEADER = 6;

export const donePayload = choose<DonePayload>('reply', (r) => {
  const { left, pos, bytes, view } = r;
  const typed = left >= HEADER && view.getUint16(pos, true) === GET_AUTH_SESSION_KEY;
  // the tickets after the header begin with their version
  if (typed && (left === HEADER || bytes[pos + HEADER] === 1)) return replyPayload;
  return left >= 4 && view.getUint32(pos, true) === left - 4 ? sealedReply : nothing;
});
