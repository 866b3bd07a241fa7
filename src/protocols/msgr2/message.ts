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

/** 64 bits as two halves: a bigint is only made to be printed, or compared in rare cases. */
export function wide(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

export { asNumber };

/** The banner of either side. */
export class Banner extends Message {
  readonly name = 'BANNER';
  /** Whether it is the banner of messenger v1; nothing after it is in this protocol. */
  readonly legacy: boolean;
  payloadLength = 0;
  /** Feature bits; 0 if the banner is too short to have any. */
  supported = 0n;
  required = 0n;

  constructor(side: Side, input: Input, legacy: boolean) {
    super(side, input);
    this.legacy = legacy;
  }
}

/** How the bytes after the preamble are laid out. */
export type FrameMode = 'crc' | 'secure';

/** Any frame, as its preamble describes it. */
export abstract class Frame extends Message {
  readonly tag: number;
  /** Number of segments, and their lengths as announced. */
  readonly count: number;
  readonly length0: number;
  readonly length1: number;
  readonly length2: number;
  readonly length3: number;
  readonly flags: number;
  readonly revision: Revision;
  readonly mode: FrameMode;
  /** Status byte of the epilogue; -1 if the frame has none or it was not seen. */
  late = -1;
  aborted = false;
  /** Whether one of its checksums or GCM tags is wrong, so that its contents prove nothing. */
  damaged = false;
  /** Whether its header or payload could not be read, so that its contents are not known. */
  garbled = false;
  /** Whether it announces more bytes than receivers accept. They close the connection, so its end may never come. */
  endless = false;
  /**
   * Whether an error was found in it. If the connection closes after it, that error is the reason, and the close is not reported as well.
   */
  blamed = false;
  /** Number of the algorithm that decompressed it; 0 if it is not compressed or could not be decompressed. */
  algorithm = 0;
  /** What is known about daemons and pools from the cluster's maps, for texts that people read; null until the session sets it. */
  names: Names | null = null;
  /** Lengths of its segments after decompression; null if it is not compressed or could not be decompressed. */
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

  /** The announced length, which for a compressed frame is the compressed one. */
  segmentLength(i: number): number {
    return i === 0 ? this.length0 : i === 1 ? this.length1 : i === 2 ? this.length2 : this.length3;
  }

  /** The length after decompression; the announced one if the frame was not decompressed. */
  plainLength(i: number): number {
    return this.plain === null ? this.segmentLength(i) : (this.plain[i] ?? 0);
  }

  /** Notes that it was compressed, and how long its decompressed segments are. */
  unpacked(algorithm: number, segments: readonly Uint8Array[]): void {
    this.algorithm = algorithm;
    this.plain = segments.map((s) => s.length);
  }

  /** The same frame in crc mode and uncompressed: `bytes`, with segments of these lengths. */
  inPlain(bytes: Uint8Array, lengths: readonly number[]): this {
    const twin = Object.create(Object.getPrototypeOf(this) as object) as this;
    const [length0, length1, length2, length3] = lengths;
    const own: Partial<Frame> = { length0: length0!, length1: length1!, length2: length2!, length3: length3! };
    const flags = this.flags & ~FRAME_COMPRESSED;
    const mode: FrameMode = 'crc';
    const rest = { flags, mode, plain: null, algorithm: 0, head: bytes, length: bytes.length, front: null, data: null };
    return Object.assign(twin, this, own, rest);
  }

  /** Whether its contents can be read: it is not compressed, or was decompressed. */
  get isPlain(): boolean {
    return !this.compressed || this.plain !== null;
  }
}

/** The messages of this protocol's decoders. */
export type Msgr2Message = Banner | Frame;

/** Every frame but MESSAGE. */
export class ControlFrame extends Frame {
  /** Its payload, decrypted and decompressed. Empty if it is not held: it is too long, or a single value (see `value`). */
  payload: Uint8Array = NOTHING;
  /** The form in which its payload was read, and the value; null if it was not or could not be read. */
  private form: Type<unknown> | null = null;
  private content: unknown = null;
  /** The value of frames whose payload is one 64-bit number: ACK, KEEPALIVE2(_ACK), the retries, RECONNECT_OK, MISSING_FEATURES. */
  valueHigh = 0;
  valueLow = 0;

  get value(): bigint {
    return wide(this.valueHigh, this.valueLow);
  }

  /** Notes the value that its payload was read as. */
  opened<T>(form: Type<T>, value: T): void {
    this.form = form;
    this.content = value;
  }

  /** Its fields, if it was read in that form (see control-frames.ts); else null. */
  as<T>(form: Type<T>): T | null {
    return this.form === form ? (this.content as T) : null;
  }

  get readable(): boolean {
    return this.form !== null;
  }
}

const NOTHING = new Uint8Array(0);

/** A MESSAGE frame: its header and sizes. Front, middle and data are kept only where they are needed. */
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
  /** Whether the header was read into the fields above. */
  headed = false;
  /** The entity that sent it, as far as its own direction has shown: `osd.3`, `client`, or empty. */
  readonly source: string;
  /** Front and first bytes of the data, decrypted and decompressed, if they are needed and `head` does not hold them. */
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

  /** Reads the 41 bytes of the header at `at`. */
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

  /** The fields of an OSD_OP, of an OSD_OPREPLY, and of an OSD_REPOP or its reply; null if it is none or was not read. */
  operation: OpHead | null = null;
  answer: ReplyHead | null = null;
  replica: ReplicaHead | null = null;
  /** The first fields of its front, for message types that rules judge (see leads.ts). */
  lead: Lead | null = null;
  /** The entity that it was sent to, such as `osd.2`; empty if it is not known. */
  target = '';
  /** For the reply to an operation: how the time was spent. Null if no replication of it was seen. */
  way: Way | null = null;

  /** What an OSD_MAP tells about its cluster, and what other maps tell about their daemons. */
  mapNews: MapNews | null = null;
  roster: Roster | null = null;

  /** The first fields of its front, if they were read in that form; else null. */
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
