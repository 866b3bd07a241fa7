/** Taken items from which on the array below a queue is worth being cut. */
const WORTH_CUTTING = 1024;

/** First in, first out; taking costs the same however long it is, which `Array.shift` does not promise. */
export class Queue<T> {
  private items: T[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  get first(): T | undefined {
    return this.items[this.head];
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.items[this.items.length - 1];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.head++];
    if (this.head >= WORTH_CUTTING && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** The last item for which `is` holds, where it holds for all in front of that and for none behind. */
  lastWhere(is: (item: T) => boolean): T | undefined {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (is(this.items[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low === this.head ? undefined : this.items[low - 1];
  }

  /** Puts an item behind all for which `is` holds, which are those in front. */
  insertBehind(item: T, is: (other: T) => boolean): void {
    let at = this.items.length;
    while (at > this.head && !is(this.items[at - 1]!)) at--;
    this.items.splice(at, 0, item);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i]!;
  }
}
