import type { Block } from '../base/block.js';
import type { Segment } from '../link/segment.js';
import type { Origin } from '../base/origin.js';
import type { Rule } from '../base/rule.js';
import type { Unacknowledged } from './resent.js';

/** The end of a connection that opened it (0) or was opened to (1); where no set-up was seen, 0 is the first sender seen. */
export type End = 0 | 1;

/** What is known of a connection from below the protocols. */
export interface Connection {
  /** From 1, in order of first packet within the file. */
  readonly id: number;
  readonly transport: 'tcp' | 'unix' | 'vsock';
  /** Endpoint names by end, as the contract prints them. */
  readonly endpoints: readonly [string, string];
  /** TCP ports by end; 0 where there are none. */
  readonly ports: readonly [number, number];
  /** Whether set-up was captured, so that byte 0 of each end is the true first byte. */
  readonly start: 'captured' | 'missed';
  /** Whether end 0 is known to be the one that connected. */
  readonly initiatorKnown: boolean;
  /** Whether the order of bytes between the two directions can be believed. */
  readonly ordered: boolean;
  /** By end: whether any packet that it sent is in the capture so far (also one without payload). Live. */
  readonly heard: readonly [boolean, boolean];
  /**
   * By end, where `start` says `captured`: whether its first byte is known by its own SYN, or by the answer to that. Else the first byte
   * captured, or the first acknowledgement, was taken for it. Not given: known. Live.
   */
  readonly startKnown?: readonly [boolean, boolean];
  /**
   * By end: what it has sent again, and the peer has not acknowledged since; null where there is nothing. Packets that are too long for
   * the path look like that. Not given: unknown. Live.
   */
  readonly unacknowledged?: readonly [Unacknowledged | null, Unacknowledged | null];
  /** By end: up to which offset of its stream the peer said that it has its bytes. Not given: unknown. Live. */
  readonly acknowledged?: readonly [number, number];
  /** VLAN id or -1, comment (process ids of a recorder) or empty. */
  readonly vlan: number;
  readonly comment: string;
  /**
   * Some recordings do not show how connections begin, and `start` says `captured` on trust. Called when no protocol knows the
   * first bytes as a beginning: true where it says `missed` from now on.
   */
  doubtStart?(): boolean;
  /** Called once, when no protocol claims the stream: its bytes are only counted from now on. */
  unclaimed?(): void;
  /** Called once, when a protocol tells which end is its client: some recordings name a server without telling its end. */
  identified?(clientEnd: End): void;
}

/**
 * Takes the two byte streams of one connection, in order and without holes that are not announced. Bytes belong to the caller
 * again when `bytes` returns.
 */
export interface StreamSink {
  /**
   * A segment of a TCP connection, before anything that it means; whether it brings anything new or not. `offset`: the stream offset of
   * its first byte (below 0, or behind what was delivered, where it repeats or reorders). The segment is reused: copy to keep.
   */
  segment?: ((segment: Segment, from: End, offset: number) => void) | undefined;
  /** The next bytes of the stream that `from` sent: `block.bytes[start..end)`. `origin` is reused: copy to keep. */
  bytes(from: End, block: Block, start: number, end: number, origin: Origin): void;
  /**
   * The next `length` bytes of that stream were never captured (`cut`: by the snapshot length). `origin`: what proved it. A length
   * of 0, from recordings of socket calls only, says that bytes are missing and nobody knows how many.
   */
  gap(from: End, length: number, cut: boolean, origin: Origin): void;
  /** That direction ended: FIN delivered in order, or reset by its sender. */
  end(from: End, how: 'fin' | 'reset', origin: Origin): void;
  /** A diagnostic about that direction; `offset` is a stream offset. */
  note(rule: Rule, from: End | null, offset: number, length: number, text: string, origin: Origin): void;
  /** Copies of these bytes of the stream differ, so that what rests on them is not certain. Comes before them, where that is known. */
  contested?(from: End, offset: number, length: number): void;
  /** There are too many connections: bytes of this one, which has had none so far, are to be counted and no more. */
  neglect?(): void;
  /**
   * The connection was quiet for a while. Keeps under that number the little that it can be rebuilt from, and is dropped; or says
   * false, where it holds more than that.
   */
  park?(as: number): boolean;
  /** Called once, last. `open`: the capture ended (or the state was given up) before the connection did. */
  close(how: 'closed' | 'reset' | 'open'): void;
}

/**
 * Makes the sink for a connection; `origin` is its first packet. A connection of which only a SYN was seen has to wait for more, or for
 * its end: sinks are not always made in the order of their numbers. `parked`: the number under which the sink of this very connection
 * was parked, or -1.
 */
export type StreamOpener = (connection: Connection, origin: Origin, parked: number) => StreamSink;
