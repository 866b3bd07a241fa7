import { EMPTY_BLOCK } from '../base/block.js';
import type { Limits } from '../base/limits.js';
import { wireText } from '../base/text.js';
import type { Packet, SocketEvent } from '../capture/packet.js';
import { forgetOldest, type EmitSocketEvent, type SocketLink } from './socket-link.js';

/**
 * The records that sockdump writes (link type USER0), one for each segment of a send on a Unix socket. A header precedes the payload:
 * the socket's path, the process id of the peer, and that of the sender; versions before 2026 wrote no path. All numbers are big
 * endian, whatever the file's byte order is.
 */
const PATH_LENGTH = 0;
const PATH = 1;
const PATH_SIZE = 108;
const PEER = 109;
const SENDER = 117;
const HEADER = 125;

const OLD_PEER = 0;
const OLD_SENDER = 8;
const OLD_HEADER = 16;

/** Linux has no higher process ids (PID_MAX_LIMIT). */
const MAX_PID = 1 << 22;

/** A process that sends more half streams than this whose other half has not come is no client. */
const MAX_OPEN_OF_CLIENT = 8;

type Form = 'with-path' | 'pids-only';

/** One direction of a connection: who sends to whom. */
interface Half {
  readonly sender: number;
  readonly peer: number;
}

/** Two half streams that belong together; side 0 is the one whose process is taken for the client, or was seen first. */
class Pair {
  readonly connection: string;
  readonly halves: [Half | null, Half | null] = [null, null];
  readonly endpoints: [string, string] = ['unix:unknown', 'unix:unknown'];
  readonly rolesKnown: boolean;
  /** Whether its `open` event was emitted. */
  opened = false;

  constructor(connection: string, rolesKnown: boolean) {
    this.connection = connection;
    this.rolesKnown = rolesKnown;
  }

  take(side: 0 | 1, half: Half): void {
    this.halves[side] = half;
    this.endpoints[side] = `unix:pid=${half.sender}`;
    const other = side === 0 ? 1 : 0;
    if (this.halves[other] === null && half.peer > 0) this.endpoints[other] = `unix:pid=${half.peer}`;
  }
}

/** The place of a half stream in a pair. */
interface Place {
  readonly pair: Pair;
  readonly from: 0 | 1;
  readonly half: Half;
}

/** What is known of the sockets of one path. */
class Path {
  /** By `sender peer`. */
  readonly places = new Map<string, Place>();
  /** Half streams without their other half, by the peer that they name, and by their sender. */
  private readonly byPeer = new Map<number, Set<Place>>();
  private readonly bySender = new Map<number, Set<Place>>();
  /** First sender to each process; a process that a second one sends to is a server. */
  private readonly firstSender = new Map<number, number>();
  readonly servers = new Set<number>();

  /** Finds out which processes are servers: those to which two others send. */
  learn(half: Half): void {
    const first = this.firstSender.get(half.peer);
    if (first === undefined) this.firstSender.set(half.peer, half.sender);
    else if (first !== half.sender) this.servers.add(half.peer);
  }

  /** Remembers a half stream whose other half has not come yet. */
  addUnpaired(place: Place): void {
    for (const [map, pid] of this.indexes(place)) {
      const set = map.get(pid);
      if (set === undefined) map.set(pid, new Set([place]));
      else set.add(place);
    }
  }

  /**
   * Removes and returns the half stream of the other direction, if it has come. Sender and peer need not be the same two processes in
   * both: a server that forks, as every daemon does, sends under another id than its clients see. Then the halves are matched by the
   * client's process id, as the server's is the same for all its clients.
   */
  takeMate(half: Half): Place | null {
    const exact = this.places.get(`${half.peer} ${half.sender}`);
    let mate = exact !== undefined && this.byPeer.get(half.sender)?.has(exact) ? exact : undefined;
    if (mate === undefined && !this.servers.has(half.sender)) mate = first(this.byPeer.get(half.sender));
    const sent = this.bySender.get(half.peer);
    if (mate === undefined && sent !== undefined && sent.size <= MAX_OPEN_OF_CLIENT) {
      for (const place of sent) if (this.servers.has(place.half.peer)) mate = place;
    }
    // versions before 2020 did not know the peer: the only two senders belong together
    if (mate === undefined && half.peer === 0 && this.places.size === 1) mate = first(this.byPeer.get(0));
    if (mate === undefined) return null;
    for (const [map, pid] of this.indexes(mate)) {
      const set = map.get(pid)!;
      set.delete(mate);
      if (set.size === 0) map.delete(pid);
    }
    return mate;
  }

  private indexes(place: Place): readonly (readonly [Map<number, Set<Place>>, number])[] {
    return [
      [this.byPeer, place.half.peer],
      [this.bySender, place.half.sender],
    ];
  }
}

function first<T>(set: ReadonlySet<T> | undefined): T | undefined {
  return set?.values().next().value;
}

/** Sorts sockdump records into connections. */
export class Sockdump implements SocketLink {
  limitHit = '';
  private readonly limits: Readonly<Limits>;
  private form: Form | null = null;
  private readonly paths = new Map<string, Path>();
  private pairs = 0;
  private halves = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  packet(p: Packet, emit: EmitSocketEvent): boolean {
    this.form ??= recognise(p);
    if (this.form === null || !fits(p, this.form)) return false;
    const { block, start, end } = p;
    const { view, bytes } = block;
    const withPath = this.form === 'with-path';
    const header = withPath ? HEADER : OLD_HEADER;
    const path = withPath ? wireText(bytes, start + PATH, start + PATH + bytes[start + PATH_LENGTH]!) : '';
    const peer = view.getUint32(start + (withPath ? PEER : OLD_PEER) + 4);
    const sender = view.getUint32(start + (withPath ? SENDER : OLD_SENDER) + 4);
    const place = this.place(path, { sender, peer });
    const { pair, from } = place;
    const event = (kind: SocketEvent['kind']): SocketEvent => ({
      transport: 'unix',
      connection: pair.connection,
      endpoints: pair.endpoints,
      path,
      rolesKnown: pair.rolesKnown,
      ordered: false,
      assumed: true,
      kind,
      from,
    });
    if (!pair.opened) {
      pair.opened = true;
      emit(event('open'), EMPTY_BLOCK, 0, 0, 0);
    }
    emit(event('data'), block, start + header, end, p.originalLength - header);
    return true;
  }

  private place(path: string, half: Half): Place {
    let known = this.paths.get(path);
    if (known === undefined) {
      const { listItems } = this.limits;
      if (this.paths.size >= listItems) {
        forgetOldest(this.paths, listItems);
        this.limitHit = `listItems: more than ${listItems} socket paths; the oldest are forgotten`;
      }
      known = new Path();
      this.paths.set(path, known);
    }
    const key = `${half.sender} ${half.peer}`;
    const place = known.places.get(key);
    if (place !== undefined) return place;
    if (++this.halves > this.limits.flows) {
      // too many to remember: all are forgotten, and an old pair that goes on becomes a new stream
      this.halves = 1;
      this.limitHit = `flows: more than ${this.limits.flows} pairs of processes; they are told apart anew`;
      this.paths.clear();
      this.paths.set(path, (known = new Path()));
    }
    known.learn(half);
    const found = this.join(known, half) ?? this.open(known, half);
    known.places.set(key, found);
    return found;
  }

  private join(path: Path, half: Half): Place | null {
    const mate = path.takeMate(half);
    if (mate === null) return null;
    const from = mate.from === 0 ? 1 : 0;
    mate.pair.take(from, half);
    return { pair: mate.pair, from, half };
  }

  private open(path: Path, half: Half): Place {
    const senderServes = path.servers.has(half.sender);
    const peerServes = path.servers.has(half.peer);
    const from = senderServes && !peerServes ? 1 : 0;
    const pair = new Pair(`sockdump ${++this.pairs}`, senderServes !== peerServes);
    pair.take(from, half);
    const place: Place = { pair, from, half };
    path.addUnpaired(place);
    return place;
  }
}

function recognise(p: Packet): Form | null {
  if (fits(p, 'with-path')) return 'with-path';
  return fits(p, 'pids-only') ? 'pids-only' : null;
}

/** Start and end index of the path in a record's header; equal where there is none. */
export function pathIn(header: Uint8Array): readonly [number, number] {
  return header.length < HEADER ? [0, 0] : [PATH, PATH + header[PATH_LENGTH]!];
}

/** Whether the record has a header of that form. A new header with an empty path does not pass for an old one: its sender would be 0. */
function fits(p: Packet, form: Form): boolean {
  const { block, start, end } = p;
  const { bytes } = block;
  if (form === 'pids-only') {
    return end - start >= OLD_HEADER && pid(p, OLD_PEER) >= 0 && pid(p, OLD_SENDER) > 0;
  }
  if (end - start < HEADER || bytes[start + PATH_LENGTH]! > PATH_SIZE) return false;
  const pathEnd = start + PATH + bytes[start + PATH_LENGTH]!;
  for (let i = start + PATH; i < start + PEER; i++) {
    if (i < pathEnd ? bytes[i] === 0 : bytes[i] !== 0) return false;
  }
  return pid(p, PEER) >= 0 && pid(p, SENDER) > 0;
}

/** The process id in a 64-bit field, or -1 where it cannot be one. */
function pid(p: Packet, at: number): number {
  const { view } = p.block;
  const low = view.getUint32(p.start + at + 4);
  return view.getUint32(p.start + at) === 0 && low <= MAX_PID ? low : -1;
}
