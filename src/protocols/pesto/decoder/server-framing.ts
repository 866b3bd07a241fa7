import { hex } from '../../../base/hex.js';
import { SERVER, type Input } from '../../../base/input.js';
import { isFinal, TAKEN, type Patience } from '../../../contract/framed-decoder.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import { IFNAMSIZ, isReleased, MAGIC, NEWEST_VERSION, PIF_NAME_SIZE, PIF_NONE } from '../constants.js';
import { HELLO, HELLO_D1, HELLO_D2, PIF, pifLayout, ruleLayout, type PifLayout } from '../layout.js';
import { Hello, Pif, PifEnd, type HelloLayout } from '../messages.js';
import { SERVER_DATA_AFTER_LIST } from '../rules/list.js';
import type { ServerTold, Turns } from '../told.js';
import { findLandmark, LANDMARK_SIZE, magicPrefix } from './landmark.js';
import { guessSize } from './rule-walk.js';
import { TableFraming } from './table-framing.js';

/** The most bytes that are waited for between two searches for a landmark. None are given up by that. */
const LOOK_STEP = 4096;

/**
 * Frames the server's bytes: a hello, then a list of tables. The hello gives the size of everything, so nothing is needed from the client.
 */
export class ServerFraming extends TableFraming<typeof SERVER> {
  protected override readonly told: ServerTold;
  private layout: PifLayout | null = PIF;
  /** Number of bytes that were searched without success. */
  private searched = 0;

  constructor(told: ServerTold, turns: Turns, limits: LimitNotes) {
    super(SERVER, turns, limits);
    this.told = told;
  }

  override begin(): void {
    super.begin();
    if (!this.frames.settings.fromStart) this.startSearch(0);
  }

  override startSearch(offset: number): void {
    if (this.told.announced === 'unknown') {
      this.die();
      return;
    }
    this.told.phase = 'search';
    this.frames.search(offset);
  }

  override frameAt(input: Input<typeof SERVER>, patience: Patience): number {
    switch (this.told.phase) {
      case 'start':
        return this.helloAt(input, patience);
      case 'table':
        return this.tableAt(input, patience);
      case 'rules':
        return this.ruleAt(input, patience);
      default:
        return this.behindList(input, patience);
    }
  }

  protected override wanted(): number {
    const { phase, ruleLayout } = this.told;
    if (phase === 'start') return HELLO.size;
    if (phase === 'table') return this.layout?.size ?? 0;
    return phase === 'rules' ? (ruleLayout?.size ?? 0) : 0;
  }

  protected override learnLayout(): boolean {
    const { told } = this;
    if (typeof told.announced === 'object') told.ruleLayout = told.announced;
    return told.ruleLayout !== null;
  }

  private helloLayout({ bytes, view, pos, remaining }: Input, patience: Patience): HelloLayout | null {
    const u32 = (at: number): number => view.getUint32(pos + at);
    const { at } = HELLO;
    if (remaining >= HELLO.size) {
      const bare = u32(at.version) === 1 && u32(at.pifNameSize) === PIF_NAME_SIZE;
      const named = bytes[pos + HELLO_D2.size]! !== PIF_NONE && bytes[pos + HELLO_D2.size + 1]! > 0x20;
      return bare && named && u32(at.ifnamsiz) !== IFNAMSIZ ? 'd2' : 'released';
    }
    if (patience !== 'end' || remaining < HELLO_D1.size || u32(at.version) !== 1) return null;
    if (remaining === HELLO_D1.size) return 'd1';
    if (remaining < HELLO_D2.size || u32(at.pifNameSize) !== PIF_NAME_SIZE) return null;
    const empty = remaining === HELLO_D2.size + 1 && bytes[pos + HELLO_D2.size] === PIF_NONE;
    return remaining === HELLO_D2.size || empty ? 'd2' : null;
  }

  private helloAt(input: Input<typeof SERVER>, patience: Patience): number {
    const { told } = this;
    if (input.remaining < HELLO.size && !isFinal(patience)) return HELLO.size;
    const magicOk = magicPrefix(input.bytes, input.pos, input.end) >= Math.min(MAGIC.length, input.remaining);
    const layout = this.helloLayout(input, patience);
    if (!magicOk) {
      told.badMagic = true;
      told.firstBytes = input.bytes.slice(input.pos, Math.min(input.end, input.pos + MAGIC.length));
      if (layout !== 'released' || !usable(input)) return this.die();
    }
    if (layout === null) return input.remaining >= MAGIC.length ? this.cutHello(input, patience) : HELLO.size;
    const size = layout === 'd1' ? HELLO_D1.size : layout === 'd2' ? HELLO_D2.size : HELLO.size;
    const hello = new Hello(SERVER, input, size, layout, magicOk);
    this.frames.unproven = 0;
    told.hello = hello;
    told.hellos++;
    told.ruleLayout = null;
    return this.follow(input, hello);
  }

  /** Hands on a hello, and sets the layouts of what follows by it. */
  private follow(input: Input<typeof SERVER>, hello: Hello): number {
    const { told } = this;
    if (hello.layout === 'd1') {
      told.announced = 'unknown';
      told.phase = 'done';
    } else if (hello.layout === 'd2') {
      told.announced = 'unknown';
      this.layout = pifLayout(PIF_NAME_SIZE, true);
      told.phase = 'table';
    } else {
      this.layout = pifLayout(hello.pifNameSize, false);
      told.announced = isReleased(hello.version)
        ? (ruleLayout(hello.version, hello.ifnamsiz) ?? 'unknown')
        : 'experimental';
      told.phase = this.layout === null ? 'dead' : 'table';
    }
    this.emit(input, hello);
    // it is not known what such a version changed: from here on, the newest version's layout is a guess
    if (told.announced === 'experimental') this.frames.unproven = Infinity;
    return this.layout === null ? this.die() : TAKEN;
  }

  /** A hello that is cut off after its magic. */
  private cutHello(input: Input<typeof SERVER>, patience: Patience): number {
    const { told } = this;
    const hello = new Hello(SERVER, input, input.remaining, 'cut', true);
    told.hello = hello;
    told.hellos++;
    told.announced = patience === 'gap' ? 'pending' : 'unknown';
    this.noteCut(input);
    hello.length = HELLO.size;
    this.frames.take(hello, input);
    return TAKEN;
  }

  /** Whether another hello begins here; null: more bytes are needed to tell. */
  private helloAgain(input: Input, patience: Patience): boolean | null {
    const same = magicPrefix(input.bytes, input.pos, input.end);
    if (same === MAGIC.length) return true;
    return same === input.remaining && !isFinal(patience) ? null : false;
  }

  private tableAt(input: Input<typeof SERVER>, patience: Patience): number {
    const { told } = this;
    const id = input.bytes[input.pos]!;
    if (id === PIF_NONE) {
      told.phase = 'done';
      return this.emit(input, new PifEnd(SERVER, input));
    }
    if (id === MAGIC[0]) {
      const again = this.helloAgain(input, patience);
      if (again === null) return MAGIC.length;
      if (again) {
        told.phase = 'start';
        return TAKEN;
      }
    }
    const layout = this.layout!;
    return input.remaining < layout.size ? layout.size : this.emitTable(input, new Pif(SERVER, input, layout));
  }

  private ruleAt(input: Input<typeof SERVER>, patience: Patience): number {
    const { told } = this;
    if (told.announced === 'unknown') return this.die();
    if (!this.learnLayout()) {
      const guess = this.sizeBy(input, patience, (final) =>
        guessSize(input.bytes, input.pos, input.end, told.left, PIF, final),
      );
      if (guess === null) return input.remaining + 1;
      told.ruleLayout = guess.layout;
      this.frames.unproven = Infinity;
    }
    const layout = told.ruleLayout!;
    return input.remaining < layout.size ? layout.size : this.emitRule(input, layout, false);
  }

  /** After the list: another hello, if the recording joined several connections, or bytes that do not belong here. */
  private behindList(input: Input<typeof SERVER>, patience: Patience): number {
    if (!this.told.strayed) {
      const again = this.helloAgain(input, patience);
      if (again === null) return MAGIC.length;
      if (again) {
        this.told.phase = 'start';
        return TAKEN;
      }
    }
    return this.afterEnd(input, patience);
  }

  protected override complain(input: Input<typeof SERVER>): void {
    if (this.told.hello?.leavesLayoutOpen === true) return;
    const first = input.bytes[input.pos]!;
    const hint =
      first <= 1 ? '; a single byte of this value was the status report of a draft that was not shipped' : '';
    this.frames.output.raise(SERVER_DATA_AFTER_LIST, {
      side: SERVER,
      offset: input.offset,
      length: 1,
      text: `the list is complete, and the server goes on with byte ${hex(input.bytes, input.pos, input.pos + 1)}${hint}`,
    });
  }

  override findAgain(input: Input<typeof SERVER>, patience: Patience): number {
    const mark = findLandmark(input.bytes, input.pos, input.end);
    if (mark !== null) {
      this.searched = 0;
      this.frames.pass(input, mark.at - input.pos);
      this.told.phase = mark.kind === 'hello' ? 'start' : 'table';
      this.layout ??= PIF;
      this.frames.unproven = Infinity;
      return TAKEN;
    }
    if (isFinal(patience)) return LANDMARK_SIZE;
    const keep = Math.min(input.remaining, LANDMARK_SIZE - 1);
    this.searched += input.remaining - keep;
    this.frames.pass(input, input.remaining - keep);
    // the longer the search takes, the rarer it looks, as each look goes over the kept bytes again
    return LANDMARK_SIZE + Math.min(this.searched >> 3, LOOK_STEP);
  }
}

/** Whether the bytes after a wrong magic are those of a hello nevertheless. */
function usable({ view, pos }: Input): boolean {
  const { at } = HELLO;
  return (
    view.getUint32(pos + at.version) <= NEWEST_VERSION &&
    view.getUint32(pos + at.pifNameSize) === PIF_NAME_SIZE &&
    view.getUint32(pos + at.ifnamsiz) === IFNAMSIZ
  );
}
