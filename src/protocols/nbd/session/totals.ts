import type { Request } from '../messages.js';

/** Totals of one command over a session. */
class CommandTotal {
  count = 0;
  errors = 0;
  /** Bytes of payload, in either direction. */
  bytes = 0;
  /** Number of answers whose latency is known; sum and maximum of their latencies, in nanoseconds. */
  answered = 0;
  latencySum = 0;
  latencyMax = 0;
}

/**
 * Totals by command. Beyond MAX_TYPES different ones (only undefined commands can be that many), all others share one total with type -1.
 */
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
