import { crc32c } from '../../base/crc32c.js';
import type { Input } from '../../base/input.js';
import { isMessageType } from '../ceph/message-types.js';
import { CONNECT, FOOTER, FOOTER_OLD, KEEPALIVE, MSG, SEQ } from './layout.js';
import { FOOTER_COMPLETE, isTraffic, TAG } from './constants.js';

/** Functions that judge bytes which may be a header. All of its bytes must be there. */

const AT = MSG.at;

/** Whether entities of this type send messages. */
function isEntity(type: number): boolean {
  return type === 1 || type === 2 || type === 4 || type === 8 || type === 16;
}

/** The crc of a message's header, over all bytes between the tag and the crc itself. */
export function headerCrc(bytes: Uint8Array, at: number): number {
  return crc32c(0, bytes, at + AT.seq, at + AT.headerCrc);
}

export function storedCrc(view: DataView, at: number): number {
  return view.getUint32(at + AT.headerCrc, true);
}

/** Whether there is a message's header with a right checksum at `at`. */
export function provenHeader(bytes: Uint8Array, view: DataView, at: number): boolean {
  if (bytes[at] !== TAG.MSG || !isEntity(bytes[at + AT.src]!)) return false;
  return storedCrc(view, at) === headerCrc(bytes, at);
}

/** Whether there is a plausible header at `at` whose sender left out the checksum, which is 0 then. */
export function uncheckedHeader(bytes: Uint8Array, view: DataView, at: number, limit: number): boolean {
  if (storedCrc(view, at) !== 0 || !isEntity(bytes[at + AT.src]!)) return false;
  const known = isMessageType(view.getUint16(at + AT.type, true)) && view.getUint16(at + AT.reserved, true) === 0;
  return known && view.getUint32(at + AT.frontLength, true) < limit;
}

/** Whether COMPLETE is set, and no flag that is not defined. */
function goodFlags(flags: number): boolean {
  return flags < 8 && (flags & FOOTER_COMPLETE) !== 0;
}

/** The size of the footer at `at`, judged by its bytes, of which `there` were captured; 0: cannot tell. */
export function footerAt(bytes: Uint8Array, at: number, there: number): number {
  const flagsAt = FOOTER.at.footerFlags;
  const oldAt = FOOTER_OLD.at.footerFlags;
  if (there >= FOOTER.size && goodFlags(bytes[at + flagsAt]!)) return FOOTER.size;
  if (there < FOOTER_OLD.size || !goodFlags(bytes[at + oldAt]!)) return 0;
  if (there === FOOTER_OLD.size || isTraffic(bytes[at + FOOTER_OLD.size]!)) return FOOTER_OLD.size;
  return 0;
}

/** Seconds since 1970: from here on (July 1995) a number counts as a time. Sequence numbers are far below. */
const CENTURY = 0x3000_0000;

/** What a client sends after a connect; only the server's reply tells for certain. */
export type Behind = 'connect' | 'sequence' | 'traffic';

/**
 * Decides by the bytes alone how a client continues after a connect: with another connect (it was refused or challenged), with the number
 * of the last message that it has received (the session is resumed), or with traffic. A number: so many bytes are needed.
 *
 * Feature words begin with a byte above all tags, since every release has bit 6 (RECONNECT_SEQ). Sequence numbers have zeros where the
 * items after a tag have times, other numbers, or checksums.
 */
export function behindConnect(input: Input, final: boolean): Behind | number {
  const { bytes, view, pos, remaining } = input;
  const first = bytes[pos]!;
  const lacks = (n: number): boolean => remaining < n && !final;
  if (first > TAG.CHALLENGE_AUTHORIZER) {
    if (lacks(8)) return 8;
    if (remaining >= 8 && view.getUint32(pos + 4, true) !== 0) return 'connect';
    if (lacks(CONNECT.at.hostType + 4)) return CONNECT.at.hostType + 4;
    const whole = remaining >= CONNECT.at.hostType + 4;
    return whole && !isEntity(view.getUint32(pos + CONNECT.at.hostType, true))
      ? 'sequence'
      : whole
        ? 'connect'
        : 'sequence';
  }
  const isSequence = (): boolean =>
    remaining >= SEQ.size &&
    view.getUint32(pos + 4, true) === 0 &&
    (remaining === SEQ.size || isTraffic(bytes[pos + SEQ.size]!));
  if (first === TAG.MSG) {
    if (lacks(MSG.size)) return MSG.size;
    if (remaining >= MSG.size && provenHeader(bytes, view, pos)) return 'traffic';
    return isSequence() ? 'sequence' : 'traffic';
  }
  if (first === TAG.CLOSE || first === TAG.KEEPALIVE) {
    if (lacks(2)) return 2;
    if (remaining === 1) return 'traffic';
    if (!isTraffic(bytes[pos + 1]!)) return 'sequence';
    // the second byte of a number may look like a tag as well
    if (lacks(SEQ.size + 1)) return SEQ.size + 1;
    return isSequence() ? 'sequence' : 'traffic';
  }
  if (lacks(KEEPALIVE.size)) return KEEPALIVE.size;
  if (remaining < KEEPALIVE.size) return isSequence() ? 'sequence' : 'traffic';
  if (first === TAG.KEEPALIVE2 || first === TAG.KEEPALIVE2_ACK)
    return view.getUint32(pos + KEEPALIVE.at.seconds, true) >= CENTURY ? 'traffic' : 'sequence';
  // in an ACK this byte is the highest one of a number, and 0; after a sequence number it is the next tag
  if (first === TAG.ACK) return bytes[pos + SEQ.size] === 0 ? 'traffic' : 'sequence';
  return 'sequence';
}
