import type { Block } from '../base/block.js';
import type { Packet, SocketEvent } from '../capture/packet.js';

/** Takes what one packet tells: an event and its payload, `block.bytes[start..end)`, `length` bytes long on the wire. */
export type EmitSocketEvent = (event: SocketEvent, block: Block, start: number, end: number, length: number) => void;

/** Decodes the packets of a link type that carries what was sent over sockets instead of frames of a network. */
export interface SocketLink {
  /**
   * `packet` is reused: copy what must stay. Zero or more events, in order. False where the packet is not what the link type
   * should carry (private link types mean something else to everybody): it is then counted as not decoded.
   */
  packet(packet: Packet, emit: EmitSocketEvent): boolean;
  /** What was given up, in words that begin with the limit; empty: nothing. */
  readonly limitHit: string;
}

/**
 * Makes room in a table by forgetting a part of what has been in it longest: to step over what was deleted at a Map's front costs as
 * much as to delete it.
 */
export function forgetOldest(table: Map<unknown, unknown>, limit: number): void {
  let room = Math.max(1, limit >> 4);
  for (const key of table.keys()) {
    table.delete(key);
    if (--room === 0) return;
  }
}
