import type { Budget } from '../base/budget.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import { RecentBytes } from './recent-bytes.js';

/** What the connections of one file share. */
export class TcpContext {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  /** Where the segment at hand came from. Reused. */
  readonly origin = new Origin();
  readonly recent = new RecentBytes();

  constructor(limits: Readonly<Limits>, budget: Budget) {
    this.limits = limits;
    this.budget = budget;
  }
}
