import { otherSide, type Input, type Side } from '../../../base/input.js';
import { Framing, isFinal, TAKEN, WAIT, type Patience } from '../../../contract/framed-decoder.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { SkipReason } from '../../../contract/protocol.js';
import { MAX_RULES } from '../constants.js';
import type { RuleLayout } from '../layout.js';
import { Draft, RuleMessage, type PestoMessage, type Pif } from '../messages.js';
import type { Told, Turns } from '../told.js';
import { PauseClock } from './pause-clock.js';

/** Bytes of an incomplete message that are kept as evidence. */
const EVIDENCE_BYTES = 32;

/** What both directions have in common: tables of rules of one fixed size, and how gaps in them are bridged. */
export abstract class TableFraming<S extends Side> extends Framing<PestoMessage, S> {
  protected readonly side: S;
  private readonly turns: Turns;
  private readonly pauses = new PauseClock();
  private readonly limits: LimitNotes;
  /** Number of runs after the end that were shown, and whether further ones are only counted. */
  private runs = 0;
  private runsOver = false;
  /** How far the peer's stream had been seen when the waiting run began; -1: no run waits. */
  private runSince = -1;
  /** Stream offset of the frame before which the peer's bytes were let through. */
  private yieldedAt = -1;

  constructor(side: S, turns: Turns, limits: LimitNotes) {
    super();
    this.side = side;
    this.turns = turns;
    this.limits = limits;
  }

  override reached(upTo: number): void {
    this.turns.seen[this.side] = Math.max(this.turns.seen[this.side], upTo);
  }

  /** What the direction shows about itself. */
  protected abstract readonly told: Told;
  /** The number of bytes that the current structure should have, to report how much is missing; 0: unknown. */
  protected abstract wanted(): number;
  /** Whether the size of rules is known, or can be known without seeing one. */
  protected abstract learnLayout(): boolean;

  override begin(): void {
    if (!this.frames.settings.fromStart) this.frames.unproven = Infinity;
  }

  override lost(): void {
    this.told.lossy = true;
    this.frames.unproven = Infinity;
  }

  /** Inside a table all sizes are known, so the position of the next rule can be computed. */
  override bridge(missed: number): number {
    const { told } = this;
    if (told.phase !== 'rules' || !this.learnLayout()) return -1;
    const { size } = told.ruleLayout!;
    if (missed > told.left * size) {
      told.left = 0;
      return -1;
    }
    const rules = Math.ceil(missed / size);
    told.left -= rules;
    this.behindRule();
    return rules * size - missed;
  }

  override cutOff(input: Input<S>, patience: Patience): SkipReason {
    if (patience === 'end') this.noteCut(input);
    return 'undecoded';
  }

  /** Remembers the start of a message whose rest does not come. */
  protected noteCut(input: Input<S>): void {
    const { told } = this;
    told.cutOffset = input.offset;
    told.cutPresent = input.remaining;
    told.cutWanted = this.wanted();
    told.cutBytes = input.bytes.slice(input.pos, input.pos + Math.min(input.remaining, EVIDENCE_BYTES));
  }

  protected die(): number {
    this.told.phase = 'dead';
    this.frames.swallow('undecoded');
    return TAKEN;
  }

  /** Takes a complete message. */
  protected emit(input: Input<S>, message: PestoMessage): number {
    message.pause = this.pauses.measure(input, message.length);
    this.frames.take(message, input);
    return TAKEN;
  }

  /** Takes the header of a table. */
  protected emitTable(input: Input<S>, pif: Pif): number {
    const { told } = this;
    told.table = pif;
    if (pif.count > 0) {
      told.left = pif.count;
      told.phase = 'rules';
    }
    if (pif.count <= MAX_RULES) return this.emit(input, pif);
    told.phase = 'dead';
    this.emit(input, pif);
    return this.die();
  }

  protected emitRule(input: Input<S>, layout: RuleLayout, skewed: boolean): number {
    const { told } = this;
    const { pif, count } = told.table!;
    const message = new RuleMessage(this.side, input, layout, pif, count - told.left, count);
    message.skewed = skewed;
    told.left--;
    this.behindRule();
    return this.emit(input, message);
  }

  /**
   * Decides the size of rules by the bytes that are there; null: more have to come. After `limits.ruleSizeBytes`, they have to be enough.
   */
  protected sizeBy<T>(input: Input<S>, patience: Patience, decide: (final: boolean) => T | null): T | null {
    const final = isFinal(patience);
    const answer = decide(final);
    const { ruleSizeBytes } = this.frames.settings.limits;
    if (answer !== null || final || input.remaining <= ruleSizeBytes) return answer;
    const text = `more than ${ruleSizeBytes} bytes of rules leave open how long one is; the likelier size is taken`;
    this.limits.hit('ruleSizeBytes', text, 'warning');
    return decide(true);
  }

  private behindRule(): void {
    this.told.phase = this.told.left > 0 ? 'rules' : 'table';
  }

  /** Whether bytes of the peer that came before the next frame are still to be shown. They are let through first, once. */
  protected yields(input: Input<S>, patience: Patience): boolean {
    if (patience !== 'patient' || !this.turns.waits[otherSide(this.side)] || this.yieldedAt === input.offset)
      return false;
    this.yieldedAt = input.offset;
    return true;
  }

  /** Reports the first byte after the end. */
  protected abstract complain(input: Input<S>): void;

  /**
   * Bytes after the end of this side's list or update, where the drafts had further steps. All bytes before the peer sends again are one
   * run, which is shown when the peer goes on, or nothing more comes.
   */
  protected afterEnd(input: Input<S>, patience: Patience): number {
    const { frames, told } = this;
    if (!told.strayed) {
      told.strayed = true;
      // after a gap it is not known where the end was
      if (frames.unproven === 0) this.complain(input);
    }
    if (this.runsOver || this.tooMany(input.remaining)) {
      this.runsOver = true;
      frames.skip(input, input.remaining, 'undecoded');
      return TAKEN;
    }
    const peer = this.turns.seen[otherSide(this.side)];
    if (this.runSince < 0) this.runSince = peer;
    this.turns.waits[this.side] = patience === 'patient' && peer === this.runSince;
    if (this.turns.waits[this.side]) return WAIT;
    this.runs++;
    this.runSince = -1;
    const { unproven, hinted } = frames;
    frames.unproven = Infinity;
    frames.hinted = true;
    this.emit(input, new Draft(this.side, input, input.remaining));
    frames.unproven = unproven;
    frames.hinted = hinted;
    return TAKEN;
  }

  /** Whether a run of that many bytes after the end, or one run more, is beyond the limits of what is shown. */
  private tooMany(length: number): boolean {
    const { draftBytes, draftRuns } = this.frames.settings.limits;
    const rest = 'behind the end; they are only counted from here on';
    if (length > draftBytes) this.limits.hit('draftBytes', `a run of more than ${draftBytes} bytes ${rest}`, 'note');
    else if (this.runs >= draftRuns)
      this.limits.hit('draftRuns', `more than ${draftRuns} runs of bytes ${rest}`, 'note');
    else return false;
    return true;
  }
}
