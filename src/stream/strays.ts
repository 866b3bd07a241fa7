import { UNDECODED } from '../base/capture-rules.js';
import { count } from '../base/text.js';
import type { CaptureNote } from '../capture/packet.js';
import type { Segment } from '../link/segment.js';

/** Counts bytes that are in no stream, to tell of them when the capture is over. */
export class Strays {
  private readonly what: string;
  private packets = 0;
  private bytes = 0;
  private first = 0;

  constructor(what: string) {
    this.what = what;
  }

  add(s: Segment): void {
    if (s.end <= s.start) return;
    if (this.packets++ === 0) this.first = s.packet;
    this.bytes += s.end - s.start;
  }

  report(note: (note: CaptureNote) => void): void {
    if (this.packets === 0) return;
    const where =
      this.packets === 1 ? `packet ${this.first}` : `${this.packets} packets, the first is packet ${this.first},`;
    const text = `${count(this.bytes, 'byte')} of ${where} ${this.what}`;
    note({ rule: UNDECODED, text, offset: 0, length: 0 });
  }
}
