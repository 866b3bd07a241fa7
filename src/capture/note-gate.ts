import type { Rule } from '../base/rule.js';
import { count } from '../base/text.js';
import type { CaptureNote, PacketSink } from './packet.js';

/**
 * Keeps notes back until the file has shown that it is a capture at all, and the many notes of a hostile file for good: of each
 * rule only so many are told, and then how many more there were.
 */
export class NoteGate {
  private early: CaptureNote[] | null = [];
  private readonly told = new Map<Rule, number>();
  private readonly sink: PacketSink;
  private readonly limit: number;

  constructor(sink: PacketSink, limit: number) {
    this.sink = sink;
    this.limit = limit;
  }

  /** The first note that is kept back, if any. */
  get first(): CaptureNote | undefined {
    return this.early?.[0];
  }

  note(note: CaptureNote): void {
    const told = (this.told.get(note.rule) ?? 0) + 1;
    this.told.set(note.rule, told);
    if (told > this.limit) return;
    if (this.early === null) this.sink.note(note);
    else this.early.push(note);
  }

  /** The sink has been given its info: passes on what was kept back. */
  open(): void {
    for (const note of this.early ?? []) this.sink.note(note);
    this.early = null;
  }

  /** The file is over, at `offset`. */
  end(offset: number): void {
    for (const [rule, told] of this.told) {
      if (told <= this.limit) continue;
      const text = `and ${told - this.limit} more like these (${count(told, 'finding')} in all, limit findingsPerRule)`;
      this.sink.note({ rule, text, offset, length: 0 });
    }
  }
}
