import { CLIENT, type Side } from '../base/input.js';
import { count } from '../base/text.js';
import { TextPiece, type TextBytes } from '../base/text-bytes.js';
import { writeDuration } from '../base/time.js';
import type { Message } from '../contract/message.js';
import type { StreamRecord } from '../engine/event.js';
import type { Clock } from '../select/clock.js';
import { printable } from './words.js';

/** Width of a message's name if its protocol does not give one. */
const NAME_WIDTH = 28;
const BLANK = 0x20;
/** Blanks between the columns, and between the parts of a description. */
export const GAP = 2;
const RE = new TextPiece('  re #');
const PLUS = new TextPiece('  +');
/** Most message names whose printed form is kept. */
const MAX_NAMES = 1024;

/** Widths of the columns before a message. */
export interface Columns {
  readonly stream: number;
  readonly index: number;
  readonly packet: number;
  readonly time: number;
}

/** For each side, the arrow and name of a message, by its name. */
type NamePieces = readonly [Map<string, TextPiece>, Map<string, TextPiece>];

/** Writes the line of a message in a transcript: stream, numbers and time, name, description, and the request that it answers. */
export class MessageLine {
  /** Where in the last line the stream number, the columns, the name and the description end. */
  idEnd = 0;
  placeEnd = 0;
  nameEnd = 0;
  wordsEnd = 0;
  private readonly columns: Columns;
  private readonly clock: Clock;
  private readonly verbose: boolean;
  /** Arrows and names, by the width to which they are padded: protocols share names, but not widths. */
  private readonly names = new Map<number, NamePieces>();
  private namesNow: NamePieces = [new Map(), new Map()];
  private namesOf: StreamRecord | null = null;

  constructor(columns: Columns, clock: Clock, verbose: boolean) {
    this.columns = columns;
    this.clock = clock;
    this.verbose = verbose;
  }

  /** Writes the line without its end. `what`: the description, if it is known already. */
  write(out: TextBytes, stream: StreamRecord, m: Message, what: string | null): void {
    const { columns: c } = this;
    const from = out.size;
    out.rightAligned(stream.id, c.stream);
    this.idEnd = out.size;
    out.byte(BLANK);
    out.rightAligned(m.index, c.index);
    out.byte(BLANK);
    out.rightAligned(m.packet, c.packet);
    out.byte(BLANK);
    this.clock.write(out, m.seconds, m.nanos, c.time);
    this.placeEnd = out.size;
    out.piece(this.named(stream, m));
    const nameEnd = out.size;
    this.nameEnd = nameEnd;
    out.byte(BLANK);
    out.byte(BLANK);
    const wordsFrom = out.size;
    const protocol = stream.protocol!;
    if (what !== null) out.safe(what);
    else if (protocol.writeDescription !== undefined) protocol.writeDescription(m, this.verbose, out);
    else out.safe(protocol.describe(m, this.verbose));
    if (out.size === wordsFrom) out.size = nameEnd;
    this.wordsEnd = out.size;
    this.writeTail(out, m);
    out.trim(from);
    this.nameEnd = Math.min(nameEnd, out.size);
    this.wordsEnd = Math.min(this.wordsEnd, out.size);
  }

  /** The stream whose message was last has ended. */
  forget(): void {
    this.namesOf = null;
  }

  /** The arrow and the name of a message, with the blanks before them, padded to the width of its protocol's names. */
  private named(stream: StreamRecord, m: Message): TextPiece {
    if (stream !== this.namesOf) {
      this.namesOf = stream;
      const key = 2 * widthOf(stream) + (stream.rolesKnown ? 1 : 0);
      let names = this.names.get(key);
      if (names === undefined) this.names.set(key, (names = [new Map(), new Map()]));
      this.namesNow = names;
    }
    const names = this.namesNow[m.side];
    const { name } = m;
    let piece = names.get(name);
    if (piece === undefined) {
      piece = new TextPiece(`  ${arrowOf(stream, m.side)} ${printable(name).padEnd(widthOf(stream))}`);
      if (names.size < MAX_NAMES) names.set(name, piece);
    }
    return piece;
  }

  /** The request that it answers, and what is special about how it was captured and decoded. */
  private writeTail(out: TextBytes, m: Message): void {
    if (m.inReplyTo > 0) {
      out.piece(RE);
      out.decimal(m.inReplyTo);
      if (m.latency >= 0) {
        out.piece(PLUS);
        writeDuration(out, m.latency);
      }
    }
    if (m.complete && !this.verbose) return;
    const special: string[] = [];
    const lost = m.missing - m.unsent;
    const of = `of ${count(m.length, 'byte')}`;
    if (m.unsent > 0) special.push(`unfinished: ${m.unsent} ${of} never sent`);
    if (lost > 0) special.push(`cut: ${lost} ${of} not captured`);
    if (!m.complete && special.length === 0) special.push('cut');
    if (this.verbose) {
      special.push(`bytes ${m.offset}..${m.offset + m.length}`);
      if (m.hinted) special.push('decoded with the peer');
      if (m.inferred) special.push('framing inferred');
    }
    if (special.length > 0) out.text(`  [${special.join('; ')}]`);
  }
}

export function arrowOf(stream: StreamRecord, side: Side): string {
  return stream.rolesKnown ? (side === CLIENT ? '->' : '<-') : side === CLIENT ? '>>' : '<<';
}

/** Columns for the names of the stream's messages. */
export function widthOf(stream: StreamRecord): number {
  return stream.protocol?.nameWidth ?? NAME_WIDTH;
}
