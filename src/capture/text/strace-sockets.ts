import type { Limits } from '../../base/limits.js';
import { readAnnotation, type Annotation, type SocketAddress } from './socket-address.js';
import { FdIndex, OpenSocket, OTHER, Table, type Connected, type Descriptor } from './open-sockets.js';
import { SocketLink, type LinkNames, type SocketSide } from './socket-link.js';
import type { Moment, SocketPackets } from './socket-packets.js';

/** The descriptors of all traced threads and the sockets behind them. */
export class StraceSockets {
  private readonly tables = new Map<number, Table>();
  private readonly index = new FdIndex();
  private readonly byIdentity = new Map<string, OpenSocket>();
  /** By descriptor number: the connected socket that was closed last under it. */
  private readonly left = new Map<number, { readonly socket: OpenSocket; readonly tid: number }>();
  private connections = 0;
  private families = 0;
  /** Threads that were taken for threads of one process, as nothing in the trace tells how they are related. */
  readonly assumedThreads = new Set<number>();
  /** Whether any descriptor was printed with the identities of both ends of its connection (`-yy`). */
  identities = false;
  /** The first two threads that connected or accepted a socket. */
  readonly plainThreads = new Set<number>();
  /** What was given up because of limits: texts that begin with the limit's name. */
  readonly givenUp = new Set<string>();

  private readonly packets: SocketPackets;
  private readonly limits: Readonly<Limits>;
  /** Called when the last known descriptor of a connected socket is gone. */
  private readonly released: (socket: OpenSocket) => void;

  constructor(packets: SocketPackets, limits: Readonly<Limits>, released: (socket: OpenSocket) => void) {
    this.packets = packets;
    this.limits = limits;
    this.released = released;
  }

  /** The socket behind a descriptor as printed (`3`, `3<UNIX-STREAM:[1->2]>`); null where it is certainly no stream socket. */
  resolve(tid: number, shown: string): OpenSocket | null {
    const { fd, annotation } = readDescriptor(shown);
    if (fd < 0) return null;
    if (annotation !== null) return this.annotated(tid, fd, annotation);
    const own = this.table(tid).entries.get(fd);
    if (own !== undefined) return own.socket.kind === 'other' ? null : own.socket;
    const socket = this.inherited(tid, fd) ?? new OpenSocket('unknown', '', tid);
    this.set(tid, fd, socket, false);
    return socket.kind === 'other' ? null : socket;
  }

  /** A call made a new descriptor for something that is (or is not) a stream socket. */
  create(tid: number, shown: string, kind: OpenSocket['kind'], cloexec: boolean): OpenSocket | null {
    const { fd, annotation } = readDescriptor(shown);
    if (fd < 0) return null;
    const self = annotation === null ? '' : annotation.self;
    const socket = new OpenSocket(kind, self, tid);
    if (annotation !== null) describe(socket, annotation);
    this.remember(socket);
    this.set(tid, fd, socket, cloexec);
    return socket;
  }

  connect(socket: OpenSocket, address: SocketAddress | null, at: Moment): void {
    if (socket.link !== null && socket.link.link.startSeen) return;
    if (address !== null) {
      socket.transport = address.transport;
      socket.peerName = address.name;
    }
    socket.kind = 'stream';
    socket.rolesKnown = true;
    const { link } = this.linkOf(socket, 0);
    link.startSeen = true;
    link.openedAt = at;
  }

  accept(tid: number, listener: OpenSocket | null, shown: string, peer: SocketAddress | null, at: Moment): void {
    const { fd, annotation } = readDescriptor(shown);
    if (fd < 0 || annotation?.kind === 'other') return;
    const known = annotation === null ? undefined : this.byIdentity.get(annotation.self);
    const socket = known ?? new OpenSocket('stream', annotation?.self ?? '', tid);
    if (annotation !== null) describe(socket, annotation);
    socket.kind = 'stream';
    socket.rolesKnown = true;
    if (socket.selfName === '' && listener !== null) socket.selfName = listener.selfName;
    if (listener !== null && annotation === null) socket.transport = listener.transport;
    if (peer !== null) {
      socket.transport = peer.transport;
      if (peer.name !== '') socket.peerName = peer.name;
    }
    this.remember(socket);
    this.set(tid, fd, socket, false);
    const { link } = this.linkOf(socket, 1);
    link.startSeen = true;
    link.openedAt ??= at;
  }

  pair(tid: number, first: string, second: string, cloexec: boolean, at: Moment): void {
    const a = this.create(tid, first, 'stream', cloexec);
    const b = this.create(tid, second, 'stream', cloexec);
    if (a === null || b === null) return;
    const connected = this.linkOf(a, 0);
    connected.ends[1] = b;
    b.link = connected;
    b.side = 1;
    connected.link.startSeen = true;
    connected.link.openedAt = at;
  }

  duplicate(tid: number, socket: OpenSocket | null, shown: string, cloexec: boolean): void {
    const { fd } = readDescriptor(shown);
    if (fd < 0) return;
    this.set(tid, fd, socket ?? OTHER, cloexec);
  }

  close(tid: number, shown: string): void {
    const { fd, annotation } = readDescriptor(shown);
    const own = this.table(tid).entries.get(fd);
    const socket =
      annotation !== null && annotation.self !== ''
        ? this.byIdentity.get(annotation.self)
        : (own?.socket ?? this.inherited(tid, fd) ?? undefined);
    const table = this.table(tid);
    table.drop(fd);
    if (!table.born && table.closed.size < 1024) table.closed.add(fd);
    if (socket === undefined || socket.kind === 'other') return;
    // threads share descriptors and forked processes do not; without their clone calls it is unknown which these are. So the socket counts
    // as closed for all of them: a process that goes on using it shows that it was open
    for (const other of this.index.byFd.get(fd) ?? [])
      if (other.family !== table.family && other.entries.get(fd)?.socket === socket) other.drop(fd);
    if (socket.link !== null) {
      if (this.left.size > this.limits.openStreams) this.left.clear();
      this.left.set(fd, { socket, tid });
    }
    this.check(socket);
  }

  exit(tid: number): void {
    const table = this.tables.get(tid);
    if (table === undefined) return;
    this.tables.delete(tid);
    if (--table.threads === 0) this.empty(table, () => true);
  }

  execute(tid: number): void {
    const table = this.table(tid);
    table.executed = true;
    this.empty(table, (descriptor) => descriptor.cloexec);
  }

  clone(parent: number, child: number, shareFiles: boolean): void {
    this.assumedThreads.delete(child);
    const from = this.table(parent);
    const already = this.tables.get(child);
    if (shareFiles) {
      if (already === from) return;
      if (already !== undefined)
        for (const [fd, descriptor] of already.entries) {
          already.drop(fd);
          if (!from.entries.has(fd)) from.put(fd, descriptor);
        }
      from.threads++;
      this.tables.set(child, from);
      return;
    }
    const table = this.table(child);
    for (const [fd, descriptor] of from.entries) {
      if (table.entries.has(fd) || table.closed.has(fd) || (table.executed && descriptor.cloexec)) continue;
      if (this.index.size >= this.limits.flows) {
        this.givenUp.add(
          `flows: more than ${this.limits.flows} descriptors of all threads; some children have none of their parents'`,
        );
        break;
      }
      table.put(fd, descriptor);
    }
    table.family = from.family;
    table.born = true;
    table.closed.clear();
  }

  /** The connection of a socket. If there is none yet, it is made, with the socket on `side`. */
  linkOf(socket: OpenSocket, side: SocketSide): Connected {
    const peer = socket.peer === '' ? undefined : this.byIdentity.get(socket.peer);
    if (socket.link !== null) {
      // each end was given a connection of its own before it was known that they belong together: join them while nothing was emitted
      const { link } = socket;
      if (peer?.link && peer.link !== link && !link.link.emitted) this.join(socket, peer);
      return socket.link;
    }
    if (peer?.link) {
      this.join(socket, peer);
      if (socket.link !== null) return socket.link;
    }
    const ends: Connected['ends'] = [null, null];
    ends[side] = socket;
    const key = `${++this.connections}`;
    const connected: Connected = { link: new SocketLink(key, () => namesOf(ends), this.packets), ends };
    socket.link = connected;
    socket.side = side;
    return connected;
  }

  private join(socket: OpenSocket, peer: OpenSocket): void {
    const connected = peer.link!;
    const side: SocketSide = peer.side === 0 ? 1 : 0;
    if (connected.ends[side] !== null && connected.ends[side] !== socket) return;
    if (socket.link !== null) {
      const before = socket.link.link;
      if (before.startSeen && !connected.link.startSeen && !connected.link.emitted) {
        connected.link.startSeen = true;
        connected.link.openedAt = before.openedAt;
      }
    }
    connected.ends[side] = socket;
    socket.link = connected;
    socket.side = side;
  }

  private annotated(tid: number, fd: number, annotation: Annotation): OpenSocket | null {
    if (annotation.kind === 'other') {
      this.set(tid, fd, OTHER, false);
      return null;
    }
    if (annotation.peer !== '') this.identities = true;
    let socket = this.byIdentity.get(annotation.self);
    if (socket === undefined) {
      // strace identifies a TCP socket by its inode until it is connected, and by its addresses from then on
      const own = this.table(tid).entries.get(fd)?.socket;
      const same =
        own !== undefined && own.peer === '' && own.transport === annotation.transport && own.kind === 'stream';
      socket = same && annotation.transport === 'tcp' ? own : new OpenSocket('stream', annotation.self, tid);
      describe(socket, annotation);
      this.byIdentity.set(annotation.self, socket);
      this.bound();
    } else describe(socket, annotation);
    if (this.table(tid).entries.get(fd)?.socket !== socket) this.set(tid, fd, socket, false);
    return socket.kind === 'other' ? null : socket;
  }

  /** The socket of a descriptor that this thread never made: that of the only other thread that has the number open; else null. */
  private inherited(tid: number, fd: number): OpenSocket | null {
    if (this.table(tid).born) return null;
    let found: OpenSocket | null = null;
    const own = this.table(tid);
    for (const table of this.index.byFd.get(fd) ?? []) {
      const socket = table.entries.get(fd)?.socket;
      if (table === own || socket === undefined || socket === found) continue;
      if (found !== null) return null;
      found = socket;
    }
    if (found !== null) {
      if (found.kind === 'unknown' && this.assumedThreads.size < this.limits.threads) this.assumedThreads.add(tid);
      return found;
    }
    // or a server has closed the descriptor that it passed on to a child, whose fork is not in the trace
    const left = this.left.get(fd);
    return left !== undefined && left.tid !== tid && left.socket.link!.link.isClosing(left.socket.side)
      ? left.socket
      : null;
  }

  private table(tid: number): Table {
    let table = this.tables.get(tid);
    if (table === undefined) {
      table = new Table(++this.families, this.index);
      this.tables.set(tid, table);
      const { threads } = this.limits;
      if (this.tables.size > threads) {
        this.givenUp.add(`threads: more than ${threads} at once; the descriptors of the oldest are forgotten`);
        this.exit(this.tables.keys().next().value!);
      }
    }
    return table;
  }

  private set(tid: number, fd: number, socket: OpenSocket, cloexec: boolean): void {
    const table = this.table(tid);
    const before = table.entries.get(fd)?.socket;
    if (before === socket) return;
    table.put(fd, { socket, cloexec });
    if (this.index.size > this.limits.flows) {
      this.givenUp.add(
        `flows: more than ${this.limits.flows} descriptors of all threads; those of the oldest are forgotten`,
      );
      const oldest = this.tables.keys().next().value!;
      if (this.tables.get(oldest) !== table) this.exit(oldest);
    }
    const most = this.limits.openStreams;
    if (table.entries.size > most) {
      this.givenUp.add(`openStreams: more than ${most} descriptors open at once; the oldest are forgotten`);
      // several at once, as iterating over entries that were deleted at a Map's front costs as much as deleting them
      let room = Math.max(1, most >> 4);
      for (const oldest of table.entries.keys()) {
        const dropped = table.drop(oldest);
        if (dropped !== undefined) this.check(dropped);
        if (--room === 0) break;
      }
    }
    if (before !== undefined) this.check(before);
  }

  private remember(socket: OpenSocket): void {
    if (socket.self === '') return;
    this.byIdentity.set(socket.self, socket);
    this.bound();
  }

  private bound(): void {
    const most = this.limits.openStreams;
    if (this.byIdentity.size <= most) return;
    this.givenUp.add(`openStreams: more than ${most} sockets; the oldest are forgotten`);
    for (const [identity, socket] of this.byIdentity) {
      this.byIdentity.delete(identity);
      if (socket.holders === 0 || this.byIdentity.size <= most * 0.75) return;
    }
  }

  private empty(table: Table, which: (descriptor: Descriptor) => boolean): void {
    for (const [fd, descriptor] of table.entries)
      if (which(descriptor)) {
        table.drop(fd);
        this.check(descriptor.socket);
      }
  }

  private check(socket: OpenSocket): void {
    if (socket.holders > 0 || socket === OTHER) return;
    socket.holders = 0;
    if (socket.link !== null) this.released(socket);
    else if (socket.self !== '') this.byIdentity.delete(socket.self);
  }
}

function describe(socket: OpenSocket, annotation: Annotation): void {
  if (annotation.kind === 'stream') socket.transport = annotation.transport;
  if (annotation.peer !== '') socket.peer = annotation.peer;
  if (annotation.selfName !== '') socket.selfName = annotation.selfName;
  if (annotation.peerName !== '') socket.peerName = annotation.peerName;
}

const SHOWN = /^(\d+)(?:<(.*)>)?(?:\(deleted\))?$/s;

function readDescriptor(shown: string): { fd: number; annotation: Annotation | null } {
  const match = SHOWN.exec(shown);
  if (match === null) return { fd: -1, annotation: null };
  return { fd: Number(match[1]), annotation: match[2] === undefined ? null : readAnnotation(match[2]) };
}

/** Endpoint names of a connection, from what is known of both ends. */
function namesOf([client, server]: Connected['ends']): LinkNames {
  const transport = (server ?? client)!.transport;
  const prefix = transport === 'unix' ? 'unix:' : '';
  const pid = (n: number | undefined): string => (n ? `${prefix}pid=${n}` : `${prefix}unknown`);
  const first = client?.selfName || server?.peerName || pid(client?.tid || server?.peerPid);
  const second = server?.selfName || client?.peerName || pid(server?.tid || client?.peerPid);
  return {
    transport,
    endpoints: [first, second],
    rolesKnown: (client?.rolesKnown ?? false) || (server?.rolesKnown ?? false),
  };
}
