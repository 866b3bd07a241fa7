import type { Limits } from '../../base/limits.js';
import { socketAddress } from './socket-address.js';
import type { Piece } from './socket-link.js';
import type { Moment, SocketPackets } from './socket-packets.js';
import { field, valueNumber, valueText, type Call } from './strace-line.js';
import type { OpenSocket } from './open-sockets.js';
import { StraceSockets } from './strace-sockets.js';
import { meaningOf } from './strace-table.js';
import { StraceTransfers } from './strace-transfers.js';

/** Applies each call of a trace to the sockets and connections that it concerns. */
export class StraceCalls {
  private readonly sockets: StraceSockets;
  private readonly transfers: StraceTransfers;
  private readonly entered = new Map<number, { readonly name: string; readonly socket: OpenSocket | null }>();
  private current: { at: Moment; key: number } = { at: { line: 0, seconds: 0, nanos: 0 }, key: 0 };
  private readonly unseen = new Set<string>();

  constructor(packets: SocketPackets, limits: Readonly<Limits>) {
    this.sockets = new StraceSockets(packets, limits, (socket) => this.transfers.closed(socket, this.current));
    this.transfers = new StraceTransfers(limits, (socket, side) => this.sockets.linkOf(socket, side).link);
  }

  /** The clock jumped back: what follows cannot be put in order with what came before. */
  startOver(): void {
    this.transfers.startOver();
  }

  advance(key: number): void {
    this.transfers.advance(key);
  }

  /** A call was entered, and lines of other threads come before it returns. `text`: what was printed of it so far. */
  enter(name: string, text: string, tid: number, key: number): void {
    const shown = /^[a-z_0-9]+\((\d+(?:<.*?>(?=[,) (]|$))?)/.exec(text)?.[1];
    this.entered.delete(tid);
    if (shown === undefined) return;
    const meaning = meaningOf(name);
    if (meaning === null) return;
    if ('shows' in meaning) {
      const socket = this.sockets.resolve(tid, shown);
      const token = { name, socket };
      this.entered.set(tid, token);
      if (meaning.does === 'write' && socket !== null && socket.kind !== 'other') this.transfers.hold(token, key);
    } else if (meaning.does === 'close') {
      // closed at once: the kernel may give the number to another file before the line comes on which the call returns
      this.sockets.close(tid, shown);
      this.entered.set(tid, { name, socket: null });
    }
  }

  /** An entered call returned. */
  returned(call: Call, tid: number, at: Moment, key: number, end: Moment, endKey: number): void {
    const token = this.entered.get(tid);
    this.entered.delete(tid);
    if (token !== undefined) this.transfers.unhold(token);
    if (meaningOf(call.name)?.does === 'close' && token !== undefined) return;
    this.apply(call, tid, at, key, end, endKey, token?.socket);
  }

  /** A call that was printed on one line. */
  whole(call: Call, tid: number, at: Moment, key: number, end: Moment, endKey: number): void {
    this.apply(call, tid, at, key, end, endKey, undefined);
  }

  exit(tid: number, at: Moment, key: number): void {
    this.current = { at, key };
    const token = this.entered.get(tid);
    if (token !== undefined) {
      this.entered.delete(tid);
      this.transfers.unhold(token);
      this.transfers.unanswered(token.name, token.socket, at, key);
    }
    this.sockets.exit(tid);
  }

  end(): void {
    for (const token of this.entered.values()) {
      this.transfers.unhold(token);
      this.transfers.unanswered(token.name, token.socket, this.current.at, this.current.key);
    }
    this.entered.clear();
    this.transfers.end();
  }

  /** Limits that were hit. */
  *limitsHit(): Iterable<string> {
    yield* this.sockets.givenUp;
    yield* this.transfers.limitsHit();
  }

  /** What this trace does not show. */
  *remarks(): Iterable<string> {
    yield* this.transfers.remarks();
    if (!this.sockets.identities && this.sockets.plainThreads.size > 1)
      yield 'descriptors carry no identity: a connection between two traced processes appears once for each end (record with -yy)';
    if (this.sockets.assumedThreads.size > 0)
      yield 'threads that use the same descriptors are taken for one process: what made them is not in the text (record with -yy)';
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
    const { args, result } = call;
    this.current = { at: end, key: endKey };
    const meaning = meaningOf(call.name);
    if (meaning === null) return;
    if ('shows' in meaning) {
      const view = meaning.does;
      const shown = args[0] === undefined ? '' : valueText(call, args[0]);
      const socket = known === undefined ? this.sockets.resolve(tid, shown) : known;
      if (socket === null || socket.kind === 'other') return;
      if (!socket.used && result !== null && result >= 0) {
        socket.used = true;
        socket.tid = tid;
      }
      if (view === 'write') this.transfers.transfer(call, socket, view, at, key);
      else this.transfers.transfer(call, socket, view, end, endKey);
      return;
    }
    const first = (): OpenSocket | null =>
      args[0] === undefined ? null : this.sockets.resolve(tid, valueText(call, args[0]));
    const text = (i: number): string => (args[i] === undefined ? '' : valueText(call, args[i]));
    switch (meaning.does) {
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
      case 'pipe': {
        const pair = args.find((a) => a.kind === 'list')?.items;
        if (result !== 0 || pair?.length !== 2) return;
        const [a, b] = [valueText(call, pair[0]!), valueText(call, pair[1]!)];
        if (meaning.does === 'socketpair' && /SOCK_STREAM/.test(text(1))) {
          this.sockets.pair(tid, a, b, /SOCK_CLOEXEC/.test(text(1)), end);
          return;
        }
        this.sockets.create(tid, a, 'other', false);
        this.sockets.create(tid, b, 'other', false);
        return;
      }
      case 'own name': {
        const socket = result === 0 ? first() : null;
        const address = socketAddress(call, args[1]);
        if (socket !== null && address !== null && address.name !== '') {
          socket.selfName = address.name;
          socket.transport = address.transport;
        }
        return;
      }
      case 'peer name': {
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
          this.noteThread(tid);
        }
        return;
      }
      case 'accept':
        if (result !== null && result >= 0) {
          this.sockets.accept(tid, first(), call.resultText, socketAddress(call, args[1]), end);
          this.noteThread(tid);
        }
        return;
      case 'shutdown': {
        const socket = result === 0 ? first() : null;
        if (socket !== null) this.transfers.shutdown(socket, text(1), at, key);
        return;
      }
      case 'socket option': {
        if (result !== 0 || text(2) !== 'SO_PEERCRED') return;
        const pid = valueNumber(call, field(args[3], 'pid'));
        const socket = first();
        if (socket !== null && pid !== null) socket.peerPid = pid;
        return;
      }
      case 'duplicate':
        if (result !== null && result >= 0)
          this.sockets.duplicate(tid, first(), call.resultText, /O_CLOEXEC/.test(text(2)));
        return;
      case 'descriptor control':
        if (result !== null && result >= 0 && /^F_DUPFD/.test(text(1)))
          this.sockets.duplicate(tid, first(), call.resultText, /CLOEXEC/.test(text(1)));
        return;
      case 'new thread':
        if (result !== null && result > 0) this.sockets.clone(tid, result, /\bCLONE_FILES\b/.test(call.text));
        return;
      case 'new program':
        if (result === 0) this.sockets.execute(tid);
        return;
      case 'splice':
        if (result !== null && result > 0) this.spliced(call, tid, result, at, key, end, endKey);
        return;
      case 'ring':
        this.unseen.add('io_uring');
        return;
      case 'open':
        if (result !== null && result >= 0) this.sockets.create(tid, call.resultText, 'other', false);
    }
  }

  private noteThread(tid: number): void {
    const { plainThreads } = this.sockets;
    if (plainThreads.size < 2) plainThreads.add(tid);
  }

  private spliced(call: Call, tid: number, moved: number, at: Moment, key: number, end: Moment, endKey: number): void {
    const pieces: readonly Piece[] = [{ bytes: new Uint8Array(0), missing: moved }];
    const from = call.args[0] && this.sockets.resolve(tid, valueText(call, call.args[0]));
    const to = call.args[2] && this.sockets.resolve(tid, valueText(call, call.args[2]));
    if (from?.kind === 'stream' && from.link !== null) this.transfers.carry(from, 'read', pieces, end, endKey);
    if (to?.kind === 'stream' && to.link !== null) this.transfers.carry(to, 'write', pieces, at, key);
  }
}
