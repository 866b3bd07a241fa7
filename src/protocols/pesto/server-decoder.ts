import { hex } from '../../base/hex.js';
import { SERVER, type Input } from '../../base/input.js';
import type { DecoderSettings, Output } from '../../contract/protocol.js';
import { MAGIC, MAX_RULES, PIF_NAME_SIZE, PIF_NONE, IFNAMSIZ, isReleased, NEWEST_VERSION } from './constants.js';
import type { Turns } from './draft.js';
import type { ServerHints } from './hints.js';
import { HELLO, HELLO_D1, HELLO_D2, PIF, pifLayout, ruleLayout, type PifLayout, type RuleLayout } from './layout.js';
import { Hello, Pif, PifEnd, type HelloLayout } from './message.js';
import { guessSize } from './rule-walk.js';
import { findLandmark, LANDMARK_SIZE, magicPrefix } from './landmark.js';
import { SERVER_DATA_AFTER_LIST } from './rules/list.js';
import { TableDecoder } from './table-decoder.js';

/** Bytes that are gathered at most between two looks for a landmark. */
const MAX_STEP = 4096;
/** Bytes of rules that are gathered to find out their size when the hello leaves it open. */
const GUESS_BYTES = 64 << 10;

/**
 * Decodes what the server sends: hello, then a list of tables. Its own hello says how long everything is, so nothing is
 * needed from the client.
 */
export class ServerDecoder extends TableDecoder<typeof SERVER> implements ServerHints {
  /** The newest hello. */
  hello: Hello | null = null;
  hellos = 0;
  /** Whether the stream does not begin with the magic. */
  badMagic = false;
  /** What it begins with instead. */
  firstBytes = new Uint8Array(0);
  private layout: PifLayout | null = PIF;
  /** Bytes that were searched in vain. */
  private searched = 0;
  private announced: RuleLayout | 'pending' | 'unknown' | 'experimental' = 'pending';

  constructor(output: Output, settings: DecoderSettings, turns: Turns) {
    super(SERVER, output, settings, turns);
    if (!settings.fromStart) this.phase = 'search';
  }

  announcedRules(): RuleLayout | 'pending' | 'unknown' | 'experimental' {
    if (this.announced === 'pending' || this.announced === 'experimental') {
      if (this.ruleLayout !== null) return this.ruleLayout;
      if (this.phase === 'done' || this.phase === 'dead') return 'experimental';
    }
    return this.announced;
  }

  get guessed(): boolean {
    return this.announced === 'experimental';
  }

  protected step(input: Input<typeof SERVER>, patient: boolean, final: boolean): boolean {
    switch (this.phase) {
      case 'start':
        return this.takeHello(input, final);
      case 'table':
        return this.takeTable(input, final);
      case 'rules':
        return this.takeRule(input, final);
      case 'done':
        return this.takeStray(input, patient, final);
      default:
        return this.search(input, final);
    }
  }

  protected wanted(): number {
    if (this.phase === 'start') return HELLO.size;
    if (this.phase === 'table') return this.layout?.size ?? 0;
    if (this.phase === 'rules') return this.ruleLayout?.size ?? 0;
    return 0;
  }

  protected learnLayout(): boolean {
    if (typeof this.announced === 'object') this.ruleLayout = this.announced;
    return this.ruleLayout !== null;
  }

  protected lose(): void {
    this.phase = this.announced === 'unknown' ? 'dead' : 'search';
  }

  private helloLayout(input: Input<typeof SERVER>, final: boolean): HelloLayout | null {
    const { view, pos, remaining } = input;
    if (remaining >= HELLO.size) {
      const bare =
        view.getUint32(pos + HELLO.version) === 1 && view.getUint32(pos + HELLO.pifNameSize) === PIF_NAME_SIZE;
      const named = input.bytes[pos + HELLO_D2]! !== PIF_NONE && input.bytes[pos + HELLO_D2 + 1]! > 0x20;
      return bare && named && view.getUint32(pos + HELLO.ifnamsiz) !== IFNAMSIZ ? 'd2' : 'released';
    }
    if (!final || this.atGap || remaining < HELLO_D1 || view.getUint32(pos + HELLO.version) !== 1) return null;
    if (remaining === HELLO_D1) return 'd1';
    if (remaining < HELLO_D2 || view.getUint32(pos + HELLO.pifNameSize) !== PIF_NAME_SIZE) return null;
    const empty = remaining === HELLO_D2 + 1 && input.bytes[pos + HELLO_D2] === PIF_NONE;
    return remaining === HELLO_D2 || empty ? 'd2' : null;
  }

  private takeHello(input: Input<typeof SERVER>, final: boolean): boolean {
    if (input.remaining < HELLO.size && !final) return this.more(input, HELLO.size);
    const magicOk = magicPrefix(input.bytes, input.pos, input.end) >= Math.min(MAGIC.length, input.remaining);
    const layout = this.helloLayout(input, final);
    if (!magicOk) {
      this.badMagic = true;
      this.firstBytes = input.bytes.slice(input.pos, Math.min(input.end, input.pos + MAGIC.length));
      if (layout !== 'released' || !this.usable(input)) {
        this.phase = 'dead';
        return true;
      }
    }
    if (layout === null) return input.remaining >= MAGIC.length && this.takeCutHello(input);
    const size = layout === 'd1' ? HELLO_D1 : layout === 'd2' ? HELLO_D2 : HELLO.size;
    const hello = new Hello(SERVER, input, size, layout, magicOk);
    this.hello = hello;
    this.hellos++;
    this.inferred = false;
    this.ruleLayout = null;
    if (layout === 'd1') {
      this.announced = 'unknown';
      this.phase = 'done';
    } else if (layout === 'd2') {
      this.announced = 'unknown';
      this.layout = pifLayout(PIF_NAME_SIZE, true);
      this.phase = 'table';
    } else {
      this.layout = pifLayout(hello.pifNameSize, false);
      this.announced = isReleased(hello.version)
        ? (ruleLayout(hello.version, hello.ifnamsiz) ?? 'unknown')
        : 'experimental';
      this.phase = this.layout === null ? 'dead' : 'table';
    }
    this.emit(input, hello);
    // nobody knows what such a version changed: the newest one's layout is a guess from here on
    if (this.announced === 'experimental') this.inferred = true;
    return true;
  }

  /** A hello that ends behind its magic. */
  private takeCutHello(input: Input<typeof SERVER>): boolean {
    const present = input.remaining;
    const hello = new Hello(SERVER, input, present, 'cut', true);
    this.hello = hello;
    this.hellos++;
    this.announced = this.atGap ? 'pending' : 'unknown';
    this.noteCut(input, present);
    this.emitCut(input, hello, HELLO.size);
    return true;
  }

  /** Whether what stands behind a wrong magic is a hello all the same. */
  private usable(input: Input<typeof SERVER>): boolean {
    const { view, pos } = input;
    return (
      view.getUint32(pos + HELLO.version) <= NEWEST_VERSION &&
      view.getUint32(pos + HELLO.pifNameSize) === PIF_NAME_SIZE &&
      view.getUint32(pos + HELLO.ifnamsiz) === IFNAMSIZ
    );
  }

  /** Whether another hello begins here; null: more bytes would tell. */
  private helloAgain(input: Input<typeof SERVER>, final: boolean): boolean | null {
    const same = magicPrefix(input.bytes, input.pos, input.end);
    if (same === MAGIC.length) return true;
    return same === input.remaining && !final ? null : false;
  }

  private takeTable(input: Input<typeof SERVER>, final: boolean): boolean {
    const id = input.bytes[input.pos]!;
    if (id === PIF_NONE) {
      this.phase = 'done';
      this.emit(input, new PifEnd(SERVER, input));
      return true;
    }
    if (id === MAGIC[0]) {
      const again = this.helloAgain(input, final);
      if (again === null) return this.more(input, MAGIC.length);
      if (again) {
        this.phase = 'start';
        return true;
      }
    }
    const layout = this.layout!;
    if (input.remaining < layout.size) return this.more(input, layout.size);
    const pif = new Pif(SERVER, input, layout);
    this.table = pif;
    if (pif.count > MAX_RULES) this.phase = 'dead';
    else if (pif.count > 0) {
      this.left = pif.count;
      this.phase = 'rules';
    }
    this.emit(input, pif);
    return true;
  }

  private takeRule(input: Input<typeof SERVER>, final: boolean): boolean {
    if (this.announced === 'unknown') {
      this.phase = 'dead';
      return true;
    }
    if (!this.learnLayout()) {
      const last = final || input.remaining > GUESS_BYTES;
      const guess = guessSize(input.bytes, input.pos, input.end, this.left, PIF, last);
      if (guess === null) return this.more(input, input.remaining + 1);
      this.ruleLayout = guess.layout;
      this.inferred = true;
    }
    const layout = this.ruleLayout!;
    if (input.remaining < layout.size) return this.more(input, layout.size);
    this.takeRuleOf(input, layout, false);
    return true;
  }

  /** After the list: another hello where a recording joined connections, or bytes that have no business here. */
  private takeStray(input: Input<typeof SERVER>, patient: boolean, final: boolean): boolean {
    if (!this.strayed) {
      const again = this.helloAgain(input, final);
      if (again === null) return this.more(input, MAGIC.length);
      if (again) {
        this.phase = 'start';
        return true;
      }
    }
    return this.takeAfterEnd(input, patient, final);
  }

  protected complain(input: Input<typeof SERVER>): void {
    const first = input.bytes[input.pos]!;
    const hint =
      first <= 1 ? '; a single byte of this value was the status report of a draft that was not shipped' : '';
    this.output.raise(SERVER_DATA_AFTER_LIST, {
      side: SERVER,
      offset: input.offset,
      length: 1,
      text: `the list is complete, and the server goes on with byte ${hex(input.bytes, input.pos, input.pos + 1)}${hint}`,
    });
  }

  private search(input: Input<typeof SERVER>, final: boolean): boolean {
    const mark = findLandmark(input.bytes, input.pos, input.end);
    if (mark !== null) {
      this.searched = 0;
      this.skip(input, mark.at - input.pos, 'resynchronised');
      this.phase = mark.kind === 'hello' ? 'start' : 'table';
      this.layout = this.layout ?? PIF;
      this.inferred = true;
      return true;
    }
    if (final) return false;
    const keep = Math.min(input.remaining, LANDMARK_SIZE - 1);
    this.searched += input.remaining - keep;
    if (input.remaining > keep) this.skip(input, input.remaining - keep, 'resynchronised');
    // the longer the search, the rarer the looks: each goes over what was kept once more
    return this.more(input, LANDMARK_SIZE + Math.min(this.searched >> 3, MAX_STEP));
  }
}
