import { hex } from '../../../base/hex.js';
import { CLIENT, type Input } from '../../../base/input.js';
import { isFinal, LOST, TAKEN, WAIT, type Patience } from '../../../contract/framed-decoder.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import { PIF_NONE, PIF_SPLICE } from '../constants.js';
import { SECTION } from '../layout.js';
import { Pif, PifEnd } from '../messages.js';
import { CLIENT_DATA_AFTER_UPDATE } from '../rules/update.js';
import type { ClientTold, ServerTold, Turns } from '../told.js';
import { FULL_MARKS, guessSize, isSkewed, otherSize, rateRule } from './rule-walk.js';
import { TableFraming } from './table-framing.js';

/** Everything that this direction can learn about the other one. */
type ServerHints = Pick<ServerTold, 'rules' | 'guessed' | 'hellos' | 'hello'>;

/** So many printable bytes at the start of a stream are text, and not a table id. */
const MAGIC_TEXT = 6;

/**
 * Frames the client's bytes: an update, which consists of sections with rules, and a zero byte. Table ids and counts are in its own bytes;
 * the length of a rule depends on the server's version.
 */
export class ClientFraming extends TableFraming<typeof CLIENT> {
  protected override readonly told: ClientTold;
  private readonly server: ServerHints;
  /** Whether one stream of the recording may hold several connections, one after the other. */
  private readonly several: boolean;
  private impatient = false;
  /** Number of complete updates. */
  private updates = 0;

  /** `server`: what this direction can learn about the server. Messages that were read with its help are marked as `hinted`. */
  constructor(told: ClientTold, server: ServerHints, turns: Turns, limits: LimitNotes, several: boolean) {
    super(CLIENT, turns, limits);
    this.told = told;
    this.server = server;
    this.several = several;
  }

  /** Nothing in an update can be recognised without knowing where it is: gives up. */
  override startSearch(): void {
    this.die();
  }

  override findAgain(): number {
    return LOST;
  }

  override frameAt(input: Input<typeof CLIENT>, patience: Patience): number {
    if (this.yields(input, patience)) return WAIT;
    switch (this.told.phase) {
      case 'start':
        return this.startAt(input, patience);
      case 'table':
        return this.tableAt(input);
      case 'rules':
        return this.ruleAt(input, patience);
      default:
        return this.behindUpdate(input, patience);
    }
  }

  protected override wanted(): number {
    if (this.told.phase === 'rules') return this.told.ruleLayout?.size ?? 0;
    return this.told.phase === 'table' ? SECTION.size : 0;
  }

  protected override learnLayout(): boolean {
    const { told } = this;
    if (told.ruleLayout !== null) return true;
    const announced = this.server.rules();
    if (typeof announced === 'string') return false;
    told.ruleLayout = announced;
    this.frames.hinted = true;
    return true;
  }

  private startAt(input: Input<typeof CLIENT>, patience: Patience): number {
    const { bytes, pos } = input;
    const first = bytes[pos]!;
    // a zero byte would be the end of an update, but it is also the most common byte inside one
    if (!this.frames.settings.fromStart && (first > PIF_SPLICE || first === PIF_NONE)) return this.die();
    if (first >= 0x20 && first < 0x7f) {
      let n = 1;
      while (n < MAGIC_TEXT && pos + n < input.end && bytes[pos + n]! >= 0x20 && bytes[pos + n]! < 0x7f) n++;
      if (n === MAGIC_TEXT) {
        this.told.greeting = String.fromCharCode(...bytes.subarray(pos, Math.min(input.end, pos + 16)));
        return this.die();
      }
      if (pos + n === input.end && !isFinal(patience)) return MAGIC_TEXT;
      // text that is cut off by a gap is no table id either
      if (pos + n === input.end && patience === 'gap') return this.die();
    }
    this.told.phase = 'table';
    return TAKEN;
  }

  private tableAt(input: Input<typeof CLIENT>): number {
    if (input.bytes[input.pos] === PIF_NONE) {
      this.told.phase = 'done';
      this.updates++;
      return this.emit(input, new PifEnd(CLIENT, input));
    }
    return input.remaining < SECTION.size ? SECTION.size : this.emitTable(input, new Pif(CLIENT, input, null));
  }

  private ruleAt(input: Input<typeof CLIENT>, patience: Patience): number {
    const { told } = this;
    if (told.ruleLayout === null) {
      const answer = this.findSize(input, patience);
      if (answer !== TAKEN || told.ruleLayout === null) return answer;
    }
    const layout = told.ruleLayout;
    return input.remaining < layout.size ? layout.size : this.emitRule(input, layout, told.skewed);
  }

  /** Finds the length of a rule. Above 0: so many bytes are needed; WAIT: the peer has to be waited for. */
  private findSize(input: Input<typeof CLIENT>, patience: Patience): number {
    const { told } = this;
    const announced = this.server.rules();
    if (patience !== 'patient') this.impatient = true;
    if (announced === 'pending' && !this.impatient) return WAIT;
    if (announced === 'unknown') return this.die();
    const { fromStart } = this.frames.settings;
    if (typeof announced === 'string') {
      const guess = this.sizeBy(input, patience, (final) =>
        guessSize(input.bytes, input.pos, input.end, told.left, SECTION, final),
      );
      if (guess === null) return input.remaining + 1;
      if (!fromStart && rateRule(input.bytes, input.pos, guess.layout) < FULL_MARKS) return this.die();
      told.ruleLayout = guess.layout;
      told.guessed = true;
      told.ambiguous = guess.ambiguous;
      this.frames.unproven = Infinity;
      return TAKEN;
    }
    const there = input.remaining >= announced.size;
    if (!fromStart && there && rateRule(input.bytes, input.pos, announced) < FULL_MARKS) return this.die();
    const skewed = this.sizeBy(input, patience, (final) =>
      isSkewed(input.bytes, input.pos, input.end, told.left, announced, SECTION, final),
    );
    // asks for more than one further byte, as each look goes over all bytes again
    if (skewed === null) return nextLook(input.remaining, announced.size);
    told.skewed = skewed;
    told.ruleLayout = skewed ? otherSize(announced) : announced;
    this.frames.hinted = true;
    if (this.server.guessed) this.frames.unproven = Infinity;
    return TAKEN;
  }

  /** After an update: the update of the next connection, if the server shows that there is one, or surplus bytes. */
  private behindUpdate(input: Input<typeof CLIENT>, patience: Patience): number {
    const { told } = this;
    if (this.several && !told.strayed) {
      if (patience !== 'patient') this.impatient = true;
      const { hellos } = this.server;
      if (hellos <= this.updates && !this.impatient) return WAIT;
      if (hellos > this.updates || hellos === 0) {
        told.ruleLayout = null;
        this.frames.hinted = false;
        told.phase = 'table';
        return TAKEN;
      }
    }
    return this.afterEnd(input, patience);
  }

  protected override complain(input: Input<typeof CLIENT>): void {
    if (this.server.hello?.leavesLayoutOpen === true) return;
    this.frames.output.raise(CLIENT_DATA_AFTER_UPDATE, {
      side: CLIENT,
      // a recording that cannot tell connections apart may have lost the greeting of the client's next one
      confidence: this.several ? 'likely' : 'certain',
      offset: input.offset,
      length: 1,
      text: `the update is complete, and the client goes on with byte ${hex(input.bytes, input.pos, input.pos + 1)}`,
    });
  }
}

/** The number of bytes that are needed before bytes that were not enough are looked at again. */
function nextLook(remaining: number, size: number): number {
  return remaining < size ? size : remaining + Math.max(size, remaining >> 3);
}
