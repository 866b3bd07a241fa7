/** A file that can be written at any position. Ranges that are never written are holes. */
export interface RandomFile {
  write(position: number, bytes: Uint8Array): void;
  read(position: number, length: number): Uint8Array;
  truncate(length: number): void;
  readonly length: number;
}
