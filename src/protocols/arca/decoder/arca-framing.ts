import type { Input } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import {
  Framing,
  isFinal,
  LOST,
  TAKEN,
  WAIT,
  type FramedDecoder,
  type Patience,
} from '../../../contract/framed-decoder.js';
import type { SkipReason } from '../../../contract/protocol.js';
import { ControlFrames, isOddHeader } from '../family-a/framing.js';
import { CONTROL_TYPES, isLegalPair } from '../family-a/layout.js';
import { PipeFrames } from '../family-b/framing.js';
import { PostcardFrames } from '../family-c/framing.js';
import { LegacyFrames } from '../family-l/framing.js';
import type { Family, Role } from '../generations.js';
import type { ArcaMessage } from '../messages.js';
import { FRAME_TRUNCATED } from '../rules/framing.js';
import type { FamilyFrames } from './family-frames.js';
import { chainOf, CHAINED, recognise } from './recognition.js';
import type { Told } from './told.js';

/** Bytes that are searched for the next frames, before the bytes passed so far are given up. */
const SEARCH_BYTES = 4096;
const FAMILIES: readonly Family[] = ['A', 'B', 'C', 'L'];

/**
 * Frames one direction: recognises the family, and leaves the frames to it. After a gap that no frame's length spans, and where the
 * stream's start was not captured, it searches for frames that follow each other.
 */
export class ArcaFraming extends Framing<ArcaMessage> {
  private readonly told: Told;
  private readonly peer: Told;
  /** The sender, if it is known from more than the bytes. */
  private readonly givenRole: Role | null;
  private family: FamilyFrames | null = null;
  /** Whether the first captured byte may still begin a frame that no chain proves. */
  private atFirstByte = true;
  /** Whether frames had to be searched for. */
  private searched = false;
  /** Stream offset and length of what is there of a header that the stream's end cuts off. */
  private cutHeader: { readonly offset: number; readonly length: number } | null = null;

  /** `peer`: what this direction can learn about the other one. Frames that were read with its help are marked as `hinted`. */
  constructor(told: Told, peer: Told) {
    super();
    this.told = told;
    this.peer = peer;
    this.givenRole = told.role;
  }

  override begin(): void {
    if (!this.frames.settings.fromStart) this.frames.search(0);
  }

  override frameAt(input: Input, patience: Patience): number {
    this.told.waiting = false;
    const answer = this.family === null ? this.identify(input, patience) : this.family.frameAt(input, patience);
    if (answer === WAIT) this.told.waiting = true;
    return answer;
  }

  override after(m: ArcaMessage): void {
    this.atFirstByte = false;
    if (m.family !== 'A') return;
    if (!m.inferred) this.told.role ??= CONTROL_TYPES[m.type]?.from ?? null;
    // a frame that breaks the rules does not prove the frames before it
    else if (!isLegalPair(m.type, m.payloadLength)) this.frames.unproven = CHAINED;
  }

  override lost(): void {
    this.atFirstByte = false;
    this.family?.lost?.();
  }

  override cutOff(input: Input, patience: Patience): SkipReason {
    if (patience === 'end' && this.family !== null) this.cutHeader = { offset: input.offset, length: input.remaining };
    return 'undecoded';
  }

  override ended(how: 'fin' | 'reset' | 'open', cut: ArcaMessage | null, missing: number): void {
    if (how === 'open' || (cut === null && this.cutHeader === null)) return;
    const { offset, length } = cut === null ? this.cutHeader! : { offset: cut.offset, length: cut.length - missing };
    this.frames.output.raise(FRAME_TRUNCATED, {
      message: cut,
      side: this.frames.side,
      offset,
      length,
      text: `the stream ends after ${count(length, 'byte')} of a frame of ${cut === null ? 'unknown length' : `${cut.length}`}`,
      // where frames had to be searched for, a few that seem to follow each other do not prove where one ends
      confidence: how === 'fin' && !this.searched ? 'certain' : 'likely',
    });
  }

  private identify(input: Input, patience: Patience): number {
    const family = recognise(input.bytes, input.pos, input.end, this.givenRole, patience === 'end');
    if (family === 'more') return input.remaining + 1;
    if (family !== null) this.use(family);
    else if (patience === 'gap') return input.remaining + 1;
    else if (this.peer.family !== null) {
      this.frames.hinted = true;
      this.use(this.peer.family);
    } else if (patience === 'patient') return WAIT;
    else {
      this.atFirstByte = false;
      return LOST;
    }
    return TAKEN;
  }

  private use(family: Family): void {
    this.told.family = family;
    this.family ??= framesOf(family, this.frames, this.told, this.peer);
  }

  /** Searches for the first byte of a frame. */
  override findAgain(input: Input, patience: Patience): number {
    const { frames, told } = this;
    this.searched = true;
    told.waiting = false;
    const last = isFinal(patience);
    const from = input.pos;
    const families = told.family === null ? FAMILIES : [told.family];
    for (let at = from; at < input.end; at++) {
      let open = false;
      for (const family of families) {
        const chain = chainOf(family, input.bytes, at, input.end, CHAINED, told.role);
        // a frame that begins with the stream's first captured byte needs less proof
        const enough = this.atFirstByte && at === from && family !== 'L' ? 1 : CHAINED;
        // at the end of the bytes a shorter chain is accepted; of a known family, a single frame
        const short = last && !chain.broken && chain.frames >= (told.family === null ? 2 : 1);
        if (chain.frames >= enough || short) {
          frames.skip(input, at - from, 'resynchronised');
          this.use(family);
          frames.unproven = CHAINED - Math.min(chain.frames, CHAINED);
          return TAKEN;
        }
        if (!chain.broken) open = true;
      }
      if (open && !last && input.end - at < SEARCH_BYTES) {
        if (!this.atFirstByte) frames.skip(input, at - from, 'resynchronised');
        return input.remaining + Math.max(1, input.remaining >> 2);
      }
    }
    if (this.atFirstByte) {
      if (!last && input.remaining < SEARCH_BYTES) return input.remaining + Math.max(8, input.remaining >> 2);
      this.atFirstByte = false;
      const family = this.peer.family ?? (isOddHeader(input.bytes, from, input.end) ? 'A' : null);
      if (family !== null) {
        frames.hinted = this.peer.family !== null && family !== 'A';
        frames.unproven = CHAINED;
        this.use(family);
        return TAKEN;
      }
    }
    frames.skip(input, input.remaining, 'undecoded');
    return 1;
  }
}

function framesOf(family: Family, frames: FramedDecoder<ArcaMessage>, told: Told, peer: Told): FamilyFrames {
  switch (family) {
    case 'A':
      return new ControlFrames(frames);
    case 'B':
      return new PipeFrames(frames, told, peer);
    case 'C':
      return new PostcardFrames(frames, told, peer);
    case 'L':
      return new LegacyFrames(frames);
  }
}
