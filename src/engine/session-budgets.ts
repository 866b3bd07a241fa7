import { Budget } from '../base/budget.js';
import type { Limits } from '../base/limits.js';

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
