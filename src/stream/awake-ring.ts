import type { TcpConnection } from './tcp-connection.js';

/** How many connections stay awake. A power of two. */
const AWAKE = 256;

/** Connections that could be parked, newest last: who drops out when others come was quiet longest. */
export class AwakeRing {
  private readonly ring: (TcpConnection | null)[] = [];
  private turn = 0;

  /** Puts `connection` in; the other one that it drops for that, if any. */
  add(connection: TcpConnection): TcpConnection | null {
    const at = this.turn++ & (AWAKE - 1);
    const dropped = this.ring[at] ?? null;
    this.ring[at] = connection;
    connection.turn = at;
    return dropped === connection ? null : dropped;
  }

  /** Lets go of a connection that is over: with all that was decoded of it, it would stay for as long as 256 others take to come. */
  remove(connection: TcpConnection): void {
    const at = connection.turn;
    if (at >= 0 && this.ring[at] === connection) this.ring[at] = null;
  }
}
