/** Reproducible numbers (xorshift128): the same seed and input number always make the same input. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: number, stream: number) {
    this.a = (seed ^ 0x9e3779b9) | 0;
    this.b = (stream ^ 0x243f6a88) | 0;
    this.c = Math.imul(seed, 0x85ebca6b) | 0;
    this.d = Math.imul(stream + 1, 0xc2b2ae35) | 1;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** An unsigned 32-bit number. */
  word(): number {
    let t = this.d;
    t ^= t << 11;
    t ^= t >>> 8;
    this.d = this.c;
    this.c = this.b;
    this.b = this.a;
    this.a = (t ^ this.a ^ (this.a >>> 19)) | 0;
    return this.a >>> 0;
  }

  /** From 0 to `n` - 1. */
  below(n: number): number {
    return this.word() % n;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    for (let i = 0; i < n; i++) out[i] = this.word() >>> 13;
    return out;
  }
}
