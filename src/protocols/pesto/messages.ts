import type { Input, Side } from '../../base/input.js';
import { hex } from '../../base/hex.js';
import { wireText } from '../../base/text.js';
import { Message } from '../../contract/message.js';
import type { DraftStep } from './draft.js';
import { IFNAMSIZ, isReleased, PIF_NAME_SIZE } from './constants.js';
import { HELLO, SECTION, type PifLayout, type RuleLayout } from './layout.js';

/** Base class of pesto's messages. */
export abstract class PestoMessage extends Message {
  /**
   * Nanoseconds of the longest silence just before or inside it, in its own direction; below a second this is only an upper bound. -1:
   * unknown.
   */
  pause = -1;
  /** Time of its first byte. */
  readonly startSeconds: number;
  readonly startNanos: number;

  constructor(side: Side, input: Input, length: number) {
    super(side, input);
    this.length = length;
    this.startSeconds = this.seconds;
    this.startNanos = this.nanos;
    this.endAt(input.originAt(input.pos + length - 1));
  }
}

/**
 * Which of the layouts with version word 1 a hello has: the released one, or one of two from before the release. `cut`: the magic is there,
 * but not all of the rest.
 */
export type HelloLayout = 'released' | 'd1' | 'd2' | 'cut';

/** The server's greeting. */
export class Hello extends PestoMessage {
  readonly name = 'HELLO';
  readonly layout: HelloLayout;
  /** -1: cut off. */
  readonly version: number;
  /** -1: cut off, or not in this layout. */
  readonly pifNameSize: number;
  readonly ifnamsiz: number;
  readonly magic: Uint8Array;
  readonly magicOk: boolean;

  constructor(side: Side, input: Input, length: number, layout: HelloLayout, magicOk: boolean) {
    super(side, input, length);
    const at = input.pos;
    this.layout = layout;
    this.magic = input.bytes.slice(at, at + HELLO.sizeOf('magic'));
    this.magicOk = magicOk;
    const field = (offset: number): number => (offset + 4 <= length ? input.view.getUint32(at + offset) : -1);
    this.version = field(HELLO.at.version);
    this.pifNameSize = field(HELLO.at.pifNameSize);
    this.ifnamsiz = field(HELLO.at.ifnamsiz);
  }

  /**
   * Whether the layout of what follows is only guessed: the version was not released, or the sizes differ from those of released versions.
   * It is not known whether the server really uses the sizes that it announces.
   */
  get leavesLayoutOpen(): boolean {
    if (this.layout !== 'released') return false;
    return !isReleased(this.version) || this.pifNameSize !== PIF_NAME_SIZE || this.ifnamsiz !== IFNAMSIZ;
  }
}

/** The header of a table: an entry of the server's list, or a section of the client's update. */
export class Pif extends PestoMessage {
  readonly name = 'PIF';
  readonly pif: number;
  /** Number of rules; -1 in the second development layout, which has none. */
  readonly count: number;
  /** Capabilities, in the server's direction only; otherwise -1. */
  readonly caps: number;
  /** All bytes of the name field; empty in the client's direction. */
  readonly rawName: Uint8Array;
  readonly layout: PifLayout | null;

  constructor(side: Side, input: Input, layout: PifLayout | null) {
    super(side, input, layout === null ? SECTION.size : layout.size);
    const at = input.pos;
    this.layout = layout;
    this.pif = input.bytes[at]!;
    if (layout === null) {
      this.count = input.view.getUint32(at + SECTION.at.count);
      this.caps = -1;
      this.rawName = new Uint8Array(0);
    } else {
      this.rawName = input.bytes.slice(at + layout.at.name, at + layout.at.name + layout.sizeOf('name'));
      this.caps = layout.at.caps < 0 ? -1 : input.view.getUint32(at + layout.at.caps);
      this.count = layout.at.count < 0 ? -1 : input.view.getUint32(at + layout.at.count);
    }
  }

  /** The name up to its first NUL. */
  get pifName(): string {
    return untilNul(this.rawName);
  }
}

/** One forwarding rule, in either direction. */
export class RuleMessage extends PestoMessage {
  readonly name = 'RULE';
  readonly layout: RuleLayout;
  /** The rule's own bytes. */
  readonly raw: Uint8Array;
  readonly first: number;
  readonly last: number;
  readonly to: number;
  readonly proto: number;
  readonly flags: number;
  /** The id of its table, and its index there, from 0. */
  readonly pif: number;
  readonly place: number;
  /** How many rules the table announced. */
  readonly of: number;
  /** Whether the client sent rules of another size than those of the server's version. */
  skewed = false;

  constructor(side: Side, input: Input, layout: RuleLayout, pif: number, place: number, of: number) {
    super(side, input, layout.size);
    const at = input.pos;
    this.layout = layout;
    this.raw = input.bytes.slice(at, at + layout.size);
    this.first = input.view.getUint16(at + layout.at.first);
    this.last = input.view.getUint16(at + layout.at.last);
    this.to = input.view.getUint16(at + layout.at.to);
    this.proto = input.bytes[at + layout.at.proto]!;
    this.flags = input.bytes[at + layout.at.flags]!;
    this.pif = pif;
    this.place = place;
    this.of = of;
  }

  /** The interface name's field. */
  get rawIfname(): Uint8Array {
    return this.raw.subarray(this.layout.at.ifname, this.layout.at.ifname + this.layout.sizeOf('ifname'));
  }

  get ifname(): string {
    return untilNul(this.rawIfname);
  }
}

/** The zero byte after the last table. */
export class PifEnd extends PestoMessage {
  readonly name = 'PIF_END';

  constructor(side: Side, input: Input) {
    super(side, input, 1);
  }
}

/** A run of bytes after the list or the update, where released versions send nothing and the drafts had further steps. */
export class Draft extends PestoMessage {
  readonly name = 'DRAFT';
  readonly raw: Uint8Array;
  /** The step that it would be in the drafts, by its position. */
  step: DraftStep = 'none';

  constructor(side: Side, input: Input, length: number) {
    super(side, input, length);
    this.raw = input.bytes.slice(input.pos, input.pos + length);
  }

  get hex(): string {
    return hex(this.raw);
  }
}

/** The text of a NUL-terminated field; all of it if there is no NUL. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return wireText(bytes, 0, end < 0 ? bytes.length : end);
}
