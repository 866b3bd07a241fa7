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

/** Milliseconds until a server whose queue is full is asked again. */
const RETRY_MS = 10;
/**
 * Clients that may wait to be accepted: Node's 511 turn away those of a thousand that come at once. The system allows as many as
 * `net.core.somaxconn` says, where that is less.
 */
const BACKLOG = 4096;

/** Milliseconds of waiting for the server that a recording mentions. */
const WORTH_TELLING_MS = 5;

export interface ProxyOptions {
  readonly listen: StreamAddress;
  readonly connect: StreamAddress;
  /** Makes the recording; called once, when the proxy listens. */
  readonly record: () => Recording;
  /** One line about something that went wrong with one connection. */
  readonly complain: (text: string) => void;
}

/** Listens in place of a server, passes connections on to it, and records them. */
export class Proxy {
  private readonly server: Server;
  private readonly relays = new Set<Relay>();
  /** Clients that the server did not answer yet, and the attempts to reach it. */
  private readonly waiting = new Set<Socket>();
  private readonly connecting = new Set<Socket>();
  private readonly clients: ClientFinder | null;
  private recording!: Recording;
  private readonly search = new HolderSearch();
  /** Connections whose processes are being looked for. */
  private readonly naming = new Set<Promise<void>>();
  private serverProcess: Promise<PeerProcess | null> | null = null;
  private idle: (() => void) | null = null;
  private stopping = false;
  /** Wall-clock time from a clock that never goes back. */
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

  /** Where it listens, as the system says: a TCP port that was given as 0 has its number. */
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

  /** Stops listening, removes the socket file and breaks off what is still open. `exitStatus`: of the program that was run, if any. */
  async stop(exitStatus: number | null = null): Promise<void> {
    this.stopping = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // searches end by themselves, soon
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
    // until the server answers nothing is read, and nobody else listens for errors
    client.on('error', () => undefined);
    client.setNoDelay(true);
    const inode = this.clients?.socket() ?? null;
    // now, and not when it is served: by then it may be gone
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
        // the server's queue of waiting connections is full: a client of its own would wait
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
    // a queue: when it connected says little about when it was served
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

  /** Whoever waits for the last connection to end is told. */
  private tellIdle(): void {
    if (this.relays.size + this.waiting.size === 0) {
      this.idle?.();
      this.idle = null;
    }
  }

  /** The real addresses of a connection that is TCP on both sides; null: they are made up. */
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

/** Removes a socket file that nobody listens at any more. Throws where something else is in the way. */
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
