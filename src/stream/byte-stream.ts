import type { Block } from '../base/block.js';
import type { Segment } from '../link/segment.js';
import type { Origin } from '../base/origin.js';
import type { Rule } from '../base/rule.js';
import type { Unacknowledged } from './resent.js';

/** The end of a connection that opened it (0) or was opened to (1); where no set-up was seen, 0 is the first sender seen. */
export type End = 0 | 1;

/** What is known of a connection from the layers below the protocols. Live: the value may change while packets come. */
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
  /** Whether the capture's order of bytes between the two directions is reliable. */
  readonly ordered: boolean;
  /** By end: whether any packet that it sent is in the capture so far (also one without payload). Live. */
  readonly heard: readonly [boolean, boolean];
  /**
   * By end, where `start` is `captured`: whether its SYN, or the answer to that, told which byte is its first. Else the first byte captured,
   * or the first byte acknowledged, was taken for it. Not given: known. Live.
   */
  readonly startKnown?: readonly [boolean, boolean];
  /**
   * By end: the bytes that it has retransmitted and the peer has not acknowledged; null where there are none. Packets longer than the path
   * allows (its MTU) look like that. Not given: unknown. Live.
   */
  readonly unacknowledged?: readonly [Unacknowledged | null, Unacknowledged | null];
  /** By end: the stream offset up to which the peer has acknowledged its bytes. Not given: unknown. Live. */
  readonly acknowledged?: readonly [number, number];
  /** VLAN id or -1, comment (process ids of a recorder) or empty. */
  readonly vlan: number;
  readonly comment: string;
  /**
   * Some recordings do not show how connections begin, and `start` is `captured` by assumption. Called when no protocol recognizes the
   * first bytes as its beginning. Returns whether `start` has become `missed`.
   */
  doubtStart?(): boolean;
  /** Whether `start` is `captured` by assumption only (see doubtStart). Not given: it is not. Live. */
  readonly startAssumed?: boolean;
  /** Called once, when no protocol claims the stream: its bytes are only counted from now on. */
  unclaimed?(): void;
  /** Called once, when a protocol tells which end is its client: some recordings name a server without telling its end. */
  identified?(clientEnd: End): void;
}

/** Takes the two byte streams of one connection, in order; missing bytes are announced as gaps. */
export interface StreamSink {
  /**
   * Every segment of a TCP connection, also one that brings nothing new, before the calls that result from it. `offset`: the stream offset
   * of its first byte, which need not be the next one: segments are retransmitted and reordered. The segment is reused: copy to keep.
   */
  segment?: ((segment: Segment, from: End, offset: number) => void) | undefined;
  /** The next bytes of the stream that `from` sent: `block.bytes[start..end)`. Bytes and `origin` are reused afterwards: copy to keep. */
  bytes(from: End, block: Block, start: number, end: number, origin: Origin): void;
  /**
   * The next `length` bytes of that stream were not captured (`cut`: because of the snapshot length). `origin`: the packet that proved it. A
   * length of 0, in recordings of socket calls only, means that bytes are missing and their number is unknown.
   */
  gap(from: End, length: number, cut: boolean, origin: Origin): void;
  /** That direction ended: FIN delivered in order, or reset by its sender. */
  end(from: End, how: 'fin' | 'reset', origin: Origin): void;
  /** A diagnostic about that direction; `offset` is a stream offset. */
  note(rule: Rule, from: End | null, offset: number, length: number, text: string, origin: Origin): void;
  /** Copies of these bytes differ, so that findings about them are not certain. Called before `bytes` brings them, if it is known by then. */
  contested?(from: End, offset: number, length: number): void;
  /** There are too many connections: the bytes of this one, which has had none so far, are only to be counted. */
  neglect?(): void;
  /**
   * The connection was quiet for a while. Keeps under the number `as` what the sink can be rebuilt from and returns true: the sink is then
   * dropped. Returns false if the sink holds more state than that.
   */
  park?(as: number): boolean;
  /** Called once, last. `open`: the capture ended (or the state was given up) before the connection did. */
  close(how: 'closed' | 'reset' | 'open'): void;
}

/**
 * Makes the sink for a connection; `origin` is its first packet. Not always called in the order of stream numbers: where only a SYN was
 * seen, the sink is made when more comes, or at the end. `parked`: the number under which this connection's sink was parked, or -1.
 */
export type StreamOpener = (connection: Connection, origin: Origin, parked: number) => StreamSink;
