/** How many records are remembered. When there are more, every second one is forgotten, and offsets in between are rounded down. */
const MOST = 4096;

/**
 * Turns a stream offset that the peer has acknowledged into the plaintext offset up to which it has the plaintext: a record counts only
 * when all of it was received.
 */
export class PlainMap {
  private readonly begin: number;
  /** For each record: the stream offset of its end, and the plaintext offset there. */
  private raws: number[] = [];
  private plains: number[] = [];
  private last: number;
  private closed = false;

  /** `begin`: the stream offset where TLS begins; what comes before it was sent in clear. */
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

  /** No more records will be opened. */
  close(): void {
    this.closed = true;
  }

  /**
   * The plaintext offset for a peer that has received `raw` stream bytes; -1: not known. `read`: stream offset up to which the direction
   * was read; `taken`: the end of its last whole record.
   */
  plain(raw: number, read: number, taken: number): number {
    if (raw <= this.begin) return raw;
    const { raws, plains } = this;
    const n = raws.length;
    if (n === 0 || raw >= raws[n - 1]!) {
      if (this.closed) return -1;
      // the peer has received bytes that are not read yet: all of them count as plaintext, so that no rule takes it to know less than it does
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
