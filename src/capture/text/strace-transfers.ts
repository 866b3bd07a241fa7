import type { Limits } from '../../base/limits.js';
import { byteSize, count } from '../../base/text.js';
import type { OpenSocket } from './open-sockets.js';
import { peerOf, type Piece, type SocketLink, type SocketSide, type View } from './socket-link.js';
import { SocketOrder } from './socket-order.js';
import type { Moment } from './socket-packets.js';
import { asked, carried, movedBytes, offStream } from './strace-data.js';
import { valueText, type Call } from './strace-line.js';
import { transferOf } from './strace-table.js';

/** Microseconds after which the close of a socket's last known descriptor counts as the end, if the socket was not used again. */
const BELIEVED_AFTER = 1e6;
/** Bytes of memory for a held call, besides the bytes that it transferred. */
const HELD_COST = 256;

interface Closing {
  readonly link: SocketLink;
  readonly from: SocketSide;
  readonly key: number;
}

/** Passes what calls transferred over sockets on to the connections, in order of time. */
export class StraceTransfers {
  private readonly order: SocketOrder;
  /** Closes that may not be the end yet (see BELIEVED_AFTER), oldest first; those before index `believed` were. */
  private readonly closings: Closing[] = [];
  private believed = 0;
  private ordered = true;
  private readonly heldBytes = new WeakMap<OpenSocket, number>();
  /** The same for all descriptors together, with HELD_COST for each call. */
  private heldInAll = 0;
  private readonly hit = new Set<'unknownCalls' | 'unknownBytes' | 'bufferedBytes'>();
  private believedEarly = 0;
  private cutBytes = 0;
  private cutCalls = 0;
  private unknownBytes = 0;
  private unknownDescriptors = 0;
  private uncertain = 0;

  private readonly limits: Readonly<Limits>;
  private readonly linkOf: (socket: OpenSocket, side: SocketSide) => SocketLink;

  /** `linkOf`: see StraceSockets. */
  constructor(limits: Readonly<Limits>, linkOf: (socket: OpenSocket, side: SocketSide) => SocketLink) {
    this.limits = limits;
    this.order = new SocketOrder(limits);
    this.linkOf = linkOf;
  }

  /** Times begin anew: they cannot be compared with earlier ones. */
  startOver(): void {
    this.order.flush();
    this.order.restart();
    this.ordered = false;
  }

  advance(key: number): void {
    this.order.advance(key);
    const { closings } = this;
    while (this.believed < closings.length && closings[this.believed]!.key + BELIEVED_AFTER < key)
      this.believe(closings[this.believed++]!);
    if (this.believed > 4096) {
      closings.splice(0, this.believed);
      this.believed = 0;
    }
  }

  /** A call that may write was entered: events after `key` wait until it has returned. */
  hold(call: object, key: number): void {
    this.order.hold(call, key);
  }

  unhold(call: object): void {
    this.order.unhold(call);
  }

  end(): void {
    this.order.flush();
    for (const closing of this.closings.slice(this.believed)) this.believe(closing);
    this.closings.length = 0;
    this.believed = 0;
  }

  *remarks(): Iterable<string> {
    if (this.cutCalls > 0)
      yield `${count(this.cutCalls, 'call')} not shown whole: ${byteSize(this.cutBytes)} are gaps (record with -s 65535)`;
    if (this.unknownDescriptors > 0)
      yield `${count(this.unknownDescriptors, 'descriptor')} of unknown kind that carried one direction only: ${byteSize(this.unknownBytes)} left out (record with -yy, or from the start)`;
    if (this.uncertain > 0)
      yield `${count(this.uncertain, 'write')} whose result is not known: each is a gap of unknown size`;
  }

  transfer(call: Call, socket: OpenSocket, view: View, at: Moment, key: number): void {
    if (offStream(call)) return;
    const { result, name } = call;
    if (socket.kind === 'unknown' && transferOf(name)?.socketOnly === true) {
      // a sendto with an address sends a datagram
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

  carry(socket: OpenSocket, view: View, pieces: readonly Piece[], at: Moment, key: number): void {
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
    // It is unknown what this descriptor is. Bytes in both directions make it a socket: files and pipes have one direction only. Event
    // counters have both, but always transfer eight bytes.
    socket.held.push({ view, eight: moved === 8, replay: run });
    const bytes = (this.heldBytes.get(socket) ?? 0) + moved;
    this.heldBytes.set(socket, bytes);
    this.heldInAll += moved + HELD_COST;
    const both = socket.held.some((h) => h.view === 'read') && socket.held.some((h) => h.view === 'write');
    if (both && !socket.held.every((h) => h.eight)) this.becomesStream(socket);
    else if (socket.held.length > this.limits.unknownCalls) this.leaveOut(socket, 'unknownCalls');
    else if (bytes > this.limits.unknownBytes) this.leaveOut(socket, 'unknownBytes');
    else if (this.heldInAll > this.limits.bufferedBytes) this.leaveOut(socket, 'bufferedBytes');
  }

  private becomesStream(socket: OpenSocket): void {
    socket.kind = 'stream';
    const held = this.takeHeld(socket);
    for (const { replay } of held) replay();
  }

  private takeHeld(socket: OpenSocket): OpenSocket['held'] {
    const { held } = socket;
    socket.held = [];
    this.heldInAll -= (this.heldBytes.get(socket) ?? 0) + HELD_COST * held.length;
    return held;
  }

  private leaveOut(socket: OpenSocket, limit: 'unknownCalls' | 'unknownBytes' | 'bufferedBytes'): void {
    this.hit.add(limit);
    socket.kind = 'other';
    this.takeHeld(socket);
    this.unknownDescriptors++;
    this.unknownBytes += this.heldBytes.get(socket) ?? 0;
  }

  /** Limits that were hit. */
  *limitsHit(): Iterable<string> {
    const { limits } = this;
    for (const name of this.hit) {
      const what = name === 'unknownCalls' ? 'calls' : name === 'unknownBytes' ? 'bytes' : 'bytes together';
      yield `${name}: descriptors of unknown kind carry one direction only, and more than ${limits[name]} ${what}; they are left out`;
    }
    for (const name of this.order.limitsHit) {
      const what =
        name === 'pendingCalls'
          ? 'calls did not return'
          : `${name === 'reorderedCalls' ? 'calls' : 'bytes'} wait for a call to return`;
      yield `${name}: more than ${limits[name]} ${what}; the order of what came after them is that of the lines`;
    }
    if (this.believedEarly > 0)
      yield `closings: more than ${limits.closings} closes at once; ${count(this.believedEarly, 'connection')} counted as closed before a second had passed`;
  }

  /** Queues `run` on the connection of a socket at the time `key`. */
  private later(
    socket: OpenSocket,
    key: number,
    bytes: number,
    run: (link: SocketLink, side: SocketSide) => void,
  ): void {
    if (socket.kind !== 'stream') return;
    // a Unix socket with a path of its own is the server's; else, without the calls that set it up, the first end seen becomes side 0
    const isServer = socket.transport === 'unix' && socket.selfName !== '' && socket.peer !== '';
    if (isServer) socket.rolesKnown = true;
    const link = this.linkOf(socket, isServer ? 1 : 0);
    this.order.add(key, bytes, () => {
      // the socket may have been joined with its peer since
      const now = socket.link?.link ?? link;
      run(now, socket.side);
    });
  }

  shutdown(socket: OpenSocket, how: string, at: Moment, key: number): void {
    if (/^(SHUT_RD|SHUT_RDWR|0|2)\b/.test(how)) socket.readShut = true;
    if (/^(SHUT_WR|SHUT_RDWR|1|2)\b/.test(how) && socket.link !== null)
      this.later(socket, key, 0, (link, side) => link.end(at, side, 'write', this.ordered));
  }

  closed(socket: OpenSocket, { at, key }: { readonly at: Moment; readonly key: number }): void {
    this.order.add(key, 0, () => {
      const link = socket.link!.link;
      link.closing(at, socket.side);
      if (!link.isClosing(socket.side)) return;
      const other = peerOf(socket.side);
      this.closings.push({ link, from: socket.side, key });
      if (this.closings.length - this.believed > this.limits.closings) {
        this.believedEarly++;
        this.believe(this.closings[this.believed++]!);
      }
      // both ends were closed: neither can be used again
      if (link.isClosing(other)) {
        link.endIfClosing(other, this.ordered);
        link.endIfClosing(socket.side, this.ordered);
      }
    });
  }

  private believe({ link, from }: Closing): void {
    link.endIfClosing(from, this.ordered);
  }

  /** A call whose result is not known: it may have written. */
  unanswered(name: string, socket: OpenSocket | null, at: Moment, key: number): void {
    if (transferOf(name)?.does !== 'write' || socket === null || socket.kind !== 'stream') return;
    this.uncertain++;
    this.later(socket, key, 0, (link, side) => link.lost(at, side, this.ordered));
  }
}
