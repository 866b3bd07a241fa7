/** The part of pcap-parser 0.2.1 that is used; the package has no types. */
declare module 'pcap-parser' {
  export interface PacketHeader {
    timestampSeconds: number;
    timestampMicroseconds: number;
    capturedLength: number;
    originalLength: number;
  }

  /** What it needs of the stream that it is given. */
  export interface Input {
    on(event: 'data', listener: (data: Buffer) => void): unknown;
    on(event: 'error', listener: (error: Error) => void): unknown;
    on(event: 'end', listener: () => void): unknown;
    pause(): void;
    resume(): void;
  }

  export interface Parser {
    on(event: 'packetHeader', listener: (header: PacketHeader) => void): this;
    on(event: 'packetData', listener: (data: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export function parse(input: Input): Parser;
}
