import type { DecipherGCM } from 'node:crypto';
import { OPAQUE, RESYNCHRONISED } from '../../../base/capture-rules.js';
import { hexNumber } from '../../../base/hex.js';
import { CLIENT, type Input, type Side } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import { Framing, isFinal, LOST, TAKEN, type Patience } from '../../../contract/framed-decoder.js';
import { openSegments } from '../compression.js';
import { LATE_ABORTED, LATE_CODE, LATE_COMPLETE, LATE_FLAG_ABORTED, TAG } from '../constants.js';
import { MESSAGE_HEADER, PREAMBLE, type Revision } from '../layout.js';
import type { Frame, Msgr2Message } from '../message.js';
import { at } from '../places.js';
import { Preamble } from '../preamble.js';
import * as R from '../rules/index.js';
import { FrameSearch } from '../secure/frame-search.js';
import { GcmStream, tagHolds } from '../secure/gcm.js';
import type { DirectionKeys } from '../secure/key-exchange.js';
import { FIRST_PLAIN, FIRST_WIRE, GCM_TAG, padded, SecureLayout } from '../secure/layout.js';
import { PlainFrame } from '../secure/plain-frame.js';
import type { Told } from '../told.js';
import type { FrameReader } from './frame-reader.js';

/** Lower bound on the bytes that a GCM operation takes on the wire, averaged over a frame; bounds how many operations a gap can hide. */
const OPERATION_LEAST = 48;
/** How many operations to try if an unknown number of bytes is missing. */
const UNKNOWN_OPERATIONS = 256;

/** How many operations to try after one that does not open although nothing is missing. */
const AFTER_A_FAULT = 8;

/**
 * Frames one direction of a connection in secure mode: decrypts its GCM operations, and passes the frames to the same FrameReader as
 * unencrypted ones. The length of a frame is known only after its first operation is decrypted; from there on its body is decrypted as it
 * comes.
 */
export class SecureFraming<S extends Side = Side> extends Framing<Msgr2Message, S> {
  private readonly side: S;
  private readonly reader: FrameReader;
  private readonly gcm: GcmStream;
  private readonly hinted: boolean;
  private readonly revision: Revision;
  /** The side that chose the compression algorithm (the server). */
  private readonly chooses: Readonly<Told>;
  /** Number of the next GCM operation. */
  private operation = 0;
  private readonly preamble = new Preamble();
  /** The search for the next frame, while there is one. */
  private search: FrameSearch | null = null;
  /** How many operations, from `operation` on, the next search has to try. */
  private hidden = AFTER_A_FAULT;

  /** The frame that is being decrypted. */
  private plain: PlainFrame | null = null;
  private layout: SecureLayout | null = null;
  /** The operation that is being decrypted, how many bytes of its ciphertext are still to come, and its index in the frame. */
  private cipher: DecipherGCM | null = null;
  private left = 0;
  private part = 0;
  private readonly tag = new Uint8Array(GCM_TAG);
  private tagHas = 0;
  private failedAt = -1;

  constructor(side: S, reader: FrameReader, keys: DirectionKeys, revision: Revision, chooses: Readonly<Told>) {
    super();
    this.side = side;
    this.reader = reader;
    this.gcm = new GcmStream(keys.key, keys.nonce, revision);
    this.hinted = keys.hinted;
    this.revision = revision;
    this.chooses = chooses;
  }

  override begin(): void {
    this.frames.hinted = this.hinted;
  }

  /** The ciphertext begins after a gap of `missing` bytes (0: an unknown number); `offset`: stream offset after the gap. */
  begins(missing: number, offset: number): void {
    this.lost(missing);
    this.startSearch(offset);
  }

  private get limit(): number {
    return this.frames.settings.limits.messageBytes - 64;
  }

  /** Bytes that it takes to recognise a frame: the first operation in revision 1, the preamble in revision 0. */
  private get least(): number {
    return this.revision === 1 ? FIRST_WIRE : PREAMBLE.size;
  }

  // ---- one frame

  override frameAt(input: Input<S>, patience: Patience): number {
    const final = isFinal(patience);
    if (input.remaining < this.least) return final ? this.cutFrame(input) : this.least;
    const cipher = this.gcm.open(this.operation);
    const size = this.revision === 1 ? FIRST_PLAIN : PREAMBLE.size;
    const first = cipher.update(input.bytes.subarray(input.pos, input.pos + size));
    const p = this.readPreamble(first);
    const holds =
      this.revision === 0 || tagHolds(cipher, input.bytes.subarray(input.pos + size, input.pos + FIRST_WIRE));
    if (!p.framable) {
      this.notAFrame(input, holds && this.revision === 1);
      return LOST;
    }
    const layout = new SecureLayout(p, this.revision);
    if (this.revision === 0 && p.tag === TAG.MESSAGE) {
      // a MESSAGE is taken only once its header is there
      const header = PREAMBLE.size + Math.min(padded(p.lengths[0]), padded(MESSAGE_HEADER.size));
      if (input.remaining < header) return final ? this.cutFrame(input) : header;
    }
    const frame = this.open(input, p, layout);
    this.plain!.add(first, 0, size);
    this.left = layout.operations[0]! - size;
    this.cipher = cipher;
    this.tagHas = 0;
    if (this.revision === 1) {
      this.plain!.tag(input.bytes, input.pos + size);
      if (!holds) this.fail();
      this.next();
    }
    this.frames.take(frame, input, this.revision === 1 ? FIRST_WIRE : size);
    return TAKEN;
  }

  private readPreamble(first: Uint8Array): Preamble {
    return this.preamble.read(first, new DataView(first.buffer, first.byteOffset, first.byteLength), 0);
  }

  private open(input: Input<S>, p: Preamble, layout: SecureLayout): Frame {
    const frame = this.reader.open(input, p, this.revision, 'secure', layout.wire);
    const { details, limits } = this.frames.settings;
    // its head is the plain form, which PlainFrame fills in
    if (details) frame.head = new Uint8Array(Math.min(layout.wire, limits.detailBytes));
    this.layout = layout;
    this.plain = new PlainFrame(frame, layout, this.limit);
    this.part = 0;
    this.failedAt = -1;
    return frame;
  }

  /** Goes on to the next operation of the frame. */
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

  override bodyPart(_message: Msgr2Message, bytes: Uint8Array, start: number, end: number): void {
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

  override closing(message: Msgr2Message): void {
    const frame = message as Frame;
    const plain = this.plain!;
    const layout = this.layout!;
    this.plain = null;
    this.cipher = null;
    this.operation += Math.max(0, layout.operations.length - this.part);
    if (this.failedAt >= 0 && frame.complete) this.judgeTag(frame, layout);
    if (!frame.complete && frame.head !== null) frame.head = frame.head.subarray(0, plain.opened);
    plain.deliver(this.reader);
    if (!frame.damaged && frame.complete) {
      this.judgeEpilogue(frame, plain, layout);
      if (frame.compressed && !frame.aborted) this.decompress(frame, plain, layout);
    }
    this.reader.judge(frame);
  }

  private judgeTag(frame: Frame, layout: SecureLayout): void {
    frame.damaged = true;
    const many = layout.operations.length;
    const which = many === 1 ? '' : `, operation ${this.failedAt + 1} of the ${many} of its frame`;
    const from = this.failedAt === 0 ? 0 : layout.operations[this.failedAt - 1]!;
    const length = layout.operations[this.failedAt]! - from + GCM_TAG;
    const text = `the tag of ${frame.name} is wrong${which}`;
    this.reader.raise(R.GCM_TAG_RULE, { message: frame, offset: frame.offset + layout.onWire(from), length, text });
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
        this.reader.raise(R.LATE_STATUS_INVALID, { ...place, text });
      } else if (late >>> 4 !== 0) {
        this.reader.once(R.LATE_STATUS_RESERVED, place);
      }
    }
    if (frame.aborted) this.reader.aborted(frame);
  }

  private decompress(frame: Frame, plain: PlainFrame, layout: SecureLayout): void {
    const { algorithm } = this.chooses;
    const packed = plain.segments(layout);
    if (packed === null || algorithm <= 0) {
      this.reader.unopened(frame, packed === null ? 'it is too long to be opened' : 'the algorithm is not known');
      return;
    }
    // the segments are passed without a crc between them, as in revision 0
    const opened = openSegments(frame, packed, 0, 0, algorithm, this.reader.messageBytes);
    this.reader.unpacked(frame, algorithm, opened);
  }

  // ---- what does not open

  private notAFrame(input: Input<S>, sealed: boolean): void {
    const place = { side: this.side, offset: input.offset, length: Math.min(input.remaining, this.least) };
    if (sealed) {
      const found = `${hexNumber(this.preamble.crc, 8)} stored, ${hexNumber(this.preamble.computed, 8)} computed`;
      const text = `the decrypted preamble has crc ${found}, ${count(this.preamble.count, 'segment')}`;
      this.reader.raise(R.PREAMBLE_CRC, { ...place, text });
      this.operation++;
    } else {
      const text = `operation ${this.operation} of the direction does not open: no preamble in it, and no right tag behind it`;
      this.reader.raise(R.GCM_TAG_RULE, { ...place, text });
    }
    this.hidden = AFTER_A_FAULT;
  }

  // ---- losses

  override startSearch(offset: number): void {
    this.search = new FrameSearch(this.gcm, this.operation, this.hidden, this.reader.nonces);
    super.startSearch(offset);
  }

  override findAgain(input: Input<S>, patience: Patience): number {
    const { frames, least } = this;
    const search = this.search!;
    for (;;) {
      const from = input.pos;
      const found = search.find(input.bytes, from, input.end - least);
      if (found < 0) {
        // no frame can begin in the bytes that remain at the end
        frames.pass(input, isFinal(patience) ? input.remaining : Math.max(0, input.remaining - least + 1));
        return least;
      }
      frames.pass(input, found - from);
      if (this.proves(input, search.operation)) {
        this.operation = search.operation;
        this.search = null;
        return TAKEN;
      }
      frames.pass(input, 1);
    }
  }

  override found(from: number, passed: number): void {
    const text = `the frame with GCM operation ${this.operation} was found at offset ${from + passed}, after ${count(passed, 'byte')} that are part of no frame`;
    this.reader.raise(RESYNCHRONISED, { side: this.side, offset: from, length: passed, text });
  }

  private proves(input: Input<S>, operation: number): boolean {
    if (this.revision === 0) return true;
    const cipher = this.gcm.open(operation);
    cipher.update(input.bytes.subarray(input.pos, input.pos + FIRST_PLAIN));
    return tagHolds(cipher, input.bytes.subarray(input.pos + FIRST_PLAIN, input.pos + FIRST_WIRE));
  }

  override lost(length: number): void {
    this.hidden = length === 0 ? UNKNOWN_OPERATIONS : Math.ceil(length / OPERATION_LEAST) + 3;
  }

  override searchGap(): boolean {
    this.search!.widen(this.hidden);
    return true;
  }

  /** Reports a search that found no frame before the end of the direction. */
  override searchEnd(from: number, passed: number): void {
    if (passed === 0) return;
    const who = this.side === CLIENT ? 'client' : 'server';
    const { window } = this.search!;
    const most = window >= this.reader.nonces ? ` (limit nonces: ${window})` : '';
    const tried = count(window, 'nonce') + most;
    const text = `bytes are missing in the ciphertext of the ${who}, and in the ${count(passed, 'byte')} from offset ${from} on no frame was found with any of ${tried}: they stay encrypted`;
    this.reader.raise(OPAQUE, { side: this.side, offset: from, length: passed, text });
  }

  /** Handles a frame of which only the beginning is there. It tells how much of it follows, and may hold a message's header. */
  private cutFrame(input: Input<S>): number {
    const { frames } = this;
    const have = input.remaining;
    if (have < PREAMBLE.size) return PREAMBLE.size;
    const cipher = this.gcm.open(this.operation);
    const first = cipher.update(input.bytes.subarray(input.pos, input.pos + Math.min(have, FIRST_PLAIN)));
    const p = this.readPreamble(first);
    if (!p.framable) return this.least;
    const layout = new SecureLayout(p, this.revision);
    if (p.tag === TAG.MESSAGE && first.length < PREAMBLE.size + MESSAGE_HEADER.size) {
      this.operation += layout.operations.length;
      frames.skip(input, have, 'undecoded');
      frames.passBy(layout.wire - have, 'undecoded');
      return TAKEN;
    }
    const frame = this.open(input, p, layout);
    this.plain!.add(first, 0, Math.min(first.length, layout.operations[0]!));
    // no tag has confirmed what was decrypted
    frames.unproven = 1;
    frames.take(frame, input);
    return TAKEN;
  }

  override ended(how: 'fin' | 'reset' | 'open', cut: Msgr2Message | null, missing: number): void {
    this.reader.ended(how, cut, missing);
  }
}
