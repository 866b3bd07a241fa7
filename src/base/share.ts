import type { Budget } from './budget.js';

/** One user's part of a budget that many share: all of it can be given back at once, whatever else went wrong. */
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

  /** How much it holds now. */
  get taken(): number {
    return this.used;
  }

  /** See Budget. */
  get halfUsed(): boolean {
    return this.budget.halfUsed;
  }

  /** Whether all users together have taken more than the budget's limit. */
  get exceeded(): boolean {
    return this.budget.exceeded;
  }

  release(): void {
    this.budget.give(this.used);
    this.used = 0;
  }
}
