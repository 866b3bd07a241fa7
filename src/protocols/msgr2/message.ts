import type { Input, Side } from '../../base/input.js';
import type { Type } from '../../base/structure/type.js';
import { Message } from '../../contract/message.js';
import { FRAME_COMPRESSED, tagName } from './constants.js';
import type { CephMessage, Names } from '../ceph/ceph-message.js';
import { MESSAGE_HEADER, type Revision } from './layout.js';
import type { Lead } from '../ceph/leads.js';
import { asNumber } from '../ceph/message-numbers.js';
import type { Roster } from '../ceph/directory.js';
import type { MapNews } from '../ceph/bodies/map-news.js';
import type { OpHead, ReplicaHead, ReplyHead } from '../ceph/operation-head.js';
import type { Way } from '../ceph/operation-way.js';
import type { Preamble } from './preamble.js';

const AT = MESSAGE_HEADER.at;

/** 64 bits as two halves: made a bigint only to be printed or compared in rare places. */
export function wide(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

export { asNumber };

/** Either side's greeting. */
export class Banner extends Message {
  readonly name = 'BANNER';
  /** The old protocol's greeting, with which nothing else of this protocol follows. */
  readonly legacy: boolean;
  payloadLength = 0;
  /** Feature bits; 0 in a banner that is too short to have any. */
  supported = 0n;
  required = 0n;

  constructor(side: Side, input: Input, legacy: boolean) {
    super(side, input);
    this.legacy = legacy;
  }
}

/** How the bytes after the preamble are laid out. */
export type FrameMode = 'crc' | 'secure';

/** Any frame: its preamble. */
export abstract class Frame extends Message {
  readonly tag: number;
  /** Segments, and their lengths as announced. */
  readonly count: number;
  readonly length0: number;
  readonly length1: number;
  readonly length2: number;
  readonly length3: number;
  readonly flags: number;
  readonly revision: Revision;
  readonly mode: FrameMode;
  /** Status byte of the epilogue, or -1 where the frame has none or it was not seen. */
  late = -1;
  aborted = false;
  /** Whether a checksum of it is wrong: its contents prove nothing. */
  damaged = false;
  /** Whether its header or payload could not be read: what it says is not known. */
  garbled = false;
  /** Whether it announces more bytes than receivers take: they close, so its end is not to be expected. */
  endless = false;
  /** Whether something is wrong with it that ends a handshake: that the connection closes behind it is no fault of its own. */
  blamed = false;
  /** Number of the algorithm that opened it, where it is compressed and could be opened; else 0. */
  algorithm = 0;
  /** What is known of the cluster by its maps, for what people read; null where the session has not told. */
  names: Names | null = null;
  /** Bytes of its segments in plain, where it is compressed and could be opened. */
  private plain: readonly number[] | null = null;

  constructor(side: Side, input: Input, p: Preamble, revision: Revision, mode: FrameMode, length: number) {
    super(side, input);
    this.tag = p.tag;
    this.count = p.count;
    this.length0 = p.lengths[0];
    this.length1 = p.lengths[1];
    this.length2 = p.lengths[2];
    this.length3 = p.lengths[3];
    this.flags = p.flags;
    this.revision = revision;
    this.mode = mode;
    this.length = length;
  }

  get compressed(): boolean {
    return (this.flags & FRAME_COMPRESSED) !== 0;
  }

  get name(): string {
    return tagName(this.tag);
  }

  /** As announced: of a compressed frame, compressed. */
  segmentLength(i: number): number {
    return i === 0 ? this.length0 : i === 1 ? this.length1 : i === 2 ? this.length2 : this.length3;
  }

  /** In plain, as far as that is known. */
  plainLength(i: number): number {
    return this.plain === null ? this.segmentLength(i) : (this.plain[i] ?? 0);
  }

  /** It was compressed, and these are its segments. */
  unpacked(algorithm: number, segments: readonly Uint8Array[]): void {
    this.algorithm = algorithm;
    this.plain = segments.map((s) => s.length);
  }

  /** The same frame as it is in crc mode and not compressed: `bytes`, with segments of these lengths. */
  inPlain(bytes: Uint8Array, lengths: readonly number[]): this {
    const twin = Object.create(Object.getPrototypeOf(this) as object) as this;
    const [length0, length1, length2, length3] = lengths;
    const own: Partial<Frame> = { length0: length0!, length1: length1!, length2: length2!, length3: length3! };
    const flags = this.flags & ~FRAME_COMPRESSED;
    const mode: FrameMode = 'crc';
    const rest = { flags, mode, plain: null, algorithm: 0, head: bytes, length: bytes.length, front: null, data: null };
    return Object.assign(twin, this, own, rest);
  }

  /** Whether it is in plain: not compressed, or opened. */
  get isPlain(): boolean {
    return !this.compressed || this.plain !== null;
  }
}

/** What decoders of this protocol make. */
export type Msgr2Message = Banner | Frame;

/** Every frame but MESSAGE. */
export class ControlFrame extends Frame {
  /** Its payload, plain and decompressed; empty where it is not held: too long, or one of the frequent single values. */
  payload: Uint8Array = NOTHING;
  /** What its payload was read as, and the value; null where it was not read, or could not be. */
  private form: Type<unknown> | null = null;
  private content: unknown = null;
  /** The single value of ACK, KEEPALIVE2(_ACK), the retries, RECONNECT_OK and MISSING_FEATURES. */
  valueHigh = 0;
  valueLow = 0;

  get value(): bigint {
    return wide(this.valueHigh, this.valueLow);
  }

  /** Its payload could be read. */
  opened<T>(form: Type<T>, value: T): void {
    this.form = form;
    this.content = value;
  }

  /** Its fields, where it is a frame of that form (see control-frames.ts) and could be read; else null. */
  as<T>(form: Type<T>): T | null {
    return this.form === form ? (this.content as T) : null;
  }

  /** Whether its payload could be read. */
  get readable(): boolean {
    return this.form !== null;
  }
}

const NOTHING = new Uint8Array(0);

/** A MESSAGE frame: header and sizes; front, middle and data pass by. */
export class DataFrame extends Frame implements CephMessage {
  seqHigh = 0;
  seqLow = 0;
  tidHigh = 0;
  tidLow = 0;
  type = 0;
  priority = 0;
  version = 0;
  compatVersion = 0;
  ackHigh = 0;
  ackLow = 0;
  footerFlags = 0;
  dataPrePadding = 0;
  dataOff = 0;
  reserved = 0;
  /** Whether the fields above are known. */
  headed = false;
  /** Entity that sent it, as far as its own direction has told: `osd.3`, `client`, or empty. */
  readonly source: string;
  /** The front and the first bytes of the data in plain, where they are printed and `head` does not hold them. */
  front: Uint8Array | null = null;
  data: Uint8Array | null = null;

  constructor(
    side: Side,
    input: Input,
    p: Preamble,
    revision: Revision,
    mode: FrameMode,
    length: number,
    source: string,
  ) {
    super(side, input, p, revision, mode, length);
    this.source = source;
  }

  /** Takes the 41 bytes of the header at `at`. */
  readHeader(bytes: Uint8Array, view: DataView, at: number): void {
    this.seqLow = view.getUint32(at + AT.seq, true);
    this.seqHigh = view.getUint32(at + AT.seq + 4, true);
    this.tidLow = view.getUint32(at + AT.tid, true);
    this.tidHigh = view.getUint32(at + AT.tid + 4, true);
    this.type = view.getUint16(at + AT.type, true);
    this.priority = view.getUint16(at + AT.priority, true);
    this.version = view.getUint16(at + AT.version, true);
    this.dataPrePadding = view.getUint32(at + AT.dataPrePadding, true);
    this.dataOff = view.getUint16(at + AT.dataOff, true);
    this.ackLow = view.getUint32(at + AT.ackSeq, true);
    this.ackHigh = view.getUint32(at + AT.ackSeq + 4, true);
    this.footerFlags = bytes[at + AT.footerFlags]!;
    this.compatVersion = view.getUint16(at + AT.compatVersion, true);
    this.reserved = view.getUint16(at + AT.reserved, true);
    this.headed = true;
  }

  /** What an operation on an object, its answer, or its replication says, where it is one and was read. */
  operation: OpHead | null = null;
  answer: ReplyHead | null = null;
  replica: ReplicaHead | null = null;
  /** First fields of its front, of types that rules look at (see leads.ts). */
  lead: Lead | null = null;
  /** Entity that it was sent to: `osd.2`, or empty where the peer has not told. */
  target = '';
  /** Where the time of the operation went that it answers; null where no replica was seen at work. */
  way: Way | null = null;

  /** What an OSD_MAP tells of its cluster, and another map of its daemons. */
  mapNews: MapNews | null = null;
  roster: Roster | null = null;

  /** Its first fields, where they were read in that form; else null. */
  leadAs<T>(form: Type<T>): T | null {
    return this.lead?.form === form ? (this.lead.value as T) : null;
  }

  override get keptBytes(): number {
    return super.keptBytes + (this.front?.length ?? 0) + (this.data?.length ?? 0);
  }

  get seq64(): bigint {
    return wide(this.seqHigh, this.seqLow);
  }

  get ackSeq64(): bigint {
    return wide(this.ackHigh, this.ackLow);
  }

  get seq(): number {
    return asNumber(this.seqHigh, this.seqLow);
  }

  get ackSeq(): number {
    return asNumber(this.ackHigh, this.ackLow);
  }

  get tid(): bigint {
    return wide(this.tidHigh, this.tidLow);
  }
}
