import type { Rule } from '../base/rule.js';
import { count } from '../base/text.js';
import type { CaptureNote } from '../capture/packet.js';
import type { Segment } from '../link/segment.js';

/** Counts bytes that are in no stream, and reports them when the capture is over. */
export class Strays {
  private readonly rule: Rule;
  private readonly what: string;
  private packets = 0;
  private bytes = 0;
  private first = 0;

  constructor(rule: Rule, what: string) {
    this.rule = rule;
    this.what = what;
  }

  /** Counts `bytes` of the segment. */
  add(s: Segment, bytes = s.end - s.start): void {
    if (bytes <= 0) return;
    if (this.packets++ === 0) this.first = s.packet;
    this.bytes += bytes;
  }

  report(note: (note: CaptureNote) => void): void {
    if (this.packets === 0) return;
    const where =
      this.packets === 1 ? `packet ${this.first}` : `${this.packets} packets, the first is packet ${this.first},`;
    const text = `${count(this.bytes, 'byte')} of ${where} ${this.what}`;
    note({ rule: this.rule, text, offset: 0, length: 0 });
  }
}
