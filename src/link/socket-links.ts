import type { Block } from '../base/block.js';
import type { Limits } from '../base/limits.js';
import type { Packet, SocketEvent } from '../capture/packet.js';

/** Takes what one packet tells: an event and its payload, `block.bytes[start..end)`, `length` bytes long on the wire. */
export type EmitSocketEvent = (event: SocketEvent, block: Block, start: number, end: number, length: number) => void;

/** Decodes the packets of a link type that carries what was sent over sockets instead of frames of a network. */
export interface SocketLink {
  /** `packet` is reused: copy what must stay. Zero or more events, in order. */
  packet(packet: Packet, emit: EmitSocketEvent): void;
}

export type SocketLinks = ReadonlyMap<number, (limits: Readonly<Limits>) => SocketLink>;

/** Link types that carry socket data, each with what makes its decoder (one for each capture). */
export const SOCKET_LINKS: SocketLinks = new Map();
