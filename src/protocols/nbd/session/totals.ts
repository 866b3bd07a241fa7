import type { Request } from '../messages.js';

/** What one command did over a session. */
class CommandTotal {
  count = 0;
  errors = 0;
  /** Bytes of data that moved: payload, either way. */
  bytes = 0;
  /** Answers whose latency is known; nanoseconds. */
  answered = 0;
  latencySum = 0;
  latencyMax = 0;
}

/** Counts by command; commands without a name share one place each, up to a bound. */
export class Totals {
  private byType: Map<number, CommandTotal> | null = null;
  private static readonly MAX_TYPES = 64;

  of(type: number): CommandTotal {
    this.byType ??= new Map();
    let total = this.byType.get(type);
    if (total === undefined) {
      if (this.byType.size >= Totals.MAX_TYPES) type = -1;
      total = this.byType.get(type) ?? new CommandTotal();
      this.byType.set(type, total);
    }
    return total;
  }

  request(request: Request): CommandTotal {
    const total = this.of(request.type);
    total.count++;
    return total;
  }

  entries(): [number, CommandTotal][] {
    return [...(this.byType ?? [])].sort((a, b) => a[0] - b[0]);
  }
}
