/** How many items must have been taken before the array is shortened. */
const WORTH_CUTTING = 1024;

/** First in, first out. Taking an item costs the same for any length, which `Array.shift` does not guarantee. */
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

  /** The last item for which `is` is true. It must be true for all items before it, and for none after it. */
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

  /** Inserts an item after the last one for which `is` is true. */
  insertBehind(item: T, is: (other: T) => boolean): void {
    let at = this.items.length;
    while (at > this.head && !is(this.items[at - 1]!)) at--;
    this.items.splice(at, 0, item);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i]!;
  }
}
