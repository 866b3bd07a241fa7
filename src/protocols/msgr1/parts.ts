import { crc32c } from '../../base/crc32c.js';
import { keepData } from '../ceph/ceph-message.js';
import { FOOTER, FOOTER_OLD } from './layout.js';
import type { DataMessage } from './messages.js';

/** Computes the checksums of a message's front, middle and data from the passing bytes, and keeps its footer. */
export class Parts {
  /** By part: 1 front, 2 middle, 3 data. */
  readonly crcs: [number, number, number, number] = [0, 0, 0, 0];
  private part = 1;
  private left = 0;
  private message: DataMessage | null = null;
  private footer: Uint8Array | null = null;
  private footerHas = 0;
  /** Bytes of the data that are still to be kept, for the names of what an operation calls. */
  private namesLeft = 0;

  begin(message: DataMessage): void {
    this.message = message;
    this.crcs.fill(0);
    this.part = 0;
    this.left = 0;
    this.footerHas = 0;
    this.footer = null;
    this.namesLeft = message.data?.length ?? 0;
    this.next();
  }

  private next(): void {
    const m = this.message!;
    do {
      this.part++;
      this.left = this.part < 4 ? m.plainLength(this.part) : m.footerSize;
    } while (this.part < 4 && this.left === 0);
    if (this.part === 4) this.footer = new Uint8Array(m.footerSize);
  }

  /** Takes the next bytes after the header; returns true if they include the last byte of the footer. */
  take(bytes: Uint8Array, start: number, end: number): boolean {
    let pos = start;
    while (pos < end) {
      const n = Math.min(this.left, end - pos);
      if (this.part < 4) {
        if (this.part === 3 && this.namesLeft > 0)
          this.namesLeft = keepData(this.message!.data, this.namesLeft, bytes, pos, n);
        this.crcs[this.part] = crc32c(this.crcs[this.part]!, bytes, pos, pos + n);
      } else {
        this.footer!.set(bytes.subarray(pos, pos + n), this.footerHas);
        this.footerHas += n;
      }
      pos += n;
      this.left -= n;
      if (this.left > 0) continue;
      if (this.part === 4) {
        this.message!.footer = this.footer;
        return true;
      }
      this.next();
    }
    return false;
  }
}

/** The footer's values; null: it has not come yet. The old footer has no signature, which becomes 0. */
export function footerOf(m: DataMessage): {
  readonly frontCrc: number;
  readonly middleCrc: number;
  readonly dataCrc: number;
  readonly signature: bigint;
  readonly footerFlags: number;
} | null {
  if (m.footer === null) return null;
  if (m.footerSize === FOOTER.size) return FOOTER.read(m.footer);
  return { ...FOOTER_OLD.read(m.footer), signature: 0n };
}
