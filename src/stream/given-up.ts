/**
 * Holes of one direction that were given up for lost, newest last. Bytes that arrive for one of them later have no place in the stream any
 * more, and are reported.
 */
export class GivenUp {
  /** Start and end offset of each, one after the other. */
  private readonly holes: number[] = [];
  private readonly most: number;
  /** Whether the oldest were forgotten. */
  full = false;

  /** Remembers `most` holes. */
  constructor(most: number) {
    this.most = most;
  }

  add(start: number, end: number): void {
    this.holes.push(start, end);
    this.bound();
  }

  /** Returns how many of the bytes `start..end` lie in holes, and takes those bytes out of the holes. */
  fill(start: number, end: number): number {
    const { holes } = this;
    let filled = 0;
    for (let i = holes.length - 2; i >= 0; i -= 2) {
      const from = Math.max(start, holes[i]!);
      const to = Math.min(end, holes[i + 1]!);
      if (to <= from) continue;
      filled += to - from;
      const rest = [holes[i]!, from, to, holes[i + 1]!];
      holes.splice(i, 2, ...(rest[0]! < from ? rest.slice(0, 2) : []), ...(to < rest[3]! ? rest.slice(2) : []));
    }
    this.bound();
    return filled;
  }

  /** Filling a hole in its middle makes two of it. */
  private bound(): void {
    const surplus = this.holes.length - 2 * this.most;
    if (surplus <= 0) return;
    this.holes.splice(0, surplus);
    this.full = true;
  }
}
