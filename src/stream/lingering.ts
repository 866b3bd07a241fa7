import type { Limits } from '../base/limits.js';
import type { TcpConnection } from './tcp-connection.js';

interface Waiting {
  readonly connection: TcpConnection;
  readonly packet: number;
  readonly seconds: number;
}

/** Connections that are over but for stragglers, oldest first: they wait for those for `lingerPackets` or `lingerSeconds`. */
export class Lingering {
  private readonly waiting: Waiting[] = [];
  private readonly limits: Readonly<Limits>;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** `connection` is over since that packet. */
  add(connection: TcpConnection, packet: number, seconds: number): void {
    if (connection.lingering) return;
    connection.lingering = true;
    this.waiting.push({ connection, packet, seconds });
  }

  /** Takes out the next that has waited long enough, or was closed; null where there is none. */
  next(packet: number, seconds: number): TcpConnection | null {
    const oldest = this.waiting[0];
    if (oldest === undefined) return null;
    const { lingerSeconds, lingerPackets } = this.limits;
    const late = packet - oldest.packet >= lingerPackets || seconds - oldest.seconds > lingerSeconds;
    if (!late && !oldest.connection.closed) return null;
    this.waiting.shift();
    oldest.connection.lingering = false;
    return oldest.connection;
  }
}
