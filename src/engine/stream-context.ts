import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { Share } from '../base/share.js';
import type { SessionContext } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import type { DirectionPump } from './direction-pump.js';
import type { StreamRecord } from './event.js';
import type { SessionBudgets } from './session-budgets.js';

/** What a session can ask about its stream. */
export class StreamContext implements SessionContext {
  readonly clientEnd: End | null;
  readonly limits: Readonly<Limits>;
  readonly held: Share;
  readonly heldBytes: Share;
  readonly shared: unknown;
  /** By side; null while the session is being made. */
  pumps: readonly [DirectionPump, DirectionPump] | null = null;
  private readonly record: StreamRecord;

  constructor(
    record: StreamRecord,
    clientEnd: End | null,
    limits: Readonly<Limits>,
    budgets: SessionBudgets,
    shared: unknown,
  ) {
    this.record = record;
    this.clientEnd = clientEnd;
    this.limits = limits;
    this.held = new Share(budgets.held);
    this.heldBytes = new Share(budgets.heldBytes);
    this.shared = shared;
  }

  /** Gives back what the session holds of the run's budgets. */
  release(): void {
    this.held.release();
    this.heldBytes.release();
  }

  get file(): string {
    return this.record.file;
  }

  get connection(): Connection {
    return this.record.connection;
  }

  present(side: Side): boolean {
    return this.record.bytes[side] > 0;
  }

  decodedUpTo(side: Side): number {
    return this.pumps === null ? 0 : this.pumps[side].offset;
  }
}
