import { Block } from '../base/block.js';

/** First size, in bytes, of the store that buffers one end while the protocol is not known. */
const FIRST_SIZE = 512;
const MAX_POOLED = 64;

/** A pool of stores: most streams are classified within a packet or two, and their stores are free for the next one. */
export class ProbeStores {
  private readonly free: Block[] = [];

  take(least: number): Block {
    if (least <= FIRST_SIZE) return this.free.pop() ?? new Block(new Uint8Array(FIRST_SIZE));
    return new Block(new Uint8Array(least));
  }

  /** Gives a store back, which must not be read any more. */
  put(store: Block): void {
    if (store.bytes.length === FIRST_SIZE && this.free.length < MAX_POOLED) this.free.push(store);
  }
}
