import type { Block } from '../base/block.js';
import { DROPPED } from '../base/capture-rules.js';
import { count, quote } from '../base/text.js';
import type { CaptureNote } from './packet.js';
import { IDB } from './pcapng-blocks.js';
import * as opt from './pcapng-options.js';
import { TimeUnit } from './pcapng-time.js';

/** One interface of a section, by its Interface Description Block, and how many packets were dropped on it. */
export class Interface {
  readonly id: number;
  readonly linkType: number;
  /** Snapshot length in bytes; 0: none. */
  readonly snapLength: number;
  name = '';
  description = '';
  unit = new TimeUnit(6, 0);
  /** Exit status of the program that `wirelint record` ran; null where the file does not tell. */
  exitStatus: number | null = null;
  /** Drops: the sum of the packets' own counts, and the totals of the last statistics block. */
  private counted = 0;
  private byInterface = 0;
  private bySystem = 0;
  /** The number of drops that was reported last. */
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

  /** Takes the totals since the start of the section from the options of a statistics block. */
  readStatistics(options: opt.Options): void {
    while (options.step()) {
      if (options.code === opt.ISB_IFDROP) this.byInterface = dropCount(options.unsigned64());
      else if (options.code === opt.OPT_COMMENT)
        this.exitStatus = exitStatusOf(options.text(EXIT_STATUS_BYTES)) ?? this.exitStatus;
      else if (options.code === opt.ISB_OSDROP) this.bySystem = dropCount(options.unsigned64());
    }
  }

  /** The note about drops that is due now, or null: one for the first drops, and one for all of them at the section's end. */
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

const EXIT_STATUS = /^program exit status (\d{1,3})$/;
const EXIT_STATUS_BYTES = 64;

/** The comment of the statistics block that tells how the recorded program ended. */
export function exitStatusComment(status: number): string {
  return `program exit status ${status}`;
}

function exitStatusOf(comment: string): number | null {
  const match = EXIT_STATUS.exec(comment);
  return match === null ? null : Number(match[1]);
}

/** A drop count; 0 where the writer could not count, and has set all bits. */
function dropCount(value: number): number {
  return value < 2 ** 63 ? value : 0;
}

/** Reads the Interface Description Block at `pos`, which is long enough for its fixed fields. */
export function readInterface(
  id: number,
  block: Block,
  pos: number,
  length: number,
  littleEndian: boolean,
  options: opt.Options,
  textLimit: number,
): Interface {
  const linkType = block.view.getUint16(pos + IDB.linkType, littleEndian);
  const found = new Interface(id, linkType, block.view.getUint32(pos + IDB.snapLength, littleEndian));
  let resolution = 6;
  let offset = 0;
  options.open(block, pos + IDB.options, pos + length - 4, littleEndian);
  while (options.step()) {
    if (options.code === opt.IF_NAME) found.name = options.text(textLimit);
    else if (options.code === opt.IF_DESCRIPTION) found.description = options.text(textLimit);
    else if (options.code === opt.IF_TSRESOL && options.length === 1) resolution = block.bytes[options.at]!;
    else if (options.code === opt.IF_TSOFFSET) offset = options.signed64();
  }
  found.unit = new TimeUnit(resolution, offset);
  return found;
}
