import { DROPPED } from '../base/capture-rules.js';
import { count, quote } from '../base/text.js';
import type { CaptureNote } from './packet.js';
import { TimeUnit } from './pcapng-time.js';

/** One interface of a section, as its Interface Description Block says, and what was dropped on it. */
export class Interface {
  readonly id: number;
  readonly linkType: number;
  /** 0: none. */
  readonly snapLength: number;
  name = '';
  description = '';
  unit = new TimeUnit(6, 0);
  /** Sum of the packets' own drop counts, and the totals of the last statistics block. */
  private counted = 0;
  private byInterface = 0;
  private bySystem = 0;
  private told = 0;

  constructor(id: number, linkType: number, snapLength: number) {
    this.id = id;
    this.linkType = linkType;
    this.snapLength = snapLength;
  }

  /** `n` packets were dropped since the interface's packet before this one. */
  addDrops(n: number): void {
    this.counted += n;
  }

  /** A statistics block's totals since the start of the capture; what has the top bit set is no count. */
  setDrops(byInterface: number, bySystem: number): void {
    this.byInterface = byInterface < 2 ** 63 ? byInterface : 0;
    this.bySystem = bySystem < 2 ** 63 ? bySystem : 0;
  }

  /** What is to be said of drops now: the first ones at once, all of them at the section's end. */
  dropNote(atEnd: boolean, offset: number, length: number): CaptureNote | null {
    const total = Math.max(this.counted, this.byInterface + this.bySystem);
    if (total === this.told || (!atEnd && this.told > 0)) return null;
    const soFar = this.told > 0 ? 'in all ' : '';
    this.told = total;
    const name = this.name === '' ? `interface ${this.id}` : `interface ${this.id} (${quote(this.name, 40)})`;
    const who =
      this.byInterface + this.bySystem >= this.counted && this.bySystem > 0
        ? ` (${this.byInterface} by the interface, ${this.bySystem} by the operating system)`
        : '';
    return {
      rule: DROPPED,
      text: `the recorder dropped ${soFar}${count(total, 'packet')} on ${name}${who}`,
      offset,
      length,
    };
  }
}
