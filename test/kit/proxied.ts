import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Proxy } from '../../src/record/proxy.js';
import { Recording } from '../../src/record/recording.js';
import { recordedConnections, type RecordedTcp } from './recorded.js';

/** A proxy between test clients and a test server, with everything that it recorded. */
export class Proxied {
  readonly folder: string;
  private readonly server: Server | null;
  private readonly parts: Buffer[] = [];
  readonly complaints: string[] = [];
  readonly sockets: Socket[] = [];

  private constructor(folder: string, server: Server | null) {
    this.folder = folder;
    this.server = server;
  }
  proxy!: Proxy;

  get path(): string {
    return join(this.folder, 'proxy.sock');
  }

  get serverPath(): string {
    return join(this.folder, 'server.sock');
  }

  /** `serve` gets each connection that the server accepts; null: there is no server. */
  static async start(serve: ((socket: Socket) => void) | null): Promise<Proxied> {
    const folder = mkdtempSync(join(tmpdir(), 'wirelint-proxy-'));
    const server =
      serve === null
        ? null
        : createServer({ allowHalfOpen: true }, (socket) => {
            made.sockets.push(socket);
            socket.on('error', () => undefined);
            serve(socket);
          });
    const made = new Proxied(folder, server);
    server?.listen(made.serverPath);
    if (server !== null) await once(server, 'listening');
    made.proxy = await Proxy.start({
      listen: { kind: 'unix', path: made.path },
      connect: { kind: 'unix', path: made.serverPath },
      record: () =>
        new Recording(
          (bytes) => made.parts.push(Buffer.from(bytes)),
          'test',
          `unix-stream:${made.serverPath}`,
          9,
          null,
        ),
      complain: (text) => made.complaints.push(text),
    });
    return made;
  }

  client(): Socket {
    const socket = connect({ path: this.path, allowHalfOpen: true });
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    return socket;
  }

  get recordedBytes(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** The recording so far, as it stands in a file. */
  get recording(): Buffer {
    return Buffer.concat(this.parts);
  }

  /** Stops everything and gives what was recorded. */
  async stop(): Promise<RecordedTcp[]> {
    await this.proxy.stop();
    for (const socket of this.sockets) socket.destroy();
    this.server?.close();
    rmSync(this.folder, { recursive: true, force: true });
    return recordedConnections(Buffer.concat(this.parts)).connections;
  }
}

/** Everything that a socket sends until its end (or until it is closed). */
export async function everything(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  await new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  return Buffer.concat(parts);
}

/** Waits until something holds. */
export async function until(what: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`never: ${what.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
