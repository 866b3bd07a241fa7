import type { Socket } from 'node:net';
import { ACCEPTED, CONNECTED, type Conversation, type RecordSide } from './conversation.js';
import { resetBehindEnd, watchWrites } from './peer-socket.js';

/** Microseconds since 1970. */
export type Now = () => number;

/**
 * Relays one connection between the client's socket and the server's: every byte as it comes, no faster than the other side takes it, and
 * half-closes as half-closes. Bytes are recorded when they are read, and then passed on.
 */
export class Relay {
  private readonly sockets: readonly [Socket, Socket];
  private readonly gone: [boolean, boolean] = [false, false];
  private readonly ended: [boolean, boolean] = [false, false];
  private readonly refusing: [boolean, boolean] = [false, false];

  private readonly conversation: Conversation;
  private readonly now: Now;
  private readonly closed: () => void;

  constructor(client: Socket, server: Socket, conversation: Conversation, now: Now, closed: () => void) {
    this.conversation = conversation;
    this.now = now;
    this.closed = closed;
    this.sockets = [client, server];
    this.carry(CONNECTED);
    this.carry(ACCEPTED);
    client.resume();
    server.resume();
  }

  /** Ends both sides at once. */
  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private carry(from: RecordSide): void {
    const to = from === CONNECTED ? ACCEPTED : CONNECTED;
    const source = this.sockets[from];
    const target = this.sockets[to];
    const { conversation, now } = this;
    watchWrites(target, {
      delivered: (bytes) => conversation.delivered(from, bytes),
      refused: () => this.refused(to),
    });
    const pass = (chunk: Buffer): void => {
      conversation.data(from, chunk, now());
      if (!target.write(chunk)) source.pause();
    };
    source.on('data', pass);
    target.on('drain', () => source.resume());
    source.on('end', () => {
      this.ended[from] = true;
      if (resetBehindEnd(source, pass)) {
        conversation.reset(from, now());
        source.destroy();
        this.breakOff(target);
        return;
      }
      const at = now();
      const fin = (): void => conversation.fin(from, at);
      // the second end of a connection is recorded when it is known which bytes the other side took before it
      if (this.ended[to]) target.once('close', fin);
      else fin();
      target.end(() => {
        fin();
        this.closeIdle();
      });
    });
    source.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') {
        conversation.reset(from, now());
        this.breakOff(target);
      }
    });
    source.on('close', () => {
      this.gone[from] = true;
      // it was closed without an end, so the other side has nothing more to wait for
      if (!this.ended[from]) target.end(() => target.destroy());
      if (this.gone[to]) this.closed();
    });
  }

  /** A side takes no more bytes. What it has sent is still read and passed on; then both sides are closed. */
  private refused(side: RecordSide): void {
    this.refusing[side] = true;
    // bytes that are read from the other side cannot be passed on; they are read so that its end is noticed
    this.sockets[side === CONNECTED ? ACCEPTED : CONNECTED].resume();
    this.closeIdle();
  }

  /** Closes a side that neither sends nor takes bytes any more, and then the other side, as would happen without a proxy. */
  private closeIdle(): void {
    for (const side of [CONNECTED, ACCEPTED] as const) {
      if (!this.refusing[side] || !this.ended[side]) continue;
      const peer = this.sockets[side === CONNECTED ? ACCEPTED : CONNECTED];
      this.sockets[side].destroy();
      if (peer.writableFinished) peer.destroy();
      else peer.once('finish', () => peer.destroy());
    }
  }

  /** Passes a reset on, after the bytes before it. */
  private breakOff(target: Socket): void {
    target.end(() => {
      // only TCP can be reset; the peer of a Unix socket sees an end
      if (target.remoteAddress !== undefined) target.resetAndDestroy();
      else target.destroy();
    });
  }
}
