/**
 * What a message does to the disk or the objects that its protocol serves. `target`: which of them; empty where a session has only one
 * disk. `offset` and `length`: in bytes, in the target; `at`: index of the bytes in the message.
 */
export type Content =
  /** Bytes that are written at an offset; -1: appended. */
  | {
      readonly kind: 'write';
      readonly target: string;
      readonly offset: number;
      readonly at: number;
      readonly length: number;
    }
  /** Bytes that were read. */
  | {
      readonly kind: 'read';
      readonly target: string;
      readonly offset: number;
      readonly at: number;
      readonly length: number;
    }
  /** Zeros that are written, or were read. */
  | { readonly kind: 'zero' | 'hole'; readonly target: string; readonly offset: number; readonly length: number }
  /** Bytes whose content is discarded. */
  | { readonly kind: 'discard'; readonly target: string; readonly offset: number; readonly length: number }
  /** The target's size from now on, in bytes: it is truncated or extended. */
  | { readonly kind: 'size'; readonly target: string; readonly length: number }
  | { readonly kind: 'delete'; readonly target: string };
