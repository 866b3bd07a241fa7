import { randomInt } from 'node:crypto';
import { exitStatusComment } from '../capture/pcapng-interface.js';
import { RAW } from '../link/link-types.js';
import type { BlockOutput } from '../rewrite/capture-writer.js';
import { PcapngWriter } from '../rewrite/pcapng-writer.js';
import type { FrameEnds } from '../rewrite/tcp-frame.js';
import { Conversation, PacketCounter, type PacketTap } from './conversation.js';
import { EmitQueue } from './emit-queue.js';

/** The server's port in recordings of Unix sockets (discard), unless the user gives one. */
export const SERVER_PORT = 9;
const FIRST_CLIENT_PORT = 1024;
const CLIENT_PORTS = 64_512;

/** One recording: its pcapng, its single interface, and its connections. */
export class Recording {
  private readonly writer: PcapngWriter;
  private readonly counter = new PacketCounter();
  private readonly interfaceId: number;
  private connections = 0;
  private readonly queue = new EmitQueue();
  /** The second and third byte of made-up addresses. They are random, so that the connections of merged recordings stay apart. */
  private readonly network = [randomInt(1, 255), randomInt(256)] as const;
  private flushing = false;

  readonly description: string;
  private readonly serverPort: number;
  private readonly tap: PacketTap | null;

  /** `description` tells that the interface is no network: `unix-stream:PATH`. */
  constructor(
    output: BlockOutput,
    application: string,
    description: string,
    serverPort: number,
    tap: PacketTap | null,
  ) {
    this.description = description;
    this.serverPort = serverPort;
    this.tap = tap;
    this.writer = new PcapngWriter(output, application);
    this.interfaceId = this.writer.addInterface({
      linkType: RAW,
      name: description.startsWith('unix-stream:') ? 'unix0' : 'tcp0',
      description,
    });
    this.writer.flush();
  }

  get packets(): number {
    return this.counter.count;
  }

  /** A conversation for the next connection. `addresses`: the real ones; null: they are made up, for sockets that have none. */
  conversation(addresses: FrameEnds | null): Conversation {
    const ends = addresses ?? this.madeUp();
    this.connections++;
    return new Conversation(this.writer, this.interfaceId, ends, this.counter, this.tap, this.queue);
  }

  /** Records that the program that was run has ended. */
  programEnded(exitStatus: number, micros: number): void {
    this.queue.release();
    const seconds = Math.floor(micros / 1e6);
    this.writer.addStatistics(this.interfaceId, seconds, (micros % 1e6) * 1000, exitStatusComment(exitStatus));
  }

  /** Writes everything that was recorded. */
  flush(): void {
    this.queue.release();
    this.writer.flush();
  }

  /** Writes what was recorded at the end of this turn of the event loop, so that many small messages become one write. */
  flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.writer.flush();
    });
  }

  /** 127.A.B.1 and 127.A.B.2, with a different client port for each connection. When the ports are used up, B changes. */
  private madeUp(): FrameEnds {
    const [a, first] = this.network;
    const b = (first + Math.floor(this.connections / CLIENT_PORTS)) & 0xff;
    return {
      addresses: [Uint8Array.of(127, a, b, 1), Uint8Array.of(127, a, b, 2)],
      ports: [FIRST_CLIENT_PORT + (this.connections % CLIENT_PORTS), this.serverPort],
    };
  }
}
