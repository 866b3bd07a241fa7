/**
 * A run of captured bytes and the one DataView over it. Readers hand out positions inside a block instead of slices: a
 * subarray or a DataView for each packet would cost more than decoding it.
 */
export class Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    // Buffer.slice() shares memory and Uint8Array.slice() copies: `bytes` is never a Buffer, so that its slice() always copies
    this.bytes = Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

export const EMPTY_BLOCK = new Block(new Uint8Array(0));
