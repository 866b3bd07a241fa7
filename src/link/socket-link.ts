import type { Block } from '../base/block.js';
import type { Packet, SocketEvent } from '../capture/packet.js';

/** Takes an event of one packet, with its payload `block.bytes[start..end)`, which was `length` bytes long when it was sent. */
export type EmitSocketEvent = (event: SocketEvent, block: Block, start: number, end: number, length: number) => void;

/** Decodes the packets of a link type that carries data sent over sockets instead of network frames. */
export interface SocketLink {
  /**
   * Emits zero or more events, in order. `packet` is reused: copy what must stay. Returns false where the packet is not what the link
   * type should carry (others use private link types for other things): it is then counted as not decoded.
   */
  packet(packet: Packet, emit: EmitSocketEvent): boolean;
  /** What was given up because of a limit, as a text that begins with the limit's name; empty: nothing. */
  readonly limitHit: string;
}

/**
 * Makes room in a table by removing some of its oldest entries. Several at once, as iterating over entries that were deleted at a Map's
 * front costs as much as deleting them.
 */
export function forgetOldest(table: Map<unknown, unknown>, limit: number): void {
  let room = Math.max(1, limit >> 4);
  for (const key of table.keys()) {
    table.delete(key);
    if (--room === 0) return;
  }
}
