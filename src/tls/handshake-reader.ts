const HEADER = 4;

export interface HandshakeMessage {
  readonly type: number;
  /** The message without its header of four bytes; only the beginning, where it is longer than the limit. */
  readonly body: Uint8Array;
  /** Length that the header gives. */
  readonly length: number;
}

/**
 * Joins handshake messages that records carry in pieces: type (1 byte), length (3, big-endian), body. Keeps at most `limit` bytes of one;
 * the rest is only counted.
 */
export class HandshakeReader {
  private readonly limit: number;
  private buffer = new Uint8Array(0);
  private filled = 0;
  /** Bytes of the current message still to come beyond what is kept. */
  private passing = 0;
  /** Whether a message was longer than the limit. */
  overlong = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether a message has begun whose rest is still to come. */
  get pending(): boolean {
    return this.filled > 0 || this.passing > 0;
  }

  /** Discards an unfinished message, as bytes were lost. */
  reset(): void {
    this.filled = 0;
    this.passing = 0;
  }

  push(bytes: Uint8Array, take: (message: HandshakeMessage) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.passing > 0) {
        const n = Math.min(this.passing, bytes.length - at);
        this.passing -= n;
        at += n;
        continue;
      }
      const want = this.wanted();
      const n = Math.min(want - this.filled, bytes.length - at);
      this.keep(bytes, at, n);
      at += n;
      if (this.filled >= HEADER && this.filled === this.wanted()) this.finish(take);
    }
  }

  /** How many bytes have to be kept before a header or a message is complete. */
  private wanted(): number {
    return this.filled < HEADER ? HEADER : Math.min(HEADER + this.bodyLength(), this.limit);
  }

  private bodyLength(): number {
    const b = this.buffer;
    return b[1]! * 65536 + b[2]! * 256 + b[3]!;
  }

  private keep(bytes: Uint8Array, at: number, n: number): void {
    if (this.filled + n > this.buffer.length) {
      const grown = new Uint8Array(Math.max(256, 2 * this.buffer.length, this.filled + n));
      grown.set(this.buffer.subarray(0, this.filled));
      this.buffer = grown;
    }
    this.buffer.set(bytes.subarray(at, at + n), this.filled);
    this.filled += n;
  }

  private finish(take: (message: HandshakeMessage) => void): void {
    const type = this.buffer[0]!;
    const length = this.bodyLength();
    const body = this.buffer.slice(HEADER, this.filled);
    this.passing = length - body.length;
    if (this.passing > 0) this.overlong = true;
    this.filled = 0;
    if (this.buffer.length > 4096) this.buffer = new Uint8Array(0);
    take({ type, body, length });
  }
}
