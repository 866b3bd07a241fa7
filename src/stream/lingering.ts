import type { Limits } from '../base/limits.js';
import type { TcpConnection } from './tcp-connection.js';

interface Waiting {
  readonly connection: TcpConnection;
  readonly packet: number;
  readonly seconds: number;
}

/** Connections that have ended but may still get late packets, oldest first: each waits `lingerPackets` or `lingerSeconds`, the shorter. */
export class Lingering {
  private readonly waiting: Waiting[] = [];
  private readonly limits: Readonly<Limits>;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** `connection` ended with that packet. */
  add(connection: TcpConnection, packet: number, seconds: number): void {
    if (connection.lingering) return;
    connection.lingering = true;
    this.waiting.push({ connection, packet, seconds });
  }

  /** Removes and returns the oldest connection if it has waited long enough, or was closed meanwhile; else null. */
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
