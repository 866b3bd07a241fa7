import { hexNumber } from '../../base/hex.js';
import { list, sized } from '../../base/structure/parts.js';
import { struct, type Members, type Struct, type Value } from '../../base/structure/struct.js';
import { bool, i32, i64, remainder, u32, u64, u8, type Type, type ValueOf } from '../../base/structure/type.js';
import { algorithmName, IDENT_LOSSY, modeName, TAG } from './constants.js';
import { entityName, methodName, resultText } from '../ceph/constants.js';
import { featureNames } from '../ceph/features.js';
import { address, addresses } from '../ceph/structures/address.js';
import { donePayload, replyMorePayload, requestMorePayload, requestPayload } from '../ceph/structures/cephx.js';
import { utime } from '../ceph/structures/common.js';

/** The payloads of the control frames (doc/dev/msgr2.rst; src/msg/async/frames_v2.h). */

/** The bytes after the last known field: newer senders may append fields. */
const tail = { rest: remainder };

function frame<M extends Members>(members: M): Struct<Value<M> & { readonly rest: Uint8Array }> {
  return struct(members).and(tail);
}

const features = u64.shown((v) => `${hexNumber(v, 16)} ${featureNames(v).join(' ')}`);
const cookie = u64.shown((v) => hexNumber(v, 16));
const flags = u64.shown((v) => (isLossy({ flags: v }) ? `${hexNumber(v)} LOSSY` : hexNumber(v)));
const methods = list(u32.shown(methodName));
const modes = list(u32.shown(modeName));

export const hello = frame({ entityType: u8.shown(entityName), peerAddress: address });

export const authRequest = struct({ method: u32.shown(methodName), preferredModes: modes })
  .and(({ method }) => ({ payload: sized(requestPayload(method)) }))
  .and(tail);
export const authBadMethod = frame({
  ...{ method: u32.shown(methodName), result: i32.shown(resultText), allowedMethods: methods, allowedModes: modes },
});
export const authReplyMore = frame({ payload: sized(replyMorePayload) });
export const authRequestMore = frame({ payload: sized(requestMorePayload) });
export const authDone = frame({ globalId: u64, connectionMode: u32.shown(modeName), payload: sized(donePayload) });
export const authSignature = struct({ signature: remainder });

const identity = { gid: i64, globalSeq: u64, featuresSupported: features, featuresRequired: features, flags, cookie };
export const clientIdent = frame({ addresses, target: address, ...identity });
export const serverIdent = frame({ addresses, ...identity });
export const sessionReconnect = frame({
  ...{ addresses, clientCookie: cookie, serverCookie: cookie, globalSeq: u64, connectSeq: u64, msgSeq: u64 },
});
export const sessionReset = frame({ full: bool });

export const compressionRequest = frame({ wanted: bool, algorithms: list(u32.shown(algorithmName)) });
export const compressionDone = frame({ enabled: bool, algorithm: u32.shown(algorithmName) });

export type AuthRequest = ValueOf<typeof authRequest>;
export type AuthBadMethod = ValueOf<typeof authBadMethod>;
export type ClientIdent = ValueOf<typeof clientIdent>;
export type ServerIdent = ValueOf<typeof serverIdent>;
export type SessionReconnect = ValueOf<typeof sessionReconnect>;

/** Whether an ident has the LOSSY flag. */
export function isLossy(ident: { readonly flags: bigint }): boolean {
  return (ident.flags & BigInt(IDENT_LOSSY)) !== 0n;
}

/** The part that all payloads share: the bytes after the last known field. A signature has none, since it takes all bytes. */
type Trailing = { readonly rest?: Uint8Array } & object;

const unknown = struct(tail);

const FORMS: Readonly<Record<number, Type<Trailing>>> = {
  [TAG.HELLO]: hello,
  [TAG.AUTH_REQUEST]: authRequest,
  [TAG.AUTH_BAD_METHOD]: authBadMethod,
  [TAG.AUTH_REPLY_MORE]: authReplyMore,
  [TAG.AUTH_REQUEST_MORE]: authRequestMore,
  [TAG.AUTH_DONE]: authDone,
  [TAG.AUTH_SIGNATURE]: authSignature,
  [TAG.CLIENT_IDENT]: clientIdent,
  [TAG.SERVER_IDENT]: serverIdent,
  [TAG.IDENT_MISSING_FEATURES]: frame({ features }),
  [TAG.SESSION_RECONNECT]: sessionReconnect,
  [TAG.SESSION_RESET]: sessionReset,
  [TAG.SESSION_RETRY]: frame({ connectSeq: u64 }),
  [TAG.SESSION_RETRY_GLOBAL]: frame({ globalSeq: u64 }),
  [TAG.SESSION_RECONNECT_OK]: frame({ msgSeq: u64 }),
  [TAG.WAIT]: unknown,
  [TAG.KEEPALIVE2]: frame({ timestamp: utime }),
  [TAG.KEEPALIVE2_ACK]: frame({ timestamp: utime }),
  [TAG.ACK]: frame({ seq: u64 }),
  [TAG.COMPRESSION_REQUEST]: compressionRequest,
  [TAG.COMPRESSION_DONE]: compressionDone,
};

/** The form of the payload of a frame with that tag. */
export function controlForm(tag: number): Type<Trailing> {
  return FORMS[tag] ?? unknown;
}

/** Tags whose payload is one 64-bit value, which is kept in ControlFrame.value. */
export function isSingleValue(tag: number): boolean {
  return (
    (tag >= TAG.KEEPALIVE2 && tag <= TAG.ACK) ||
    (tag >= TAG.SESSION_RETRY && tag <= TAG.SESSION_RECONNECT_OK) ||
    tag === TAG.IDENT_MISSING_FEATURES
  );
}
