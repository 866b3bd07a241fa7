import type { Budget } from './budget.js';

/** What one of many took of a budget that all share: it is given back as a whole, whatever else went wrong. */
export class Share {
  private readonly budget: Budget;
  private used = 0;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  take(n: number): void {
    this.used += n;
    this.budget.take(n);
  }

  give(n: number): void {
    this.used -= n;
    this.budget.give(n);
  }

  /** How much that is. */
  get taken(): number {
    return this.used;
  }

  /** See Budget. */
  get halfUsed(): boolean {
    return this.budget.halfUsed;
  }

  /** Whether all together have taken more than there is. */
  get exceeded(): boolean {
    return this.budget.exceeded;
  }

  release(): void {
    this.budget.give(this.used);
    this.used = 0;
  }
}
