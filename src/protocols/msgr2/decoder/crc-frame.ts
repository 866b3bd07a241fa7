import { crc32c } from '../../../base/crc32c.js';
import { hexNumber } from '../../../base/hex.js';
import type { Input } from '../../../base/input.js';
import { quote } from '../../../base/text.js';
import { LATE_ABORTED, LATE_CODE, LATE_COMPLETE, LATE_FLAG_ABORTED, TAG } from '../constants.js';
import { openSegments } from '../compression.js';
import { at } from '../places.js';
import type { FrameReader } from './frame-reader.js';
import { DataFrame, type Frame } from '../message.js';
import {
  crcSlot,
  EPILOGUE_REV0,
  epilogueOf,
  FIRST_CRC,
  MAX_SEGMENTS,
  PREAMBLE,
  SEGMENT_CRC_START,
  type Revision,
} from '../layout.js';
import type { Preamble } from '../preamble.js';
import { keepData } from '../../ceph/ceph-message.js';
import { messageTypeName } from '../../ceph/message-types.js';
import * as R from '../rules/index.js';

/** The checksum of no bytes. */
const NO_BYTES = SEGMENT_CRC_START;
const DATA_SEGMENT = 3;
/**
 * Fronts of up to this many bytes are kept until the frame's checksums are judged, to name the object. Those of OSD operations are shorter.
 */
const FRONT_KEPT = 1024;

/**
 * Reads one frame at a time in crc mode, of either revision. Preamble, segment 0 and a front of bounded size must be contiguous; the rest
 * comes in chunks, over which the checksums are updated.
 */
export class CrcFrame {
  private readonly reader: FrameReader;
  private frame: Frame | null = null;
  private revision: Revision = 1;
  private count = 0;
  private readonly crcs: [number, number, number, number] = [0, 0, 0, 0];
  private readonly stored: [number, number, number, number] = [0, 0, 0, 0];
  /** The segment that the next byte belongs to (`count`: the epilogue), and how many bytes of it are still to come. */
  private segment = 0;
  private segmentLeft = 0;
  private readonly epilogue = new Uint8Array(EPILOGUE_REV0.size);
  private readonly epilogueView = new DataView(this.epilogue.buffer);
  private epilogueHas = 0;
  private epilogueSize = 0;
  /** Bytes still to come of the crc after a segment 0 that was too long to be gathered (revision 1). */
  private firstCrcLeft = 0;
  /** The bytes of a compressed frame that is complete, until it is judged and decompressed. */
  private packed: Uint8Array | null = null;
  private packedAt = 0;
  private algorithm = 0;
  private readonly front = new Uint8Array(FRONT_KEPT);
  private frontSize = 0;
  /** Bytes still to come of the part of the data segment that holds an operation's class and method names. */
  private namesLeft = 0;

  constructor(reader: FrameReader) {
    this.reader = reader;
  }

  /** How many bytes of a frame must be contiguous before `begin`. The rest may come in chunks. */
  static gathers(p: Preamble, revision: Revision, limit: number): number {
    const total = p.frameLength(revision);
    // whole: control frames, which are judged as a whole, and compressed ones, which are decompressed as a whole
    if ((p.tag !== TAG.MESSAGE || p.compressed) && total <= limit) return total;
    const first = PREAMBLE.size + p.lengths[0] + (revision === 1 && p.lengths[0] > 0 ? FIRST_CRC.size : 0);
    if (first > limit) return PREAMBLE.size;
    const front = p.count > 1 ? p.lengths[1] : 0;
    return first + front <= limit ? first + front : first;
  }

  /** Reads the gathered part of a frame at the input's position. */
  begin(frame: Frame, input: Input, p: Preamble, gathered: number, algorithm: number): void {
    const { bytes, view } = input;
    const { revision } = frame;
    const start = input.pos;
    this.reset(frame);
    let pos = start + PREAMBLE.size;
    const l0 = p.lengths[0];
    if (gathered === PREAMBLE.size && l0 > 0) {
      // too long to be gathered: only its checksums are computed
      frame.damaged = true;
      this.segmentLeft = l0;
    } else {
      this.crcs[0] = crc32c(SEGMENT_CRC_START, bytes, pos, pos + l0);
      pos += l0;
      if (revision === 1 && l0 > 0) {
        this.stored[0] = view.getUint32(pos, true);
        pos += FIRST_CRC.size;
      }
      if (!p.compressed)
        this.reader.segment0(frame, bytes, view, start + PREAMBLE.size, start + PREAMBLE.size + l0, PREAMBLE.size);
      this.next();
      const l1 = p.lengths[1];
      if (p.count > 1 && l1 > 0 && pos + l1 <= start + gathered && !p.compressed) {
        this.crcs[1] = crc32c(SEGMENT_CRC_START, bytes, pos, pos + l1);
        if (frame instanceof DataFrame) {
          this.reader.front(frame, bytes, pos, pos + l1, pos - start);
          this.namesLeft = this.reader.wantNames(frame);
        }
        if (p.count > 2) this.keepFront(bytes, pos, pos + l1);
        pos += l1;
        this.segment = 1;
        this.next();
      }
    }
    const rest = start + gathered - pos;
    if (rest > 0) this.digest(bytes, pos, pos + rest);
    if (p.compressed && gathered === frame.length) {
      this.packed = bytes;
      this.packedAt = start + PREAMBLE.size;
      this.algorithm = algorithm;
    }
  }

  /** Reads a frame that was cut off before all of the gathered part was there. */
  beginCut(frame: Frame, input: Input, p: Preamble): void {
    this.reset(frame);
    const from = input.pos + PREAMBLE.size;
    const whole = input.end >= from + p.lengths[0];
    if (whole && !p.compressed)
      this.reader.segment0(frame, input.bytes, input.view, from, from + p.lengths[0], PREAMBLE.size);
  }

  private reset(frame: Frame): void {
    const { revision, count } = frame;
    this.frame = frame;
    this.revision = revision;
    this.count = count;
    this.crcs.fill(SEGMENT_CRC_START);
    this.stored.fill(0);
    this.segment = 0;
    this.segmentLeft = 0;
    this.epilogueHas = 0;
    this.epilogueSize = revision === 0 || count > 1 ? epilogueOf(revision).size : 0;
    this.firstCrcLeft = 0;
    this.packed = null;
    this.frontSize = 0;
    this.namesLeft = 0;
  }

  /** Keeps the front, so that a finding about damaged middle or data can name the object. */
  private keepFront(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > this.front.length) return;
    this.front.set(bytes.subarray(start, end));
    this.frontSize = end - start;
  }

  private next(): void {
    this.segment++;
    while (this.segment < this.count && this.frame!.segmentLength(this.segment) === 0) this.segment++;
    this.segmentLeft = this.segment < this.count ? this.frame!.segmentLength(this.segment) : 0;
  }

  /** Processes the next bytes of the frame. */
  digest(bytes: Uint8Array, start: number, end: number): void {
    let pos = start;
    while (pos < end) {
      if (this.firstCrcLeft > 0) {
        this.stored[0] = (this.stored[0] | (bytes[pos]! << (8 * (FIRST_CRC.size - this.firstCrcLeft)))) >>> 0;
        this.firstCrcLeft--;
        pos++;
      } else if (this.segment < this.count) {
        const n = Math.min(this.segmentLeft, end - pos);
        if (this.segment === DATA_SEGMENT && this.namesLeft > 0)
          this.namesLeft = keepData((this.frame as DataFrame).data, this.namesLeft, bytes, pos, n);
        this.crcs[this.segment] = crc32c(this.crcs[this.segment]!, bytes, pos, pos + n);
        pos += n;
        this.segmentLeft -= n;
        if (this.segmentLeft > 0) continue;
        if (this.segment === 0 && this.revision === 1) this.firstCrcLeft = FIRST_CRC.size;
        this.next();
      } else {
        if (this.epilogueHas < this.epilogue.length) this.epilogue[this.epilogueHas] = bytes[pos]!;
        this.epilogueHas++;
        pos++;
      }
    }
  }

  /** All bytes have come, or no more will. Judges the checksums of a complete frame, and decompresses it. */
  end(): void {
    const frame = this.frame!;
    this.frame = null;
    if (frame.complete) {
      this.verify(frame);
      if (frame.compressed && !frame.damaged && !frame.aborted) this.decompress(frame);
    }
    this.packed = null;
  }

  private verify(frame: Frame): void {
    const e = this.epilogue;
    if (this.epilogueSize > 0 && this.epilogueHas === this.epilogueSize) {
      frame.late = e[EPILOGUE_REV0.at.lateStatus]!;
      for (let i: number = this.revision; i < MAX_SEGMENTS; i++)
        this.stored[i] = this.epilogueView.getUint32(crcSlot(this.revision, i), true);
      this.judgeLate(frame);
    } else if (this.epilogueSize > 0 || this.epilogueHas > 0) {
      return;
    }
    if (frame.damaged) return;
    this.judgeChecksums(frame);
    if (frame.aborted) this.reader.aborted(frame);
  }

  private judgeLate(frame: Frame): void {
    const late = frame.late;
    const place = frame.length - this.epilogueSize;
    if (this.revision === 0) {
      frame.aborted = (late & LATE_FLAG_ABORTED) !== 0;
      if ((late & ~LATE_FLAG_ABORTED) !== 0) {
        this.reader.once(R.LATE_STATUS_RESERVED, at(frame, place, 1, `late_flags ${hexNumber(late, 2)}`));
      }
      return;
    }
    const low = late & LATE_CODE;
    frame.aborted = low === LATE_ABORTED;
    if (low !== LATE_ABORTED && low !== LATE_COMPLETE) {
      const text = `late_status ${hexNumber(late, 2)} is neither complete (0x0e) nor aborted (0x01)`;
      this.reader.raise(R.LATE_STATUS_INVALID, at(frame, place, 1, text));
    } else if (late >>> 4 !== 0) {
      this.reader.once(R.LATE_STATUS_RESERVED, at(frame, place, 1, `late_status ${hexNumber(late, 2)}`));
    }
  }

  private judgeChecksums(frame: Frame): void {
    let wrong = 0;
    let zero = 0;
    let covered = 0;
    for (let i = 0; i < this.count; i++) {
      if (frame.segmentLength(i) === 0) continue;
      covered++;
      if (this.stored[i] !== this.crcs[i]) wrong++;
      if (this.stored[i] === 0) zero++;
    }
    if (wrong > 0) {
      if (zero === covered) {
        this.reader.once(R.CRC_DISABLED, {
          message: frame,
          text: `${frame.name} carries 0 in place of every segment crc`,
        });
      } else {
        frame.damaged = true;
        for (let i = 0; i < this.count; i++) if (frame.segmentLength(i) > 0) this.judgeSegment(frame, i);
      }
      return;
    }
    if (this.epilogueSize === 0) return;
    for (let i: number = this.revision; i < MAX_SEGMENTS; i++) {
      const empty = i < this.count && frame.segmentLength(i) === 0;
      if (i < this.count && !empty) continue;
      const stored = this.stored[i]!;
      // revision 1 wants the crc of no bytes for an empty segment within the count, and 0 beyond the count; revision 0 accepts both
      const right = this.revision === 0 ? stored === 0 || stored === NO_BYTES : stored === (empty ? NO_BYTES : 0);
      if (right) continue;
      const place = frame.length - this.epilogueSize + crcSlot(this.revision, i);
      const text = `crc slot of segment ${i}, which has no bytes, holds ${hexNumber(stored, 8)}`;
      this.reader.raise(R.EPILOGUE_UNUSED_CRC, at(frame, place, FIRST_CRC.size, text));
    }
  }

  private judgeSegment(frame: Frame, i: number): void {
    const stored = this.stored[i]!;
    const computed = this.crcs[i]!;
    if (stored === computed) return;
    let from = PREAMBLE.size;
    for (let k = 0; k < i; k++) from += frame.segmentLength(k);
    if (i > 0 && this.revision === 1 && frame.length0 > 0) from += FIRST_CRC.size;
    const text = `${this.meaning(frame, i)}: crc ${hexNumber(stored, 8)} stored, ${hexNumber(computed, 8)} computed over ${frame.segmentLength(i)} bytes`;
    this.reader.raise(R.SEGMENT_CRC, at(frame, from, frame.segmentLength(i), text));
  }

  /** What a segment is, in words for findings: `data of MSG_OSD_OP seq 4 tid 12, object "x"`. */
  private meaning(frame: Frame, i: number): string {
    if (!(frame instanceof DataFrame)) return `payload of ${frame.name}`;
    const part = ['header', 'front', 'middle', 'data'][i]!;
    const headed = frame.headed && this.stored[0] === this.crcs[0];
    if (!headed) return `${part} of ${frame.name}`;
    const object =
      i !== 1 && this.stored[1] === this.crcs[1]
        ? this.reader.objectOf(frame, this.front.subarray(0, this.frontSize))
        : '';
    const what = object === '' ? '' : `, object ${quote(object)}`;
    return `${part} of ${messageTypeName(frame.type)} seq ${frame.seq} tid ${frame.tid}${what}`;
  }

  /** Decompresses a frame whose checksums are right. */
  private decompress(frame: Frame): void {
    const packed = this.packed;
    this.packed = null;
    if (packed === null || this.algorithm <= 0) {
      this.reader.unopened(frame, packed === null ? 'it is too long to be opened' : 'the algorithm is not known');
      return;
    }
    const opened = openSegments(frame, packed, this.packedAt, this.revision, this.algorithm, this.reader.messageBytes);
    this.reader.unpacked(frame, this.algorithm, opened);
  }
}
