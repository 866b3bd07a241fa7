import type { Input, Side } from '../../base/input.js';
import { exact } from '../../base/u64.js';
import { Message } from '../../contract/message.js';
import type { Roster } from '../ceph/directory.js';
import type { MapNews } from '../ceph/bodies/map-news.js';
import type { CephMessage, Names } from '../ceph/ceph-message.js';
import type { OpHead, ReplicaHead, ReplyHead } from '../ceph/operation-head.js';
import type { Address } from '../ceph/structures/address.js';
import { tagName } from './constants.js';
import { CONNECT, CONNECT_REPLY, MSG, sourceText } from './layout.js';

/** All messages of this protocol. */
export type Msgr1Message = Banner | Connect | ConnectReply | Sequence | Control | DataMessage;

/** The greeting of either side, with its own address; a server adds its client's address as it sees it. */
export class Banner extends Message {
  readonly name = 'BANNER';
  addresses: readonly Address[] = [];
}

/** The client's request for a session. The authorizer is its ticket for the service. */
export class Connect extends Message {
  readonly name = 'CONNECT';
  readonly features: bigint;
  readonly hostType: number;
  readonly globalSeq: number;
  readonly connectSeq: number;
  readonly protocolVersion: number;
  readonly authorizerProtocol: number;
  readonly authorizerLength: number;
  readonly flags: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    const { view, pos } = input;
    const u32 = (at: number): number => view.getUint32(pos + at, true);
    this.features = view.getBigUint64(pos + CONNECT.at.features, true);
    this.hostType = u32(CONNECT.at.hostType);
    this.globalSeq = u32(CONNECT.at.globalSeq);
    this.connectSeq = u32(CONNECT.at.connectSeq);
    this.protocolVersion = u32(CONNECT.at.protocolVersion);
    this.authorizerProtocol = u32(CONNECT.at.authorizerProtocol);
    this.authorizerLength = u32(CONNECT.at.authorizerLength);
    this.flags = input.bytes[pos + CONNECT.at.flags]!;
    this.length = CONNECT.size + this.authorizerLength;
  }
}

/** The server's answer to a connect; its tag is the kind of answer. */
export class ConnectReply extends Message {
  readonly name = 'CONNECT_REPLY';
  readonly tag: number;
  readonly features: bigint;
  readonly globalSeq: number;
  readonly connectSeq: number;
  readonly protocolVersion: number;
  readonly authorizerLength: number;
  readonly flags: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    const { bytes, view, pos } = input;
    const u32 = (at: number): number => view.getUint32(pos + at, true);
    this.tag = bytes[pos]!;
    this.features = view.getBigUint64(pos + CONNECT_REPLY.at.features, true);
    this.globalSeq = u32(CONNECT_REPLY.at.globalSeq);
    this.connectSeq = u32(CONNECT_REPLY.at.connectSeq);
    this.protocolVersion = u32(CONNECT_REPLY.at.protocolVersion);
    this.authorizerLength = u32(CONNECT_REPLY.at.authorizerLength);
    this.flags = bytes[pos + CONNECT_REPLY.at.flags]!;
    this.length = CONNECT_REPLY.size + this.authorizerLength;
  }
}

/** The number of the last message that its sender has received, in a session that is resumed. */
export class Sequence extends Message {
  readonly name = 'SEQ';
  readonly high: number;
  readonly low: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    this.length = 8;
    this.low = input.view.getUint32(input.pos, true);
    this.high = input.view.getUint32(input.pos + 4, true);
  }
}

/** A tag without a message: CLOSE and KEEPALIVE have no value, ACK a number, KEEPALIVE2 and its answer seconds (low) and nanoseconds. */
export class Control extends Message {
  readonly tag: number;
  readonly high: number;
  readonly low: number;

  constructor(side: Side, input: Input, length: number) {
    super(side, input);
    const { bytes, view, pos } = input;
    this.tag = bytes[pos]!;
    this.length = length;
    this.low = length > 1 ? view.getUint32(pos + 1, true) : 0;
    this.high = length > 1 ? view.getUint32(pos + 5, true) : 0;
  }

  get name(): string {
    return tagName(this.tag);
  }
}

const AT = MSG.at;

/** A message, by its header. Front, middle, data and footer pass as its body. */
export class DataMessage extends Message implements CephMessage {
  readonly name = 'MSG';
  readonly headed = true;
  readonly seqHigh: number;
  readonly seqLow: number;
  readonly tidHigh: number;
  readonly tidLow: number;
  readonly type: number;
  readonly priority: number;
  readonly version: number;
  readonly frontLength: number;
  readonly middleLength: number;
  readonly dataLength: number;
  readonly compatVersion: number;
  readonly sourceType: number;
  readonly source: string;
  target = '';
  /** Size of the footer, found from the sender's features or from the footer's bytes; if neither tells, that of the newer form. */
  readonly footerSize: number;
  /** The footer, once it has passed. */
  footer: Uint8Array | null = null;
  aborted = false;
  /** Whether one of its checksums is wrong, so that its contents prove nothing. */
  damaged = false;
  /** The front, if it is printed and `head` does not hold all of it. */
  front: Uint8Array | null = null;
  data: Uint8Array | null = null;
  operation: OpHead | null = null;
  answer: ReplyHead | null = null;
  replica: ReplicaHead | null = null;
  /** What an OSD_MAP shows about its cluster. */
  mapNews: MapNews | null = null;
  roster: Roster | null = null;
  names: Names | null = null;

  constructor(side: Side, input: Input, footerSize: number) {
    super(side, input);
    const { bytes, view, pos } = input;
    const u16 = (at: number): number => view.getUint16(pos + at, true);
    const u32 = (at: number): number => view.getUint32(pos + at, true);
    this.seqLow = u32(AT.seq);
    this.seqHigh = u32(AT.seq + 4);
    this.tidLow = u32(AT.tid);
    this.tidHigh = u32(AT.tid + 4);
    this.type = u16(AT.type);
    this.priority = u16(AT.priority);
    this.version = u16(AT.version);
    this.frontLength = u32(AT.frontLength);
    this.middleLength = u32(AT.middleLength);
    this.dataLength = u32(AT.dataLength);
    this.compatVersion = u16(AT.compatVersion);
    this.sourceType = bytes[pos + AT.src]!;
    this.source = sourceText(this.sourceType, u32(AT.src + 5), u32(AT.src + 1));
    this.footerSize = footerSize;
    this.length = MSG.size + this.frontLength + this.middleLength + this.dataLength + footerSize;
  }

  plainLength(part: number): number {
    return part === 1 ? this.frontLength : part === 2 ? this.middleLength : this.dataLength;
  }

  /** Offset of a part in the message: 1 front, 2 middle, 3 data, 4 the footer. */
  partAt(part: number): number {
    const front = MSG.size;
    const middle = front + this.frontLength;
    const data = middle + this.middleLength;
    return part === 1 ? front : part === 2 ? middle : part === 3 ? data : data + this.dataLength;
  }

  get seq(): bigint {
    return exact(this.seqHigh, this.seqLow);
  }

  get tid(): bigint {
    return exact(this.tidHigh, this.tidLow);
  }

  override get keptBytes(): number {
    return super.keptBytes + (this.front?.length ?? 0) + (this.data?.length ?? 0);
  }
}
