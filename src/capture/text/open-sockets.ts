import type { SocketLink, SocketSide } from './socket-link.js';

/** One end of a connection: what the kernel calls an open file description, which several descriptors may refer to. */
export class OpenSocket {
  /** `unknown`: no line tells what it is; `other`: certainly no stream socket. */
  kind: 'stream' | 'unknown' | 'other';
  /** Identity of this end and of its peer (see Annotation); empty where not known. */
  readonly self: string;
  peer = '';
  transport: 'unix' | 'tcp' | 'vsock' = 'unix';
  selfName = '';
  peerName = '';
  /**
   * The thread that first used it to read or write (before that, the one that made it), and the peer's process by SO_PEERCRED; 0: not
   * known.
   */
  tid: number;
  peerPid = 0;
  link: Connected | null = null;
  side: SocketSide = 0;
  rolesKnown = false;
  used = false;
  /** Whether its own side has shut down reading: then a read of 0 bytes does not mean that the peer has ended. */
  readShut = false;
  /** How many descriptors refer to it. */
  holders = 0;
  /** While the kind is unknown: what was transferred so far; `eight`: exactly eight bytes. */
  held: { readonly view: 'write' | 'read'; readonly eight: boolean; readonly replay: () => void }[] = [];

  constructor(kind: OpenSocket['kind'], self: string, tid: number) {
    this.kind = kind;
    this.self = self;
    this.tid = tid;
  }
}

/** A connection and the ends of it that are known. */
export interface Connected {
  readonly link: SocketLink;
  readonly ends: [OpenSocket | null, OpenSocket | null];
}

export interface Descriptor {
  readonly socket: OpenSocket;
  /** Closed by execve. */
  readonly cloexec: boolean;
}

/** The descriptors of one thread, or of all threads that are known to share them. */
export class Table {
  readonly entries = new Map<number, Descriptor>();
  /** Whether the call that made its process is in the trace: then all its descriptors are known. */
  born = false;
  /** What happened before the call that made the process returned: descriptors that were closed, and whether a program was executed. */
  readonly closed = new Set<number>();
  executed = false;

  /** Threads that have this table. */
  threads = 1;
  /** The same for a process and its children. */
  public family: number;
  private readonly index: FdIndex;

  constructor(family: number, index: FdIndex) {
    this.family = family;
    this.index = index;
  }

  put(fd: number, descriptor: Descriptor): void {
    this.drop(fd);
    this.entries.set(fd, descriptor);
    this.index.size++;
    descriptor.socket.holders++;
    if (descriptor.socket === OTHER) return;
    const tables = this.index.byFd.get(fd);
    if (tables === undefined) this.index.byFd.set(fd, new Set([this]));
    else tables.add(this);
  }

  drop(fd: number): OpenSocket | undefined {
    const socket = this.entries.get(fd)?.socket;
    if (socket === undefined) return undefined;
    this.entries.delete(fd);
    this.index.size--;
    socket.holders--;
    const tables = this.index.byFd.get(fd);
    if (tables?.delete(this) && tables.size === 0) this.index.byFd.delete(fd);
    return socket;
  }
}

/** The descriptors of all tables. */
export class FdIndex {
  /** By descriptor number: the tables in which it refers to a socket, or possible socket. */
  readonly byFd = new Map<number, Set<Table>>();
  /** Number of descriptors in all tables together. */
  size = 0;
}

/** Stands for everything that is no stream socket. */
export const OTHER = new OpenSocket('other', '', 0);
