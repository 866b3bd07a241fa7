/** Few, since most streams do not have more requests open at the same time. */
const FIRST_SLOTS = 8;

/**
 * The operations of a stream's open requests, by the request's index in its stream. A table with linear probing: with few entries, a Map
 * rebuilds its table every few requests, which takes longer than everything else here.
 */
export class OpenRequests {
  /** Indexes of requests; 0: the slot is free. The length is a power of two, so that a mask gives the slot. */
  private numbers = new Float64Array(FIRST_SLOTS);
  private names: (string | null)[] = Array.from({ length: FIRST_SLOTS }, () => null);
  /** Number of open requests. */
  size = 0;

  add(number: number, name: string): void {
    if (2 * this.size >= this.numbers.length) this.grow();
    this.put(number, name);
    this.size++;
  }

  get(number: number): string | null {
    const slot = this.slotOf(number);
    return this.numbers[slot] === number ? this.names[slot]! : null;
  }

  /** Removes a request, which must be there. */
  delete(number: number): void {
    const { numbers, names } = this;
    const mask = numbers.length - 1;
    let free = this.slotOf(number);
    this.size--;
    // entries after it that it had displaced move up
    for (let slot = (free + 1) & mask; numbers[slot] !== 0; slot = (slot + 1) & mask) {
      const distance = (slot - (numbers[slot]! & mask)) & mask;
      if (distance < ((slot - free) & mask)) continue;
      numbers[free] = numbers[slot]!;
      names[free] = names[slot]!;
      free = slot;
    }
    numbers[free] = 0;
    names[free] = null;
  }

  /** The slot of a request, or the free slot where it would be. */
  private slotOf(number: number): number {
    const { numbers } = this;
    const mask = numbers.length - 1;
    let slot = number & mask;
    while (numbers[slot] !== 0 && numbers[slot] !== number) slot = (slot + 1) & mask;
    return slot;
  }

  private put(number: number, name: string): void {
    const slot = this.slotOf(number);
    this.numbers[slot] = number;
    this.names[slot] = name;
  }

  private grow(): void {
    const { numbers, names } = this;
    this.numbers = new Float64Array(2 * numbers.length);
    this.names = Array.from({ length: this.numbers.length }, () => null);
    for (let i = 0; i < numbers.length; i++) if (numbers[i] !== 0) this.put(numbers[i]!, names[i]!);
  }
}
