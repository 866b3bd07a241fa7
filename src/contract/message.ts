import type { Input, Side } from '../base/input.js';
import type { Origin } from '../base/origin.js';
import { nanosBetween } from '../base/time.js';

/**
 * One decoded message: small and flat. Each protocol derives few classes from it and sets every field in the constructor, so
 * that hot property reads stay monomorphic. Field trees are made on demand (Protocol.annotate).
 */
export abstract class Message {
  /**
   * Position among the stream's messages, from 1, in the order in which they were completed; 0 until then. `packet` may decrease from one
   * message to the next: bytes behind a hole are held until the hole is given up for lost, while the peer's messages go on.
   */
  index = 0;
  /** Who sent it. */
  readonly side: Side;
  /** Offset of its first byte in its direction's stream. */
  readonly offset: number;
  /** Header and payload in bytes, as announced by the message, also where part of it was not captured. */
  length = 0;
  /** Whether all of it was captured. */
  complete = true;
  /** Bytes of it that were not captured. */
  missing = 0;
  /** How many of these, at its end, were never sent: the direction or the connection ended before them. */
  unsent = 0;
  /** Whether knowledge from the other direction was needed to decode it (contract: `context`). */
  hinted = false;
  /** Whether it was framed by inference (after a gap, without the peer): findings about it are at most `likely`. */
  inferred = false;
  /** Index of the request that it answers, or 0. */
  inReplyTo = 0;
  /** Nanoseconds from the end of that request to the end of this message, or -1. */
  latency = -1;
  /** Of its first byte: packet number, and how much the sender had received by then (see Origin.peerSeen). */
  readonly firstPacket: number;
  readonly peerSeen: number;
  /** Packet number and time of its last captured byte. */
  packet: number;
  seconds: number;
  nanos: number;
  /** Nanoseconds from its first byte's packet to that of its last captured one. */
  sending = 0;
  /** A copy of its first bytes (header and a bounded part of the payload), where printing needs them; else null. */
  head: Uint8Array | null = null;

  /** A message that begins at the input's position. */
  constructor(side: Side, input: Input) {
    const origin = input.originAt(input.pos);
    this.side = side;
    this.offset = input.base + input.pos;
    this.firstPacket = origin.packet;
    this.peerSeen = origin.peerSeen;
    this.packet = origin.packet;
    this.seconds = origin.seconds;
    this.nanos = origin.nanos;
  }

  /** The protocol's own name for it (contract: events). */
  abstract readonly name: string;

  /** Bytes of it that are in memory. */
  get keptBytes(): number {
    return this.head?.length ?? 0;
  }

  /** Stream offset just after it. */
  get endOffset(): number {
    return this.offset + this.length;
  }

  /** Records that it answers `request`. */
  answers(request: { readonly index: number; readonly seconds: number; readonly nanos: number }): void {
    this.inReplyTo = request.index;
    this.latency = nanosBetween(request.seconds, request.nanos, this.seconds, this.nanos);
  }

  /** Sets packet and time of the last captured byte. */
  endAt(origin: Origin): void {
    if (origin.packet === this.packet) return;
    this.sending += (origin.seconds - this.seconds) * 1e9 + (origin.nanos - this.nanos);
    this.packet = origin.packet;
    this.seconds = origin.seconds;
    this.nanos = origin.nanos;
  }
}
