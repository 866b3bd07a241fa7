import type { Budget } from '../base/budget.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { FlowTable } from './flow-table.js';
import { RecentBytes } from './recent-bytes.js';
import { Strangers } from './strangers.js';

/** What the connections of one file share. */
export class TcpContext {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  readonly flows: FlowTable;
  /** Where the segment at hand came from. Reused. */
  readonly origin = new Origin();
  readonly recent = new RecentBytes();
  readonly strangers = new Strangers();
  /** Connections whose bytes are looked at. */
  followed = 0;
  /** Directions that have reported a limit. */
  readonly limited = new Set<number>();

  constructor(limits: Readonly<Limits>, budget: Budget, flows: FlowTable) {
    this.limits = limits;
    this.budget = budget;
    this.flows = flows;
  }
}
