import type { Block } from '../../base/block.js';
import type { Input, Side } from '../../base/input.js';
import type { Origin } from '../../base/origin.js';
import { count } from '../../base/text.js';
import type { Decoder, DecoderSettings, Output } from '../../contract/protocol.js';
import { ControlReader, isOddHeader } from './family-a/control-reader.js';
import { PipeReader } from './family-b/pipe-reader.js';
import { PostcardReader } from './family-c/postcard-reader.js';
import { LegacyReader } from './family-l/legacy-call.js';
import { CONTROL_TYPES, isLegalPair } from './family-a/layout.js';
import type { Family, Findings, Role } from './generations.js';
import type { ArcaMessage } from './message.js';
import { NOTHING, WAIT, type FrameReader, type FrameSink, type Patience } from './reader.js';
import { chainOf, CHAINED, recognise } from './recognition.js';
import { FRAME_TRUNCATED } from './rules/framing.js';

/** Bytes that are looked through for the next frames before what was passed is given up. */
const SEARCH_BYTES = 4096;
const FAMILIES: readonly Family[] = ['A', 'B', 'C', 'L'];

const NOBODY: Findings = { waiting: false, family: null, role: null, pipe: null, dialects: 0 };

/**
 * Decodes one direction: finds out which family's frames they are, then reads frames. After a gap, or where the stream's start
 * was not captured, it searches for frames that follow each other.
 */
export class ArcaDecoder implements Decoder, FrameSink, Findings {
  need = 1;
  body = 0;
  readonly wantsBody = false;
  waiting = false;

  family: Family | null = null;
  private readonly side: Side;
  private readonly output: Output;
  private readonly settings: DecoderSettings;
  private readonly givenRole: Role | null;
  private peer: Findings = NOBODY;
  private reader: FrameReader | null = null;
  private state: 'start' | 'search' | 'frames' | 'lost';
  private familyHinted = false;
  /** Frames that still have to follow before the framing is proven; 0 where it is. */
  private unproven = 0;
  /** Whether the first byte of all may still begin a frame that no chain proves. */
  private atFirstByte = true;
  /** The frame whose data is passing. */
  private passing: ArcaMessage | null = null;
  private emitted: ArcaMessage | null = null;
  private firstRole: Role | null = null;
  /** A frame that the end cut off: what is there, and what there should be. */
  private cutFrame: { message: ArcaMessage | null; offset: number; there: number; want: number } | null = null;

  /** `role`: who sends here, where that is known. */
  constructor(side: Side, role: Role | null, output: Output, settings: DecoderSettings) {
    this.side = side;
    this.givenRole = role;
    this.output = output;
    this.settings = settings;
    this.state = settings.fromStart ? 'start' : 'search';
  }

  /** What the other direction shows. Nothing else of it is ever seen here. */
  listenTo(peer: Findings): void {
    this.peer = peer;
  }

  // ---- Findings: what this direction shows

  get role(): Role | null {
    return (
      this.givenRole ??
      (this.reader instanceof PipeReader || this.reader instanceof PostcardReader ? this.reader.role : null) ??
      this.firstRole
    );
  }

  get pipe(): 'control' | 'file' | null {
    return this.reader instanceof PipeReader ? this.reader.pipe : null;
  }

  get dialects(): number {
    return this.reader instanceof PostcardReader ? this.reader.dialects : 0;
  }

  // ---- Decoder

  decode(input: Input, patient: boolean): void {
    this.step(input, patient ? 'patient' : 'impatient');
  }

  abandon(input: Input, why: 'gap' | 'end'): void {
    while (input.remaining > 0) {
      const before = input.pos;
      const state = this.state;
      if (state === 'search') this.search(input, 'cut');
      else if (state === 'start') this.identify(input, 'cut', why);
      else if (state === 'lost') this.skip(input, input.remaining, 'undecoded');
      else if (this.cut(input, why)) return;
      if (input.pos === before && this.state === state) return;
    }
  }

  bodyBytes(_block: Block, _start: number, _end: number, _offset: number, _origin: Origin): void {}

  bodyGap(length: number, _offset: number): void {
    const m = this.passing;
    if (m === null) return;
    m.missing += length;
    m.complete = false;
  }

  bodyEnd(origin: Origin): void {
    const m = this.passing;
    if (m === null) return;
    this.passing = null;
    if (m.complete) m.endAt(origin);
    this.emit(m);
  }

  gap(_length: number, _offset: number): void {
    this.atFirstByte = false;
    this.reader?.gap();
    if (this.state !== 'lost') this.state = 'search';
    this.need = 1;
  }

  end(how: 'fin' | 'reset' | 'open'): void {
    const m = this.passing;
    if (m !== null) {
      this.passing = null;
      m.complete = false;
      m.missing += this.body;
      this.cutFrame = { message: m, offset: m.offset, there: m.length - this.body, want: m.length };
      this.body = 0;
      this.emit(m);
    }
    const cut = this.cutFrame;
    if (cut === null || how === 'open') return;
    this.output.raise(FRAME_TRUNCATED, {
      message: cut.message,
      side: this.side,
      offset: cut.offset,
      length: cut.there,
      text: `the stream ends after ${count(cut.there, 'byte')} of a frame of ${cut.want > 0 ? `${cut.want}` : 'unknown length'}`,
      confidence: how === 'fin' && this.unproven === 0 ? 'certain' : 'likely',
    });
  }

  // ---- FrameSink

  emit(message: ArcaMessage): void {
    this.emitted = message;
    if (this.familyHinted) message.hinted = true;
    if (this.unproven > 0) {
      message.inferred = true;
      const odd = message.family === 'A' && !isLegalPair(message.type, message.payloadLength);
      this.unproven = odd ? CHAINED : this.unproven - 1;
    }
    if (message.family === 'A' && !message.inferred) this.firstRole ??= CONTROL_TYPES[message.type]?.from ?? null;
    this.output.message(message);
  }

  pass(message: ArcaMessage, rest: number): void {
    this.passing = message;
    this.body = rest;
  }

  lose(): void {
    this.state = 'lost';
  }

  // ---- inside

  private step(input: Input, patience: Patience): void {
    if (this.state === 'lost') {
      this.skip(input, input.remaining, 'undecoded');
      this.need = 1;
    } else if (this.state === 'search') {
      this.search(input, patience);
    } else if (this.state === 'start') {
      this.identify(input, patience);
    } else {
      this.readFrame(input, patience);
    }
  }

  private readFrame(input: Input, patience: Patience): void {
    const r = this.reader!.read(input, patience);
    if (r === WAIT) this.waiting = true;
    else this.need = r > 0 ? r : 1;
    if (r === 0) this.atFirstByte = false;
    // the state is changed by what was read
    if ((this.state as string) === 'lost') this.skip(input, input.remaining, 'undecoded');
  }

  private identify(input: Input, patience: Patience, why: 'gap' | 'end' = 'end'): void {
    const last = patience === 'cut';
    const family = recognise(input.bytes, input.pos, input.end, this.givenRole, last && why === 'end');
    if (family === 'more') {
      this.need = input.remaining + 1;
      return;
    }
    if (family !== null) this.use(family);
    else if (last && why === 'gap') return;
    else if (this.peer.family !== null) {
      this.familyHinted = true;
      this.use(this.peer.family);
    } else if (patience === 'patient') {
      this.waiting = true;
      return;
    } else {
      this.atFirstByte = false;
      this.state = 'search';
      this.search(input, patience);
      return;
    }
    if (!last) this.readFrame(input, patience);
  }

  private use(family: Family): void {
    this.family = family;
    this.state = 'frames';
    const details = this.settings.details;
    if (this.reader !== null) return;
    switch (family) {
      case 'A':
        this.reader = new ControlReader(this.side, this, details);
        break;
      case 'B':
        this.reader = new PipeReader(this.side, this, details, this.givenRole, this.peer);
        break;
      case 'C':
        this.reader = new PostcardReader(this.side, this, details, this.givenRole, this.peer);
        break;
      case 'L':
        this.reader = new LegacyReader(this.side, this, details);
    }
  }

  /** Looks for the first byte of a frame. */
  private search(input: Input, patience: Patience): void {
    const last = patience === 'cut';
    const from = input.pos;
    const families = this.family === null ? FAMILIES : [this.family];
    for (let at = from; at < input.end; at++) {
      let open = false;
      for (const family of families) {
        const chain = chainOf(family, input.bytes, at, input.end, CHAINED, this.role);
        // frames that begin with the stream's first captured byte need less proof
        const enough = this.atFirstByte && at === from && family !== 'L' ? 1 : CHAINED;
        // at the end a shorter chain must do, for a family that is known
        const short = last && !chain.broken && chain.frames >= (this.family === null ? 2 : 1);
        const proven = chain.frames >= enough || short;
        if (proven) {
          this.skip(input, at - from, 'resynchronised');
          this.use(family);
          this.unproven = CHAINED - Math.min(chain.frames, CHAINED);
          if (!last) this.readFrame(input, patience);
          return;
        }
        if (!chain.broken) open = true;
      }
      if (open && !last && input.end - at < SEARCH_BYTES) {
        if (!this.atFirstByte) this.skip(input, at - from, 'resynchronised');
        this.need = input.remaining + Math.max(1, input.remaining >> 2);
        return;
      }
    }
    if (this.atFirstByte) {
      if (!last && input.remaining < SEARCH_BYTES) {
        this.need = input.remaining + Math.max(8, input.remaining >> 2);
        return;
      }
      this.atFirstByte = false;
      const family = this.peer.family ?? (isOddHeader(input.bytes, from, input.end) ? 'A' : null);
      if (family !== null) {
        this.familyHinted = this.peer.family !== null && family !== 'A';
        this.unproven = CHAINED;
        this.use(family);
        if (!last) this.readFrame(input, patience);
        return;
      }
    }
    this.skip(input, input.remaining, 'undecoded');
    this.need = 1;
  }

  /** The bytes end inside a frame. True: nothing more can be made of them. */
  private cut(input: Input, why: 'gap' | 'end'): boolean {
    const offset = input.offset;
    const there = input.remaining;
    this.emitted = null;
    const r = this.reader!.read(input, 'cut');
    const m = this.emitted as ArcaMessage | null;
    const broken = r === NOTHING || (m !== null && m.missing > 0);
    if (broken && why === 'end') this.cutFrame = { message: m, offset, there, want: m === null ? 0 : m.length };
    return r !== 0;
  }

  private skip(input: Input, length: number, reason: 'resynchronised' | 'undecoded'): void {
    if (length > 0) this.output.skip(this.side, input.offset, length, reason);
    input.pos += length;
  }
}
