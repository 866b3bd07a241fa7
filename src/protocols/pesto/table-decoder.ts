import type { Block } from '../../base/block.js';
import { otherSide, type Input, type Side } from '../../base/input.js';
import { Origin } from '../../base/origin.js';
import type { Decoder, DecoderSettings, Output, SkipReason } from '../../contract/protocol.js';
import { MAX_DRAFT_RUN, MAX_DRAFT_RUNS } from './constants.js';
import type { Turns } from './draft.js';
import type { RuleLayout } from './layout.js';
import { Draft, RuleMessage, type Pif, type PestoMessage } from './message.js';

/** What a direction is about to read. */
export type Phase =
  /** The hello, or the first byte of an update. */
  | 'start'
  /** The id of a table, or the zero byte after the last. */
  | 'table'
  | 'rules'
  /** Everything was said. */
  | 'done'
  /** Nothing that follows can be framed. */
  | 'dead'
  /** Bytes were lost; the rest of a rule passes by. */
  | 'tail'
  /** Bytes were lost; the next table header is looked for. */
  | 'search';

/** Pauses below this are not looked at more closely. */
const LONG_NANOS = 1e9;

/** Where the framing of a direction stands: what its end leaves open. */
export interface Framing {
  readonly phase: Phase;
  /** Whether there are bytes after the end of what may be said. */
  readonly strayed: boolean;
  /** Bytes of an unfinished message at the direction's end: where, how many, and how many there should be (0: unknown). */
  readonly cutOffset: number;
  readonly cutPresent: number;
  readonly cutWanted: number;
}

/** What both directions have in common: tables of rules of one fixed size, and what to do about holes in them. */
export abstract class TableDecoder<S extends Side> implements Decoder<S>, Framing {
  need = 1;
  body = 0;
  wantsBody = false;
  waiting = false;

  phase: Phase = 'start';
  strayed = false;
  cutOffset = -1;
  cutPresent = 0;
  cutWanted = 0;
  /** The first bytes of what was cut. */
  cutBytes = new Uint8Array(0);
  /** Whether the last bytes that are looked at end at a gap, not where the sender ended them. */
  protected atGap = false;
  /** Whether bytes of this direction are missing from the capture. */
  lossy = false;
  ruleLayout: RuleLayout | null = null;

  protected readonly output: Output;
  protected readonly settings: DecoderSettings;
  protected readonly side: S;
  /** Whether the messages are framed by inference. */
  protected inferred: boolean;
  /** Whether the rule size came from the peer. */
  protected hinted = false;
  /** The table that is being read, its rules still to come, and how many it announced. */
  table: Pif | null = null;
  left = 0;
  private partial = 0;
  private tailLeft = 0;
  private readonly lastByte = new Origin();
  private spoke = false;
  private readonly turns: Turns;
  /** Runs of bytes behind the end that were shown, and how far the peer's stream went when the one that waits began; -1: none. */
  private runs = 0;
  private runSince = -1;

  constructor(side: S, output: Output, settings: DecoderSettings, turns: Turns) {
    this.turns = turns;
    this.side = side;
    this.output = output;
    this.settings = settings;
    this.inferred = !settings.fromStart;
  }

  /**
   * Takes one structure from the input; false where it needs more bytes (`need` is raised) or waits. `final`: these bytes are
   * the last before a hole or the end.
   */
  protected abstract step(input: Input<S>, patient: boolean, final: boolean): boolean;
  /** The number of bytes that the structure at the input should have, for saying how much is missing; 0 unknown. */
  protected abstract wanted(): number;
  /** Whether the size of rules is known, or can be without seeing one. */
  protected abstract learnLayout(): boolean;
  /** What to do after a hole whose end lies outside the rules of a table. */
  protected abstract lose(): void;

  decode(input: Input<S>, patient: boolean): void {
    this.need = 1;
    this.turns.seen[this.side] = Math.max(this.turns.seen[this.side], input.base + input.end);
    while (input.remaining > 0) {
      if (!this.once(input, patient, false)) return;
    }
  }

  abandon(input: Input<S>, why: 'gap' | 'end'): void {
    this.need = 1;
    this.atGap = why === 'gap';
    while (input.remaining > 0 && this.once(input, false, true)) continue;
    this.waiting = false;
    this.partial = input.remaining;
    if (why === 'end' && this.partial > 0) this.noteCut(input, this.partial);
    this.skip(input, this.partial, 'undecoded');
    this.need = 1;
    this.atGap = false;
  }

  gap(length: number): void {
    this.lossy = true;
    this.inferred = true;
    const missed = this.partial + length;
    this.partial = 0;
    if (this.phase === 'tail') {
      const rest = this.tailLeft;
      if (length <= rest) {
        this.tailLeft -= length;
        if (this.tailLeft === 0) this.phase = this.left > 0 ? 'rules' : 'table';
      } else {
        this.resume(length - rest);
      }
    } else if (this.phase === 'rules' && this.learnLayout()) {
      this.resume(missed);
    } else if (this.phase !== 'dead') {
      this.lose();
    }
  }

  /** After `missed` bytes from a rule's first on: the sizes are known, so the next rule's place is, too. */
  private resume(missed: number): void {
    const size = this.ruleLayout!.size;
    if (missed > this.left * size) {
      this.left = 0;
      this.lose();
      return;
    }
    const rules = Math.ceil(missed / size);
    this.left -= rules;
    this.tailLeft = rules * size - missed;
    this.phase = this.tailLeft > 0 ? 'tail' : this.left > 0 ? 'rules' : 'table';
  }

  end(): void {
    this.need = 1;
  }

  bodyBytes(_block: Block, _start: number, _end: number, _offset: number, _origin: Origin): void {
    throw new Error('pesto has no bodies');
  }

  bodyGap(): void {
    throw new Error('pesto has no bodies');
  }

  bodyEnd(): void {
    throw new Error('pesto has no bodies');
  }

  private once(input: Input<S>, patient: boolean, final: boolean): boolean {
    if (this.phase === 'dead') {
      this.skip(input, input.remaining, 'undecoded');
      return true;
    }
    if (this.phase === 'tail') {
      const n = Math.min(this.tailLeft, input.remaining);
      this.tailLeft -= n;
      this.skip(input, n, 'undecoded');
      if (this.tailLeft === 0) this.phase = this.left > 0 ? 'rules' : 'table';
      return true;
    }
    return this.step(input, patient, final);
  }

  /** Bytes of a structure are still to come. */
  protected more(input: Input<S>, total: number): false {
    this.need = Math.max(total, input.remaining + 1);
    return false;
  }

  protected takeRuleOf(input: Input<S>, layout: RuleLayout, skewed: boolean): void {
    const { pif, count } = this.table!;
    const message = new RuleMessage(this.side, input, layout, pif, count - this.left, count);
    message.skewed = skewed;
    this.left--;
    if (this.left === 0) this.phase = 'table';
    this.emit(input, message);
  }

  /** Completes a message that begins at the input's position, and hands it on. */
  protected emit(input: Input<S>, message: PestoMessage): void {
    message.hinted = this.hinted;
    message.inferred = this.inferred;
    message.pause = this.measurePause(input, message.length);
    if (this.settings.details) message.head = input.bytes.slice(input.pos, input.pos + message.length);
    input.pos += message.length;
    this.output.message(message);
  }

  /** The same for one of which only the input's bytes are there. */
  protected emitCut(input: Input<S>, message: PestoMessage, length: number): void {
    message.complete = false;
    message.missing = length - message.length;
    const present = message.length;
    message.length = length;
    message.hinted = this.hinted;
    message.inferred = this.inferred;
    if (this.settings.details) message.head = input.bytes.slice(input.pos, input.pos + present);
    input.pos += present;
    this.output.message(message);
  }

  /** Remembers the beginning of a message that does not go on. */
  protected noteCut(input: Input<S>, present: number): void {
    this.cutOffset = input.offset;
    this.cutPresent = present;
    this.cutWanted = this.wanted();
    this.cutBytes = input.bytes.slice(input.pos, input.pos + Math.min(present, 32));
  }

  /** Tells of the first byte after the end. */
  protected abstract complain(input: Input<S>): void;

  /**
   * Bytes after the end of what this side may say. The drafts had more to say there: what comes before the peer's next word is one
   * run, which is shown when the peer goes on, or nobody does.
   */
  protected takeAfterEnd(input: Input<S>, patient: boolean, final: boolean): boolean {
    if (!this.strayed) {
      this.strayed = true;
      // behind a hole nobody knows where it ended
      if (!this.inferred) this.complain(input);
    }
    if (this.runs >= MAX_DRAFT_RUNS || input.remaining > MAX_DRAFT_RUN) {
      this.runs = MAX_DRAFT_RUNS;
      this.skip(input, input.remaining, 'undecoded');
      return true;
    }
    const peer = this.turns.seen[otherSide(this.side)];
    if (this.runSince < 0) this.runSince = peer;
    if (patient && !final && peer === this.runSince) {
      this.waiting = true;
      return false;
    }
    this.runs++;
    this.runSince = -1;
    const { inferred, hinted } = this;
    this.inferred = this.hinted = true;
    this.emit(input, new Draft(this.side, input, input.remaining));
    this.inferred = inferred;
    this.hinted = hinted;
    return true;
  }

  protected skip(input: Input<S>, length: number, reason: SkipReason): void {
    this.output.skip(this.side, input.offset, length, reason);
    input.pos += length;
  }

  /**
   * The longest time between two consecutive bytes, from the last byte before the message to its own last. Where all of it took
   * no longer than anybody minds, that is the answer: looking at every byte's origin is slow.
   */
  private measurePause(input: Input<S>, length: number): number {
    const end = input.pos + length;
    const firstByte = input.originAt(input.pos);
    const lastByte = input.originAt(end - 1);
    const before = this.spoke ? this.lastByte : firstByte;
    let longest = this.spoke || length > 1 ? nanosBetween(before, lastByte) : -1;
    if (longest >= LONG_NANOS) {
      longest = -1;
      let last: Origin = before;
      for (let i = input.pos; i < end; i++) {
        const origin = input.originAt(i);
        longest = Math.max(longest, nanosBetween(last, origin));
        last = origin;
      }
    }
    this.lastByte.copyFrom(lastByte);
    this.spoke = true;
    return longest;
  }
}

function nanosBetween(a: Origin, b: Origin): number {
  return (b.seconds - a.seconds) * 1e9 + (b.nanos - a.nanos);
}
