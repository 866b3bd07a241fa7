import type { DecipherGCM } from 'node:crypto';
import { OPAQUE, RESYNCHRONISED } from '../../../base/capture-rules.js';
import type { Block } from '../../../base/block.js';
import { hexNumber } from '../../../base/hex.js';
import { CLIENT, type Input, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import { count } from '../../../base/text.js';
import type { Output } from '../../../contract/protocol.js';
import { LATE_ABORTED, LATE_CODE, LATE_COMPLETE, LATE_FLAG_ABORTED, TAG } from '../constants.js';
import { openSegments } from '../compression.js';
import { at, type FrameReader } from '../frame-reader.js';
import type { Frame } from '../message.js';
import { MESSAGE_HEADER, PREAMBLE, type Revision } from '../layout.js';
import { Preamble } from '../preamble.js';
import * as R from '../rules/index.js';
import { FrameSearch } from './frame-search.js';
import { GcmStream, tagHolds } from './gcm.js';
import type { DirectionKeys } from './key-exchange.js';
import { FIRST_PLAIN, FIRST_WIRE, GCM_TAG, padded, SecureLayout } from './layout.js';
import { PlainFrame } from './plain-frame.js';

/** Least bytes of a GCM operation on the wire: how many of them a gap can hide at most. */
const OPERATION_LEAST = 48;
/** Operations whose counters are tried where bytes are missing and nobody knows how many. */
const UNKNOWN_OPERATIONS = 256;

/**
 * One direction of a connection in secure mode: opens its GCM operations and gives the frames in them to the same reader as frames in
 * plain. It is driven like a decoder, by the decoder whose place it takes.
 */
export class SecureFrames {
  need: number;
  body = 0;

  private readonly side: Side;
  private readonly reader: FrameReader;
  private readonly output: Output;
  private readonly gcm: GcmStream;
  private readonly hinted: boolean;
  private readonly revision: Revision;
  private readonly limit: number;
  private readonly algorithm: () => number;
  /** Number of the next GCM operation. */
  private operation = 0;
  private readonly preamble = new Preamble();
  /** Where frames are searched for, or null. */
  private search: FrameSearch | null = null;
  private searchFrom = 0;
  private searched = 0;

  private frame: Frame | null = null;
  private plain: PlainFrame | null = null;
  private layout: SecureLayout | null = null;
  /** The operation that is being opened, how much of its ciphertext is still to come, and which of the frame's it is. */
  private cipher: DecipherGCM | null = null;
  private left = 0;
  private part = 0;
  private readonly tag = new Uint8Array(GCM_TAG);
  private tagHas = 0;
  private broken = false;
  private failedAt = -1;
  /** Bytes of a cut frame that were not seen yet, while nothing is gathered for it. */
  private cut = 0;
  private headless = false;

  constructor(
    side: Side,
    reader: FrameReader,
    output: Output,
    keys: DirectionKeys,
    revision: Revision,
    limit: number,
    algorithm: () => number,
  ) {
    this.side = side;
    this.reader = reader;
    this.output = output;
    this.gcm = new GcmStream(keys.key, keys.nonce, revision);
    this.hinted = keys.hinted;
    this.revision = revision;
    this.limit = limit;
    this.algorithm = algorithm;
    this.need = this.least;
  }

  /** Bytes in which a frame shows itself: the first operation of revision 1, preamble and a message's header of revision 0. */
  private get least(): number {
    return this.revision === 1 ? FIRST_WIRE : PREAMBLE.size;
  }

  decode(input: Input): void {
    while (this.body === 0 && input.remaining >= this.need) {
      if (this.search !== null) {
        if (!this.find(input)) return;
      } else if (!this.begin(input)) {
        return;
      }
    }
  }

  // ---- one frame

  /** Takes the first part of a frame; false where more bytes are needed. */
  private begin(input: Input): boolean {
    const cipher = this.gcm.open(this.operation);
    const size = this.revision === 1 ? FIRST_PLAIN : PREAMBLE.size;
    const first = cipher.update(input.bytes.subarray(input.pos, input.pos + size));
    const p = this.readPreamble(first);
    const holds =
      this.revision === 0 || tagHolds(cipher, input.bytes.subarray(input.pos + size, input.pos + FIRST_WIRE));
    if (!p.framable) {
      this.notAFrame(input, holds && this.revision === 1);
      return true;
    }
    const layout = new SecureLayout(p, this.revision);
    if (this.revision === 0 && p.tag === TAG.MESSAGE) {
      // a message is one from its header on
      const header = PREAMBLE.size + Math.min(padded(p.lengths[0]), padded(MESSAGE_HEADER.size));
      if (input.remaining < header) {
        this.need = header;
        return false;
      }
    }
    this.open(input, p, layout);
    this.plain!.add(first, 0, size);
    input.pos += size;
    this.left = layout.operations[0]! - size;
    this.cipher = cipher;
    this.tagHas = 0;
    if (this.revision === 1) {
      input.pos += GCM_TAG;
      this.plain!.tag(input.bytes, input.pos - GCM_TAG);
      if (!holds) this.fail();
      this.next();
    }
    this.need = this.least;
    const rest = layout.wire - (this.revision === 1 ? FIRST_WIRE : size);
    const here = Math.min(rest, input.remaining);
    if (here > 0) {
      this.take(input.bytes, input.pos, input.pos + here);
      input.pos += here;
    }
    if (here < rest) this.body = rest - here;
    else this.close(input.originAt(input.pos - 1));
    return true;
  }

  private readPreamble(first: Uint8Array): Preamble {
    return this.preamble.read(first, new DataView(first.buffer, first.byteOffset, first.byteLength), 0);
  }

  private open(input: Input, p: Preamble, layout: SecureLayout): void {
    const frame = this.reader.open(input, p, this.revision, 'secure', layout.wire);
    frame.hinted = this.hinted;
    this.frame = frame;
    this.layout = layout;
    this.plain = new PlainFrame(frame, layout, this.limit);
    this.part = 0;
    this.broken = false;
    this.failedAt = -1;
  }

  /** The current operation is done with. */
  private next(): void {
    this.operation++;
    this.part++;
    const { operations } = this.layout!;
    if (this.part >= operations.length) return;
    this.left = operations[this.part]! - operations[this.part - 1]!;
    this.cipher = this.gcm.open(this.operation);
    this.tagHas = 0;
  }

  private fail(): void {
    if (this.failedAt < 0) this.failedAt = this.part;
  }

  /** The next bytes of the frame on the wire. */
  private take(bytes: Uint8Array, start: number, end: number): void {
    let pos = start;
    while (pos < end) {
      if (this.left > 0) {
        const n = Math.min(this.left, end - pos);
        const plain = this.cipher!.update(bytes.subarray(pos, pos + n));
        this.plain!.add(plain, 0, n);
        pos += n;
        this.left -= n;
        continue;
      }
      const n = Math.min(GCM_TAG - this.tagHas, end - pos);
      this.tag.set(bytes.subarray(pos, pos + n), this.tagHas);
      this.tagHas += n;
      pos += n;
      if (this.tagHas < GCM_TAG) return;
      this.plain!.tag(this.tag, 0);
      if (!tagHolds(this.cipher!, this.tag)) this.fail();
      this.next();
    }
  }

  /** All of the frame has passed (`origin`: of its last byte), or no more will come (null). */
  private close(origin: Origin | null): void {
    const frame = this.frame!;
    const plain = this.plain!;
    const layout = this.layout!;
    this.frame = null;
    this.plain = null;
    this.cipher = null;
    this.operation += Math.max(0, layout.operations.length - this.part);
    if (this.failedAt >= 0 && !this.broken) this.judgeTag(frame, layout);
    plain.deliver(this.reader);
    if (!frame.damaged && frame.complete && !this.broken) {
      this.judgeEpilogue(frame, plain, layout);
      if (frame.compressed && !frame.aborted) this.decompress(frame, plain, layout);
    }
    this.reader.close(frame, origin);
  }

  private judgeTag(frame: Frame, layout: SecureLayout): void {
    frame.damaged = true;
    const many = layout.operations.length;
    const which = many === 1 ? '' : `, operation ${this.failedAt + 1} of the ${many} of its frame`;
    const from = this.failedAt === 0 ? 0 : layout.operations[this.failedAt - 1]!;
    const length = layout.operations[this.failedAt]! - from + GCM_TAG;
    const text = `the tag of ${frame.name} does not hold${which}`;
    this.output.raise(R.GCM_TAG_RULE, { message: frame, offset: frame.offset + layout.onWire(from), length, text });
  }

  private judgeEpilogue(frame: Frame, plain: PlainFrame, layout: SecureLayout): void {
    if (plain.dirtyAt >= 0) {
      const text = `padding of ${frame.name} holds ${hexNumber(plain.dirty, 2)} instead of 0`;
      this.reader.once(R.GCM_PADDING, at(frame, plain.dirtyAt, 1, text));
    }
    if (layout.epilogue < 0) return;
    const late = plain.late;
    frame.late = late;
    const place = at(frame, layout.epilogue, 1, `late status ${hexNumber(late, 2)}`);
    if (this.revision === 0) {
      frame.aborted = (late & LATE_FLAG_ABORTED) !== 0;
      if ((late & ~LATE_FLAG_ABORTED) !== 0) this.reader.once(R.LATE_STATUS_RESERVED, place);
    } else {
      const low = late & LATE_CODE;
      frame.aborted = low === LATE_ABORTED;
      if (low !== LATE_ABORTED && low !== LATE_COMPLETE) {
        const text = `late_status ${hexNumber(late, 2)} is neither complete (0x0e) nor aborted (0x01)`;
        this.output.raise(R.LATE_STATUS_INVALID, { ...place, text });
      } else if (late >>> 4 !== 0) {
        this.reader.once(R.LATE_STATUS_RESERVED, place);
      }
    }
    if (frame.aborted) this.reader.aborted(frame);
  }

  private decompress(frame: Frame, plain: PlainFrame, layout: SecureLayout): void {
    const algorithm = this.algorithm();
    const packed = plain.segments(layout);
    if (packed === null || algorithm <= 0) {
      this.reader.unopened(frame, packed === null ? 'it is too long to be opened' : 'the algorithm is not known');
      return;
    }
    // without crcs between them, as in revision 0
    const opened = openSegments(frame, packed, 0, 0, algorithm, this.reader.messageBytes);
    this.reader.unpacked(frame, algorithm, opened);
  }

  // ---- what is no frame

  private notAFrame(input: Input, sealed: boolean): void {
    const place = { side: this.side, offset: input.offset, length: Math.min(input.remaining, this.least) };
    if (sealed) {
      const found = `${hexNumber(this.preamble.crc, 8)} stored, ${hexNumber(this.preamble.computed, 8)} computed`;
      const text = `the decrypted preamble has crc ${found}, ${count(this.preamble.count, 'segment')}`;
      this.output.raise(R.PREAMBLE_CRC, { ...place, text });
      this.operation++;
    } else {
      const text = `operation ${this.operation} of the direction does not open: no preamble in it, and no right tag behind it`;
      this.output.raise(R.GCM_TAG_RULE, { ...place, text });
    }
    this.startSearch(input.offset, 8);
  }

  private startSearch(offset: number, operations: number): void {
    this.search = new FrameSearch(this.gcm, this.operation, operations, this.reader.nonces);
    this.searchFrom = offset;
    this.searched = 0;
    this.need = this.least;
  }

  /** Looks for a frame; false where more bytes are needed. */
  private find(input: Input): boolean {
    const search = this.search!;
    const from = input.pos;
    const found = search.find(input.bytes, input.pos, input.end - this.need);
    const last = found < 0 ? input.end - this.need + 1 : found;
    if (last > from) {
      this.output.skip(this.side, input.offset, last - from, 'resynchronised');
      this.searched += last - from;
      input.pos = last;
    }
    if (found >= 0) {
      if (!this.proves(input, search.operation)) {
        this.output.skip(this.side, input.offset, 1, 'resynchronised');
        this.searched++;
        input.pos++;
        return true;
      }
      this.operation = search.operation;
      this.search = null;
      if (this.searched > 0) {
        const text = `the frame with GCM operation ${this.operation} was found at offset ${input.offset}, after ${count(this.searched, 'byte')} that are part of no frame`;
        this.output.raise(RESYNCHRONISED, {
          side: this.side,
          offset: this.searchFrom,
          length: this.searched,
          text,
        });
      }
      return true;
    }
    return false;
  }

  private proves(input: Input, operation: number): boolean {
    if (this.revision === 0) return true;
    const cipher = this.gcm.open(operation);
    cipher.update(input.bytes.subarray(input.pos, input.pos + FIRST_PLAIN));
    return tagHolds(cipher, input.bytes.subarray(input.pos + FIRST_PLAIN, input.pos + FIRST_WIRE));
  }

  /** The direction ends, and no frame was found in what is left of it. */
  private giveUp(): void {
    const who = this.side === CLIENT ? 'client' : 'server';
    const { window } = this.search!;
    const most = window >= this.reader.nonces ? ` (limit nonces: ${window})` : '';
    const tried = count(window, 'nonce') + most;
    const text = `bytes are missing in the ciphertext of the ${who}, and in the ${count(this.searched, 'byte')} from offset ${this.searchFrom} on no frame was found with any of ${tried}: they stay encrypted`;
    this.output.raise(OPAQUE, { side: this.side, offset: this.searchFrom, length: this.searched, text });
  }

  // ---- bodies, gaps, ends

  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void {
    if (this.headless) {
      this.output.skip(this.side, offset, end - start, 'undecoded');
      return;
    }
    if (!this.broken) this.take(block.bytes, start, end);
    this.frame!.endAt(origin);
  }

  bodyGap(length: number): void {
    if (!this.headless) this.lose(length);
  }

  bodyEnd(origin: Origin): void {
    this.body = 0;
    if (this.headless) this.headless = false;
    else this.close(this.broken ? null : origin);
  }

  private lose(length: number): void {
    this.broken = true;
    this.frame!.complete = false;
    this.frame!.missing += length;
  }

  /** Bytes are missing between frames, or inside one that was cut before it could be told how long it is. 0: nobody knows how many. */
  gap(length: number, offset: number): void {
    let rest = length;
    if (this.cut > 0) {
      const n = length === 0 ? this.cut : Math.min(this.cut, rest);
      if (!this.headless) this.lose(n);
      this.cut -= n;
      rest -= n;
      if (this.cut > 0) {
        this.body = this.cut;
        this.cut = 0;
        return;
      }
      if (this.headless) this.headless = false;
      else this.close(null);
      if (length > 0 && rest <= 0) return;
    }
    const hidden = length === 0 ? UNKNOWN_OPERATIONS : Math.ceil(rest / OPERATION_LEAST) + 3;
    if (this.search === null) this.startSearch(offset + length, hidden);
    else this.search.widen(hidden);
  }

  /** The input's bytes can never be completed. */
  abandon(input: Input): void {
    this.decode(input);
    const have = input.remaining;
    if (have === 0) return;
    if (this.search === null && have >= PREAMBLE.size) this.cutFrame(input, have);
    else this.leave(input, have);
    input.pos = input.end;
  }

  private leave(input: Input, have: number): void {
    if (this.search !== null) this.searched += have;
    this.output.skip(this.side, input.offset, have, this.search === null ? 'undecoded' : 'resynchronised');
  }

  /** A frame of which only the beginning is there: it tells how much follows, and a message's header may be in it. */
  private cutFrame(input: Input, have: number): void {
    const cipher = this.gcm.open(this.operation);
    const first = cipher.update(input.bytes.subarray(input.pos, input.pos + Math.min(have, FIRST_PLAIN)));
    const p = this.readPreamble(first);
    if (!p.framable) {
      this.output.skip(this.side, input.offset, have, 'undecoded');
      return;
    }
    const layout = new SecureLayout(p, this.revision);
    this.cut = layout.wire - have;
    this.need = this.least;
    if (p.tag === TAG.MESSAGE && first.length < PREAMBLE.size + MESSAGE_HEADER.size) {
      this.operation += layout.operations.length;
      this.headless = true;
      this.output.skip(this.side, input.offset, have, 'undecoded');
      return;
    }
    this.open(input, p, layout);
    this.broken = true;
    // nothing has confirmed what the cipher gave
    this.frame!.inferred = true;
    this.plain!.add(first, 0, Math.min(first.length, layout.operations[0]!));
    this.frame!.endAt(input.originAt(input.end - 1));
  }

  /** The direction is over; `left` bytes of the current frame never came. */
  end(how: 'fin' | 'reset' | 'open', left: number): void {
    const missing = this.cut > 0 ? this.cut : left;
    if (missing > 0 && !this.headless && this.frame !== null) {
      const frame = this.frame;
      const lost = frame.missing > 0;
      this.lose(missing);
      this.close(null);
      if (how !== 'open' && !lost) this.reader.truncated(frame, how, missing);
    }
    this.cut = 0;
    this.body = 0;
    if (this.search !== null && this.searched > 0) this.giveUp();
  }
}
