import { EMPTY_BLOCK, type Block } from '../base/block.js';
import type { Rule } from '../base/rule.js';

/** Shared by all packets without further comments. */
export const NO_COMMENTS: readonly string[] = [];

/**
 * One captured packet. Readers reuse one object for all packets of a file: copy what must stay after the call.
 */
export class Packet {
  /** From 1, as in Wireshark. */
  number = 0;
  seconds = 0;
  nanos = 0;
  /** LINKTYPE_* number (https://www.tcpdump.org/linktypes.html), or SOCKET_EVENT. */
  linkType = 0;
  /** The captured bytes are `block.bytes[start..end)`. */
  block: Block = EMPTY_BLOCK;
  start = 0;
  end = 0;
  /** Length on the wire; more than `end - start` where the snapshot length cut the packet. */
  originalLength = 0;
  /** Number of the interface in its section (pcapng), else 0. */
  interfaceId = 0;
  /** `if_description` of the interface (pcapng), else empty. `unix-stream:PATH` marks a recorded Unix socket. */
  interfaceDescription = '';
  /** First comment of the packet (pcapng), else empty. */
  comment = '';
  /** The comments after the first one. */
  moreComments: readonly string[] = NO_COMMENTS;
  /** The event, where this comes from a recording of sockets; null for real packets. */
  socket: SocketEvent | null = null;
}

/** Link type of packets that come from a recording of socket calls and carry `socket`. Not a LINKTYPE_ number. */
export const SOCKET_EVENT = -1;

/** One event in a recording of sockets. `from` is 0 for the side that connected, 1 for the other. */
export interface SocketEvent {
  readonly transport: 'unix' | 'vsock' | 'tcp';
  /** Tells connections apart within one file; a new connection has a new key. */
  readonly connection: string;
  /** Endpoint names of both sides, as the contract prints them: `unix:/run/x.sock`, `unix:pid=42`, `vsock:3:1024`. */
  readonly endpoints: readonly [string, string];
  /** Path of the server's socket, where the recording names it without telling which side is the server. */
  readonly path?: string;
  /** TCP ports by side, where there are any. */
  readonly ports?: readonly [number, number];
  /** Whether the recording itself tells which side connected; if not, side 0 is only the first that was seen. */
  readonly rolesKnown: boolean;
  /** Whether the order of events between the two directions is known. */
  readonly ordered: boolean;
  /** `data` carries the packet's bytes; `gap` says that `length` bytes of `from` were not recorded (-1: unknown how many). */
  readonly kind: 'open' | 'data' | 'gap' | 'fin' | 'reset';
  /**
   * For `open`: the recording does not show how connections begin, so that the first bytes are only assumed to be the beginning (see
   * Connection.doubtStart).
   */
  readonly assumed?: boolean;
  readonly from: 0 | 1;
  readonly length?: number | undefined;
}

export type CaptureFormat = 'pcap' | 'pcapng' | 'strace' | 'socat' | 'raw' | 'arca-rings';

/** What is known of a capture before its first packet (contract: the `capture` event). */
export interface CaptureInfo {
  readonly format: CaptureFormat;
  readonly linkTypes: readonly number[];
  /** Resolution of the time stamps: `s`, `ms`, `us`, `ns`, `ps`, or `10^-N s`, `2^-N s` for others. */
  readonly resolution: string;
  /** The files of a joined recording, in order of time. */
  readonly parts?: readonly string[];
}

/** A diagnostic about the file itself (contract: `stream` is null). */
export interface CaptureNote {
  readonly rule: Rule;
  readonly text: string;
  /** Byte offset in the (uncompressed) file, and length of the bytes it is about. */
  readonly offset: number;
  readonly length: number;
}

/** Takes what a reader finds, in file order. `packet` must be done with the packet and its bytes when it returns. */
export interface PacketSink {
  info(info: CaptureInfo): void;
  /** The next file of a joined recording begins; its first packet will have that number. */
  part?(path: string, firstPacket: number): void;
  packet(packet: Packet): void;
  note(note: CaptureNote): void;
  /** The recording tells with which exit status the recorded program ended. */
  ended?(exitStatus: number): void;
  /** TLS secrets that the file itself holds (a Decryption Secrets Block): the text of a key log. */
  keyLog?(text: string): void;
}

/** The input is no capture, or one that cannot be read: the message says in one line what was found instead. Exit status 2. */
export class NotACapture extends Error {
  override readonly name = 'NotACapture';
}
