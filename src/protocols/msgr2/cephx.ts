import { entityName, METHOD_CEPHX, METHOD_NONE, methodName, modeName, resultText } from './constants.js';
import type { EntityWalker } from './entity-walker.js';

/**
 * What the auth frames carry inside their blobs: the outer structure of cephx (src/auth/cephx), which needs no keys. The
 * first byte says whether a ticket is presented to a daemon (1..9) or somebody logs in at a monitor (10..19).
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

const AUTH_MODE_MON = 10;

export function authModeName(mode: number): string {
  if (mode >= 1 && mode <= 9) return 'authorizer';
  return mode >= 10 && mode <= 19 ? 'mon' : 'unknown';
}

/** EntityName: u32 type, id. */
function entity(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u32('type', entityName);
    w.str('id');
  });
}

/** CephXTicketBlob: u8 1, u64 secret id, opaque bytes. */
function ticketBlob(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u8('structVersion');
    w.u64('secretId');
    w.blob('ticket');
  });
}

/** CephXAuthorizer: u8 1, u64 global id, u32 service, ticket, and bytes sealed with the session key. */
function authorizer(w: EntityWalker): void {
  w.u8('authMode', authModeName);
  w.u64('globalId');
  w.u32('service', entityName);
  ticketBlob(w, 'ticket');
  w.blob('sealedAuthorizer');
}

function loginAtMonitor(w: EntityWalker): void {
  w.u8('authMode', authModeName);
  entity(w, 'entity');
  w.u64('globalId');
}

export function authRequest(w: EntityWalker): void {
  const method = w.u32('method', methodName);
  w.numbers('preferredModes', modeName);
  w.sized('payload', () => {
    const mode = w.left > 0 ? w.bytes[w.pos]! : 0;
    if (authModeName(mode) === 'unknown') return;
    if (method !== METHOD_CEPHX && method !== METHOD_NONE) {
      w.u8('authMode', authModeName);
      return;
    }
    if (mode >= AUTH_MODE_MON || method === METHOD_NONE) loginAtMonitor(w);
    else authorizer(w);
  });
}

export function authRequestMore(w: EntityWalker): void {
  w.sized('payload', () => {
    if (w.left >= 2 && w.bytes[w.pos] === 0 && w.bytes[w.pos + 1] === 1) {
      w.u16('requestType', requestTypeName);
      const version = w.u8('structVersion');
      w.u64('clientChallenge');
      w.raw('proof', 8);
      ticketBlob(w, 'oldTicket');
      if (version >= 2) w.u32('otherServices', servicesText);
    } else if (w.left > 0 && authModeName(w.bytes[w.pos]!) === 'authorizer') {
      authorizer(w);
    }
  });
}

function servicesText(mask: number): string {
  const names = [1, 2, 4, 8, 16, 32].filter((bit) => (mask & bit) !== 0).map(entityName);
  return names.length === 0 ? 'none' : names.join(' ');
}

export function authReplyMore(w: EntityWalker): void {
  w.sized('payload', () => {
    if (w.left === 9 && w.bytes[w.pos] === 1) {
      w.u8('structVersion');
      w.u64('serverChallenge');
    } else if (w.left > 0) {
      w.raw('sealedChallenge', w.left);
    }
  });
}

/** Service tickets: u8 1, vec of u32 service, u8 1, sealed session key, u8 sealed?, ticket. */
function tickets(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u8('structVersion');
    w.vector('tickets', 14, () =>
      w.together('ticket', () => {
        w.u32('service', entityName);
        w.u8('ticketVersion');
        w.blob('sealedSessionKey');
        const sealed = w.u8('ticketSealed');
        if (sealed !== 0) w.blob('sealedTicket');
        else w.sized('ticketBlob', () => (w.left > 0 ? ticketBlob(w, 'blob') : undefined));
      }),
    );
  });
}

/** Answer to a login at a monitor; also the body of later AUTH_REPLY messages. */
export function authReplyPayload(w: EntityWalker): void {
  const type = w.u16('requestType', requestTypeName);
  const status = w.s32('status', resultText);
  if (status !== 0 || w.left === 0) return;
  if (type === GET_AUTH_SESSION_KEY) {
    tickets(w, 'authTicket');
    if (w.left > 0) w.blob('sealedConnectionSecret');
    if (w.left > 0) w.sized('serviceTickets', () => (w.left > 0 ? tickets(w, 'reply') : undefined));
  } else if (type === GET_PRINCIPAL_SESSION_KEY) {
    tickets(w, 'serviceTickets');
  }
}

export function authDone(w: EntityWalker): void {
  w.u64('globalId');
  w.u32('connectionMode', modeName);
  w.sized('payload', () => {
    const n = w.left;
    if (n === 0) return;
    const b = w.bytes;
    const at = w.pos;
    const first = n >= 4 ? b[at]! + b[at + 1]! * 256 + b[at + 2]! * 65536 + b[at + 3]! * 16777216 : -1;
    const loginReply = b[at] === 0 && b[at + 1] === 1 && n >= 6 && (b[at + 6] === 1 || n === 6);
    if (loginReply) authReplyPayload(w);
    else if (first === n - 4) w.blob('sealedReply');
  });
}
