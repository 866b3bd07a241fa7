/** A file that is written at any place; what is never written is a hole. */
export interface RandomFile {
  write(position: number, bytes: Uint8Array): void;
  read(position: number, length: number): Uint8Array;
  truncate(length: number): void;
  readonly length: number;
}

/** A run of bytes: from `start` up to `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Joins ranges that touch; they rise. */
export class Ranges {
  readonly list: Range[] = [];

  add(start: number, end: number): void {
    const last = this.list.at(-1);
    if (last !== undefined && last.end === start) this.list[this.list.length - 1] = { start: last.start, end };
    else if (end > start) this.list.push({ start, end });
  }
}
