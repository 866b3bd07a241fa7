import { EMPTY_BLOCK } from '../base/block.js';
import type { Limits } from '../base/limits.js';
import type { Packet, SocketEvent } from '../capture/packet.js';
import { forgetOldest, type EmitSocketEvent, type SocketLink } from './socket-link.js';

/**
 * Frames of a Linux vsockmon device (link type VSOCK): linux/vsockmon.h, all little endian. Two reserved bytes after the length
 * are missing in the drawing on tcpdump.org, but kernel and Wireshark have them. Files that follow the drawing are recognised by
 * the addresses, which the transport header repeats.
 */
const SOURCE_CID = 0;
const DESTINATION_CID = 8;
const SOURCE_PORT = 16;
const DESTINATION_PORT = 20;
const OP = 24;
const TRANSPORT = 26;
const TRANSPORT_LENGTH = 28;
const HEADER = 32;
const RESERVED = 2;

const OP_CONNECT = 1;
const OP_DISCONNECT = 2;
const OP_PAYLOAD = 4;
const TRANSPORT_VIRTIO = 2;

/** linux/virtio_vsock.h, struct virtio_vsock_hdr. */
const VIRTIO_OP = 30;
const VIRTIO_FLAGS = 32;
const VIRTIO_SIZE = 44;
const VIRTIO_REQUEST = 1;
const VIRTIO_RST = 3;
const VIRTIO_SHUTDOWN = 4;
/** Shutdown: "I will send no more". */
const SHUTDOWN_SEND = 2;

/** How many bytes of two frames are compared, to recognize a frame that the kernel delivered twice. */
const COMPARED = 64 << 10;

/** One connection between two (CID, port) pairs. */
class VsockConnection {
  readonly connection: string;
  readonly endpoints: readonly [string, string];
  /** Endpoint name of side 0. */
  readonly first: string;
  readonly rolesKnown: boolean;
  readonly ended: [boolean, boolean] = [false, false];
  /** Whether a Request was seen, and nothing else yet. */
  fresh: boolean;
  /** Whether every frame comes twice, because two devices of one kernel show the connection. */
  doubled = false;
  /** The last frame, while its copy may still come. */
  last: Uint8Array | null = null;

  constructor(connection: string, source: string, destination: string, requested: boolean) {
    this.connection = connection;
    this.first = source;
    this.endpoints = [source, destination];
    this.rolesKnown = requested;
    this.fresh = requested;
  }
}

/** Turns vsock frames into the streams that they carry. */
export class VsockMonitor implements SocketLink {
  limitHit = '';
  private readonly limits: Readonly<Limits>;
  private readonly open = new Map<string, VsockConnection>();
  private count = 0;
  /** Bytes in front of the transport header. */
  private header = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  packet(p: Packet, emit: EmitSocketEvent): boolean {
    const { block, start, end } = p;
    if (end - start < HEADER - RESERVED) return false;
    const { view } = block;
    if (this.header === 0) this.header = headerSize(p);
    const { header } = this;
    const op = view.getUint16(start + OP, true);
    const transportLength = view.getUint16(start + TRANSPORT_LENGTH, true);
    const payload = start + (header || HEADER) + transportLength;
    const virtio = view.getUint16(start + TRANSPORT, true) === TRANSPORT_VIRTIO && transportLength >= VIRTIO_SIZE;
    const known = virtio && header > 0 && end - start >= header + VIRTIO_SIZE;
    const virtioOp = known ? view.getUint16(start + header + VIRTIO_OP, true) : 0;
    const source = address(p, SOURCE_CID, SOURCE_PORT);
    const destination = address(p, DESTINATION_CID, DESTINATION_PORT);
    const key = source < destination ? `${source} ${destination}` : `${destination} ${source}`;
    const requested = op === OP_CONNECT && virtioOp === VIRTIO_REQUEST;
    let c = this.open.get(key);
    if (c !== undefined && this.isCopy(c, p, requested)) return true;
    if (requested && c !== undefined) {
      this.open.delete(key);
      c = undefined;
    }
    if (c === undefined) {
      if (op !== OP_PAYLOAD && !requested) return op <= OP_PAYLOAD;
      c = this.add(key, source, destination, requested);
    }
    c.last = block.bytes.slice(start, Math.min(end, start + COMPARED));
    const from = source === c.first ? 0 : 1;
    const tell = (kind: SocketEvent['kind'], side: 0 | 1, at = 0, length = 0): void => {
      const event: SocketEvent = {
        transport: 'vsock',
        connection: c.connection,
        endpoints: c.endpoints,
        rolesKnown: c.rolesKnown,
        ordered: true,
        kind,
        from: side,
      };
      emit(event, kind === 'data' ? block : EMPTY_BLOCK, at, kind === 'data' ? end : 0, length);
    };
    if (requested) {
      tell('open', 0);
      return true;
    }
    c.fresh = false;
    if (op === OP_PAYLOAD) {
      // the packet's length counts: where a frame was split for the receiver's buffer, its header may still give the whole length
      const length = p.originalLength - (payload - start);
      if (length > 0) tell('data', from, Math.min(payload, end), length);
    } else if (op === OP_DISCONNECT) {
      this.disconnect(key, c, from, virtioOp, known ? view.getUint32(start + header + VIRTIO_FLAGS, true) : 0, tell);
    }
    return true;
  }

  /** A Shutdown ends its sender's direction. A Rst after the peer's Shutdown is the usual answer to it; else it resets the connection. */
  private disconnect(
    key: string,
    c: VsockConnection,
    from: 0 | 1,
    virtioOp: number,
    flags: number,
    tell: (kind: SocketEvent['kind'], side: 0 | 1) => void,
  ): void {
    const peer = from === 0 ? 1 : 0;
    const finish = (side: 0 | 1, kind: 'fin' | 'reset'): void => {
      if (c.ended[side]) return;
      c.ended[side] = true;
      tell(kind, side);
    };
    if (virtioOp === VIRTIO_SHUTDOWN) {
      if (flags & SHUTDOWN_SEND) finish(from, 'fin');
    } else if (virtioOp === VIRTIO_RST) {
      finish(from, c.ended[peer] ? 'fin' : 'reset');
      this.open.delete(key);
    }
  }

  private add(key: string, source: string, destination: string, requested: boolean): VsockConnection {
    if (this.open.size >= this.limits.flows) {
      forgetOldest(this.open, this.limits.flows);
      this.limitHit = `flows: more than ${this.limits.flows} vsock connections; the oldest are forgotten`;
    }
    const c = new VsockConnection(`vsock ${++this.count}`, source, destination, requested);
    this.open.set(key, c);
    return c;
  }

  /** Whether this frame is the second copy of the one before. The Request shows whether the connection has copies at all. */
  private isCopy(c: VsockConnection, p: Packet, requested: boolean): boolean {
    if (!c.doubled && !(requested && c.fresh)) return false;
    const { block, start, end } = p;
    if (c.last === null || Buffer.compare(c.last, block.bytes.subarray(start, Math.min(end, start + COMPARED))) !== 0) {
      return false;
    }
    c.doubled = true;
    c.last = null;
    return true;
  }
}

/** Size of the header before the transport header, found by the addresses that the latter repeats; 0 where there is no transport header. */
function headerSize(p: Packet): number {
  const { bytes } = p.block;
  const length = p.block.view.getUint16(p.start + TRANSPORT_LENGTH, true);
  if (length < OP || p.end - p.start < HEADER + OP) return 0;
  for (const size of [HEADER, HEADER - RESERVED]) {
    let same = 0;
    while (same < OP && bytes[p.start + size + same] === bytes[p.start + same]) same++;
    if (same === OP) return size;
  }
  return 0;
}

function address(p: Packet, cidAt: number, portAt: number): string {
  const { view } = p.block;
  const low = view.getUint32(p.start + cidAt, true);
  const high = view.getUint32(p.start + cidAt + 4, true);
  const cid = high === 0 ? String(low) : view.getBigUint64(p.start + cidAt, true).toString();
  return `vsock:${cid}:${view.getUint32(p.start + portAt, true)}`;
}
