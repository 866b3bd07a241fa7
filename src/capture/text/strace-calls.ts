import type { Limits } from '../../base/limits.js';
import { byteSize, count } from '../../base/text.js';
import { socketAddress } from './socket-address.js';
import { peerOf, type Piece, type SocketLink, type SocketSide, type View } from './socket-link.js';
import { SocketOrder } from './socket-order.js';
import type { Moment, SocketPackets } from './socket-packets.js';
import { asked, carried, movedBytes, offStream, socketOnly, viewOf } from './strace-data.js';
import { field, valueNumber, valueText, type Call } from './strace-line.js';
import type { OpenSocket } from './open-sockets.js';
import { StraceSockets } from './strace-sockets.js';

/** Calls that return a descriptor which is no stream socket. */
const OPENERS = new Set(
  `open openat openat2 creat eventfd eventfd2 epoll_create epoll_create1 timerfd_create signalfd signalfd4 inotify_init
   inotify_init1 memfd_create pidfd_open perf_event_open userfaultfd fanotify_init io_uring_setup`.split(/\s+/),
);

/** Microseconds of silence after which the close of a last known descriptor is believed. */
const SETTLED = 1e6;
/** What a descriptor of unknown kind carries before it is given up, in calls and bytes. */
const HELD_CALLS = 4096;
const HELD_BYTES = 1 << 20;

interface Closing {
  readonly link: SocketLink;
  readonly from: SocketSide;
  readonly key: number;
}

/** What each call means for the connections of a trace. */
export class StraceCalls {
  private readonly sockets: StraceSockets;
  private readonly order = new SocketOrder();
  private readonly entered = new Map<number, { readonly name: string; readonly socket: OpenSocket | null }>();
  /** Closes that wait to be believed, oldest first; those before `settled` were. */
  private readonly closings: Closing[] = [];
  private settled = 0;
  private current: { at: Moment; key: number } = { at: { line: 0, seconds: 0, nanos: 0 }, key: 0 };
  private ordered = true;
  private readonly heldBytes = new WeakMap<OpenSocket, number>();
  private cutBytes = 0;
  private cutCalls = 0;
  private unknownBytes = 0;
  private unknownDescriptors = 0;
  private uncertain = 0;
  private readonly unseen = new Set<string>();

  constructor(packets: SocketPackets, limits: Readonly<Limits>) {
    this.sockets = new StraceSockets(packets, limits, (socket) => this.closed(socket));
  }

  /** The clock jumped back: nothing of what follows can be put in order with what came before. */
  startOver(): void {
    this.order.flush();
    this.order.restart();
    this.ordered = false;
  }

  advance(key: number): void {
    this.order.advance(key);
    const { closings } = this;
    while (this.settled < closings.length && closings[this.settled]!.key + SETTLED < key)
      this.settle(closings[this.settled++]!);
    if (this.settled > 4096) {
      closings.splice(0, this.settled);
      this.settled = 0;
    }
  }

  /** A call was entered and another thread spoke before it returned. `text` is what was printed so far. */
  enter(name: string, text: string, tid: number, key: number): void {
    const shown = /^[a-z_0-9]+\((\d+(?:<.*?>(?=[,) (]|$))?)/.exec(text)?.[1];
    this.entered.delete(tid);
    if (shown === undefined) return;
    const view = viewOf(name);
    if (view !== null) {
      const socket = this.sockets.resolve(tid, shown);
      const token = { name, socket };
      this.entered.set(tid, token);
      if (view === 'write' && socket !== null && socket.kind !== 'other') this.order.hold(token, key);
    } else if (name === 'close') {
      // the number can be given out again before this call is seen to return
      this.sockets.close(tid, shown);
      this.entered.set(tid, { name, socket: null });
    }
  }

  /** An entered call returned. */
  returned(call: Call, tid: number, at: Moment, key: number, end: Moment, endKey: number): void {
    const token = this.entered.get(tid);
    this.entered.delete(tid);
    if (token !== undefined) this.order.unhold(token);
    if (call.name === 'close' && token !== undefined) return;
    this.apply(call, tid, at, key, end, endKey, token?.socket);
  }

  /** A call that stands on one line. */
  whole(call: Call, tid: number, at: Moment, key: number, end: Moment, endKey: number): void {
    this.apply(call, tid, at, key, end, endKey, undefined);
  }

  exit(tid: number, at: Moment, key: number): void {
    this.current = { at, key };
    const token = this.entered.get(tid);
    if (token !== undefined) {
      this.entered.delete(tid);
      this.order.unhold(token);
      this.unanswered(token.name, token.socket, at, key);
    }
    this.sockets.exit(tid);
  }

  end(): void {
    for (const token of this.entered.values()) {
      this.order.unhold(token);
      this.unanswered(token.name, token.socket, this.current.at, this.current.key);
    }
    this.entered.clear();
    this.order.flush();
    for (const closing of this.closings.slice(this.settled)) this.settle(closing);
    this.closings.length = 0;
    this.settled = 0;
  }

  /** What the trace could not tell. */
  *remarks(): Iterable<string> {
    if (this.cutCalls > 0)
      yield `${count(this.cutCalls, 'call')} not shown whole: ${byteSize(this.cutBytes)} are gaps (record with -s 65535)`;
    if (!this.sockets.identities && this.sockets.plainThreads.size > 1)
      yield 'descriptors carry no identity: a connection between two traced processes appears once for each end (record with -yy)';
    if (this.sockets.assumedThreads.size > 0)
      yield 'threads that use the same descriptors are taken for one process: what made them is not in the text (record with -yy)';
    if (this.unknownDescriptors > 0)
      yield `${count(this.unknownDescriptors, 'descriptor')} of unknown kind that carried one direction only: ${byteSize(this.unknownBytes)} left out (record with -yy, or from the start)`;
    if (this.uncertain > 0)
      yield `${count(this.uncertain, 'write')} whose result is not known: each is a gap of unknown size`;
    if (this.order.gaveUp) yield 'calls that never returned: the order of what came after them is that of the lines';
    if (this.unseen.size > 0)
      yield `${[...this.unseen].join(', ')}: what these carried is not shown in a trace of calls`;
  }

  private apply(
    call: Call,
    tid: number,
    at: Moment,
    key: number,
    end: Moment,
    endKey: number,
    known: OpenSocket | null | undefined,
  ): void {
    const { name, args, result } = call;
    this.current = { at: end, key: endKey };
    const view = viewOf(name);
    if (view !== null) {
      const shown = args[0] === undefined ? '' : valueText(call, args[0]);
      const socket = known === undefined ? this.sockets.resolve(tid, shown) : known;
      if (socket === null || socket.kind === 'other') return;
      if (!socket.used && result !== null && result >= 0) {
        socket.used = true;
        socket.tid = tid;
      }
      if (view === 'write') this.transfer(call, socket, view, at, key);
      else this.transfer(call, socket, view, end, endKey);
      return;
    }
    const first = (): OpenSocket | null =>
      args[0] === undefined ? null : this.sockets.resolve(tid, valueText(call, args[0]));
    const text = (i: number): string => (args[i] === undefined ? '' : valueText(call, args[i]));
    switch (name) {
      case 'close':
        if (args[0] !== undefined) this.sockets.close(tid, text(0));
        return;
      case 'socket':
        if (result !== null && result >= 0) {
          const stream = /SOCK_STREAM/.test(text(1)) && /^(AF|PF)_(UNIX|LOCAL|INET6?|VSOCK)$/.test(text(0));
          this.sockets.create(tid, call.resultText, stream ? 'stream' : 'other', /SOCK_CLOEXEC/.test(text(1)));
        }
        return;
      case 'socketpair':
      case 'pipe':
      case 'pipe2': {
        const pair = args.find((a) => a.kind === 'list')?.items;
        if (result !== 0 || pair?.length !== 2) return;
        const [a, b] = [valueText(call, pair[0]!), valueText(call, pair[1]!)];
        if (name === 'socketpair' && /SOCK_STREAM/.test(text(1))) {
          this.sockets.pair(tid, a, b, /SOCK_CLOEXEC/.test(text(1)), end);
          return;
        }
        this.sockets.create(tid, a, 'other', false);
        this.sockets.create(tid, b, 'other', false);
        return;
      }
      case 'bind':
      case 'getsockname': {
        const socket = result === 0 ? first() : null;
        const address = socketAddress(call, args[1]);
        if (socket !== null && address !== null && address.name !== '') {
          socket.selfName = address.name;
          socket.transport = address.transport;
        }
        return;
      }
      case 'getpeername': {
        const socket = result === 0 ? first() : null;
        const address = socketAddress(call, args[1]);
        if (socket !== null && address !== null && address.name !== '') socket.peerName = address.name;
        return;
      }
      case 'connect': {
        if (result !== 0 && call.error !== 'EINPROGRESS') return;
        const address = socketAddress(call, args[1]);
        const socket = address === null ? null : first();
        if (socket !== null) {
          this.sockets.connect(socket, address, at);
          this.sockets.plainThreads.add(tid);
        }
        return;
      }
      case 'accept':
      case 'accept4':
        if (result !== null && result >= 0) {
          this.sockets.accept(tid, first(), call.resultText, socketAddress(call, args[1]), end);
          this.sockets.plainThreads.add(tid);
        }
        return;
      case 'shutdown': {
        const socket = result === 0 ? first() : null;
        if (socket !== null) this.shutdown(socket, text(1), at, key);
        return;
      }
      case 'getsockopt': {
        if (result !== 0 || text(2) !== 'SO_PEERCRED') return;
        const pid = valueNumber(call, field(args[3], 'pid'));
        const socket = first();
        if (socket !== null && pid !== null) socket.peerPid = pid;
        return;
      }
      case 'dup':
      case 'dup2':
      case 'dup3':
        if (result !== null && result >= 0)
          this.sockets.duplicate(tid, first(), call.resultText, /O_CLOEXEC/.test(text(2)));
        return;
      case 'fcntl':
      case 'fcntl64':
        if (result !== null && result >= 0 && /^F_DUPFD/.test(text(1)))
          this.sockets.duplicate(tid, first(), call.resultText, /CLOEXEC/.test(text(1)));
        return;
      case 'clone':
      case 'clone3':
      case 'fork':
      case 'vfork':
        if (result !== null && result > 0) this.sockets.clone(tid, result, /\bCLONE_FILES\b/.test(call.text));
        return;
      case 'execve':
      case 'execveat':
        if (result === 0) this.sockets.execute(tid);
        return;
      case 'splice':
        if (result !== null && result > 0) this.spliced(call, tid, result, at, key, end, endKey);
        return;
      case 'io_uring_enter':
        this.unseen.add('io_uring');
        return;
      default:
        if (result !== null && result >= 0 && OPENERS.has(name))
          this.sockets.create(tid, call.resultText, 'other', false);
    }
  }

  private transfer(call: Call, socket: OpenSocket, view: View, at: Moment, key: number): void {
    if (offStream(call)) return;
    const { result, name } = call;
    if (socket.kind === 'unknown' && socketOnly(name)) {
      // a datagram says where it goes
      if (name === 'sendto' && call.args[4] !== undefined && valueText(call, call.args[4]) !== 'NULL')
        socket.kind = 'other';
      else this.becomesStream(socket);
    }
    if (result === null) {
      if (view === 'write') this.unanswered(name, socket, at, key);
      return;
    }
    if (result > 0) {
      const pieces = carried(call, result);
      this.carry(socket, view, pieces, at, key);
    } else if (result === 0) {
      if (view === 'read' && asked(call) !== 0 && !socket.readShut)
        this.later(socket, key, 0, (link, side) => link.end(at, peerOf(side), view, this.ordered));
    } else if (call.error === 'ECONNRESET') {
      this.later(socket, key, 0, (link, side) => link.reset(at, peerOf(side), this.ordered));
    }
  }

  private carry(socket: OpenSocket, view: View, pieces: readonly Piece[], at: Moment, key: number): void {
    const moved = movedBytes(pieces);
    if (moved === 0) return;
    const run = (): void => {
      let cut = 0;
      for (const piece of pieces) cut += piece.missing;
      if (cut > 0) {
        this.cutBytes += cut;
        this.cutCalls++;
      }
      this.later(socket, key, moved, (link, side) => {
        link.stillOpen(side);
        link.data(at, view === 'write' ? side : peerOf(side), view, pieces, this.ordered);
      });
    };
    if (socket.kind !== 'unknown') {
      run();
      return;
    }
    // Nothing says what this descriptor is. Files and pipes go one way, event counters eight bytes at a time.
    socket.held.push({ view, eight: moved === 8, replay: run });
    const bytes = (this.heldBytes.get(socket) ?? 0) + moved;
    this.heldBytes.set(socket, bytes);
    const both = socket.held.some((h) => h.view === 'read') && socket.held.some((h) => h.view === 'write');
    if (both && !socket.held.every((h) => h.eight)) this.becomesStream(socket);
    else if (socket.held.length > HELD_CALLS || bytes > HELD_BYTES) this.leaveOut(socket);
  }

  private becomesStream(socket: OpenSocket): void {
    socket.kind = 'stream';
    const { held } = socket;
    socket.held = [];
    for (const { replay } of held) replay();
  }

  private leaveOut(socket: OpenSocket): void {
    socket.kind = 'other';
    socket.held = [];
    this.unknownDescriptors++;
    this.unknownBytes += this.heldBytes.get(socket) ?? 0;
  }

  /** Does something to the connection of a socket when its turn has come. */
  private later(
    socket: OpenSocket,
    key: number,
    bytes: number,
    run: (link: SocketLink, side: SocketSide) => void,
  ): void {
    if (socket.kind !== 'stream') return;
    // a path of its own shows the server; without one, and without the call that set it up, the first one seen is named first
    const isServer = socket.transport === 'unix' && socket.selfName !== '' && socket.peer !== '';
    if (isServer) socket.rolesKnown = true;
    const { link } = this.sockets.linkOf(socket, isServer ? 1 : 0);
    this.order.add(key, bytes, () => {
      // ends may have been joined since
      const now = socket.link?.link ?? link;
      run(now, socket.side);
    });
  }

  private shutdown(socket: OpenSocket, how: string, at: Moment, key: number): void {
    if (/^(SHUT_RD|SHUT_RDWR|0|2)\b/.test(how)) socket.readShut = true;
    if (/^(SHUT_WR|SHUT_RDWR|1|2)\b/.test(how) && socket.link !== null)
      this.later(socket, key, 0, (link, side) => link.end(at, side, 'write', this.ordered));
  }

  private closed(socket: OpenSocket): void {
    const { at, key } = this.current;
    this.order.add(key, 0, () => {
      const link = socket.link!.link;
      link.closing(at, socket.side);
      if (!link.isClosing(socket.side)) return;
      const other = peerOf(socket.side);
      this.closings.push({ link, from: socket.side, key });
      // both ends closed: neither contradicts the other
      if (link.isClosing(other)) {
        link.settle(other, this.ordered);
        link.settle(socket.side, this.ordered);
      }
    });
  }

  private settle({ link, from }: Closing): void {
    link.settle(from, this.ordered);
  }

  /** A call that may or may not have written. */
  private unanswered(name: string, socket: OpenSocket | null, at: Moment, key: number): void {
    if (viewOf(name) !== 'write' || socket === null || socket.kind !== 'stream') return;
    this.uncertain++;
    this.later(socket, key, 0, (link, side) => link.lost(at, side, this.ordered));
  }

  private spliced(call: Call, tid: number, moved: number, at: Moment, key: number, end: Moment, endKey: number): void {
    const pieces: readonly Piece[] = [{ bytes: new Uint8Array(0), missing: moved }];
    const from = call.args[0] && this.sockets.resolve(tid, valueText(call, call.args[0]));
    const to = call.args[2] && this.sockets.resolve(tid, valueText(call, call.args[2]));
    if (from?.kind === 'stream' && from.link !== null) this.carry(from, 'read', pieces, end, endKey);
    if (to?.kind === 'stream' && to.link !== null) this.carry(to, 'write', pieces, at, key);
  }
}
