import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { addressName, ipBytes, mappedToIpv6, type StreamAddress } from './address.js';
import type { FrameEnds } from '../rewrite/tcp-frame.js';
import {
  ClientFinder,
  clientProcess,
  HolderSearch,
  listeningProcess,
  processWords,
  type PeerProcess,
} from './peer-process.js';
import type { Recording } from './recording.js';
import { Relay } from './relay.js';

/** Milliseconds until another attempt to connect to a server whose queue is full. */
const RETRY_MS = 10;
/**
 * Clients that may wait to be accepted. Node's default of 511 rejects some of a thousand that connect at the same time. If
 * `net.core.somaxconn` is less, that limit holds.
 */
const BACKLOG = 4096;

/** Shortest time in milliseconds of waiting for the server that is mentioned in the recording. */
const WORTH_TELLING_MS = 5;

export interface ProxyOptions {
  readonly listen: StreamAddress;
  readonly connect: StreamAddress;
  /** Creates the recording; called once, when the proxy listens. */
  readonly record: () => Recording;
  /** Takes one line about a problem with one connection. */
  readonly complain: (text: string) => void;
}

/** Listens in place of a server, relays connections to it, and records them. */
export class Proxy {
  private readonly server: Server;
  private readonly relays = new Set<Relay>();
  /** Clients whose connection to the server is not made yet, and the sockets that are connecting to the server. */
  private readonly waiting = new Set<Socket>();
  private readonly connecting = new Set<Socket>();
  private readonly clients: ClientFinder | null;
  private recording!: Recording;
  private readonly search = new HolderSearch();
  /** Connections whose processes are searched for. */
  private readonly naming = new Set<Promise<void>>();
  private serverProcess: Promise<PeerProcess | null> | null = null;
  private idle: (() => void) | null = null;
  private stopping = false;
  /** Offset in microseconds from the monotonic clock to wall-clock time, so that times never go back. */
  private readonly origin = Date.now() * 1000 - Math.round(performance.now() * 1000);
  private last = 0;
  accepted = 0;
  private readonly options: ProxyOptions;

  private constructor(options: ProxyOptions) {
    this.options = options;
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.accept(client));
    this.clients = options.listen.kind === 'unix' ? new ClientFinder() : null;
  }

  /** Starts to listen. Rejects with the system's error. */
  static async start(options: ProxyOptions): Promise<Proxy> {
    const proxy = new Proxy(options);
    await proxy.listen();
    try {
      proxy.recording = options.record();
    } catch (error) {
      proxy.server.close();
      throw error;
    }
    return proxy;
  }

  /** The address that it listens at. If TCP port 0 was asked for, it has the number that the system chose. */
  get address(): StreamAddress {
    const { listen } = this.options;
    const bound = this.server.address();
    return listen.kind === 'tcp' && bound !== null && typeof bound === 'object'
      ? { ...listen, port: bound.port }
      : listen;
  }

  /** Resolves when no connection is open any more. */
  async drained(): Promise<void> {
    if (this.relays.size + this.waiting.size === 0) return;
    await new Promise<void>((resolve) => (this.idle = resolve));
  }

  /**
   * Stops listening, removes the socket file, and ends connections that are still open. `exitStatus`: of the program that was run; null if
   * there is none.
   */
  async stop(exitStatus: number | null = null): Promise<void> {
    this.stopping = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // searches end by themselves after at most SEARCH_MS
    await Promise.all(this.naming);
    for (const socket of [...this.waiting, ...this.connecting]) socket.destroy();
    for (const relay of this.relays) relay.destroy();
    await closed;
    if (exitStatus !== null) this.recording.programEnded(exitStatus, this.now());
    this.recording.flush();
  }

  private readonly now = (): number => {
    const micros = this.origin + Math.round(performance.now() * 1000);
    this.last = Math.max(this.last, micros);
    this.recording.flushSoon();
    return this.last;
  };

  private async listen(): Promise<void> {
    const { listen } = this.options;
    const { server } = this;
    if (listen.kind === 'unix') await removeStale(listen.path);
    // only this user may connect, as only this user may read the recording
    const mask = listen.kind === 'unix' ? process.umask(0o177) : null;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(
          listen.kind === 'unix'
            ? { path: listen.path, backlog: BACKLOG }
            : { host: listen.host, port: listen.port, backlog: BACKLOG },
          resolve,
        );
      });
    } finally {
      if (mask !== null) process.umask(mask);
    }
    server.removeAllListeners('error');
    server.on('error', (error) => this.options.complain(`cannot accept a connection: ${error.message}`));
  }

  private accept(client: Socket): void {
    this.accepted++;
    this.waiting.add(client);
    // until the server is connected, nothing reads from the client, and nothing else handles its errors
    client.on('error', () => undefined);
    client.setNoDelay(true);
    const inode = this.clients?.socket() ?? null;
    // searched for now and not when it is served, since by then it may have ended
    const process = inode === null ? null : clientProcess(inode, this.search);
    this.connect(client, process, performance.now());
  }

  private connect(client: Socket, process: Promise<PeerProcess | null> | null, since: number): void {
    const { connect: target, complain } = this.options;
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    const server =
      target.kind === 'unix'
        ? connect({ path: target.path, ...options })
        : connect({ host: target.host, port: target.port, noDelay: true, ...options });
    server.pause();
    this.connecting.add(server);
    const failed = (error: NodeJS.ErrnoException): void => {
      this.connecting.delete(server);
      if (this.stopping) return;
      if (error.code === 'EAGAIN') {
        // the server's queue of waiting connections is full, and a direct client would wait too
        setTimeout(
          () => (this.stopping || client.destroyed ? this.left(client) : this.connect(client, process, since)),
          RETRY_MS,
        );
        return;
      }
      complain(`cannot connect to ${addressName(target)}: ${error.message}`);
      this.recording
        .conversation(this.addressesOf(client, null))
        .refuse(this.now(), `the server could not be reached: ${error.code ?? error.message}`);
      client.destroy();
      this.left(client);
    };
    server.once('error', failed);
    server.once('connect', () => {
      server.off('error', failed);
      this.connecting.delete(server);
      this.relay(client, server, process, performance.now() - since);
    });
  }

  private relay(client: Socket, server: Socket, process: Promise<PeerProcess | null> | null, waited: number): void {
    const { connect: target } = this.options;
    if (this.stopping) {
      server.destroy();
      return;
    }
    if (target.kind === 'unix') this.serverProcess ??= listeningProcess(target.path, this.search);
    const conversation = this.recording.conversation(this.addressesOf(client, server));
    // the server's queue was full, so the time of the connection says little about when it was served
    const queued = waited >= WORTH_TELLING_MS ? `the server took it after ${Math.round(waited)} ms` : '';
    if (process === null && this.serverProcess === null) {
      conversation.open(this.now(), queued);
    } else {
      conversation.open(this.now(), null);
      const naming: Promise<void> = Promise.all([process, this.serverProcess]).then(([from, to]) => {
        conversation.named([processWords(from, to), queued].filter((w) => w !== '').join('; '));
        this.recording.flushSoon();
        this.naming.delete(naming);
      });
      this.naming.add(naming);
    }
    const relay: Relay = new Relay(client, server, conversation, this.now, () => {
      this.relays.delete(relay);
      this.tellIdle();
    });
    this.relays.add(relay);
    this.waiting.delete(client);
  }

  private left(client: Socket): void {
    this.waiting.delete(client);
    this.tellIdle();
  }

  /** Resolves `drained` if no connection is open any more. */
  private tellIdle(): void {
    if (this.relays.size + this.waiting.size === 0) {
      this.idle?.();
      this.idle = null;
    }
  }

  /** The real addresses of a connection that is TCP on both sides; null if addresses must be made up. */
  private addressesOf(client: Socket, server: Socket | null): FrameEnds | null {
    const { listen, connect: target } = this.options;
    if (listen.kind !== 'tcp' || target.kind !== 'tcp') return null;
    const from = ipBytes(client.remoteAddress ?? '');
    const to = ipBytes(server?.remoteAddress ?? target.host) ?? ipBytes(client.localAddress ?? '');
    if (from === null || to === null) return null;
    const addresses: [Uint8Array, Uint8Array] =
      from.length === to.length ? [from, to] : [mappedToIpv6(from), mappedToIpv6(to)];
    return { addresses, ports: [client.remotePort ?? 0, target.port] };
  }
}

/** Removes a socket file that no process listens at any more. Throws if the path is in use or is no socket. */
async function removeStale(path: string): Promise<void> {
  if (path.startsWith('\0')) return;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`${path} exists and is no socket`);
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (alive) throw new Error(`${path}: somebody listens there already`);
  unlinkSync(path);
}
