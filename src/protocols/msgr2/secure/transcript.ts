/** Longest login in bytes. A longer one is not held, and its signatures are not checked. */
const LOGIN_BYTES = 64 << 10;

/**
 * All bytes of one direction from its banner to the last frame before AUTH_SIGNATURE, which the peer signs. Only kept if there are keys.
 */
export class Transcript {
  private bytes = new Uint8Array(1024);
  private length = 0;
  private closed = false;
  /** Whether every byte since the first is held. */
  whole: boolean;

  constructor(fromStart: boolean) {
    this.whole = fromStart;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.closed || !this.whole) return;
    const length = this.length + end - start;
    if (length > LOGIN_BYTES) {
      this.lose();
      return;
    }
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  /** Bytes of it are not in the capture, or not part of a frame. */
  lose(): void {
    if (!this.closed) this.whole = false;
  }

  /** The bytes that follow are not signed. */
  close(): void {
    this.closed = true;
  }

  /** Frees the bytes after the signature over them was judged. */
  release(): void {
    this.closed = true;
    this.whole = false;
    this.bytes = new Uint8Array(0);
    this.length = 0;
  }

  /** Whether all that the peer signs is held. */
  get complete(): boolean {
    return this.whole && this.closed;
  }

  get held(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
