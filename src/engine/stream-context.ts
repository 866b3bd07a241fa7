import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { Share } from '../base/share.js';
import type { SessionContext } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import type { DirectionPump } from './direction-pump.js';
import type { StreamRecord } from './event.js';
import type { SessionShares } from './session-shares.js';

/** What a session is told of its stream. */
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
    shares: SessionShares,
    shared: unknown,
  ) {
    this.record = record;
    this.clientEnd = clientEnd;
    this.limits = limits;
    this.held = shares.held;
    this.heldBytes = shares.heldBytes;
    this.shared = shared;
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
