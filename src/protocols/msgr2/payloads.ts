import { hexNumber } from '../../base/hex.js';
import { authDone, authReplyMore, authRequest, authRequestMore } from './cephx.js';
import { algorithmName, entityName, IDENT_LOSSY, methodName, modeName, resultText, TAG } from './constants.js';
import { featureNames } from './features.js';
import type { EntityWalker } from './entity-walker.js';

/** Layouts of the control frames' payloads (doc/dev/msgr2.rst, the frames one by one; src/msg/async/frames_v2.h). */

function hello(w: EntityWalker): void {
  w.u8('entityType', entityName);
  w.address('peerAddress');
}

function authBadMethod(w: EntityWalker): void {
  w.u32('method', methodName);
  w.s32('result', resultText);
  w.numbers('allowedMethods', methodName);
  w.numbers('allowedModes', modeName);
}

function identFlags(v: bigint): string {
  return (v & BigInt(IDENT_LOSSY)) !== 0n ? `${hexNumber(v)} LOSSY` : hexNumber(v);
}

const featureText = (v: bigint) => `${hexNumber(v, 16)} ${featureNames(v).join(' ')}`;

function clientIdent(w: EntityWalker): void {
  w.addresses('addresses');
  w.address('target');
  w.s64('gid');
  w.u64('globalSeq');
  w.u64('featuresSupported', featureText);
  w.u64('featuresRequired', featureText);
  w.u64('flags', identFlags);
  w.u64('cookie', (v) => hexNumber(v, 16));
}

function serverIdent(w: EntityWalker): void {
  w.addresses('addresses');
  w.s64('gid');
  w.u64('globalSeq');
  w.u64('featuresSupported', featureText);
  w.u64('featuresRequired', featureText);
  w.u64('flags', identFlags);
  w.u64('cookie', (v) => hexNumber(v, 16));
}

function sessionReconnect(w: EntityWalker): void {
  w.addresses('addresses');
  w.u64('clientCookie', (v) => hexNumber(v, 16));
  w.u64('serverCookie', (v) => hexNumber(v, 16));
  w.u64('globalSeq');
  w.u64('connectSeq');
  w.u64('msgSeq');
}

function compressionRequest(w: EntityWalker): void {
  w.bool('wanted');
  w.numbers('algorithms', algorithmName);
}

function compressionDone(w: EntityWalker): void {
  w.bool('enabled');
  w.u32('algorithm', algorithmName);
}

type Layout = (w: EntityWalker) => void;

const LAYOUTS: Readonly<Record<number, Layout>> = {
  [TAG.HELLO]: hello,
  [TAG.AUTH_REQUEST]: authRequest,
  [TAG.AUTH_BAD_METHOD]: authBadMethod,
  [TAG.AUTH_REPLY_MORE]: authReplyMore,
  [TAG.AUTH_REQUEST_MORE]: authRequestMore,
  [TAG.AUTH_DONE]: authDone,
  [TAG.AUTH_SIGNATURE]: (w) => w.raw('signature', w.left),
  [TAG.CLIENT_IDENT]: clientIdent,
  [TAG.SERVER_IDENT]: serverIdent,
  [TAG.IDENT_MISSING_FEATURES]: (w) => void w.u64('features', featureText),
  [TAG.SESSION_RECONNECT]: sessionReconnect,
  [TAG.SESSION_RESET]: (w) => void w.bool('full'),
  [TAG.SESSION_RETRY]: (w) => void w.u64('connectSeq'),
  [TAG.SESSION_RETRY_GLOBAL]: (w) => void w.u64('globalSeq'),
  [TAG.SESSION_RECONNECT_OK]: (w) => void w.u64('msgSeq'),
  [TAG.WAIT]: () => undefined,
  [TAG.KEEPALIVE2]: (w) => w.utime('timestamp'),
  [TAG.KEEPALIVE2_ACK]: (w) => w.utime('timestamp'),
  [TAG.ACK]: (w) => void w.u64('seq'),
  [TAG.COMPRESSION_REQUEST]: compressionRequest,
  [TAG.COMPRESSION_DONE]: compressionDone,
};

/** Walks a control payload; what its layout leaves is `rest`. Returns how many bytes that is. */
export function walkControl(tag: number, w: EntityWalker): number {
  LAYOUTS[tag]?.(w);
  const rest = w.left;
  if (rest > 0) w.raw('rest', rest);
  return rest;
}

/** Tags whose payload is one 64-bit value, kept in the frame itself. */
export function isSingleValue(tag: number): boolean {
  return (
    (tag >= TAG.KEEPALIVE2 && tag <= TAG.ACK) ||
    (tag >= TAG.SESSION_RETRY && tag <= TAG.SESSION_RECONNECT_OK) ||
    tag === TAG.IDENT_MISSING_FEATURES
  );
}
