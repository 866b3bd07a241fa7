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
}
