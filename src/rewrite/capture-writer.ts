/** What a capture that is written says of an interface. */
export interface InterfaceInfo {
  /** LINKTYPE_* number. */
  readonly linkType: number;
  readonly name?: string;
  /** `unix-stream:PATH` marks a recorded Unix socket. */
  readonly description?: string;
  /** Digits behind the second of its times: up to 6, or 9; 6 where not given. */
  readonly digits?: number;
}

/** A packet that is written, without its bytes. */
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

/** Where a capture's bytes go: whole records at a time. They belong to the writer again when the call returns. */
export type BlockOutput = (bytes: Uint8Array) => void;

/** Writes packets into a capture of some format. */
export interface CaptureWriter {
  /** Where a packet's bytes stand in its record. */
  readonly packetAt: number;
  /** Gives its number. Throws an Error with one line for the user where the format cannot hold it. */
  addInterface(info: InterfaceInfo): number;
  /** A packet of `bytes[start..end)`. */
  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void;
  /** The recorder lost that many packets on the interface. Throws as `addInterface` does. */
  addDrops(interfaceId: number, seconds: number, nanos: number, drops: number): void;
  /** Hands on everything that is gathered. */
  flush(): void;
}
