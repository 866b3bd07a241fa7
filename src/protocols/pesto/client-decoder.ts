import { hex } from '../../base/hex.js';
import { CLIENT, type Input } from '../../base/input.js';
import type { DecoderSettings, Output } from '../../contract/protocol.js';
import { MAX_RULES, PIF_NONE, PIF_SPLICE } from './constants.js';
import type { Turns } from './draft.js';
import type { ServerHints } from './hints.js';
import { SECTION } from './layout.js';
import { Pif, PifEnd } from './message.js';
import { CLIENT_DATA_AFTER_UPDATE } from './rules/update.js';
import { FULL_MARKS, guessSize, isSkewed, otherSize, rateRule } from './rule-walk.js';
import { TableDecoder } from './table-decoder.js';

/** Bytes that are gathered to find out a rule's size; three full tables are less. */
const GUESS_BYTES = 64 << 10;
/** Printable bytes that make the start of a stream a magic instead of a table id. */
const MAGIC_TEXT = 6;

/**
 * Decodes what the client sends: an update, which is sections of rules and a zero byte. Table ids and counts are its own; how
 * long a rule is comes from the server's version, through the hints.
 */
export class ClientDecoder extends TableDecoder<typeof CLIENT> {
  /** Whether the rule size was worked out from the rules, and whether the other would fit about as well. */
  guessed = false;
  ambiguous = false;
  /** Whether the rules have the other size than the server announced. */
  skewed = false;
  /** First bytes of a stream that begins with text instead of a table id. */
  greeting = '';
  /** Whether one stream of the recording may hold several connections, one after the other. */
  private readonly several: boolean;
  private readonly hints: ServerHints;
  private impatient = false;
  /** Complete ones. */
  private updates = 0;

  constructor(output: Output, settings: DecoderSettings, turns: Turns, hints: ServerHints, several: boolean) {
    super(CLIENT, output, settings, turns);
    this.hints = hints;
    this.several = several;
  }

  protected step(input: Input<typeof CLIENT>, patient: boolean, final: boolean): boolean {
    switch (this.phase) {
      case 'start':
        return this.takeStart(input, final);
      case 'table':
        return this.takeTable(input);
      case 'rules':
        return this.takeRule(input, patient, final);
      default:
        return this.takeStray(input, patient, final);
    }
  }

  protected wanted(): number {
    if (this.phase === 'rules') return this.ruleLayout?.size ?? 0;
    return this.phase === 'table' ? SECTION.size : 0;
  }

  protected learnLayout(): boolean {
    if (this.ruleLayout !== null) return true;
    const announced = this.hints.announcedRules();
    if (typeof announced === 'string') return false;
    this.ruleLayout = announced;
    this.hinted = true;
    return true;
  }

  protected lose(): void {
    this.phase = 'dead';
  }

  private takeStart(input: Input<typeof CLIENT>, final: boolean): boolean {
    const { bytes, pos } = input;
    const first = bytes[pos]!;
    // a zero byte would be the end of an update, and is the commonest byte inside one
    if (!this.settings.fromStart && (first > PIF_SPLICE || first === PIF_NONE)) {
      this.phase = 'dead';
      return true;
    }
    if (first >= 0x20 && first < 0x7f) {
      let n = 1;
      while (n < MAGIC_TEXT && pos + n < input.end && bytes[pos + n]! >= 0x20 && bytes[pos + n]! < 0x7f) n++;
      if (n === MAGIC_TEXT) {
        this.greeting = String.fromCharCode(...bytes.subarray(pos, Math.min(input.end, pos + 16)));
        this.phase = 'dead';
        return true;
      }
      if (pos + n === input.end && !final) return this.more(input, MAGIC_TEXT);
      // text that a gap cuts is no table id either
      if (pos + n === input.end && this.atGap) {
        this.phase = 'dead';
        return true;
      }
    }
    this.phase = 'table';
    return true;
  }

  private takeTable(input: Input<typeof CLIENT>): boolean {
    if (input.bytes[input.pos] === PIF_NONE) {
      this.phase = 'done';
      this.updates++;
      this.emit(input, new PifEnd(CLIENT, input));
      return true;
    }
    if (input.remaining < SECTION.size) return this.more(input, SECTION.size);
    const pif = new Pif(CLIENT, input, null);
    this.table = pif;
    if (pif.count > MAX_RULES) this.phase = 'dead';
    else if (pif.count > 0) {
      this.left = pif.count;
      this.phase = 'rules';
    }
    this.emit(input, pif);
    return true;
  }

  private takeRule(input: Input<typeof CLIENT>, patient: boolean, final: boolean): boolean {
    if (this.ruleLayout === null && !this.findSize(input, patient, final)) return this.phase === 'dead';
    const layout = this.ruleLayout!;
    if (input.remaining < layout.size) return this.more(input, layout.size);
    this.takeRuleOf(input, layout, this.skewed);
    return true;
  }

  /** Settles how long a rule is; false where that needs more bytes, the peer, or cannot be. */
  private findSize(input: Input<typeof CLIENT>, patient: boolean, final: boolean): boolean {
    const announced = this.hints.announcedRules();
    if (!patient) this.impatient = true;
    if (announced === 'pending' && !this.impatient && !final) {
      this.waiting = true;
      return false;
    }
    const last = final || input.remaining > GUESS_BYTES;
    if (announced === 'unknown') {
      this.phase = 'dead';
      return false;
    }
    if (typeof announced === 'string') {
      const guess = guessSize(input.bytes, input.pos, input.end, this.left, SECTION, last);
      if (guess === null) return this.more(input, input.remaining + 1);
      if (!this.settings.fromStart && rateRule(input.bytes, input.pos, guess.layout) < FULL_MARKS) {
        this.phase = 'dead';
        return false;
      }
      this.ruleLayout = guess.layout;
      this.guessed = true;
      this.ambiguous = guess.ambiguous;
      this.inferred = true;
      return true;
    }
    if (
      !this.settings.fromStart &&
      input.remaining >= announced.size &&
      rateRule(input.bytes, input.pos, announced) < FULL_MARKS
    ) {
      this.phase = 'dead';
      return false;
    }
    const skewed = isSkewed(input.bytes, input.pos, input.end, this.left, announced, SECTION, last);
    // more than a byte at a time: every look goes over all that is there
    if (skewed === null) return this.more(input, nextLook(input.remaining, announced.size));
    this.skewed = skewed;
    this.hinted = true;
    if (this.hints.guessed) this.inferred = true;
    this.ruleLayout = skewed ? otherSize(announced) : announced;
    return true;
  }

  /** After an update: one of the next connection, where the server shows that there is one, or bytes that are too many. */
  private takeStray(input: Input<typeof CLIENT>, patient: boolean, final: boolean): boolean {
    if (this.several && !this.strayed) {
      if (!patient) this.impatient = true;
      const { hellos } = this.hints;
      if (hellos <= this.updates && !this.impatient && !final) {
        this.waiting = true;
        return false;
      }
      if (hellos > this.updates || hellos === 0) {
        this.ruleLayout = null;
        this.hinted = false;
        this.phase = 'table';
        return true;
      }
    }
    return this.takeAfterEnd(input, patient, final);
  }

  protected complain(input: Input<typeof CLIENT>): void {
    this.output.raise(CLIENT_DATA_AFTER_UPDATE, {
      side: CLIENT,
      // a recording that cannot tell connections apart may have lost the greeting of the client's next one
      confidence: this.several ? 'likely' : 'certain',
      offset: input.offset,
      length: 1,
      text: `the update is complete, and the client goes on with byte ${hex(input.bytes, input.pos, input.pos + 1)}`,
    });
  }
}

/** How many bytes to wait for before bytes are looked at again that were not enough. */
function nextLook(remaining: number, size: number): number {
  return remaining < size ? size : remaining + Math.max(size, remaining >> 3);
}
