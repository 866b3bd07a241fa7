import type { SocketLink, SocketSide } from './socket-link.js';

/** One end of a connection: what the kernel calls an open file, however many descriptors stand for it. */
export class OpenSocket {
  /** `unknown`: a descriptor of which no line says what it is; `other`: certainly no stream socket. */
  kind: 'stream' | 'unknown' | 'other';
  readonly self: string;
  peer = '';
  transport: 'unix' | 'tcp' | 'vsock' = 'unix';
  selfName = '';
  peerName = '';
  /** The thread that moved bytes over it first (before that: that made it), and the process that the kernel named as the peer (SO_PEERCRED); 0: not told. */
  tid: number;
  peerPid = 0;
  link: Connected | null = null;
  side: SocketSide = 0;
  rolesKnown = false;
  used = false;
  /** Its own side stopped reading: a read of 0 bytes says nothing about the peer then. */
  readShut = false;
  /** Descriptors that stand for it. */
  holders = 0;
  /** What a descriptor of unknown kind carried so far. */
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
  /** Whether the call that made its process is in the trace: then nothing about it is left to supposition. */
  born = false;
  /** Descriptors that were closed, and whether a program was executed, before the call that made the process returned. */
  readonly closed = new Set<number>();
  executed = false;

  /** Threads that have this table. */
  threads = 1;
  /** Tables that came out of each other have the same family. */
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
  /** By number of a descriptor: the tables in which it is something known. */
  readonly byFd = new Map<number, Set<Table>>();
  /** Descriptors in all tables together. */
  size = 0;
}

/** Stands for everything that is no stream socket. */
export const OTHER = new OpenSocket('other', '', 0);
