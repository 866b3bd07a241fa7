import type { Divisible } from '../engine/divisible.js';

/** The disk is divided into this many parts. */
const PARTS = 64;

export type GatheredPlaces = Pick<PlaceMap, 'size' | 'read' | 'written'>;

/**
 * How many bytes were read and written in each part of a disk. The number of equal parts is fixed; their size grows with the highest offset
 * seen.
 */
export class PlaceMap implements Divisible<GatheredPlaces> {
  /** Size of one part in bytes. */
  size = 4096;
  readonly read = new Float64Array(PARTS);
  readonly written = new Float64Array(PARTS);

  add(offset: number, length: number, writes: boolean): void {
    if (offset < 0 || length <= 0) return;
    const end = offset + length;
    while (end > this.size * PARTS) this.double();
    const parts = writes ? this.written : this.read;
    for (let i = Math.floor(offset / this.size); i < PARTS && i * this.size < end; i++)
      parts[i]! += Math.min(end, (i + 1) * this.size) - Math.max(offset, i * this.size);
  }

  gathered(): GatheredPlaces {
    return { size: this.size, read: this.read, written: this.written };
  }

  goOn({ size, read, written }: GatheredPlaces): void {
    while (this.size < size) this.double();
    const merge = size / this.size;
    for (let i = 0; i < PARTS; i++) {
      this.read[Math.floor(i * merge)]! += read[i]!;
      this.written[Math.floor(i * merge)]! += written[i]!;
    }
  }

  private double(): void {
    for (const parts of [this.read, this.written]) {
      for (let i = 0; i < PARTS / 2; i++) parts[i] = parts[2 * i]! + parts[2 * i + 1]!;
      parts.fill(0, PARTS / 2);
    }
    this.size *= 2;
  }
}
