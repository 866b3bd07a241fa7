/** Describes an interface of a capture that is written. */
export interface InterfaceInfo {
  /** LINKTYPE_* number. */
  readonly linkType: number;
  readonly name?: string;
  /** `unix-stream:PATH` marks a recorded Unix socket. */
  readonly description?: string;
  /** Decimal places of its times: up to 6, or 9; by default 6. */
  readonly digits?: number;
}

/** A packet to write, without its bytes. */
export interface OutPacket {
  readonly interfaceId: number;
  readonly seconds: number;
  readonly nanos: number;
  /** Length on the wire. */
  readonly originalLength: number;
  /** Direction bits of pcapng's `epb_flags`. */
  readonly flags?: number;
  readonly comments?: readonly string[];
}

/** Takes the bytes of a capture, whole records at a time. They are valid only during the call. */
export type BlockOutput = (bytes: Uint8Array) => void;

/** Writes packets into a capture of some format. */
export interface CaptureWriter {
  /** Offset of a packet's bytes in its record. */
  readonly packetAt: number;
  /** Returns the interface's number. Throws an Error with one line for the user if the format cannot hold it. */
  addInterface(info: InterfaceInfo): number;
  /** Writes a packet with the bytes `bytes[start..end)`. */
  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void;
  /** The recorder lost `drops` packets on the interface. Throws like `addInterface`. */
  addDrops(interfaceId: number, seconds: number, nanos: number, drops: number): void;
  /** Passes on everything that is buffered. */
  flush(): void;
}
