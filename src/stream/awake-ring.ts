import type { TcpConnection } from './tcp-connection.js';

/** How many connections stay awake. A power of two. */
const AWAKE = 256;

/** The newest AWAKE connections that may be parked: when one is added, the oldest drops out, to be parked. */
export class AwakeRing {
  private readonly ring: (TcpConnection | null)[] = [];
  private turn = 0;

  /** Adds `connection`. Returns the other one that drops out, or null. */
  add(connection: TcpConnection): TcpConnection | null {
    const at = this.turn++ & (AWAKE - 1);
    const dropped = this.ring[at] ?? null;
    this.ring[at] = connection;
    connection.turn = at;
    return dropped === connection ? null : dropped;
  }

  /** Removes a closed connection, which would else stay in memory, with all that was decoded of it, until 256 others have come. */
  remove(connection: TcpConnection): void {
    const at = connection.turn;
    if (at >= 0 && this.ring[at] === connection) this.ring[at] = null;
  }
}
