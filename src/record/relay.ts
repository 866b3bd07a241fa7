import type { Socket } from 'node:net';
import { ACCEPTED, CONNECTED, type Conversation, type RecordSide } from './conversation.js';
import { resetBehindEnd, watchWrites } from './peer-socket.js';

/** Microseconds since 1970. */
export type Now = () => number;

/**
 * Carries one connection between the client's socket and the server's: every byte as it comes, no faster than the other side takes
 * it, half closes as half closes. What is read is recorded first and passed on then.
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
      // the last end of a connection is recorded when it is known what the other side took before it
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
      // it went away without an end of its own: the other side has nothing to wait for
      if (!this.ended[from]) target.end(() => target.destroy());
      if (this.gone[to]) this.closed();
    });
  }

  /** A side takes no more bytes. What it said before is still read and passed on; then both are done. */
  private refused(side: RecordSide): void {
    this.refusing[side] = true;
    // nothing that is read from the other side can go anywhere; it is read on so that its end is seen
    this.sockets[side === CONNECTED ? ACCEPTED : CONNECTED].resume();
    this.closeIdle();
  }

  /** A side that neither sends nor takes any more is closed, and the other one then, as it would be without a proxy. */
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
      // only TCP can be told to; a Unix socket sees an end
      if (target.remoteAddress !== undefined) target.resetAndDestroy();
      else target.destroy();
    });
  }
}
