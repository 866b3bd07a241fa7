/** Records that are noted; beyond it every second one is forgotten, which rounds down. */
const MOST = 4096;

/**
 * Which plaintext offset a stream offset stands for, where one direction was acknowledged by the other: a record counts when it was
 * received as a whole.
 */
export class PlainMap {
  private readonly begin: number;
  /** Stream offsets behind records, and the plaintext offsets there. */
  private raws: number[] = [];
  private plains: number[] = [];
  private last: number;
  private closed = false;

  /** `begin`: where TLS begins in the stream; what lies in front of it is plaintext as it is. */
  constructor(begin: number) {
    this.begin = begin;
    this.last = begin;
  }

  /** `length` bytes of plaintext came in the record that ends at stream offset `rawEnd`. */
  add(rawEnd: number, length: number): void {
    this.last += length;
    if (this.raws.length >= MOST) {
      this.raws = this.raws.filter((_, i) => i % 2 === 1);
      this.plains = this.plains.filter((_, i) => i % 2 === 1);
    }
    this.raws.push(rawEnd);
    this.plains.push(this.last);
  }

  /** Nothing more will be opened. */
  close(): void {
    this.closed = true;
  }

  /**
   * The plaintext offset that the peer had received with `raw` stream bytes; -1: not known. `read`: stream bytes that are read so far,
   * `taken`: those of whole records.
   */
  plain(raw: number, read: number, taken: number): number {
    if (raw <= this.begin) return raw;
    const { raws, plains } = this;
    const n = raws.length;
    if (n === 0 || raw >= raws[n - 1]!) {
      if (this.closed) return -1;
      // what was received is still to come: at most so much, and a rule that needs less than the truth must not fire
      return raw > read ? this.last + raw - taken : this.last;
    }
    let low = 0;
    let high = n;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (raws[mid]! <= raw) low = mid + 1;
      else high = mid;
    }
    return low > 0 ? plains[low - 1]! : this.begin;
  }
}
