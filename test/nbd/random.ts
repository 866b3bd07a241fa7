/** Numbers that look random and are the same in every run (xorshift of 32 bits). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2654435761) >>> 0 || 1;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** A whole number from 0 up to, not including, `n`. */
  below(n: number): number {
    return this.next() % n;
  }

  private next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }
}
