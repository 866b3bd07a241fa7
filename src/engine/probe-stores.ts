import { Block } from '../base/block.js';

/** What is buffered of one end as long as nobody knows the protocol, at first. */
const FIRST_SIZE = 512;
const MAX_POOLED = 64;

/** Stores that are free for the next stream: most are held for a packet or two. */
export class ProbeStores {
  private readonly free: Block[] = [];

  take(least: number): Block {
    if (least <= FIRST_SIZE) return this.free.pop() ?? new Block(new Uint8Array(FIRST_SIZE));
    return new Block(new Uint8Array(least));
  }

  /** Nobody reads it any more. */
  put(store: Block): void {
    if (store.bytes.length === FIRST_SIZE && this.free.length < MAX_POOLED) this.free.push(store);
  }
}
