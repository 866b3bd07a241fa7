import { BANNER_TEXT_V1 } from '../ceph/constants.js';
import { crc32c } from '../../base/crc32c.js';
import { ascii, concat, u32, u64, u8 } from '../ceph/encode.js';
import { MSG as TYPE } from '../ceph/message-types.js';
import { FOOTER_COMPLETE, TAG } from './constants.js';
import { CONNECT, CONNECT_REPLY, FOOTER, FOOTER_OLD, MSG } from './layout.js';

/** Builds frames of messenger v1, for the rules' examples and for tests. */

export * from '../ceph/encode.js';

/** An address in its old form: 136 bytes, of which the socket address is in network byte order. */
export function address(port: number, nonce = 0, ip: readonly number[] = [10, 0, 0, 1]): Uint8Array {
  const out = new Uint8Array(136);
  const view = new DataView(out.buffer);
  view.setUint32(4, nonce, true);
  view.setUint16(8, 2);
  view.setUint16(10, port);
  out.set(ip, 12);
  return out;
}

export function banner(text = BANNER_TEXT_V1): Uint8Array {
  return ascii(text);
}

/** The features that Reef offers. */
export const FEATURES = 0x3f01cfbffffdffffn;

export interface ConnectParts {
  readonly features?: bigint;
  readonly hostType?: number;
  readonly globalSeq?: number;
  readonly connectSeq?: number;
  readonly protocolVersion?: number;
  readonly method?: number;
  readonly authorizer?: Uint8Array;
  /** The announced length, if it is to differ from the authorizer's. */
  readonly authorizerLength?: number;
  readonly flags?: number;
}

export function connect(parts: ConnectParts = {}): Uint8Array {
  const authorizer = parts.authorizer ?? new Uint8Array(0);
  const head = CONNECT.build({
    features: parts.features ?? FEATURES,
    hostType: parts.hostType ?? 8,
    globalSeq: parts.globalSeq ?? 1,
    connectSeq: parts.connectSeq ?? 0,
    protocolVersion: parts.protocolVersion ?? 15,
    authorizerProtocol: parts.method ?? (authorizer.length > 0 ? 2 : 0),
    authorizerLength: parts.authorizerLength ?? authorizer.length,
    flags: parts.flags ?? 1,
  });
  return concat(head, authorizer);
}

export interface ReplyParts extends ConnectParts {
  readonly tag?: number;
}

export function reply(parts: ReplyParts = {}): Uint8Array {
  const authorizer = parts.authorizer ?? new Uint8Array(0);
  const head = CONNECT_REPLY.build({
    tag: parts.tag ?? TAG.READY,
    features: parts.features ?? FEATURES,
    globalSeq: parts.globalSeq ?? 1,
    connectSeq: parts.connectSeq ?? 1,
    protocolVersion: parts.protocolVersion ?? 15,
    authorizerLength: parts.authorizerLength ?? authorizer.length,
    flags: parts.flags ?? 1,
  });
  return concat(head, authorizer);
}

export interface MessageParts {
  readonly type?: number;
  readonly version?: number;
  readonly compatVersion?: number;
  readonly seq?: number;
  readonly tid?: number;
  readonly source?: readonly [type: number, number: number];
  readonly front?: Uint8Array;
  readonly middle?: Uint8Array;
  readonly data?: Uint8Array;
  /** Announced lengths, if they are to differ from the real ones. */
  readonly frontLength?: number;
  readonly dataLength?: number;
  /** Checksums in place of the right ones. */
  readonly headerCrc?: number;
  readonly frontCrc?: number;
  readonly middleCrc?: number;
  readonly dataCrc?: number;
  readonly flags?: number;
  readonly signature?: bigint;
  /** Whether to write the footer of a side without MSG_AUTH. */
  readonly old?: boolean;
}

const NONE = new Uint8Array(0);

export function message(parts: MessageParts = {}): Uint8Array {
  const { front = NONE, middle = NONE, data = NONE } = parts;
  const [type, number] = parts.source ?? [8, 4100];
  const head = MSG.build({
    tag: TAG.MSG,
    seq: BigInt(parts.seq ?? 1),
    tid: BigInt(parts.tid ?? 0),
    type: parts.type ?? TYPE.PING,
    priority: 127,
    version: parts.version ?? 1,
    frontLength: parts.frontLength ?? front.length,
    middleLength: middle.length,
    dataLength: parts.dataLength ?? data.length,
    dataOff: 0,
    src: concat(u8(type), u64(number)),
    compatVersion: parts.compatVersion ?? 1,
    reserved: 0,
    headerCrc: 0,
  });
  const crcAt = MSG.at.headerCrc;
  head.set(u32(parts.headerCrc ?? crc32c(0, head, MSG.at.seq, crcAt)), crcAt);
  const crc = (bytes: Uint8Array): number => crc32c(0, bytes, 0, bytes.length);
  const sums = {
    frontCrc: parts.frontCrc ?? crc(front),
    middleCrc: parts.middleCrc ?? crc(middle),
    dataCrc: parts.dataCrc ?? crc(data),
    footerFlags: parts.flags ?? FOOTER_COMPLETE,
  };
  const footer =
    parts.old === true ? FOOTER_OLD.build(sums) : FOOTER.build({ ...sums, signature: parts.signature ?? 0n });
  return concat(head, front, middle, data, footer);
}

export function ack(seq: number): Uint8Array {
  return concat(u8(TAG.ACK), u64(seq));
}

export function keepalive(tag: number, seconds: number): Uint8Array {
  return concat(u8(tag), u32(seconds), u32(0));
}

/** The front of a MON_GET_VERSION, which both messengers can decode: a handle and a name. */
export function getVersion(name = 'osdmap', length = name.length): Uint8Array {
  return concat(u64(1), u32(length), ascii(name));
}
