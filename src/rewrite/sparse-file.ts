/** A file that is written at any place; what is never written is a hole. */
export interface RandomFile {
  write(position: number, bytes: Uint8Array): void;
  read(position: number, length: number): Uint8Array;
  truncate(length: number): void;
  readonly length: number;
}
