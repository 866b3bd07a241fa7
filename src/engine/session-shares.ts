import { Budget } from '../base/budget.js';
import type { Limits } from '../base/limits.js';
import { Share } from '../base/share.js';

/** What all sessions of one run may hold together. */
export class SessionBudgets {
  /** Of `limits.heldMessages`. */
  readonly held: Budget;
  /** Of `limits.heldBytes`. */
  readonly heldBytes: Budget;

  constructor(limits: Readonly<Limits>) {
    this.held = new Budget(limits.heldMessages);
    this.heldBytes = new Budget(limits.heldBytes);
  }
}

/** What one of them holds. */
export class SessionShares {
  readonly held: Share;
  readonly heldBytes: Share;

  constructor(budgets: SessionBudgets) {
    this.held = new Share(budgets.held);
    this.heldBytes = new Share(budgets.heldBytes);
  }

  release(): void {
    this.held.release();
    this.heldBytes.release();
  }
}
