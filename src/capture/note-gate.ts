import type { Rule } from '../base/rule.js';
import { count } from '../base/text.js';
import type { CaptureNote, PacketSink } from './packet.js';

/**
 * Holds notes back until it is certain that the file is a capture. Of each rule it passes on only `limit` notes, and at the end how many more
 * there were: a hostile file may cause many.
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

  /** The first note that is held back, if any. */
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

  /** The sink has been given its info: passes on the notes that were held back. */
  open(): void {
    for (const note of this.early ?? []) this.sink.note(note);
    this.early = null;
  }

  /** The file ends at `offset`. */
  end(offset: number): void {
    for (const [rule, told] of this.told) {
      if (told <= this.limit) continue;
      const text = `and ${told - this.limit} more like these (${count(told, 'finding')} in all, limit findingsPerRule)`;
      this.sink.note({ rule, text, offset, length: 0 });
    }
  }
}
